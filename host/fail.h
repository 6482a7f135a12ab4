/* SPDX-License-Identifier: MIT */
/*
 * Allocations that fail because a test wants it so (docs/testing.md). What the runtime asks memory, descriptors or a
 * process for asks here first; nothing ever fails in a session that was not started for that.
 */
#ifndef SECEDE_HOST_FAIL_H
#define SECEDE_HOST_FAIL_H

#include "lib/types.h"

extern _Atomic u32 fail_in; /* so many allocations, counted from 1; 0: none */

static inline bool allocation_fails(void)
{
	return atomic_load_explicit(&fail_in, memory_order_relaxed) && atomic_fetch_sub(&fail_in, 1) == 1;
}

#endif
