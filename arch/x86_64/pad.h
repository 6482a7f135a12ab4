/* SPDX-License-Identifier: MIT */
/*
 * Room for a long jump within reach of a short one: what compilers and linkers fill up with, behind an instruction
 * from which nothing goes on, as far as the next boundary to which code is aligned. No thread ever comes there, so it
 * can be written to whatever runs.
 *
 * A place is certain when the code from the system call on, followed from instruction to instruction along its
 * branches, ends right before it; when what stands there are the long nops or the int3 of padding, all of them; and
 * when nothing that could be a branch, in all of the code around, leads into it.
 */
#ifndef SECEDE_ARCH_PAD_H
#define SECEDE_ARCH_PAD_H

#include "lib/types.h"

#define PAD_SIZE 7 /* jmp *address */

/* Code that can be seen. */
struct code {
	const u8 *bytes;
	u64 start;
	size_t size;
};
#define CODE_AROUND 8192 /* bytes before and behind a system call that should be seen */

/* Where PAD_SIZE bytes can be written to which `jmp` leads, a short jump's address that is an instruction's; 0:
 * nowhere. */
u64 pad_find(const struct code *code, u64 jmp);

#endif
