/* SPDX-License-Identifier: MIT */
/* Who waits for step n waits until a word in shared memory is n. */
#ifndef SECEDE_TESTS_SPEC_STEP_H
#define SECEDE_TESTS_SPEC_STEP_H

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/spec/tap.h"

static inline void step_reach(_Atomic int *word, int step)
{
	*word = step;
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Fails when the step has not come within `seconds`. */
static inline void step_await(_Atomic int *word, int step, int seconds)
{
	const struct timespec second = {1, 0};
	int seen, rounds;

	for (rounds = 0; (seen = *word) < step && rounds < seconds; rounds++)
		syscall(SYS_futex, word, FUTEX_WAIT, seen, &second, NULL, 0);
	CHECK(*word >= step);
}

#endif
