/* SPDX-License-Identifier: MIT */
/* Mutexes that lend priority, of a task that moved, or of a child, and its threads (tests/spec/moved.h). */
#include <signal.h>
#include <unistd.h>

#include "tests/spec/moved.h"

static pthread_mutex_t mutex;
static _Atomic int held, interrupted;
static int counter;

static void make_mutex(int type, int robust)
{
	pthread_mutexattr_t attr;

	CHECK(pthread_mutexattr_init(&attr) == 0);
	CHECK(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) == 0);
	CHECK(pthread_mutexattr_settype(&attr, type) == 0);
	CHECK(pthread_mutexattr_setrobust(&attr, robust) == 0);
	CHECK(pthread_mutex_init(&mutex, &attr) == 0);
	held = 0;
}

static pthread_t start(void *(*run)(void *))
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
	return thread;
}

static void join(pthread_t thread)
{
	CHECK(pthread_join(thread, NULL) == 0);
}

static void a_moment(void)
{
	const struct timespec moment = {0, 50000000};

	nanosleep(&moment, NULL);
}

/* From now, in 50 ms. */
static struct timespec soon(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_nsec += 50000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

/* ---- one waits for the other ---- */

static void *locks_it(void *unused)
{
	held = 1;
	CHECK(pthread_mutex_lock(&mutex) == 0);
	held = 2;
	a_moment();
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	return NULL;
}

static void each_waits(int type, int robust)
{
	pthread_t thread;

	make_mutex(type, robust);
	CHECK(pthread_mutex_lock(&mutex) == 0);
	thread = start(locks_it);
	while (!held)
		a_moment();
	a_moment();
	CHECK(held == 1);
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	while (held != 2)
		a_moment();
	CHECK(pthread_mutex_lock(&mutex) == 0);
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	join(thread);
}

static void of_all_types(void)
{
	each_waits(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	each_waits(PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
	each_waits(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
	each_waits(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ROBUST);
}

/* ---- what is refused ---- */

static void *may_not(void *unused)
{
	struct timespec realtime = soon(CLOCK_REALTIME), monotonic = soon(CLOCK_MONOTONIC), past = {1, 0};

	CHECK(pthread_mutex_trylock(&mutex) == EBUSY);
	CHECK(pthread_mutex_unlock(&mutex) == EPERM);
	CHECK(pthread_mutex_timedlock(&mutex, &past) == ETIMEDOUT);
	CHECK(pthread_mutex_timedlock(&mutex, &realtime) == ETIMEDOUT);
	CHECK(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &monotonic) == ETIMEDOUT);
	return NULL;
}

static void refusals(void)
{
	make_mutex(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
	CHECK(pthread_mutex_lock(&mutex) == 0);
	CHECK(pthread_mutex_lock(&mutex) == EDEADLK);
	join(start(may_not));
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	CHECK(pthread_mutex_unlock(&mutex) == EPERM);
	CHECK(pthread_mutex_trylock(&mutex) == 0);
	CHECK(pthread_mutex_unlock(&mutex) == 0);
}

/* By the call itself; the C library would have seen these by itself. */
static void raw_calls(void)
{
	static unsigned words[2];
	struct timespec bad = {0, -1};

	CHECK_OK(syscall(SYS_futex, words, FUTEX_LOCK_PI, 0, NULL));
	CHECK(words[0] == (unsigned)gettid());
	CHECK_FAILS(syscall(SYS_futex, words, FUTEX_LOCK_PI, 0, NULL), EDEADLK);
	CHECK_OK(syscall(SYS_futex, words, FUTEX_UNLOCK_PI));
	CHECK(words[0] == 0);
	CHECK_FAILS(syscall(SYS_futex, words, FUTEX_UNLOCK_PI), EPERM);
	CHECK_OK(syscall(SYS_futex, words, FUTEX_TRYLOCK_PI | FUTEX_PRIVATE_FLAG));
	CHECK_OK(syscall(SYS_futex, words, FUTEX_UNLOCK_PI | FUTEX_PRIVATE_FLAG));
	CHECK_FAILS(syscall(SYS_futex, (char *)words + 1, FUTEX_LOCK_PI, 0, NULL), EINVAL);
	CHECK_FAILS(syscall(SYS_futex, 8, FUTEX_LOCK_PI, 0, NULL), EFAULT);
	CHECK_FAILS(syscall(SYS_futex, 8, FUTEX_UNLOCK_PI), EFAULT);
	CHECK_FAILS(syscall(SYS_futex, words, FUTEX_LOCK_PI, 0, 8), EFAULT);
	CHECK_FAILS(syscall(SYS_futex, words, FUTEX_LOCK_PI, 0, &bad), EINVAL);
	CHECK_FAILS(syscall(SYS_futex, words, FUTEX_TRYLOCK_PI | FUTEX_CLOCK_REALTIME), ENOSYS);
}

/* ---- signals ---- */

static void note(int sig)
{
	interrupted = 1;
}

static void *is_interrupted(void *unused)
{
	held = 1;
	CHECK(pthread_mutex_lock(&mutex) == 0);
	CHECK(interrupted);
	held = 2;
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	return NULL;
}

static void signals(void)
{
	struct sigaction action = {.sa_handler = note};
	pthread_t thread;

	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	make_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	CHECK(pthread_mutex_lock(&mutex) == 0);
	thread = start(is_interrupted);
	while (!held)
		a_moment();
	a_moment();
	CHECK(pthread_kill(thread, SIGUSR1) == 0);
	a_moment();
	CHECK(held == 1 && interrupted);
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	join(thread);
	CHECK(held == 2);
}

/* ---- many ---- */

#define MANY   4
#define ROUNDS 3000

static void *counts(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK(pthread_mutex_lock(&mutex) == 0);
		counter++;
		if (i % 64 == 0)
			sched_yield();
		CHECK(pthread_mutex_unlock(&mutex) == 0);
	}
	return NULL;
}

static void storm(void)
{
	pthread_t thread[MANY];

	make_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	counter = 0;
	for (int i = 0; i < MANY; i++)
		thread[i] = start(counts);
	counts(NULL);
	for (int i = 0; i < MANY; i++)
		join(thread[i]);
	CHECK(counter == (MANY + 1) * ROUNDS);
}

static void waiting(void)
{
	with_task(of_all_types, NULL);
}

static void refused(void)
{
	with_task(refusals, NULL);
}

static void calls(void)
{
	with_task(raw_calls, NULL);
}

static void interruption(void)
{
	with_task(signals, NULL);
}

static void many(void)
{
	with_task(storm, NULL);
}

static const struct test tests[] = {
    {"one waits for the other, with mutexes of all types", waiting},
    {"what is refused, and what is over in time", refused},
    {"the calls themselves", calls},
    {"a handler while one waits", interruption},
    {"many at once", many},
};

int main(int argc, char **argv)
{
	/* In a child that shared memory the C library has its parent's number. */
	return run_with_tasks(tests, ARRAY_SIZE(tests), OF_THREADS, argc, argv);
}
