/* SPDX-License-Identifier: MIT */
/*
 * The instructions around a system call, and what they become so that they lead to a stub (arch/x86_64/patch.h). What
 * is known of instructions and their bytes is known here; sys/patch.c writes them.
 */
#ifndef SECEDE_ARCH_SITE_H
#define SECEDE_ARCH_SITE_H

#include "arch/x86_64/pad.h"
#include "lib/types.h"

struct mm_range;
struct ucontext;

#define SITE_MAX  16   /* bytes */
#define SITE_STOP 0xf4 /* hlt: who comes to a site of which this is the first byte faults (site_has_stopped) */

/* All of it lies in one page. The bytes behind those that change, up to the whole size, are there to be compared. */
struct site {
	u64 start;	    /* where the bytes are that change, and that is an instruction's first */
	u8 changed, size;   /* how many of these are written; how many there are */
	u8 plain[SITE_MAX]; /* as the program has them, */
	u8 ours[SITE_MAX];  /* and as a jump to the stub */
	u32 nr;		    /* the call's number, or PATCH_ANY_NR: */
	/* then that jump leads only to here, in the same page, where the one to the stub must stand before */
	u64 pad;
	u8 jump[PAD_SIZE];
};

/*
 * Is there a patch for the syscall instruction at that address, in that text, which has just been executed with `nr` in
 * rax? Only then *site is made, with a jump to stub number `stub`. Nothing is written to the program. One thread at a
 * time.
 */
bool site_find(struct site *site, const struct mm_range *text, u64 insn, u32 nr, u32 stub);

/* Do these bytes stand there now? `bytes`: the site's plain[] or ours[]. */
bool site_has(const struct site *site, const u8 bytes[SITE_MAX]);
/* Are the bytes that change ours, whatever follows them? */
bool site_jumps(const struct site *site);
/* Is it the site in whatever state, with its first byte stopped or not? */
bool site_is_there(const struct site *site);
/* The same, and its first byte is SITE_STOP. */
bool site_is_stopped(const struct site *site);

/* A fault at the site's first byte. Has SITE_STOP raised it? What a site has otherwise does not. */
bool site_has_stopped(const struct ucontext *uc);
/* Or the jump, which stands there and has not reached the stub? */
bool site_jump_failed(const struct site *site, const struct ucontext *uc);
/* A fault at the site's pad: the jump there, which has not reached the stub? */
bool site_pad_failed(const struct ucontext *uc);

#endif
