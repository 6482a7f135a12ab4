/* SPDX-License-Identifier: MIT */
/*
 * wait4(2), waitid(2): the calls are the host's; but a tracer does not hear of every stop of its tracee
 * (sys/ptrace_stop.c), and nobody of a husk (kernel/pid.h).
 */
#include <asm/errno.h>
#include <asm/siginfo.h>
#include <linux/ptrace.h>
#include <linux/wait.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/own_fds.h"
#include "host/uaccess.h"
#include "signal/signal.h"
#include "sys/pids.h"
#include "sys/ptrace.h"
#include "sys/sem.h"
#include "sys/sys.h"
#include "vfs/proc.h"

#define STOPPED	      0x7f /* in the low byte of a status; in its seven bits also of a child that goes on */
#define CONTINUED     0xffff
#define WAIT4_OPTIONS (WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WALL | __WCLONE)

/*
 * A husk (kernel/pid.h) is taken away, and nobody hears of it, nor that it stops on its way out, or goes on, as it may
 * with its group; one that stops because it is traced is sent on. True: that was one. *status is what the host has said
 * of it, if it has; else it is asked. A tracer hears of its end first, but it is there, and a husk, until its parent
 * takes it away.
 */
static bool bury_husk(struct task *task, s32 host, const s32 *status)
{
	s32 now = 0, parent;

	if (!pid_is_husk(&arena()->pids, host))
		return false;
	parent = proc_parent(host); /* now: its number is free once it has been taken away */
	if (status)
		now = *status;
	else if (!host_call4(__NR_wait4, host, &now, WNOHANG | WUNTRACED | WCONTINUED | __WALL, NULL))
		return true; /* not yet */
	if (now == CONTINUED)
		return true;
	if (is_stop(now)) {
		host_call4(__NR_ptrace, PTRACE_CONT, host, 0, 0);
		return true;
	}
	ptrace_forget(task, host);
	if (!parent || parent == task->host_tgid)
		warden_pid(task, PID_HUSK_GONE, host, 0);
	return true;
}

/* May a wait meet somebody whom it must not report? Then who it is must be asked while it is still there. */
static bool must_ask_first(const struct task *task)
{
	return atomic_load(&arena()->pids.nr) || children_differ(task);
}

/* wait4(2) that asks first. A host number, or what wait4(2) says; *guest: as guests know it. */
static s64 wait_asking(struct task *task, const struct regs *regs, s32 which, s32 *status, s32 *guest)
{
	s32 options = (s32)ARG2(regs), type = which > 0 ? P_PID : which == -1 ? P_ALL : P_PGID;
	struct siginfo_raw info = {0};
	s64 ret;

	for (;;) {
		info.pid = 0;
		ret = host_call_blocking(__NR_waitid, type, which < -1 ? -which : which, (long)&info,
					 options | WEXITED | WNOWAIT, 0, 0);
		if (ret || !info.pid)
			return ret;
		if (bury_husk(task, info.pid, NULL)) {
			/* The one who is waited for lives elsewhere. */
			which = which > 0 ? pid_to_host(&arena()->pids, which) : which;
			continue;
		}
		if (children_bury(task, info.pid, info.code))
			continue;
		*guest = pid_to_guest(&arena()->pids, info.pid);
		ret = host_call4(__NR_wait4, info.pid, status, options | WNOHANG, ARG3(regs));
		/* Another thread may have been faster, or it has become a husk just now. */
		if (ret > 0 && !bury_husk(task, (s32)ret, status))
			return ret;
	}
}

static s64 wait_host(struct task *task, const struct regs *regs, s32 *status, s32 *guest)
{
	s32 which = (s32)ARG0(regs);
	s64 ret;

	/* The call knows options that the other one does not, and the other way round. */
	if (must_ask_first(task) && !((u32)ARG2(regs) & ~WAIT4_OPTIONS))
		return wait_asking(task, regs, which, status, guest);
	ret = host_call_blocking(__NR_wait4, which, (long)status, (long)ARG2(regs), (long)ARG3(regs), 0, 0);
	/* While we slept, there may have come numbers; the warden keeps one for a while after its end. */
	if (ret > 0 && bury_husk(task, (s32)ret, status))
		return wait_asking(task, regs, which > 0 ? pid_to_host(&arena()->pids, which) : which, status, guest);
	*guest = ret > 0 ? pid_to_guest(&arena()->pids, (s32)ret) : 0;
	return ret;
}

SYSCALL(wait4)
{
	s32 status = 0, guest = 0;
	s64 pid;

	if (ARG3(regs) && !access_ok(ARG3(regs), sizeof(u64)))
		return -EFAULT;
	do {
		pid = wait_host(task, regs, &status, &guest);
	} while (pid > 0 && !ptrace_report(task, (s32)pid, &status));
	if (pid > 0)
		sem_undo_settle(task);
	if (pid > 0 && (status & STOPPED) != STOPPED)
		waited_keep((s32)pid, guest);
	own_fds_reclaim();
	if (pid > 0 && ARG1(regs) && put_guest(ARG1(regs), status))
		return -EFAULT;
	return pid > 0 ? guest : pid;
}

/* The first fields of a SIGCHLD's siginfo_t, which are all that waitid(2) fills. */
struct wait_info {
	s32 signo, err, code, pad, pid;
	u32 uid;
	s32 status;
};

static bool is_stop_info(const struct wait_info *info)
{
	return info->code == CLD_TRAPPED || info->code == CLD_STOPPED;
}

/* The same as wait4(2)'s status, and back. A child that ended has no event that could change. */
static bool report_info(struct task *task, struct wait_info *info)
{
	bool stop = is_stop_info(info);
	s32 status = stop ? info->status << 8 | STOPPED : 0;

	if (!info->pid || info->code == CLD_CONTINUED)
		return true;
	if (!ptrace_report(task, info->pid, &status))
		return false;
	if (is_stop(status)) {
		info->status = status >> 8;
	} else if (stop) {
		info->code = status & 0x7f ? CLD_KILLED : CLD_EXITED;
		info->status = status & 0x7f ? status & 0x7f : status >> 8;
	}
	return true;
}

/* siginfo_t has 128 bytes */
struct waited {
	struct wait_info info;
	u8 rest[100];
};

/* waitid(2), which asks first where it would take something away. */
static s64 waitid_host(struct task *task, const struct regs *regs, struct waited *got)
{
	u64 options = ARG3(regs);
	bool asks = must_ask_first(task) && !(options & WNOWAIT);
	s32 status;
	s64 ret;

	for (;;) {
		got->info = (struct wait_info){0};
		ret = host_call_blocking(__NR_waitid, (long)ARG0(regs), (long)ARG1(regs), (long)got,
					 (long)(options | (asks ? WNOWAIT : 0)), asks ? 0 : (long)ARG4(regs), 0);
		if (ret || !got->info.pid)
			return ret;
		if (bury_husk(task, got->info.pid, NULL) || children_bury(task, got->info.pid, got->info.code))
			continue;
		if (asks)
			ret = host_call5(__NR_waitid, P_PID, got->info.pid, got, options | WNOHANG, ARG4(regs));
		/* Another thread may have been faster, or it has become a husk just now. */
		status = is_stop_info(&got->info) ? STOPPED : got->info.code == CLD_CONTINUED ? CONTINUED : 0;
		if (!ret && got->info.pid && !bury_husk(task, got->info.pid, &status))
			return 0;
	}
}

SYSCALL(waitid)
{
	struct waited got = {0};
	s64 ret;
	s32 host;

	if (ARG4(regs) && !access_ok(ARG4(regs), sizeof(u64)))
		return -EFAULT;
	do {
		ret = waitid_host(task, regs, &got);
	} while (!ret && !report_info(task, &got.info));
	if (!ret && got.info.pid)
		sem_undo_settle(task);
	own_fds_reclaim();
	host = got.info.pid;
	got.info.pid = pid_to_guest(&arena()->pids, host);
	if (got.info.code <= CLD_DUMPED && !(ARG3(regs) & WNOWAIT))
		waited_keep(host, got.info.pid);
	if (got.info.pid)
		got.info.uid = from_kuid_munged(task->nsproxy->user, got.info.uid);
	/* The kernel fills it in whatever came of the call. */
	return ARG2(regs) && put_guest(ARG2(regs), got.info) ? -EFAULT : ret;
}
