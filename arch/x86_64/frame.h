/* SPDX-License-Identifier: MIT */
/* The host's signal frame on x86_64 (rt_sigframe), which is also what guests find on their stacks. */
#ifndef SECEDE_ARCH_FRAME_H
#define SECEDE_ARCH_FRAME_H

#include "arch/x86_64/offsets.h"
#include "arch/x86_64/regs.h"
#include "signal/signal.h"

/* stack_t */
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
	u64 fpstate; /* address of the extended state, 64-byte aligned; 0: the initial one */
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

/* Where a frame is to go: below `sp`, but not at or below `lowest`. */
struct frame_place {
	u64 sp, lowest;
};

/*
 * Writes `frame` and the extended state that it points to into guest memory, and turns *uc, the host's
 * context, into the start of the guest's `handler`. -EFAULT when the memory cannot be written; then
 * *uc is as before.
 */
int frame_setup(struct rt_sigframe *frame, const struct frame_place *place, int sig, u64 handler, struct ucontext *uc);

/*
 * One of the hidden signals: did the host raise it for what the code there has done? Then it can neither wait nor be
 * ignored. A positive si_code alone does not say so: a child may have been made with any exit signal (clone(2)).
 */
bool frame_is_forced(int sig, const struct siginfo_raw *info, const struct ucontext *uc);

/* Names for instruction pointers: where did a signal find us? */
enum context { CONTEXT_GUEST, CONTEXT_STUB, CONTEXT_RUNTIME, CONTEXT_BLOCKING, CONTEXT_UACCESS, CONTEXT_EXIT };
enum context frame_context(const struct ucontext *uc);

/* CONTEXT_BLOCKING: has the host seen the call, and gone back to its instruction? */
bool frame_call_begun(struct ucontext *uc);
/* CONTEXT_BLOCKING, CONTEXT_UACCESS: the call ends with -EINTR, the copy with -EFAULT. */
void frame_abort_call(struct ucontext *uc);
void frame_abort_copy(struct ucontext *uc);
/* CONTEXT_STUB: takes the guest back to the syscall instruction of the site from which it has come (patch.S), or to the
 * jump that stands there now (short.S). */
void frame_leave_stub(struct ucontext *uc);
/* The guest is at a syscall instruction, or what stands for one: the context becomes that of the trapped call. */
void frame_make_trap(struct ucontext *uc, struct task *task);
/* CONTEXT_EXIT: completes the registers from task->regs. */
void frame_complete_exit(struct ucontext *uc, const struct task *task);

/* blocking.S: what the host's handlers return to, and the host's rt_sigreturn from a context. */
extern char signal_restorer[];
__attribute__((noreturn)) void arch_sigreturn(struct ucontext *uc);

#endif
