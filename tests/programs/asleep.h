/* SPDX-License-Identifier: MIT */
/* Acting just when the parent sleeps, in the call that a test is about: not after a time, which can be too short. */
#ifndef SECEDE_TESTS_PROGRAMS_ASLEEP_H
#define SECEDE_TESTS_PROGRAMS_ASLEEP_H

#include <signal.h>

#include "tests/spec/tap.h"
#include "tests/tools/asleep.h"

/* A child that does `act` when its parent sleeps, and ends with 0. */
static inline pid_t when_asleep(void (*act)(void))
{
	pid_t pid = (pid_t)CHECK_OK(fork());

	if (pid == 0) {
		until_asleep(getppid());
		act();
		_exit(0);
	}
	return pid;
}

static inline void ring_parent(void)
{
	CHECK_OK(kill(getppid(), SIGALRM));
}

#endif
