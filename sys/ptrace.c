/* SPDX-License-Identifier: MIT */
/*
 * ptrace(2), wait4(2), waitid(2): the calls are the host's, but a tracer in the session does not see what its tracee
 * stops for on the runtime's account: the trap of a system call, a bad pointer that the runtime tries, steps
 * within the runtime. Such a stop is answered with the request that led there, and the wait goes on. After execve
 * the tracee is reported when the guest's program is in place, not the runtime.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include "arch/x86_64/trap.h"
#include "arena/arena.h"
#include "host/host.h"
#include "host/own_fds.h"
#include "host/uaccess.h"
#include "sys/pids.h"
#include "sys/ptrace.h"
#include "sys/runtime.h"

#define PTRACE_SINGLESTEP 9
#define TRAP_BRKPT	  1
#define TRAP_TRACE	  2
#define USER_RIP	  (16 * 8) /* in the host's struct user */
#define USER_EFLAGS	  (18 * 8)
#define INT3		  0xcc
#define INT3_SIZE	  1

/* ---- what the tracer asked of whom ---- */

/* How a tracee was made to go on last; those that are not listed by PTRACE_CONT. The tracer's own, no lock. */
struct tracee {
	struct tracee *next;
	s32 tid;
	u32 request;
	bool stepped; /* through the runtime */
};

static struct tracee *tracee_find(const struct task *task, s32 tid)
{
	struct tracee *t = task->tracees;

	while (t && t->tid != tid)
		t = t->next;
	return t;
}

static int tracee_note(struct task *task, s32 tid, u32 request)
{
	struct tracee *t = tracee_find(task, tid);

	if (!t && request == PTRACE_CONT)
		return 0;
	if (!t) {
		t = kzalloc(sizeof(*t));
		if (!t)
			return -ENOMEM;
		t->tid = tid;
		t->next = task->tracees;
		task->tracees = t;
	}
	t->request = request;
	return 0;
}

static u32 tracee_request(const struct task *task, s32 tid)
{
	const struct tracee *t = tracee_find(task, tid);

	return t ? t->request : PTRACE_CONT;
}

static void tracee_forget(struct task *task, s32 tid)
{
	struct tracee **at = &task->tracees, *t;

	while ((t = *at) && t->tid != tid)
		at = &t->next;
	if (t) {
		*at = t->next;
		kfree(t);
	}
}

void ptrace_release(struct task *task)
{
	while (task->tracees)
		tracee_forget(task, task->tracees->tid);
}

static bool goes_on(u32 request)
{
	return request == PTRACE_CONT || request == PTRACE_SYSCALL || request == PTRACE_SINGLESTEP ||
	       request == PTRACE_SYSEMU || request == PTRACE_SYSEMU_SINGLESTEP;
}

/* ---- stops ---- */

/* A status of wait4(2), taken apart. */
static bool is_stop(s32 status)
{
	return (status & 0xff) == 0x7f;
}

static int stop_signal(s32 status)
{
	return status >> 8 & 0xff;
}

static u32 stop_event(s32 status)
{
	return (u32)status >> 16;
}

static u64 peek_rip(s32 tid)
{
	u64 rip = 0;

	host_call4(__NR_ptrace, PTRACE_PEEKUSR, tid, USER_RIP, &rip);
	return rip;
}

static bool in_runtime(u64 rip)
{
	return rip >= (u64)(uintptr_t)runtime_text_start && rip < (u64)(uintptr_t)runtime_text_end;
}

/* A signal that exists because of the runtime. The tracee must get it. */
static bool is_own_signal(s32 tid, int sig)
{
	struct siginfo_raw info;
	u64 rip;

	/* ESRCH: it is not ours to trace, only to wait for. */
	if (host_call4(__NR_ptrace, PTRACE_GETSIGINFO, tid, 0, &info))
		return false;
	if (sig == SIGSYS)
		return !info.pad &&
		       (info.code == SYS_USER_DISPATCH || (info.code == SYS_SECCOMP && info.err == TRAP_DATA));
	rip = peek_rip(tid);
	/* Not the instruction was at fault, but what rseq(2) has the kernel write on the way back to it. At the
	 * handler's first instruction, that is about a signal that the tracer has seen. */
	if (info.code == SI_KERNEL && rip != (u64)(uintptr_t)signal_trap)
		return false;
	return info.code > 0 && in_runtime(rip);
}

/* A step within the runtime, or into its handler. Breakpoints and watchpoints have other codes. */
static bool is_own_step(const struct task *task, s32 tid)
{
	struct siginfo_raw info;

	return tracee_request(task, tid) == PTRACE_SINGLESTEP &&
	       !host_call4(__NR_ptrace, PTRACE_GETSIGINFO, tid, 0, &info) &&
	       (info.code == TRAP_TRACE || info.code == TRAP_BRKPT || info.code == SIGTRAP) &&
	       in_runtime(peek_rip(tid));
}

/*
 * On the way out of the runtime there was a popf. The kernel leaves the trap flag to a tracee that steps over one, as
 * if it had set it itself.
 */
static void end_steps(struct tracee *t)
{
	u64 eflags;

	t->stepped = false;
	if (!host_call4(__NR_ptrace, PTRACE_PEEKUSR, t->tid, USER_EFLAGS, &eflags))
		host_call4(__NR_ptrace, PTRACE_POKEUSR, t->tid, USER_EFLAGS, eflags & ~(u64)EFLAGS_TF);
}

/* If the stop is not for the tracer to see, the tracee goes on. */
static bool hide_stop(struct task *task, s32 tid, s32 status)
{
	int sig = stop_signal(status);

	if (stop_event(status))
		return false;
	switch (sig) {
	case SIGSYS:
	case SIGSEGV:
	case SIGBUS:
		if (!is_own_signal(tid, sig))
			return false;
		break;
	case SIGTRAP:
		if (!is_own_step(task, tid))
			return false;
		tracee_find(task, tid)->stepped = true;
		sig = 0;
		break;
	default:
		return false;
	}
	return !host_call4(__NR_ptrace, tracee_request(task, tid), tid, 0, sig);
}

/* ---- execve ---- */

/* Lets the tracee go on until it stops or ends; its new status. */
static s32 go_on(s32 tid, u32 request)
{
	s32 status = 0;
	long ret = host_call4(__NR_ptrace, request, tid, 0, 0);

	while (!ret || ret == -EINTR)
		ret = host_call4(__NR_wait4, tid, &status, __WALL, NULL);
	return status;
}

/* Puts a word into the tracee's copy of the runtime's text. */
static void poke_jump(s32 tid, u64 word)
{
	host_call4(__NR_ptrace, PTRACE_POKETEXT, tid, arch_exit_jump, word);
}

/*
 * The tracee is in the runtime, which will leave for the program: it goes on to the jump into that, and one step
 * further. If it stops elsewhere, or ends, that is what there is to report. What a tracer gives it as a signal
 * is for the stop after execve, so it is that stop's siginfo_t that stands here too.
 */
static s32 go_to_program(s32 tid, s32 status)
{
	u64 jump = (u64)(uintptr_t)arch_exit_jump, word;
	struct siginfo_raw info;
	s32 now;

	if (host_call4(__NR_ptrace, PTRACE_PEEKTEXT, tid, jump, &word) ||
	    host_call4(__NR_ptrace, PTRACE_GETSIGINFO, tid, 0, &info))
		return status;
	poke_jump(tid, (word & ~0xffUL) | INT3);
	now = go_on(tid, PTRACE_CONT);
	if (!is_stop(now))
		return now;
	poke_jump(tid, word);
	if (stop_signal(now) != SIGTRAP || peek_rip(tid) != jump + INT3_SIZE)
		return now;
	host_call4(__NR_ptrace, PTRACE_POKEUSR, tid, USER_RIP, jump);
	now = go_on(tid, PTRACE_SINGLESTEP);
	if (stop_signal(now) != SIGTRAP)
		return now;
	host_call4(__NR_ptrace, PTRACE_SETSIGINFO, tid, 0, &info);
	return status;
}

static bool on_way_out(u64 rip)
{
	return rip >= (u64)(uintptr_t)arch_exit_begin && rip < (u64)(uintptr_t)arch_exit_end;
}

/* The SIGTRAP after execve: blocked until the runtime leaves. */
static bool is_exec_signal(s32 tid, s32 status)
{
	struct siginfo_raw info;

	return stop_signal(status) == SIGTRAP && !stop_event(status) && on_way_out(peek_rip(tid)) &&
	       !host_call4(__NR_ptrace, PTRACE_GETSIGINFO, tid, 0, &info) && info.code == SI_USER;
}

/* The event instead of it. A tracer of system calls sees the runtime come up, because it waits for the end of execve.
 */
static bool is_exec_event(const struct task *task, s32 tid, s32 status)
{
	return stop_event(status) == PTRACE_EVENT_EXEC && tracee_request(task, tid) != PTRACE_SYSCALL &&
	       peek_rip(tid) == (u64)(uintptr_t)_start;
}

/* Judges what a wait brought. False: there is nothing to report, wait again. */
static bool report(struct task *task, s32 tid, s32 *status)
{
	struct tracee *t = tracee_find(task, tid);

	if (!is_stop(*status)) {
		tracee_forget(task, tid);
		return true;
	}
	if (hide_stop(task, tid, *status))
		return false;
	if (t && t->stepped)
		end_steps(t);
	if (is_exec_signal(tid, *status) || is_exec_event(task, tid, *status))
		*status = go_to_program(tid, *status);
	return true;
}

/* ---- the calls ---- */

#define WAIT4_OPTIONS (WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WALL | __WCLONE)

/*
 * A husk (kernel/pid.h) is taken away, and nobody hears of it. True: that was one.
 */
static bool bury_husk(const struct task *task, s32 host)
{
	if (!pid_is_husk(&arena()->pids, host))
		return false;
	host_call4(__NR_wait4, host, NULL, WNOHANG | __WALL, NULL);
	warden_pid(task, PID_HUSK_GONE, host, 0);
	return true;
}

/* May a wait meet somebody whom it must not report? Then who it is must be asked while it is still there. */
static bool must_ask_first(const struct task *task)
{
	return atomic_load(&arena()->pids.nr) || children_differ(task);
}

/* wait4(2) that asks first. A host number, or what wait4(2) says; *guest: as guests know it. */
static s64 wait_asking(const struct task *task, const struct regs *regs, s32 which, s32 *status, s32 *guest)
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
		if (bury_husk(task, info.pid)) {
			/* The one who is waited for lives elsewhere. */
			which = which > 0 ? pid_to_host(&arena()->pids, which) : which;
			continue;
		}
		if (children_bury(task, info.pid, info.code))
			continue;
		*guest = pid_to_guest(&arena()->pids, info.pid);
		ret = host_call4(__NR_wait4, info.pid, status, options | WNOHANG, ARG3(regs));
		/* Another thread may have been faster, or it has become a husk just now. */
		if (ret > 0 && !bury_husk(task, (s32)ret))
			return ret;
	}
}

static s64 wait_host(const struct task *task, const struct regs *regs, s32 *status, s32 *guest)
{
	s32 which = (s32)ARG0(regs);
	s64 ret;

	/* The call knows options that the other one does not, and the other way round. */
	if (must_ask_first(task) && !((u32)ARG2(regs) & ~WAIT4_OPTIONS))
		return wait_asking(task, regs, which, status, guest);
	ret = host_call_blocking(__NR_wait4, which, (long)status, (long)ARG2(regs), (long)ARG3(regs), 0, 0);
	/* While we slept, there may have come numbers; the warden keeps one for a while after its end. */
	if (ret > 0 && bury_husk(task, (s32)ret))
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
	} while (pid > 0 && !report(task, (s32)pid, &status));
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

/* The same as wait4(2)'s status, and back. A child that ended has no event that could change. */
static bool report_info(struct task *task, struct wait_info *info)
{
	bool stop = info->code == CLD_TRAPPED || info->code == CLD_STOPPED;
	s32 status = stop ? info->status << 8 | 0x7f : 0;

	if (!info->pid || info->code == CLD_CONTINUED)
		return true;
	if (!report(task, info->pid, &status))
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
static s64 waitid_host(const struct task *task, const struct regs *regs, struct waited *got)
{
	u64 options = ARG3(regs);
	bool asks = must_ask_first(task) && !(options & WNOWAIT);
	s64 ret;

	for (;;) {
		got->info = (struct wait_info){0};
		ret = host_call_blocking(__NR_waitid, (long)ARG0(regs), (long)ARG1(regs), (long)got,
					 (long)(options | (asks ? WNOWAIT : 0)), asks ? 0 : (long)ARG4(regs), 0);
		if (ret || !got->info.pid)
			return ret;
		if (bury_husk(task, got->info.pid) || children_bury(task, got->info.pid, got->info.code))
			continue;
		if (asks)
			ret = host_call5(__NR_waitid, P_PID, got->info.pid, got, options | WNOHANG, ARG4(regs));
		/* Another thread may have been faster, or it has become a husk just now. */
		if (!ret && got->info.pid && !bury_husk(task, got->info.pid))
			return 0;
	}
}

SYSCALL(waitid)
{
	struct waited got = {0};
	s64 ret;

	if (ARG4(regs) && !access_ok(ARG4(regs), sizeof(u64)))
		return -EFAULT;
	do {
		ret = waitid_host(task, regs, &got);
	} while (!ret && !report_info(task, &got.info));
	own_fds_reclaim();
	got.info.pid = pid_to_guest(&arena()->pids, got.info.pid);
	if (got.info.pid)
		got.info.uid = from_kuid_munged(task->nsproxy->user, got.info.uid);
	/* The kernel fills it in whatever came of the call. */
	return ARG2(regs) && put_guest(ARG2(regs), got.info) ? -EFAULT : ret;
}

/*
 * A vfork child's parent sleeps until it has executed a program, and cannot see to a tracee's stops. So
 * tracing begins when it executes one, before which it has nothing to stop for.
 */
SYSCALL(ptrace)
{
	u32 request = (u32)ARG0(regs);
	s32 tid = (s32)ARG1(regs);
	s64 ret;

	if (request == PTRACE_TRACEME && (task->clone_request.flags & CLONE_VFORK)) {
		task->traceme = true;
		return 0;
	}
	if (goes_on(request) && tracee_note(task, tid, request))
		return -ENOMEM;
	ret = host_call4(__NR_ptrace, ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs));
	if (request == PTRACE_DETACH && !ret)
		tracee_forget(task, tid);
	return ret;
}

void ptrace_exec(struct task *task)
{
	if (task->traceme)
		host_call4(__NR_ptrace, PTRACE_TRACEME, 0, 0, 0);
}
