/* SPDX-License-Identifier: MIT */
/* The host's signal frame on x86_64 (rt_sigframe), which is also what guests find on their stacks. */
#ifndef SECEDE_ARCH_FRAME_H
#define SECEDE_ARCH_FRAME_H

#include "arch/x86_64/offsets.h"
#include "arch/x86_64/regs.h"
#include "signal/signal.h"

struct stack_raw {
	u64 sp;
	u32 flags, pad;
	u64 size;
};

struct ucontext {
	u64 flags, link;
	struct stack_raw stack;
	u64 gregs[18]; /* the first 18 fields of struct regs */
	u16 cs, gs, fs, ss;
	u64 err, trapno, oldmask, cr2;
	u64 fpstate; /* address of the extended state, 64-byte aligned; 0: none */
	u64 reserved[8];
	u64 sigmask;
};

struct rt_sigframe {
	u64 pretcode;
	struct ucontext uc;
	struct siginfo_raw info;
};

static inline struct regs *frame_regs(struct ucontext *uc)
{
	return (struct regs *)uc->gregs; /* orig_rax is not part of it */
}

/* Bytes of extended state behind uc->fpstate. */
size_t frame_fpstate_size(const struct ucontext *uc);

/*
 * Lays a frame for `action` onto the guest's stack below `sp` and turns the context into the start
 * of the guest's handler. The context's registers, mask and stack are saved as they are in *uc.
 * 0, or -EFAULT when the stack cannot be written; then nothing but guest memory has changed.
 */
int frame_setup(const struct ksigaction *action, int sig, const struct siginfo_raw *info, struct ucontext *uc, u64 sp);

/* Names for instruction pointers: where did a signal find us? */
enum context { CONTEXT_GUEST, CONTEXT_RUNTIME, CONTEXT_BLOCKING, CONTEXT_UACCESS, CONTEXT_EXIT };
enum context frame_context(const struct ucontext *uc);
/* Stands the context right behind a blocking call that has just returned -EINTR? */
bool frame_call_interrupted(struct ucontext *uc);

/* CONTEXT_BLOCKING, CONTEXT_UACCESS: the call ends with -EINTR, the copy with -EFAULT. */
void frame_abort_call(struct ucontext *uc);
void frame_abort_copy(struct ucontext *uc);
/* CONTEXT_EXIT: completes the registers from task->regs. */
void frame_complete_exit(struct ucontext *uc, const struct task *task);

extern char signal_restorer[];
__attribute__((noreturn)) void arch_sigreturn(u64 frame_end);

#endif
