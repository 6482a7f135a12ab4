/* SPDX-License-Identifier: MIT */
/*
 * Process numbers, where guests name them. The host's are the guests', but for tasks that took theirs along
 * (kernel/pid.h), and for the warden: it does not exist for guests, so the host is told a number that no process has,
 * and says what it always says to that.
 */
#include "sys/pids.h"

#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/siginfo.h>
#include <asm/sockios.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "sys/sys.h"
#include "warden/client.h"

/* The kernel's numbers for what `who` and `id` mean. */
#define PRIO_USER	2
#define IOPRIO_WHO_USER 3
#define P_PID		1
#define P_PGID		2

bool pid_is_hidden(s32 nr)
{
	return nr == (s32)arena()->warden;
}

/* Its helpers are in its session, and nobody else can be. */
bool process_is_hidden(s32 pid)
{
	return pid_is_hidden(pid) || host_call1(__NR_getsid, pid) == (s32)arena()->warden;
}

s32 pid_for_host(s32 nr)
{
	s32 host;

	if (nr < 0)
		return nr; /* no number, which is another error than nobody's */
	host = pid_is_hidden(nr) ? PID_NONE : pid_to_host(&arena()->pids, nr);
	return host == PID_NONE ? PID_NOBODY : host;
}

s32 pid_or_group_for_host(s32 nr)
{
	/* The lowest number has no positive one, and is nobody's either. */
	return nr < 0 && nr != INT32_MIN ? -pid_for_host(-nr) : pid_for_host(nr);
}

/* 0 is the caller; and -1 is nobody to the host, too. */
static s32 uid_for_host(const struct task *task, s32 nr)
{
	return nr ? (s32)make_kuid(task->nsproxy->user, (u32)nr) : 0;
}

/*
 * The clock of a process or a thread: below its number, which is inverted, stand three bits, two of which say that
 * it is the clock of a descriptor instead when both are set.
 */
#define CLOCK_BITS 3
#define CLOCK_KIND 3
#define CLOCK_FD   3
#define NO_CLOCK   (INT32_MAX >> CLOCK_BITS) /* the greatest number that there is room for: no process has it */

static s32 clock_for_host(s32 clock)
{
	s32 nr;

	if (clock >= 0 || (clock & CLOCK_KIND) == CLOCK_FD)
		return clock;
	nr = MIN(pid_for_host(~(clock >> CLOCK_BITS)), NO_CLOCK);
	return (s32)(~(u32)nr << CLOCK_BITS | ((u32)clock & ((1 << CLOCK_BITS) - 1)));
}

/* The number in argument n, for the host. */
static s32 for_host(const struct task *task, enum pid_arg meaning, s32 nr, s32 which)
{
	switch (meaning) {
	case PID_TASK:
	case PID_GROUP:
		return pid_for_host(nr);
	case PID_KILL:
		return pid_or_group_for_host(nr);
	case PID_PRIO:
		return which == PRIO_USER ? uid_for_host(task, nr) : pid_for_host(nr);
	case PID_IOPRIO:
		return which == IOPRIO_WHO_USER ? uid_for_host(task, nr) : pid_for_host(nr);
	case PID_WAITID:
		return which == P_PID || which == P_PGID ? pid_for_host(nr) : nr;
	case PID_CLOCK:
		return clock_for_host(nr);
	}
	return nr;
}

void pids_for_host(const struct task *task, const struct sys_entry *entry, struct regs *regs)
{
	for (unsigned n = 0; n < SYS_ARGS; n++) {
		s32 which = n ? (s32)*arg_slot(regs, n - 1) : 0;

		if (PID_OF(entry, n))
			*arg_slot(regs, n) = (u64)for_host(task, PID_OF(entry, n), (s32)*arg_slot(regs, n), which);
	}
}

/* A group's number is negative. */
static s32 pid_or_group_to_guest(s32 nr)
{
	return nr < 0 && nr != INT32_MIN ? -pid_to_guest(&arena()->pids, -nr) : pid_to_guest(&arena()->pids, nr);
}

static bool gives_number(u32 command)
{
	return command == FIOGETOWN || command == SIOCGPGRP || command == TIOCGPGRP || command == TIOCGSID;
}

static s64 ioctl_get_number(const struct regs *regs)
{
	s32 nr;
	s64 err = host_call3(__NR_ioctl, ARG0(regs), ARG1(regs), &nr);

	if (err)
		return err;
	nr = pid_or_group_to_guest(nr);
	return put_guest(ARG2(regs), nr) ? -EFAULT : 0;
}

bool pids_ioctl(const struct regs *regs, s64 *ret)
{
	u32 command = (u32)ARG1(regs);
	s32 nr;

	if (gives_number(command)) {
		*ret = ioctl_get_number(regs);
		return true;
	}
	if ((command != FIOSETOWN && command != SIOCSPGRP && command != TIOCSPGRP) || get_guest(nr, ARG2(regs)))
		return false;
	nr = pid_or_group_for_host(nr);
	*ret = host_call_blocking(__NR_ioctl, (long)ARG0(regs), command, (long)&nr, 0, 0, 0);
	return true;
}

/* An owner of a file is told best by this, because others might be taken for an errno. */
static s64 get_owner(int fd, struct f_owner_ex *owner)
{
	s64 err = host_call3(__NR_fcntl, fd, F_GETOWN_EX, owner);

	owner->pid = err ? 0 : pid_to_guest(&arena()->pids, owner->pid);
	return err;
}

static s64 fcntl_getlk(int fd, u64 ulock)
{
	struct flock lock;
	s64 err;

	if (get_guest(lock, ulock))
		return host_call3(__NR_fcntl, fd, F_GETFD, 0) < 0 ? -EBADF : -EFAULT;
	err = host_call3(__NR_fcntl, fd, F_GETLK, &lock);
	if (err)
		return err;
	if (lock.l_type != F_UNLCK)
		lock.l_pid = pid_to_guest(&arena()->pids, lock.l_pid);
	return put_guest(ulock, lock) ? -EFAULT : 0;
}

bool pids_fcntl(const struct regs *regs, s64 *ret)
{
	struct f_owner_ex owner;
	int fd = (int)ARG0(regs);

	switch ((int)ARG1(regs)) {
	case F_GETOWN:
		*ret = get_owner(fd, &owner);
		if (!*ret)
			*ret = owner.type == F_OWNER_PGRP ? -owner.pid : owner.pid;
		return true;
	case F_GETOWN_EX:
		*ret = get_owner(fd, &owner);
		if (!*ret && put_guest(ARG2(regs), owner))
			*ret = -EFAULT;
		return true;
	case F_GETLK:
		*ret = fcntl_getlk(fd, ARG2(regs));
		return true;
	}
	return false;
}

/* A thread of one's own that is to get the timer's signal. */
SYSCALL(timer_create)
{
	struct sigevent event;

	if (!ARG1(regs))
		return host_call3(__NR_timer_create, ARG0(regs), NULL, ARG2(regs));
	if (get_guest(event, ARG1(regs)))
		return -EFAULT;
	if (event.sigev_notify & SIGEV_THREAD_ID)
		event._sigev_un._tid = pid_for_host(event._sigev_un._tid);
	return host_call3(__NR_timer_create, ARG0(regs), &event, ARG2(regs));
}

int warden_pid(const struct task *task, enum pid_op op, s32 guest, s32 host)
{
	struct request req;

	request_init(&req, REQ_PID, task);
	req.flags = op;
	req.arg = (u64)(u32)guest;
	req.src = (u64)(u32)host;
	return (int)(op == PID_RESERVE ? warden_call(task, &req, NULL) : warden_tell(task, &req));
}
