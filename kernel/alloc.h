/* SPDX-License-Identifier: MIT */
/*
 * What kernel/ needs from whoever it is linked into: memory and sleeping locks. The runtime
 * answers from its private heap and the host's futex, the warden and the unit tests from the C
 * library. kernel/ itself makes no host call.
 */
#ifndef SECEDE_KERNEL_ALLOC_H
#define SECEDE_KERNEL_ALLOC_H

#include "lib/types.h"

/* Zeroed memory, aligned to 16 bytes, or NULL when there is none. */
void *kzalloc(size_t size);
/* Gives back what kzalloc returned. NULL is allowed. */
void kfree(void *p);

/* Zeroed memory that children made by fork share with the caller, at the same address, or NULL.
 * It goes away with the last process that has it mapped. */
void *shared_alloc(size_t size);

/*
 * A mutex that knows its owner: a vfork child can be killed while it holds one, so a waiter that
 * finds the owner's host thread gone takes the lock over. So what a mutex guards is whole after each
 * store: a change is published by one, and stores keep the order of the source (publish()). Not
 * recursive. {0} is an unlocked mutex.
 */
struct mutex {
	_Atomic u32 owner; /* host tid, bit 31: somebody waits; 0: free */
	bool shared;	   /* stands in memory of shared_alloc(): its owner may be in another address space */
};

/* What stands before it is stored before what stands behind it. The one who takes a lock over comes through the kernel,
 * so it is the compiler alone that has to be told. */
#define publish() atomic_signal_fence(memory_order_seq_cst)

void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);

#endif
