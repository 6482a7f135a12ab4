/* SPDX-License-Identifier: MIT */
/* Tests of secede_unshare(3): a process, a thread of it that leaves, and who waits for both. */
#ifndef SECEDE_TESTS_LEAVERS_H
#define SECEDE_TESTS_LEAVERS_H

#include <sched.h>

#include "libsecede/secede.h"
#include "tests/spec/board.h"

/* Runs `child` in a child; all who come out of it must end with `code`, itself with 5. How many were there? */
static inline int leavers_of(void (*child)(void), int code)
{
	int status, count = 0;
	pid_t pid, stays;

	new_board();
	stays = in_child(child);
	while ((pid = wait(&status)) > 0) {
		CHECK(exit_code(status) == (pid == stays ? 5 : code));
		count += pid != stays;
	}
	return count;
}

static inline void run_and_join(void *(*run)(void *))
{
	pthread_t thread;
	void *result = run_and_join;

	start_thread(&thread, run);
	CHECK(pthread_join(thread, &result) == 0);
	CHECK(result == NULL);
}

#endif
