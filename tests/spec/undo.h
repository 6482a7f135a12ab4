/* SPDX-License-Identifier: MIT */
/* A set of semaphores, operations that are to be undone, and tasks that make them. */
#ifndef SECEDE_TESTS_SPEC_UNDO_H
#define SECEDE_TESTS_SPEC_UNDO_H

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <time.h>

#include "arena/arena.h"
#include "tests/spec/tap.h"

#define SEMAPHORES 3
#define LARGEST	   32767

static int set, under_secede;

static inline int operate(int number, int op, int flags)
{
	struct sembuf buf = {.sem_num = (unsigned short)number, .sem_op = (short)op, .sem_flg = (short)flags};

	return semop(set, &buf, 1);
}

static inline void undoable(int number, int op)
{
	CHECK_OK(operate(number, op, SEM_UNDO));
}

static inline int value(int number)
{
	return semctl(set, number, GETVAL);
}

static inline void leave(void)
{
	CHECK_OK(unshare(CLONE_SYSVSEM));
}

/* Runs it in a child, and waits for its end. */
static inline int in_child(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		run();
		fflush(stdout);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

static inline void in_thread(void *(*run)(void *))
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
}

/* Until so many wait for the semaphore to grow. */
static inline void await_waiters(int number, int count)
{
	const struct timespec moment = {0, 1000000};

	for (int i = 0; i < 40000 && semctl(set, number, GETNCNT) != count; i++)
		nanosleep(&moment, NULL);
	CHECK(semctl(set, number, GETNCNT) == count);
}

/* pthread_join() sees a thread end a moment before its list does. */
static inline void await_value(int number, int wanted)
{
	const struct timespec moment = {0, 1000000};

	for (int i = 0; i < 40000 && value(number) != wanted; i++)
		nanosleep(&moment, NULL);
	CHECK(value(number) == wanted);
}

/* Runs last: the tests before have been waited for, and their lists are gone with them, or in a moment. */
static inline void nothing_is_left(void)
{
	const struct timespec moment = {0, 1000000};

	for (int i = 0; i < 40000 && under_secede && arena()->sem_lists; i++)
		nanosleep(&moment, NULL);
	CHECK(!under_secede || !arena()->sem_lists);
}

/* Each test has a set of its own. Exit status. */
static inline int run_on_sets(const struct test *tests, int count)
{
	int failed = 0;

	for (int i = 0; i < count; i++) {
		set = semget(IPC_PRIVATE, SEMAPHORES, 0600);
		failed += !run_test(i + 1, &tests[i]);
		semctl(set, 0, IPC_RMID);
	}
	printf("1..%d\n", count);
	return failed != 0;
}

#endif
