/* SPDX-License-Identifier: MIT */
/* Acting just when a process sleeps, in the call that a test is about: not after a time, which can be too short. */
#ifndef SECEDE_TESTS_PROGRAMS_ASLEEP_H
#define SECEDE_TESTS_PROGRAMS_ASLEEP_H

#include <signal.h>

#include "tests/spec/tap.h"

/* R running, S sleeping, T stopped ... (proc(5)) */
static inline char state_of(pid_t pid)
{
	char path[64], letter = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	CHECK(f != NULL && fscanf(f, "%*d (%*[^)]) %c", &letter) == 1);
	fclose(f);
	return letter;
}

/* For as long as that process is there. */
static inline void await_state(pid_t pid, char state)
{
	while (state_of(pid) != state)
		usleep(1000);
}

/* A signal takes it out of its sleep at once: when it sleeps again, it has taken that. */
static inline void await_asleep(pid_t pid)
{
	await_state(pid, 'S');
}

/* A child that does `act` when its parent sleeps, and ends with 0. */
static inline pid_t when_asleep(void (*act)(void))
{
	pid_t pid = (pid_t)CHECK_OK(fork());

	if (pid == 0) {
		await_asleep(getppid());
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
