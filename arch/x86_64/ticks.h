/* SPDX-License-Identifier: MIT */
/* A clock that all processes read without a system call: it runs evenly, from nowhere in particular. */
#ifndef SECEDE_ARCH_TICKS_H
#define SECEDE_ARCH_TICKS_H

#include "lib/types.h"

/* Faults in a thread that has forbidden it to itself: prctl(PR_SET_TSC). */
static inline u64 arch_ticks(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
}

#endif
