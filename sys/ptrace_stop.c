/* SPDX-License-Identifier: MIT */
/*
 * What a tracer in the session hears of (sys/tracee.h). Stops of its tracee that are there on the runtime's account are
 * hidden: the trap of a system call, the runtime's own calls, a bad pointer that the runtime tries, steps within the
 * runtime. Such a stop is answered with the request that led there, and the wait goes on. A signal that comes while the
 * runtime is at work is shown when that is done, after execve the tracee is shown when the guest's program is in place.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "lib/string.h"
#include "sys/patch.h"
#include "sys/runtime.h"
#include "sys/tracee.h"

/* What is judged. */
struct stop {
	struct task *task;
	s32 tid, *status;
	struct tracee *tracee; /* NULL: nothing is known of it */
	u32 request;	       /* that led here */
	bool has_info;
	struct siginfo_raw info;
	struct stopped now;
};

enum verdict {
	SHOW,
	HIDE,	     /* it goes on, as if it had not stopped */
	JUDGE_AGAIN, /* it has been taken further, and has another status */
};

static enum verdict hide(const struct stop *stop, int sig)
{
	bool late = stop->tracee && stop->tracee->late.signo;

	if (stop->request == PTRACE_SYSCALL && stop->now.raw.rip == (u64)(uintptr_t)_start)
		tracee_make_marks(stop->tid); /* it has just executed a program */
	if (stop->tracee && stop->tracee->interrupt)
		host_call4(__NR_ptrace, PTRACE_INTERRUPT, stop->tid, 0, 0); /* any stop counts for the host */
	return host_call4(__NR_ptrace, late ? PTRACE_SINGLESTEP : stop->request, stop->tid, 0, sig) ? SHOW : HIDE;
}

/* ---- system calls ---- */

/* At such a stop: is it the call's entry, or its end? */
static bool is_entry(s32 tid)
{
	u64 message = 0;

	host_call4(__NR_ptrace, PTRACE_GETEVENTMSG, tid, 0, &message);
	return message == PTRACE_EVENTMSG_SYSCALL_ENTRY;
}

static bool is_own_trap(const struct siginfo_raw *info)
{
	return info->signo == SIGSYS && !info->pad &&
	       (info->code == SYS_USER_DISPATCH || (info->code == SYS_SECCOMP && info->err == TRAP_DATA));
}

/* The call has only ended for the host: the trap waits, and is the next thing that will happen. */
static bool is_trapped(const struct stop *stop)
{
	struct ptrace_peeksiginfo_args args = {.nr = 4};
	struct siginfo_raw info[4];
	long n;

	/* Then the number stands where the result would. */
	if (stop->now.raw.rax != stop->now.raw.orig_rax)
		return false;
	while ((n = host_call4(__NR_ptrace, PTRACE_PEEKSIGINFO, stop->tid, &args, info)) > 0) {
		for (long i = 0; i < n; i++)
			if (is_own_trap(&info[i]))
				return true;
		args.off += (u64)n;
	}
	return false;
}

/* Is the end of the call that it is in shown? Only to whom the beginning has been. */
static void note_call(const struct stop *stop, bool is_in_call)
{
	if (stop->tracee)
		stop->tracee->in_call = is_in_call;
}

/* Call or mark: entry or end, of the guest or of the runtime? */
static bool is_hidden_call(const struct stop *stop)
{
	bool entry = is_entry(stop->tid), in_call = stop->tracee && stop->tracee->in_call;

	switch (stop->now.place) {
	case AT_END_MARK:
		if (entry)
			note_call(stop, false);
		return !entry || !in_call;
	case IN_GUEST:
		/* An end without a beginning: the runtime has returned from a handler of the host's. */
		if (in_runtime(stop->now.raw.rip) || (!entry && (!in_call || is_trapped(stop))))
			return true;
		note_call(stop, entry);
		return false;
	case AT_ENTRY_MARK:
		note_call(stop, true);
		return !entry;
	default:
		return true;
	}
}

/* ---- signals ---- */

/*
 * Not the instruction was at fault, but what rseq(2) has the kernel write on the way back to it, which it will try
 * again at every step. At the handler's first instruction, that is about a signal that the tracer has seen.
 */
static bool is_rseq_fault(const struct stop *stop)
{
	return stop->info.signo == SIGSEGV && stop->info.code == SI_KERNEL &&
	       stop->now.raw.rip != (u64)(uintptr_t)signal_trap;
}

/* A signal that exists because of the runtime: the tracee must get it. */
static bool is_own_signal(const struct stop *stop)
{
	const struct siginfo_raw *info = &stop->info;

	if (info->signo == SIGSYS && is_own_trap(info))
		return true;
	/* What has been shown already, and comes once more because the runtime sends it on. */
	if (info->pad == REQUEUED)
		return true;
	if (is_rseq_fault(stop))
		return patch_faults_in(stop->tid, stop->now.raw.rip);
	return (info->signo == SIGSEGV || info->signo == SIGBUS) && info->code > 0 && in_runtime(stop->now.raw.rip);
}

/* A step within the runtime, or into its handler; or its doing something to what the tracer watches. */
static bool is_own_trap_of_debugger(const struct stop *stop)
{
	const struct siginfo_raw *info = &stop->info;
	bool steps = stop->request == PTRACE_SINGLESTEP;

	if (info->signo != SIGTRAP || !in_runtime(stop->now.raw.rip))
		return false;
	return info->code == TRAP_HWBKPT ||
	       (steps && (info->code == TRAP_TRACE || info->code == TRAP_BRKPT || info->code == SIGTRAP));
}

/* Calls that sleep under a mask of their own: a signal that this lets in must find it in force. */
static bool sleeps_under_own_mask(const struct stop *stop)
{
	static const u32 calls[] = {__NR_rt_sigsuspend, __NR_ppoll,	   __NR_pselect6,
				    __NR_epoll_pwait,	__NR_epoll_pwait2, __NR_io_pgetevents};

	for (u32 i = 0; i < ARRAY_SIZE(calls); i++)
		if (stop->now.raw.orig_rax == calls[i])
			return true;
	return false;
}

/* Where a call is shown that sleeps: a debugger finds it there, a tracer of calls is to see that it has ended first. */
static bool stays(const struct stop *stop)
{
	if (is_rseq_fault(stop))
		return true;
	return tracee_sleeps(&stop->now) && (stop->request != PTRACE_SYSCALL || sleeps_under_own_mask(stop));
}

/*
 * It is in guest code, after a call. Has it been taken out of one that was interrupted, then the host is left to decide
 * what follows, as if the guest had made the call itself.
 */
static void end_call(const struct stop *stop)
{
	const struct tracee *t = stop->tracee;
	struct user_regs raw;

	if (!t->late_in_call || host_call4(__NR_ptrace, PTRACE_GETREGS, stop->tid, 0, &raw))
		return;
	raw.orig_rax = t->late_call;
	if (t->late_result && raw.rax == t->late_call) {
		raw.rip += SYSCALL_INSN_SIZE;
		raw.rax = (u64)t->late_result;
	}
	host_call4(__NR_ptrace, PTRACE_SETREGS, stop->tid, 0, &raw);
}

static enum verdict show_late(const struct stop *stop)
{
	struct siginfo_raw *late = &stop->tracee->late;

	host_call4(__NR_ptrace, PTRACE_SETSIGINFO, stop->tid, 0, late);
	*stop->status = late->signo << 8 | 0x7f;
	late->signo = 0;
	for (u32 i = 0; i < stop->tracee->nr_behind; i++)
		host_call2(__NR_tkill, stop->tid, stop->tracee->behind[i].signo);
	return SHOW;
}

/* One is late, and here is another: taken from the host until the first has been shown. */
static enum verdict keep_behind(const struct stop *stop)
{
	struct tracee *t = stop->tracee;
	u32 i;

	for (i = 0; i < t->nr_behind; i++)
		if (t->behind[i].signo == stop->info.signo && stop->info.signo < SIGRTMIN)
			return hide(stop, 0);
	if (i == BEHIND_MAX)
		return SHOW;
	t->behind[t->nr_behind++] = stop->info;
	return hide(stop, 0);
}

/* It has been sent again: who sent it first stands here. */
static void restore_behind(struct stop *stop)
{
	struct tracee *t = stop->tracee;
	u32 i;

	if (!t || t->late.signo || stop->info.code != SI_TKILL)
		return;
	for (i = 0; i < t->nr_behind && t->behind[i].signo != stop->info.signo; i++)
		;
	if (i == t->nr_behind)
		return;
	stop->info = t->behind[i];
	host_call4(__NR_ptrace, PTRACE_SETSIGINFO, stop->tid, 0, &stop->info);
	for (t->nr_behind--; i < t->nr_behind; i++)
		t->behind[i] = t->behind[i + 1];
}

/* The tracee, if its tracer waits for the end of the call. */
static struct tracee *ends_call(const struct stop *stop)
{
	return stop->request == PTRACE_SYSCALL && stop->tracee->in_call ? stop->tracee : NULL;
}

/* The tracee is on its way out, or will be: the signal is shown when it has arrived. */
static enum verdict arrive(const struct stop *stop)
{
	switch (tracee_leave_runtime(stop->tid, ends_call(stop), stop->status)) {
	case MOVED_OUT:
		end_call(stop);
		break;
	case MOVED_STUCK:
		break;
	case MOVED_TO_MARK:
		*stop->status = tracee_go_on(stop->tid, PTRACE_SYSCALL);
		return JUDGE_AGAIN;
	case MOVED_STOPPED:
		return JUDGE_AGAIN;
	}
	return show_late(stop);
}

/* What end_call() will need. A call that sleeps is ended. */
static void note_late(const struct stop *stop)
{
	struct tracee *t = stop->tracee;

	t->late_result = 0;
	t->late_in_call = stop->now.task;
	if (t->late_in_call)
		tracee_end_sleep(&stop->now, t);
}

static enum verdict put_off(struct stop *stop)
{
	stop->tracee = tracee_get(stop->task, stop->tid);
	if (!stop->tracee)
		return SHOW;
	if (stop->tracee->late.signo)
		return keep_behind(stop);
	stop->tracee->late = stop->info;
	note_late(stop);
	return arrive(stop);
}

static enum verdict signal_stop(struct stop *stop)
{
	if (!stop->has_info)
		return SHOW; /* a stop of the whole process */
	restore_behind(stop);
	if (is_own_signal(stop))
		return hide(stop, stop->info.signo);
	if (is_own_trap_of_debugger(stop)) {
		tracee_skip_popf(&stop->now);
		return hide(stop, 0);
	}
	if (!in_runtime(stop->now.raw.rip) || stays(stop))
		return SHOW;
	return put_off(stop);
}

/* ---- events ---- */

/*
 * PTRACE_INTERRUPT of a tracee that was seized: it stops once more, outside, or at the end of its call. Others, as a
 * stop of the whole process, are shown where they are.
 */
static enum verdict stop_outside(struct stop *stop)
{
	if (!stop->tracee || !stop->tracee->interrupt || !in_runtime(stop->now.raw.rip) || sleeps_under_own_mask(stop))
		return SHOW;
	note_late(stop);
	switch (tracee_leave_runtime(stop->tid, ends_call(stop), stop->status)) {
	case MOVED_TO_MARK:
		*stop->status = tracee_go_on(stop->tid, PTRACE_SYSCALL);
		return JUDGE_AGAIN;
	case MOVED_STOPPED:
		return JUDGE_AGAIN;
	case MOVED_OUT:
		end_call(stop);
		break;
	case MOVED_STUCK:
		break;
	}
	host_call4(__NR_ptrace, PTRACE_INTERRUPT, stop->tid, 0, 0);
	*stop->status = tracee_go_on(stop->tid, PTRACE_CONT);
	return SHOW;
}

static enum verdict exec_event(const struct stop *stop)
{
	struct tracee *t = tracee_get(stop->task, stop->tid);

	if (!t || stop->now.raw.rip != (u64)(uintptr_t)_start)
		return SHOW;
	host_call4(__NR_ptrace, PTRACE_GETEVENTMSG, stop->tid, 0, &t->message);
	t->has_message = true;
	t->in_call = true;
	*stop->status = tracee_go_to_program(stop->tid, stop->request, *stop->status);
	return SHOW;
}

static enum verdict event_stop(struct stop *stop)
{
	u32 event = stop_event(*stop->status);

	if (event == PTRACE_EVENT_STOP)
		return stop_outside(stop);
	if (event == PTRACE_EVENT_EXEC)
		return exec_event(stop);
	/* About the runtime's own calls only a filter around the session can ask. */
	if (event == PTRACE_EVENT_SECCOMP && stop->now.place != AT_GATE && in_runtime(stop->now.raw.rip))
		return hide(stop, 0);
	note_call(stop, true);
	return SHOW;
}

/* ---- all of them ---- */

static bool is_call_stop(const struct stop *stop)
{
	int sig = stop_signal(*stop->status);

	return sig == (SIGTRAP | SYSGOOD) ||
	       (sig == SIGTRAP && stop->request == PTRACE_SYSCALL && stop->has_info && stop->info.code == SIGTRAP);
}

static enum verdict judge(struct stop *stop)
{
	bool late = stop->tracee && stop->tracee->late.signo;

	if (stop_event(*stop->status))
		return event_stop(stop);
	if (is_call_stop(stop)) {
		if (!is_hidden_call(stop))
			return SHOW;
		return late ? arrive(stop) : hide(stop, 0);
	}
	return late && stop_signal(*stop->status) == SIGTRAP ? arrive(stop) : signal_stop(stop);
}

bool ptrace_report(struct task *task, s32 tid, s32 *status)
{
	struct stop stop = {.task = task, .tid = tid, .status = status};
	enum verdict verdict;

	do {
		if (!is_stop(*status))
			return !ptrace_forget(task, tid);
		/* It may not be ours to trace, only to wait for. */
		if (!tracee_look(tid, &stop.now))
			return true;
		if (tracee_leaves(task, &stop.now, *status))
			return false;
		stop.tracee = tracee_find(task, tid);
		stop.request = tracee_request(task, tid);
		stop.has_info = !host_call4(__NR_ptrace, PTRACE_GETSIGINFO, tid, 0, &stop.info);
		verdict = judge(&stop);
	} while (verdict == JUDGE_AGAIN);
	if (verdict == SHOW && stop.tracee)
		stop.tracee->interrupt = false;
	return verdict == SHOW;
}
