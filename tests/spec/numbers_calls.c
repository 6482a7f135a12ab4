/* SPDX-License-Identifier: MIT */
/* Calls that are given a process number inside something else: a clock's, a structure. (tests/spec/moved.h) */
#include <linux/capability.h>

#include "tests/spec/moved.h"

/* ---- clocks of processes and threads: their number is in the clock's ---- */

static void ticks(clockid_t clock)
{
	struct timespec time;
	struct sigevent none = {.sigev_notify = SIGEV_NONE};
	timer_t timer;

	CHECK_OK(clock_getres(clock, &time));
	CHECK_OK(clock_gettime(clock, &time));
	CHECK_OK(timer_create(clock, &none, &timer));
	CHECK_OK(timer_delete(timer));
	time.tv_nsec = 1000000000;
	CHECK(clock_nanosleep(clock, 0, &time, NULL) == EINVAL);
}

static clockid_t clock_of(pid_t pid)
{
	clockid_t clock = 0;

	CHECK(clock_getcpuclockid(pid, &clock) == 0);
	return clock;
}

static void reads_clocks(void)
{
	clockid_t clock;
	pid_t child;

	ticks(clock_of(getpid()));
	CHECK(pthread_getcpuclockid(pthread_self(), &clock) == 0);
	if (!under_secede || of_thread) /* no C library has told a child that shares memory its number */
		CHECK_OK(clock_gettime(clock, &(struct timespec){0}));
	child = fork();
	if (!child) {
		ticks(clock_of(getppid()));
		pause();
	}
	ticks(clock_of(child));
	CHECK_OK(kill(child, SIGKILL));
	CHECK(waitpid(child, NULL, 0) == child);
	CHECK(clock_getcpuclockid(child, &clock) == ESRCH);
	CHECK(clock_getcpuclockid(1 << 27, &clock) == ESRCH);
}

static void clocks(void)
{
	with_task(reads_clocks, NULL);
}

/* ---- capget(2) ---- */

static void capabilities_of(pid_t pid)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, pid};
	struct __user_cap_data_struct data[2];

	CHECK_OK(syscall(SYS_capget, &header, data));
	CHECK(header.pid == pid);
}

static void asks_for_capabilities(void)
{
	capabilities_of(getpid());
	capabilities_of(getppid());
	sit();
}

static void asks_for_its_capabilities(void)
{
	capabilities_of(board->pid);
}

static void capabilities(void)
{
	with_task(asks_for_capabilities, asks_for_its_capabilities);
}

static const struct test tests[] = {
    {"clocks of processes and threads", clocks},
    {"capget()", capabilities},
};

int main(int argc, char **argv)
{
	return run_with_tasks(tests, ARRAY_SIZE(tests), OF_ALL, argc, argv);
}
