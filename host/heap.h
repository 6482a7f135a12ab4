/* SPDX-License-Identifier: MIT */
/* The heap's lock, for fork (the child's copy must be whole), and its count (kernel/alloc.h has the rest). */
#ifndef SECEDE_HOST_HEAP_H
#define SECEDE_HOST_HEAP_H

#include "lib/types.h"

void heap_lock(void);
void heap_unlock(void);

/* Blocks in use. */
u64 heap_live(void);

#endif
