/* SPDX-License-Identifier: MIT */
/*
 * Tests of a task, `the task`: natively a child, under secede first a thread, and then a child that shared its parent's
 * memory, either of which left that memory by unshare(CLONE_VM); their number on the host is another one since. Nobody
 * may see a difference.
 */
#ifndef SECEDE_TESTS_SPEC_MOVED_H
#define SECEDE_TESTS_SPEC_MOVED_H

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/spec/step.h"
#include "tests/spec/world.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int under_secede;

/* ---- the task, and those who look at it ---- */

#define DEADLINE_S 40

static struct board {
	_Atomic int step; /* who waits for n waits until it is n */
	_Atomic int pid;  /* the task's */
	int fd;
} * board;

static inline void reach(int step)
{
	step_reach(&board->step, step);
}

static inline void await(int step)
{
	step_await(&board->step, step, DEADLINE_S);
}

static void (*to_do)(void);

static void be_the_task(void)
{
	board->pid = getpid();
	to_do();
	_exit(0);
}

static void *leave(void *unused)
{
	board->pid = gettid();
	CHECK_OK(syscall(SYS_unshare, CLONE_VM));
	CHECK(getpid() == board->pid);
	be_the_task();
	return NULL;
}

static void host_the_task(void)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, leave, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	_exit(0);
}

#define STACK_SIZE (64 << 10)
static char stack[STACK_SIZE] __attribute__((aligned(16)));

/* A child that shares memory. No C library knows it before it has left. */
static int leave_parent(void *unused)
{
	board->pid = (pid_t)syscall(SYS_getpid);
	if (syscall(SYS_unshare, CLONE_VM) != 0)
		return 1;
	be_the_task();
	return 0;
}

static void ended_well(pid_t pid)
{
	int status = -1;

	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(status == 0);
}

static int of_thread; /* under secede: the task was one */

static pid_t start_task(void)
{
	pid_t pid;

	if (under_secede && !of_thread)
		return clone(leave_parent, stack + STACK_SIZE, CLONE_VM | SIGCHLD, NULL);
	pid = fork();
	if (!pid) {
		if (under_secede)
			host_the_task();
		be_the_task();
	}
	return pid;
}

/* `run` is done by the task, a child of the caller's, and meanwhile `look` by the caller (NULL: nothing). */
static inline void with_task(void (*run)(void), void (*look)(void))
{
	pid_t pid;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(board != MAP_FAILED);
	to_do = run;
	pid = start_task();
	CHECK(pid > 0);
	if (look) {
		await(1);
		look();
		reach(2);
	}
	ended_well(pid);
	if (board->pid != pid)
		ended_well(board->pid);
}

/* What the task does while somebody looks. */
static inline void sit(void)
{
	reach(1);
	await(2);
}

/* All tests, natively once, under secede with each kind of task. Prints TAP; main's arguments and result. */
enum kinds { OF_THREADS = 1, OF_ALL };
static inline int run_with_tasks(const struct test *tests, size_t count, enum kinds kinds, int argc, char **argv)
{
	int number = 1, good = 1;
	size_t i;

	under_secede = of_thread = argc > 2 && strcmp(argv[2], "secede") == 0;
	if (argc > 1)
		CHECK_OK(chdir(argv[1]));
	for (i = 0; i < count; i++)
		good &= run_test(number++, &tests[i]);
	of_thread = 0;
	for (i = 0; under_secede && kinds == OF_ALL && i < count; i++)
		good &= run_test(number++, &tests[i]);
	printf("1..%d\n", number - 1);
	return !good;
}

#endif
