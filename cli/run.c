/* SPDX-License-Identifier: MIT */
/* The program: in a child or in our place, the shell if there is none. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli/cli.h"

#define STATUS_CANNOT_RUN 126
#define STATUS_NOT_FOUND  127

/* Ends as the child did: with its status, or by its signal. */
__attribute__((noreturn)) static void end_like(int status)
{
	int sig = WTERMSIG(status);
	sigset_t set;

	if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	kill(getpid(), sig);
	die("the program ended by signal %d", sig);
}

void run_in_child(void)
{
	sigset_t set, old;
	int status;
	pid_t pid;

	/* The keyboard's signals are for the program. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	pid = fork();
	if (pid < 0)
		die_errno("cannot fork");
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		return;
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			die_errno("cannot wait for the program");
	}
	end_like(status);
}

__attribute__((noreturn)) static void exec_failed(const char *program)
{
	int status = errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;

	fprintf(stderr, "secede: cannot execute %s: %s\n", program, strerror(errno));
	exit(status);
}

/* As login(1) would start it: with a minus before its name. */
__attribute__((noreturn)) static void run_shell(void)
{
	const char *shell = getenv("SHELL"), *slash;
	char *name;

	if (!shell)
		shell = "/bin/sh";
	slash = strrchr(shell, '/');
	if (asprintf(&name, "-%s", slash ? slash + 1 : shell) < 0)
		die_errno("cannot start %s", shell);
	execl(shell, name, (char *)NULL);
	exec_failed(shell);
}

void run_program(char **program)
{
	if (!program[0])
		run_shell();
	execvp(program[0], program);
	exec_failed(program[0]);
}
