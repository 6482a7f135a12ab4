/* SPDX-License-Identifier: MIT */
/* fork's door to the heap's lock: the child's copy must be whole (kernel/alloc.h has the rest). */
#ifndef SECEDE_HOST_HEAP_H
#define SECEDE_HOST_HEAP_H

void heap_lock(void);
void heap_unlock(void);

#endif
