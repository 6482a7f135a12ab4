/* SPDX-License-Identifier: MIT */
/*
 * A signal for a process that finds a thread which is about to go, by exit(2) or, under secede, by unshare(CLONE_VM):
 * it is the process's, and ends it. SIGSEGV and SIGBUS are never blocked on the host, and so may come at any step.
 */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/spec/tap.h"

#define THREADS 8
#define STACK	(32 << 10)
#define ROUNDS	60
#define WAIT_MS 40000

static _Atomic int *go; /* shared */
static int under_secede;

static int ends(void *unused)
{
	while (!*go)
		;
	syscall(SYS_getppid);
	syscall(SYS_exit, 0);
	return 0;
}

static int leaves(void *unused)
{
	while (!*go)
		;
	syscall(SYS_exit_group, syscall(SYS_unshare, CLONE_VM) ? 1 : 0);
	return 0;
}

static void be_the_process(int (*thread)(void *))
{
	static char stacks[THREADS][STACK] __attribute__((aligned(16)));

	for (int i = 0; i < THREADS; i++)
		CHECK_OK(clone(thread, stacks[i] + STACK,
			       CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL));
	*go = 1;
	for (;;)
		pause();
}

/* Its status, or -1 after a long time. */
static int end_of(pid_t pid)
{
	int status, ms;

	for (ms = 0; ms < WAIT_MS; ms++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(1000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

static void signal_meets(int (*thread)(void *))
{
	static const int signals[] = {SIGSEGV, SIGBUS};
	int sig, round;
	pid_t pid;

	go = mmap(NULL, sizeof(*go), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(go != MAP_FAILED);
	for (round = 0; round < ROUNDS; round++) {
		sig = signals[round % 2];
		*go = 0;
		pid = fork();
		if (!pid)
			be_the_process(thread);
		while (!*go)
			usleep(50);
		nanosleep(&(struct timespec){.tv_nsec = round * 15000L}, NULL);
		CHECK_OK(kill(pid, sig));
		CHECK((end_of(pid) & 0x7f) == sig);
		while (waitpid(-1, NULL, 0) > 0) /* the ones that left are children of ours */
			;
	}
}

static void meets_the_end_of_threads(void)
{
	signal_meets(ends);
}

static void meets_leaving_threads(void)
{
	if (under_secede)
		signal_meets(leaves);
}

static const struct test tests[] = {
    {"a signal that ends the process, while threads end", meets_the_end_of_threads},
    {"the same, while threads leave", meets_leaving_threads},
};

int main(int argc, char **argv)
{
	under_secede = argc > 2 && strcmp(argv[2], "secede") == 0;
	return RUN_TESTS(tests);
}
