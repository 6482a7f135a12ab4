/* SPDX-License-Identifier: MIT */
/* A table of lines: each is tried in a process of its own, prints what it sees, and its end is told too. */
#ifndef SECEDE_TESTS_TOOLS_LINES_H
#define SECEDE_TESTS_TOOLS_LINES_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __GLIBC__
#define strerrorname_np strerror
#endif

struct line {
	const char *name;
	void (*fn)(void);
};

/* A result of a call, which is 0 or of no interest when it succeeds. */
static inline void tell(const char *what, long result)
{
	printf("%s: %s; ", what, result < 0 ? strerrorname_np(errno) : "well");
	fflush(stdout);
}

/* One that is not what the line is about. */
#define CHECK_RESULT(call)                                                                                             \
	do {                                                                                                           \
		if ((call) < 0)                                                                                        \
			tell(#call, -1);                                                                               \
	} while (0)

static inline void tell_number(const char *what, long result)
{
	if (result < 0)
		tell(what, result);
	else
		printf("%s: %ld; ", what, result);
	fflush(stdout);
}

static inline void show_lines(const struct line *lines, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		int status;
		pid_t pid;

		printf("%-28s ", lines[i].name);
		fflush(stdout);
		pid = fork();
		if (pid == 0) {
			alarm(60);
			lines[i].fn();
			fflush(stdout);
			_exit(0);
		}
		waitpid(pid, &status, 0);
		printf("| ended %x\n", (unsigned)status & ~0x80U);
	}
	fflush(stdout);
}

#define SHOW_LINES(table) show_lines((table), sizeof(table) / sizeof((table)[0]))

#endif
