/* SPDX-License-Identifier: MIT */
/*
 * Taking a stopped tracee out of the runtime (sys/tracee.h): to guest code, where a signal can be shown as if it had
 * come there; to the guest's program after execve. The tracer waits for as long as that takes, which is not long:
 * what sleeps is ended first, as a signal would end it.
 */
#include <asm/errno.h>
#include <asm/signal.h>
#include <linux/futex.h>
#include <linux/wait.h>
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "lib/string.h"
#include "sys/runtime.h"
#include "sys/tracee.h"

#define USER_RIP  (16 * 8) /* in the host's struct user */
#define INT3	  0xcc
#define INT3_SIZE 1
#define POPF	  0x9d
#define POPF_SIZE 1

s32 tracee_go_on(s32 tid, u32 request)
{
	s32 status = 0;
	long ret = host_call4(__NR_ptrace, request, tid, 0, 0);

	while (!ret || ret == -EINTR)
		ret = host_call4(__NR_wait4, tid, &status, __WALL, NULL);
	return status;
}

/* ---- step by step ---- */

/* The instruction at that address of the runtime, whose text is the same here. */
static bool is_syscall_insn(u64 rip)
{
	static const u8 insn[SYSCALL_INSN_SIZE] = {0x0f, 0x05};

	return !memcmp((const void *)(uintptr_t)rip, insn, sizeof(insn));
}

/*
 * For a lock, whose owner may be stopped as well. Not where the tracer lives in the same memory: it may need that lock,
 * or another that the tracee holds, and whoever it has stopped there holds none.
 */
static bool waits_for_lock(s32 tid, const struct user_regs *raw)
{
	if (task_find(tid))
		return false;
	return (tracee_interrupted(raw) && raw->orig_rax == __NR_futex) ||
	       (raw->rax == __NR_futex && raw->rsi == FUTEX_WAIT && is_syscall_insn(raw->rip));
}

/*
 * A popf must not be stepped over: the kernel takes it that the instruction has set the trap flag itself, and leaves it
 * to the program. So what it does is done here.
 */
bool tracee_skip_popf(const struct stopped *s)
{
	struct user_regs raw = s->raw;

	if (!in_runtime(raw.rip) || *(const u8 *)(uintptr_t)raw.rip != POPF)
		return false;
	raw.eflags = tracee_peek(s->tid, raw.rsp);
	raw.rsp += sizeof(u64);
	raw.rip += POPF_SIZE;
	return !host_call4(__NR_ptrace, PTRACE_SETREGS, s->tid, 0, &raw);
}

void tracee_end_sleep(const struct stopped *s, struct tracee *t)
{
	t->late_call = tracee_peek(s->tid, s->task + offsetof(struct task, regs.orig_rax));
	if (tracee_interrupted(&s->raw) && tracee_abort_call(s))
		t->late_result = (s64)s->raw.rax;
}

/* It is not where it was to go. A call that sleeps has not been made, or is not to be made again. */
static bool stopped_elsewhere(s32 tid)
{
	struct stopped s;

	if (tracee_look(tid, &s))
		tracee_abort_call(&s);
	return false;
}

static bool is_at_entry(s32 tid, s32 status, struct stopped *s)
{
	return is_stop(status) && !stop_event(status) && (stop_signal(status) & ~SYSGOOD) == SIGTRAP &&
	       tracee_look(tid, s) && s->raw.rip == (u64)(uintptr_t)blocking_end;
}

/*
 * The tracer has seen that a call begins, the runtime is about to make it, and a signal is there. Linux looks then
 * whether the call has a result already, as a wait has for whose end the signal is, and interrupts it only if not. So
 * does the host, if the call finds something that is to stop the tracee. Who has seized it can ask for that, and no
 * signal is needed; with others the call has not been made. False: it has stopped for something else, or ended.
 */
static bool make_call(s32 tid, struct tracee *t, s32 *status)
{
	struct stopped s;

	*status = tracee_go_on(tid, PTRACE_SYSCALL);
	if (!is_at_entry(tid, *status, &s))
		return stopped_elsewhere(tid);
	if (host_call4(__NR_ptrace, PTRACE_INTERRUPT, tid, 0, 0))
		return tracee_skip_call(&s);
	*status = tracee_go_on(tid, PTRACE_CONT);
	if (*status >> 8 != (SIGTRAP | PTRACE_EVENT_STOP << 8) || !tracee_look(tid, &s))
		return stopped_elsewhere(tid);
	tracee_end_sleep(&s, t);
	return true;
}

enum moved tracee_leave_runtime(s32 tid, struct tracee *t, s32 *status)
{
	struct stopped s;

	for (;;) {
		if (!tracee_look(tid, &s))
			return MOVED_STUCK;
		if (!in_runtime(s.raw.rip))
			return MOVED_OUT;
		if (t && s.raw.rip == (u64)(uintptr_t)arch_end_mark_call)
			return MOVED_TO_MARK;
		if (waits_for_lock(tid, &s.raw))
			return MOVED_STUCK;
		if (tracee_skip_popf(&s))
			continue;
		if (t && tracee_is_before_call(&s)) {
			if (!make_call(tid, t, status))
				return MOVED_STOPPED;
			continue;
		}
		tracee_abort_call(&s);
		*status = tracee_go_on(tid, PTRACE_SINGLESTEP);
		if (!is_stop(*status) || *status >> 8 != SIGTRAP)
			return MOVED_STOPPED;
	}
}

/* ---- execve ---- */

/* Puts a word into the tracee's copy of the runtime's text. */
static void poke_jump(s32 tid, u64 word)
{
	host_call4(__NR_ptrace, PTRACE_POKETEXT, tid, arch_exit_jump, word);
}

/*
 * The tracee is in the runtime, which will leave for the program: it goes on to the jump into that, and one step
 * further. If it stops elsewhere, or ends, that is what there is to report.
 */
static s32 run_to_program(s32 tid, s32 status)
{
	u64 jump = (u64)(uintptr_t)arch_exit_jump, word, rip = 0;
	s32 now;

	if (host_call4(__NR_ptrace, PTRACE_PEEKTEXT, tid, jump, &word))
		return status;
	poke_jump(tid, (word & ~0xffUL) | INT3);
	now = tracee_go_on(tid, PTRACE_CONT);
	if (!is_stop(now))
		return now;
	poke_jump(tid, word);
	host_call4(__NR_ptrace, PTRACE_PEEKUSR, tid, USER_RIP, &rip);
	if (stop_signal(now) != SIGTRAP || rip != jump + INT3_SIZE)
		return now;
	host_call4(__NR_ptrace, PTRACE_POKEUSR, tid, USER_RIP, jump);
	now = tracee_go_on(tid, PTRACE_SINGLESTEP);
	return stop_signal(now) == SIGTRAP ? status : now;
}

/* The mark is a call like others: the host stops at its entry. */
static s32 run_to_mark(s32 tid, s32 status)
{
	struct stopped s;
	s32 now;

	tracee_make_marks(tid);
	do {
		now = tracee_go_on(tid, PTRACE_SYSCALL);
		if (!is_stop(now) || (stop_signal(now) & ~0x80) != SIGTRAP || !tracee_look(tid, &s))
			return now;
	} while (s.place != AT_EXEC_MARK);
	return status;
}

s32 tracee_go_to_program(s32 tid, u32 request, s32 status)
{
	struct siginfo_raw info;
	s32 now;

	if (host_call4(__NR_ptrace, PTRACE_GETSIGINFO, tid, 0, &info))
		return status;
	now = request == PTRACE_SYSCALL ? run_to_mark(tid, status) : run_to_program(tid, status);
	/* It is still the stop after execve that is shown: that is told of it. */
	if (now == status)
		host_call4(__NR_ptrace, PTRACE_SETSIGINFO, tid, 0, &info);
	return now;
}
