/* SPDX-License-Identifier: MIT */
/* kill_at N COMMAND...: runs it, and kills it when it makes its N-th host call. Status 0: that was done, 1: it ended
 * before, 77: the host forbids to trace. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long steps = 2 * (argc > 2 ? atol(argv[1]) : 1); /* each call stops twice */
	int status, sig;
	pid_t pid = fork();

	if (pid == 0) {
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid ||
	    ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) != 0)
		return 77;
	kill(pid, SIGCONT);
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		sig = WSTOPSIG(status);
		if (sig == (SIGTRAP | 0x80) && --steps == 0) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return 0;
		}
		if (sig == (SIGTRAP | 0x80) || status >> 16 || sig == SIGSTOP || sig == SIGCONT)
			sig = 0;
		ptrace(PTRACE_SYSCALL, pid, 0, sig);
	}
	return 1;
}
