/* SPDX-License-Identifier: MIT */
/* Where threads and processes of a test meet: memory that stays shared whatever they unshare. */
#ifndef SECEDE_TESTS_SPEC_BOARD_H
#define SECEDE_TESTS_SPEC_BOARD_H

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/spec/step.h"

#define DEADLINE_S 40

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
	step_reach(&board->step, step);
}

static inline void await(int step)
{
	step_await(&board->step, step, DEADLINE_S);
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
