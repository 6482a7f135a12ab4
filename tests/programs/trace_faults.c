/* SPDX-License-Identifier: MIT */
/* A tracer is told of its tracee's faults, also of those that the kernel finds while it returns from a call. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>

#include "tests/programs/signals.h"

#define ALL_OF_IT    0x7ffffffff000UL
#define SYSCALL_STOP (SIGTRAP | 0x80)

/* Takes away all memory there is: the code to go on with, and what the C library registered with rseq(2). */
static void unmap_all(void)
{
	CHECK_OK(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	mask(SIG_BLOCK, SIGSEGV);
	raise(SIGSTOP);
	munmap(NULL, ALL_OF_IT);
	_exit(0);
}

/* Lets the tracee go on until it stops for something else than a system call. */
static int next_stop(pid_t pid, int request)
{
	int status;

	do {
		CHECK_OK(ptrace(request, pid, NULL, NULL));
		CHECK(waitpid(pid, &status, 0) == pid);
	} while (WIFSTOPPED(status) && WSTOPSIG(status) == SYSCALL_STOP);
	return status;
}

static void see_fault(int request)
{
	pid_t pid = (pid_t)CHECK_OK(fork());
	int status;

	if (pid == 0)
		unmap_all();
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK_OK(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD));
	status = next_stop(pid, request);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSEGV);
	CHECK_OK(ptrace(PTRACE_CONT, pid, NULL, SIGSEGV));
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void test_running(void)
{
	see_fault(PTRACE_CONT);
}

/* After each stop the kernel writes what rseq(2) asked for, and cannot. */
static void test_call_by_call(void)
{
	see_fault(PTRACE_SYSCALL);
}

static const struct test tests[] = {
    {"a tracee without memory", test_running},
    {"a tracee without memory, call by call", test_call_by_call},
};

int main(void)
{
	return RUN_TESTS(tests);
}
