/* SPDX-License-Identifier: MIT */
/* Where threads and processes of a test meet: memory that stays shared whatever they unshare. */
#ifndef SECEDE_TESTS_SPEC_BOARD_H
#define SECEDE_TESTS_SPEC_BOARD_H

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/spec/tap.h"

#define DEADLINE_MS 10000

struct board {
	_Atomic int step;   /* who waits for n waits until it is n */
	_Atomic int number; /* what one has to tell the other */
	_Atomic int value;
};
static struct board *board;

static inline void new_board(void)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(board != MAP_FAILED);
}

static inline void reach(int step)
{
	board->step = step;
	syscall(SYS_futex, &board->step, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static inline void await(int step)
{
	const struct timespec second = {1, 0};
	int seen, rounds;

	for (rounds = 0; (seen = board->step) < step && rounds < DEADLINE_MS / 1000; rounds++)
		syscall(SYS_futex, &board->step, FUTEX_WAIT, seen, &second, NULL, 0);
	CHECK(board->step >= step);
}

static inline int exit_code(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What a test does in a child, so that the session's parent is one of us. */
static inline int in_child(void (*run)(void))
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (!pid) {
		run();
		_exit(0);
	}
	return pid;
}

/* Waits for `pid`, which must end with `code`. */
static inline void ends_with(pid_t pid, int code)
{
	int status = 0;

	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(exit_code(status) == code);
}

static inline void start_thread(pthread_t *thread, void *(*run)(void *))
{
	CHECK(pthread_create(thread, NULL, run, NULL) == 0);
}

#endif
