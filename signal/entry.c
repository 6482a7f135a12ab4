/* SPDX-License-Identifier: MIT */
/*
 * The host's handlers: where did the signal find the task, and what follows from that
 * (signal/signal.h has the four cases). They run on the task's signal stack with everything
 * blocked but the hidden signals.
 */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "host/host.h"
#include "kernel/mm.h"

/*
 * The runtime is at work: back into the host's queue with it, and nothing more of the kind until
 * the way out, which restores the mask that was in force.
 */
static void defer(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	if (!atomic_load(&task->sig_deferred)) {
		task->sig_mask = uc->sigmask;
		atomic_store(&task->sig_deferred, 1);
	}
	/* A hidden one too, if somebody sent it: a bad address until then means the end of the guest,
	 * which a SIGSEGV from outside mostly means anyway. */
	uc->sigmask = ~SIG_HIDDEN | SIGBIT(sig);
	host_call4(__NR_rt_tgsigqueueinfo, task->tgid, task->tid, sig, info);
}

/* A blocking call is waiting, perhaps under a mask of its own, and ends. */
static void defer_blocking(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	u64 before = uc->sigmask; /* the host's frame has the mask from before the call */
	bool first = !atomic_load(&task->sig_deferred);

	task->restart = true;
	defer(task, sig, info, uc);
	if (first && task->temp_active) {
		task->sig_mask = task->temp_mask;
		task->sig_saved = before;
		atomic_store(&task->restore_saved, 1);
	}
	frame_abort_call(uc);
}

/* On the way out the guest's registers are complete in task->regs: it is guest code already. */
static void deliver_on_exit(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	const struct ksigaction *action = &task->sighand->action[sig - 1];
	struct regs *regs = &task->regs;

	if (task->restart && (s64)regs->rax == -EINTR && (action->flags & SA_RESTART_RAW)) {
		regs->rip -= SYSCALL_INSN_SIZE;
		regs->rax = regs->orig_rax;
	}
	task->restart = false;
	frame_complete_exit(uc, task);
	if (atomic_exchange(&task->restore_saved, 0))
		uc->sigmask = task->sig_saved;
	signal_deliver(task, sig, info, uc);
}

void signal_entry(int sig, struct siginfo_raw *info, struct ucontext *uc)
{
	struct task *task = current_task();
	enum context context = frame_context(uc);
	bool returned;

	switch (context) {
	case CONTEXT_GUEST:
		signal_deliver(task, sig, info, uc);
		return;
	case CONTEXT_EXIT:
		deliver_on_exit(task, sig, info, uc);
		return;
	case CONTEXT_BLOCKING:
		defer_blocking(task, sig, info, uc);
		return;
	default:
		/* Just behind the call: a temporary mask decides here as well. */
		returned = frame_call_interrupted(uc);
		if (returned)
			defer_blocking(task, sig, info, uc);
		else
			defer(task, sig, info, uc);
	}
}

/* The kernel's own faults have a positive code; 0 and below is a signal that somebody sent. */
void fault_entry(int sig, struct siginfo_raw *info, struct ucontext *uc)
{
	enum context context = frame_context(uc);

	if (info->code <= 0 || context == CONTEXT_GUEST)
		signal_entry(sig, info, uc);
	else if (context == CONTEXT_UACCESS)
		frame_abort_copy(uc);
	else
		panic("a bad memory access in the runtime");
}
