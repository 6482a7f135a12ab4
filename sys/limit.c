/* SPDX-License-Identifier: MIT */
/* getrlimit(2), setrlimit(2), prlimit(2): the host's, but for the number of open files (host/limit.h). */
#include <asm/errno.h>
#include "host/host.h"
#include "host/limit.h"
#include "host/uaccess.h"
#include "sys/sys.h"
#include "vfs/proc.h"

static bool is_oneself(const struct task *task, s32 pid)
{
	return !pid || pid == task->host_tgid;
}

static int limit_of_other(s32 pid, const struct rlimit64 *new, struct rlimit64 *old)
{
	struct rlimit64 host, was;
	int err;

	if (new)
		host = limit_for_host(*new);
	err = (int)host_call4(__NR_prlimit64, pid, RLIMIT_NOFILE, new ? &host : NULL, &was);
	*old = limit_for_guest(was);
	return err;
}

static int do_limit(const struct task *task, s32 pid, const struct rlimit64 *new, struct rlimit64 *old)
{
	return is_oneself(task, pid) ? limit_change(new, old) : limit_of_other(pid, new, old);
}

/* The host's own hard limit stands for ours, should a script have that number in it. */
static int set_limit(const struct task *task, s32 pid, struct rlimit64 new, struct rlimit64 *old)
{
	int err;

	if (new.rlim_cur > new.rlim_max)
		return -EINVAL;
	err = do_limit(task, pid, NULL, old);
	if (err)
		return err;
	if (new.rlim_max == limit_for_host(*old).rlim_max)
		new.rlim_max = old->rlim_max;
	new.rlim_cur = MIN(new.rlim_cur, new.rlim_max);
	return do_limit(task, pid, &new, old);
}

/* Of a process in the session. */
static s64 prlimit_files(const struct task *task, s32 pid, u64 unew, u64 uold)
{
	struct rlimit64 new, old;
	int err;

	if (unew && get_guest(new, unew))
		return -EFAULT;
	err = unew ? set_limit(task, pid, new, &old) : do_limit(task, pid, NULL, &old);
	return !err && uold && put_guest(uold, old) ? -EFAULT : err;
}

SYSCALL(getrlimit)
{
	struct rlimit64 limit;
	int err;

	if ((u32)ARG0(regs) != RLIMIT_NOFILE)
		return host_call2(__NR_getrlimit, ARG0(regs), ARG1(regs));
	err = limit_change(NULL, &limit);
	return err ? err : put_guest(ARG1(regs), limit);
}

SYSCALL(setrlimit)
{
	if ((u32)ARG0(regs) != RLIMIT_NOFILE)
		return host_call2(__NR_setrlimit, ARG0(regs), ARG1(regs));
	return ARG1(regs) ? prlimit_files(task, 0, ARG1(regs), 0) : -EFAULT;
}

SYSCALL(prlimit64)
{
	s32 pid = (s32)ARG0(regs);

	if ((u32)ARG1(regs) != RLIMIT_NOFILE || (!is_oneself(task, pid) && !handle_of_pid(pid)))
		return host_call4(__NR_prlimit64, ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs));
	return prlimit_files(task, pid, ARG2(regs), ARG3(regs));
}
