/* SPDX-License-Identifier: MIT */
/*
 * kill(2) with -1: all processes that the caller may signal, but itself, process 1 and, here, the warden. The warden
 * ignores every signal that can be ignored (warden/session.c), so for those the host does it, at one stroke. SIGKILL
 * and SIGSTOP are sent one by one to what stands in /proc, until a look there finds nobody new: a process that has
 * been signalled cannot fork any more.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/dir.h"
#include "host/host.h"
#include "host/limit.h"
#include "lib/fmt.h"
#include "sys/pids.h"
#include "sys/sys.h"

#define PID_MAX 4194304 /* Linux's PID_MAX_LIMIT */

/* A signal on its way to everybody. */
struct sweep {
	s32 self; /* the caller's process */
	int sig;
	u32 others; /* processes that there are */
	u32 fresh;  /* signalled for the first time in this round */
	u8 *done;   /* a bit for each number that has been signalled */
};

static bool test_and_set(u8 *bits, s32 n)
{
	u8 bit = (u8)(1 << n % 8), *at = &bits[n / 8];
	bool was = *at & bit;

	*at |= bit;
	return was;
}

static bool visit(void *arg, const char *name)
{
	struct sweep *sweep = arg;
	u64 pid;

	if (!parse_u64(&name, &pid) || *name || pid <= 1 || pid >= PID_MAX || (s32)pid == sweep->self ||
	    process_is_hidden((s32)pid))
		return true;
	sweep->others++;
	if (sweep->done && !host_call2(__NR_kill, pid, sweep->sig) && !test_and_set(sweep->done, (s32)pid))
		sweep->fresh++;
	return true;
}

/* Looks at all processes once. */
static int sweep_once(struct sweep *sweep)
{
	long fd = host_own_fd(__NR_openat, AT_FDCWD, (long)arena()->proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return (int)fd;
	sweep->others = sweep->fresh = 0;
	err = host_readdir((int)fd, visit, sweep);
	host_close((int)fd);
	return err;
}

/* One by one. */
static s64 kill_each(struct sweep *sweep)
{
	int err;

	sweep->done = kzalloc(PID_MAX / 8);
	if (!sweep->done)
		return -ENOMEM;
	do
		err = sweep_once(sweep);
	while (!err && sweep->fresh);
	kfree(sweep->done);
	return err;
}

static s64 kill_all(s32 self, int sig)
{
	struct sweep sweep = {.self = self, .sig = sig};
	int err = sweep_once(&sweep);

	if (err)
		return err;
	/* The host would count the warden. */
	if (!sweep.others)
		return -ESRCH;
	if (sig != SIGKILL && sig != SIGSTOP)
		return host_call2(__NR_kill, -1, sig);
	return kill_each(&sweep);
}

SYSCALL(kill)
{
	s32 pid = (s32)ARG0(regs);
	int sig = (int)ARG1(regs);

	return pid == -1 ? kill_all(task->host_tgid, sig) : host_call2(__NR_kill, pid, sig);
}
