/* SPDX-License-Identifier: MIT */
/*
 * The trap: what happens when the filter stops a system call of the guest. No work is done in the
 * handler: it saves the registers and lets the interrupted context "return" into the runtime on
 * the task's kernel stack, under the guest's own signal mask.
 */
#include "arch/x86_64/trap.h"

#include "arch/x86_64/offsets.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/runtime.h"

_Static_assert(offsetof(struct task, regs) == 0, "entry.S");
_Static_assert(offsetof(struct regs, eflags) == REG_EFLAGS, "entry.S");
_Static_assert(offsetof(struct regs, rsp) == REG_RSP, "entry.S");
_Static_assert(offsetof(struct task, sig_deferred) == TASK_SIG_DEFERRED, "entry.S");
_Static_assert(offsetof(struct task, sig_mask) == TASK_SIG_MASK, "entry.S");
_Static_assert(offsetof(struct task, state) == TASK_STATE, "entry.S");
_Static_assert(KSTACK_TOP == ASM_KSTACK_TOP, "entry.S");
_Static_assert(TASK_FREE == 0, "entry.S");

#define SYS_SECCOMP	  1
#define SYS_USER_DISPATCH 2
#define EFLAGS_DF	  0x400u
#define EFLAGS_TF	  0x100u

/* Offset of uc_mcontext's registers in struct ucontext: after uc_flags, uc_link, uc_stack. */
#define UC_GREGS 40

extern char syscall_entry[];

void sigsys_entry(int sig, struct siginfo_raw *info, void *ucontext)
{
	struct task *task = current_task();
	struct regs *gregs = (struct regs *)((char *)ucontext + UC_GREGS);
	bool ours = (info->code == SYS_SECCOMP && info->err == TRAP_DATA) || info->code == SYS_USER_DISPATCH;

	/* Another filter's trap, or a SIGSYS that somebody sent, is the guest's own. */
	if (!ours) {
		signal_entry(sig, info, ucontext);
		return;
	}
	memcpy(&task->regs, gregs, offsetof(struct regs, orig_rax));
	task->regs.orig_rax = task->regs.rax;
	gregs->rip = (u64)(uintptr_t)syscall_entry;
	gregs->rsp = (u64)(uintptr_t)task + KSTACK_TOP;
	gregs->eflags &= ~(u64)(EFLAGS_DF | EFLAGS_TF);
}
