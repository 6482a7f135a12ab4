/* SPDX-License-Identifier: MIT */
/* The guest's rt_sigreturn(2): a copy of its frame, made fit for the host, goes through the host's. */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/runtime.h"

/* What the kernel does with a frame that it cannot read. */
static __attribute__((noreturn)) void bad_frame(struct task *task)
{
	struct siginfo_raw info = {.signo = SIGSEGV, .code = SI_KERNEL};

	signal_block_hidden();
	signal_requeue(task, SIGSEGV, &info);
	arch_return_to_guest(task);
}

void signal_return(struct task *task, struct regs *regs)
{
	struct rt_sigframe frame = {0};
	struct ucontext *uc = &frame.uc;

	/* The guest's stack pointer has passed the restorer's address; the extended state stays where it is. */
	if (copy_from_guest(uc, regs->rsp, sizeof(*uc)))
		bad_frame(task);
	/* From here to the host's rt_sigreturn, which sets the mask, nothing may be put off any more. */
	signal_block_hidden();
	/* As in the kernel, a bad stack is not an error here. */
	(void)altstack_set(task, &uc->stack, frame_regs(uc)->rsp);
	signal_set_mask(task, uc->sigmask);
	signal_pass_on(task);
	atomic_store(&task->sig_deferred, 0);
	uc->sigmask = task->sig_mask;
	uc->stack = (struct stack_raw){.sp = (u64)(uintptr_t)task + KSTACK_TOP, .size = BLOCK_SIZE - KSTACK_TOP};
	arch_sigreturn(uc);
}
