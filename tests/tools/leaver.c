/* SPDX-License-Identifier: MIT */
/* A child that shares memory, and a thread, leave it; for those who look on (tests/programs/trace_leave). */
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>

#include "tests/spec/tap.h"

static char stack[65536] __attribute__((aligned(16)));

static int leave(void *arg)
{
	long failed = syscall(SYS_unshare, CLONE_VM);

	syscall(SYS_access, failed ? "/stayed" : "/left", F_OK);
	syscall(SYS_exit_group, 7);
	return arg != NULL;
}

static void *leave_as_thread(void *arg)
{
	leave(arg);
	return arg;
}

int main(void)
{
	pid_t pid = clone(leave, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	pthread_t thread;
	int status;

	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	/* The thread's process is our parent's child. */
	pid = (pid_t)CHECK_OK(fork());
	if (pid == 0) {
		CHECK(pthread_create(&thread, NULL, leave_as_thread, NULL) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
		_exit(5);
	}
	for (int i = 0; i < 2; i++) {
		pid_t who = wait(&status);

		CHECK(who > 0 && WIFEXITED(status) && WEXITSTATUS(status) == (who == pid ? 5 : 7));
	}
	puts("all went well");
	return 0;
}
