/* SPDX-License-Identifier: MIT */
/*
 * The host's handler: where did the signal find the task, and what follows from that
 * (signal/signal.h). It runs on the task's signal stack with everything blocked.
 */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "sys/patch.h"

#define TRAP_TRACE 2

/*
 * The runtime is at work: the signal waits, and nothing more is let through until the way out. There the bell is rung
 * again, if that was it: it comes here when a SIGSYS of ours is in line before it, whose handler lets others in.
 */
static void defer(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	if (!signal_is_bell(sig, info))
		signal_put_off(task, sig, info);
	uc->sigmask |= ~SIG_HIDDEN;
	atomic_store(&task->sig_deferred, 1);
}

static bool is_forced(int sig, const struct siginfo_raw *info, const struct ucontext *uc)
{
	return (SIG_HIDDEN & SIGBIT(sig)) && !signal_is_bell(sig, info) && frame_is_forced(sig, info, uc);
}

/*
 * The guest steps through its own code (EFLAGS.TF), and the flag has just been set on the way out to it. After a system
 * call the kernel lets one more instruction run first.
 */
static bool is_own_step(int sig, const struct siginfo_raw *info, const struct task *task)
{
	return sig == SIGTRAP && info->code == TRAP_TRACE && (task->regs.eflags & EFLAGS_TF);
}

/* Says where, for whoever has to find it. */
__attribute__((noreturn)) static void bad_access(struct ucontext *uc)
{
	char message[100];
	struct fmt f;

	fmt_init(&f, message, sizeof(message));
	fmt_print(&f, "a bad memory access in the runtime, at %lx of %lx", (unsigned long)frame_regs(uc)->rip,
		  (unsigned long)uc->cr2);
	message[MIN(f.len, sizeof(message) - 1)] = '\0';
	panic(message);
}

static void in_runtime(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	if (!is_forced(sig, info, uc))
		defer(task, sig, info, uc);
	else if (sig == SIGSYS)
		/* A filter around ours traps a call of the runtime. */
		frame_regs(uc)->rax = (u64)-ENOSYS;
	else
		bad_access(uc);
}

void signal_entry(int sig, struct siginfo_raw *info, struct ucontext *uc)
{
	struct task *task = current_task();

	signal_received(info);
	if (sig == SIGSYS)
		signal_block_hidden(); /* the one handler that is entered with signals let through */
	if (signal_is_repair(sig, info)) {
		signal_repair(task, info);
		return;
	}
	switch (frame_context(uc)) {
	case CONTEXT_EXIT:
		frame_complete_exit(uc, task);
		if (!is_own_step(sig, info, task))
			signal_deliver(task, sig, info, uc);
		return;
	case CONTEXT_STUB:
		frame_leave_stub(uc);
		if (!patch_trap(task, sig, info, uc))
			signal_deliver(task, sig, info, uc);
		return;
	case CONTEXT_GUEST:
		if (patch_fault(sig, info, uc) || (patch_leave_pad(uc) && patch_trap(task, sig, info, uc)))
			return;
		signal_end_restart(task, sig, uc);
		signal_deliver(task, sig, info, uc);
		return;
	case CONTEXT_UACCESS:
		if (is_forced(sig, info, uc))
			frame_abort_copy(uc);
		else
			defer(task, sig, info, uc);
		return;
	case CONTEXT_BLOCKING:
		task->restart = frame_call_begun(uc) ? RESTART_BEGUN : RESTART_NOT_BEGUN;
		if (task->restart == RESTART_BEGUN && signal_refuses_restart(task, sig))
			task->restart = RESTART_NONE;
		frame_abort_call(uc);
		defer(task, sig, info, uc);
		return;
	case CONTEXT_RUNTIME:
		in_runtime(task, sig, info, uc);
		return;
	}
}
