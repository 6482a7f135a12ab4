/* SPDX-License-Identifier: MIT */
/* The guest's registers as the runtime keeps them while it works for a task. entry.S knows the
 * offsets: a change here is a change there. */
#ifndef SECEDE_ARCH_REGS_H
#define SECEDE_ARCH_REGS_H

#include "lib/types.h"

struct regs {
	u64 r8, r9, r10, r11, r12, r13, r14, r15;   /* 0 .. 56 */
	u64 rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp; /* 64 .. 120 */
	u64 rip, eflags;			    /* 128, 136: the order of mcontext's gregs */
	u64 orig_rax; /* 144: the system call's number, -1 when there is none to restart */
};

/* System call arguments in the order of syscall(2). */
#define ARG0(r)	 ((r)->rdi)
#define ARG1(r)	 ((r)->rsi)
#define ARG2(r)	 ((r)->rdx)
#define ARG3(r)	 ((r)->r10)
#define ARG4(r)	 ((r)->r8)
#define ARG5(r)	 ((r)->r9)
#define SYS_ARGS 6

/* The same by its number. */
static inline u64 *arg_slot(struct regs *r, unsigned n)
{
	u64 *const slots[SYS_ARGS] = {&ARG0(r), &ARG1(r), &ARG2(r), &ARG3(r), &ARG4(r), &ARG5(r)};

	return slots[n];
}

#define SYSCALL_INSN_SIZE 2 /* 0f 05: what a restart steps back */

#endif
