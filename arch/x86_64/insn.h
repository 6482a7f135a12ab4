/* SPDX-License-Identifier: MIT */
/*
 * How long an instruction is, and where the processor goes from there: what has to be known of the code around a
 * system call. 64-bit mode alone, and no more of it than compilers use: what is rare is refused. (A decoder of others
 * that can be linked without a C library is not packaged; Zydis, which is not, is what the unit test compares with.)
 */
#ifndef SECEDE_ARCH_INSN_H
#define SECEDE_ARCH_INSN_H

#include "lib/types.h"

enum insn_flow {
	INSN_NEXT,   /* to the next instruction */
	INSN_BRANCH, /* there, or to `target` */
	INSN_CALL,   /* to `target`, and perhaps back */
	INSN_ASIDE,  /* elsewhere, and perhaps back: a call through a pointer */
	INSN_JUMP,   /* to `target` alone */
	INSN_END,    /* nowhere that could be seen: a return, a jump through a pointer, what faults */
};

struct insn {
	u8 size;
	u8 flow;    /* enum insn_flow */
	s32 target; /* behind the instruction's end */
};

#define INSN_MAX 15 /* bytes */

/* The instruction that begins at code[0], of which n bytes can be seen. False: it is not known, or longer than that. */
bool insn_decode(struct insn *insn, const u8 *code, size_t n);

#endif
