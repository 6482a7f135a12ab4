/* SPDX-License-Identifier: MIT */
/* Signal frames: reading the host's, writing the guest's (arch/x86_64/frame.h). */
#include "arch/x86_64/frame.h"

#include <asm/errno.h>
#include "host/uaccess.h"
#include "lib/string.h"
#include "sys/runtime.h"

_Static_assert(offsetof(struct ucontext, gregs) == UC_GREGS, "entry.S");
_Static_assert(offsetof(struct ucontext, fpstate) == UC_FPSTATE, "entry.S");
_Static_assert(sizeof(struct ucontext) == 304, "the kernel's");
_Static_assert(sizeof(struct siginfo_raw) == 128, "the kernel's");

#define FP_EXTENDED_SIZE 468
#define FXSAVE_SIZE	 512
#define FPSTATE_MAX	 16384			      /* with AMX it is about 11 KiB */
#define EFLAGS_CLEARED	 (0x400u | 0x100u | 0x10000u) /* DF, TF, RF */

extern char blocking_begin[], blocking_end[], blocking_eintr[];
extern char uaccess_begin[], uaccess_end[], uaccess_fault[];

size_t frame_fpstate_size(const struct ucontext *uc)
{
	const char *fp = (const char *)(uintptr_t)uc->fpstate;
	u32 magic, size;

	if (!fp)
		return 0;
	memcpy(&magic, fp + FP_MAGIC1, sizeof(magic));
	memcpy(&size, fp + FP_EXTENDED_SIZE, sizeof(size));
	return magic == FP_XSTATE_MAGIC1 && size >= FXSAVE_SIZE && size <= FPSTATE_MAX ? size : FXSAVE_SIZE;
}

int frame_setup(const struct ksigaction *action, int sig, const struct siginfo_raw *info, struct ucontext *uc, u64 sp)
{
	struct rt_sigframe frame = {.pretcode = action->restorer, .uc = *uc, .info = *info};
	size_t fp_size = frame_fpstate_size(uc);
	struct regs *regs = frame_regs(uc);
	u64 at;

	sp = ALIGN_DOWN(sp - fp_size, 64UL);
	/* As after a call: 8 below a multiple of 16. */
	at = ALIGN_DOWN(sp - sizeof(frame), 16UL) - 8;
	if (fp_size) {
		frame.uc.fpstate = sp;
		if (copy_to_guest(sp, (void *)(uintptr_t)uc->fpstate, fp_size))
			return -EFAULT;
	}
	if (copy_to_guest(at, &frame, sizeof(frame)))
		return -EFAULT;
	regs->rip = action->handler;
	regs->rsp = at;
	regs->rdi = (u64)sig;
	regs->rsi = at + offsetof(struct rt_sigframe, info);
	regs->rdx = at + offsetof(struct rt_sigframe, uc);
	regs->rax = 0;
	regs->eflags &= ~(u64)EFLAGS_CLEARED;
	return 0;
}

static bool within(u64 rip, const char *begin, const char *end)
{
	return rip >= (u64)(uintptr_t)begin && rip < (u64)(uintptr_t)end;
}

enum context frame_context(const struct ucontext *uc)
{
	u64 rip = ((const struct regs *)uc->gregs)->rip;

	if (!within(rip, runtime_text_start, runtime_text_end))
		return CONTEXT_GUEST;
	if (within(rip, arch_exit_begin, arch_exit_end))
		return CONTEXT_EXIT;
	if (within(rip, blocking_begin, blocking_end))
		return CONTEXT_BLOCKING;
	if (within(rip, uaccess_begin, uaccess_end))
		return CONTEXT_UACCESS;
	return CONTEXT_RUNTIME;
}

bool frame_call_interrupted(struct ucontext *uc)
{
	const struct regs *regs = frame_regs(uc);

	return regs->rip == (u64)(uintptr_t)blocking_end && (s64)regs->rax == -EINTR;
}

void frame_abort_call(struct ucontext *uc)
{
	frame_regs(uc)->rip = (u64)(uintptr_t)blocking_eintr;
}

void frame_abort_copy(struct ucontext *uc)
{
	frame_regs(uc)->rip = (u64)(uintptr_t)uaccess_fault;
}

void frame_complete_exit(struct ucontext *uc, const struct task *task)
{
	memcpy(uc->gregs, &task->regs, sizeof(uc->gregs));
}
