/* SPDX-License-Identifier: MIT */
/* The guest's rt_sigreturn(2): its frame, made fit for the host, goes through the host's. */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"

#define SIGSEGV_NR     11
#define SI_KERNEL_CODE 0x80

/* A frame that cannot be read is the end, unless the guest handles SIGSEGV. */
static __attribute__((noreturn)) void bad_frame(struct task *task)
{
	struct ksigaction dfl = {0};

	host_call4(__NR_rt_sigaction, SIGSEGV_NR, &dfl, NULL, sizeof(dfl.mask));
	host_call3(__NR_tgkill, task->tgid, task->tid, SIGSEGV_NR);
	host_exit_group(128 + SIGSEGV_NR);
}

/* What the frame says of the alternate stack is the guest's; the host keeps ours. */
static void take_altstack(struct task *task, const struct stack_raw *stack)
{
	if (stack->flags & ~(SS_AUTODISARM_RAW | SS_DISABLE_RAW | SS_ONSTACK_RAW))
		return;
	task->altstack = (struct sigaltstack_guest){
	    .sp = stack->sp,
	    .flags = stack->flags & (SS_AUTODISARM_RAW | SS_DISABLE_RAW),
	    .size = stack->size,
	};
}

void signal_return(struct task *task, struct regs *regs)
{
	u64 at = regs->rsp - sizeof(u64) + offsetof(struct rt_sigframe, uc);
	u64 stack_at = at + offsetof(struct ucontext, stack), mask_at = at + offsetof(struct ucontext, sigmask), mask;
	struct stack_raw stack, ours = {
				    .sp = (u64)(uintptr_t)task + KSTACK_TOP,
				    .size = BLOCK_SIZE - KSTACK_TOP,
				};

	/* From here to the host's rt_sigreturn, which sets the mask, nothing may be put off any more. */
	signal_block_all();
	if (get_guest(stack, stack_at) || get_guest(mask, mask_at))
		bad_frame(task);
	take_altstack(task, &stack);
	task->blocked_hidden = mask & SIG_HIDDEN;
	mask = signal_host_mask(mask);
	if (put_guest(stack_at, ours) || put_guest(mask_at, mask))
		bad_frame(task);
	atomic_store(&task->sig_deferred, 0);
	atomic_store(&task->restore_saved, 0);
	arch_sigreturn(regs->rsp);
}
