/* SPDX-License-Identifier: MIT */
/*
 * A task's pointer to a context and the count of the context's users change together, although a vfork child can be
 * killed between any two stores: what is to be stored is written down first. Whoever takes the lock next finishes
 * what a killed one had begun, and finds all of it or nothing.
 */
#ifndef SECEDE_KERNEL_REFS_H
#define SECEDE_KERNEL_REFS_H

#include "kernel/alloc.h"

#define REF_STEPS 12 /* six pairs that change places */
struct refs {
	struct mutex lock; /* guards the counts of fs, files, sighand, sem and nsproxy, and the pointers to them */
	u32 noted, nr;	   /* steps that are written down, and, once they all are, to be made */
	struct ref_step {
		void **slot;
		void *value;
		_Atomic u32 *users; /* NULL: no count changes */
		u32 count;
	} step[REF_STEPS];
};
extern struct refs refs;

void refs_lock(void);
void refs_unlock(void);

/* The rest with the lock held. `slot` is the address of a pointer to a context, which nobody reads without the lock. */

/* *slot, which was NULL, refers to `context` from now on. */
void ref_take(_Atomic u32 *users, void *slot, void *context);
/* *slot, which referred to it, is NULL. True: that was the last one. */
bool ref_drop(_Atomic u32 *users, void *slot);
/* Two pointers are to change places; ref_commit() does that for all pairs at once. */
void ref_swap(void *a, void *b);
void ref_commit(void);

#endif
