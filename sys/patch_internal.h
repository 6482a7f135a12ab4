/* SPDX-License-Identifier: MIT */
/* What the files of patching share with each other, and with nobody else (sys/patch.h). */
#ifndef SECEDE_SYS_PATCH_INTERNAL_H
#define SECEDE_SYS_PATCH_INTERNAL_H

#include "arch/x86_64/patch.h"
#include "arch/x86_64/site.h"
#include "kernel/mm.h"

struct patches {
	struct mutex lock; /* guards the rest, and what is written to sites; before all other locks */
	_Atomic u32 nr;	   /* of patch_sites. Grows only: who just looks for a site needs no lock */
	/* No lock: the call site that is to be patched when a vfork child has gone, its call << 48 | its syscall
	 * instruction's address; 0: none. */
	_Atomic u64 due;
};
extern struct patches patches; /* patch.c */
/* By the number of their stub; those before nr do not change. Apart, because the lock is taken by each fork. */
extern struct site patch_sites[PATCH_SITES];

/* ---- patch_text.c ---- */

/* The host wants to know before several threads run in text that changes: once they do, it takes 10 ms for that. False:
 * it cannot be done. */
bool text_prepare_threads(void);
/* A descriptor on that process's memory, by the name that it has below proc, or -errno. */
int text_open(const char *process);
/*
 * Held: lock. The site becomes a jump to stub `stub`, with what that jump needs: its word in the table, and the second
 * jump. What the site has may be anything that this leaves behind when we are killed. `alone`: this memory has one
 * thread. False: it could not be done, or not wholly.
 */
bool text_patch(int fd, const struct site *site, u32 stub, bool alone);
/* Held: lock. The site is plain again, whether there is such a descriptor (fd >= 0) or not. */
bool text_restore(int fd, const struct site *site, bool alone);

/* ---- patch_maps.c ---- */

struct text {
	struct mm_range range;
	u64 offset;
};

/*
 * The mapping at that address, if it may be patched: only a file's text, mapped privately and not to be written to, and
 * the file is not mapped to be written to elsewhere. So nobody else sees the change, and no compiler that writes code
 * as the program runs has it in its hands.
 */
bool text_find(const struct task *task, u64 at, struct text *text);
/* Core files are without text, unless a page of it has been written to; but with the first page of a program's file. */
void text_leave_out_of_core(const struct text *text);
/* Is the thread traced? Who traces it has a word about its text. */
bool text_is_watched(const struct task *task);

#endif
