/* SPDX-License-Identifier: MIT */
/*
 * A process that shares its parent's memory leaves it while it is traced. The tracer hears of what happens on the host
 * first; the parent must hear of one child that ends, and of nobody else.
 *
 *	follows		the tracer follows forks, and sees the new process before it sees that the old one has made it
 *	loses		it does not, and loses the process
 */
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>

#include "tests/spec/board.h"
#include "tests/tools/asleep.h"

static char stack[65536] __attribute__((aligned(16)));

static int leave(void *unused)
{
	await(1);
	return syscall(SYS_unshare, CLONE_VM) ? 1 : 9;
}

/* The child of that process which is neither of them; 0: there is none yet. */
static pid_t third_child(pid_t parent, pid_t first, pid_t second)
{
	char path[64];
	pid_t pid, third = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	f = fopen(path, "re");
	CHECK(f != NULL);
	while (fscanf(f, "%d", &pid) == 1)
		if (pid != first && pid != second)
			third = pid;
	fclose(f);
	return third;
}

static int is_stopped(pid_t pid)
{
	char state = state_of(pid);

	CHECK(state != '?');
	return state == 't';
}

/* Waits for the old process until it has made the new one, then for that alone, until it is known by the old number. */
static void let_arrive(pid_t old)
{
	pid_t new;
	int status, stopped;

	/* It stops on its way into the call; the next time it has made the new one. */
	while (stopped = is_stopped(old), !(new = third_child(getppid(), old, getpid()))) {
		if (stopped)
			CHECK(waitpid(old, &status, __WALL | WNOHANG) == 0);
		poll(NULL, 0, 1);
	}
	while (waitpid(new, &status, __WALL | WNOHANG) == 0)
		poll(NULL, 0, 1);
	CHECK(errno == ECHILD);
}

static void trace(pid_t pid, int follows)
{
	int status;

	CHECK_OK(ptrace(PTRACE_SEIZE, pid, NULL, follows ? PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE : 0));
	reach(1);
	if (follows) {
		let_arrive(pid);
		CHECK(waitpid(-1, &status, __WALL) == pid && exit_code(status) == 9);
	}
	CHECK_FAILS(waitpid(-1, &status, __WALL), ECHILD);
	reach(2);
	await(3);
	_exit(0);
}

int main(int argc, char **argv)
{
	siginfo_t info = {0};
	pid_t pid, tracer;

	new_board();
	pid = clone(leave, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	CHECK(pid > 0);
	tracer = (pid_t)CHECK_OK(fork());
	if (tracer == 0)
		trace(pid, argc > 1 && strcmp(argv[1], "follows") == 0);
	await(2);
	CHECK_OK(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT));
	printf("%s, %d\n", info.si_pid == pid ? "the child" : "another", info.si_status);
	ends_with(pid, 9);
	reach(3);
	ends_with(tracer, 0);
	CHECK_FAILS(wait(NULL), ECHILD);
	return 0;
}
