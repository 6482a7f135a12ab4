/* SPDX-License-Identifier: MIT */
/* Whether another process sleeps in a call: for who sends it a signal, or what it waits for, when it does. */
#ifndef SECEDE_TESTS_TOOLS_ASLEEP_H
#define SECEDE_TESTS_TOOLS_ASLEEP_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline void pause_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* The state of a process: a letter of /proc/PID/stat. */
static inline char state_of(pid_t pid)
{
	char path[64], text[512], *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return '?';
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

/* Waits until it is in one of these states, and stays so; a minute at the most. */
static inline void until_state(pid_t pid, const char *states)
{
	int i, seen = 0;

	for (i = 0; i < 30000 && seen < 4; i++) {
		seen = strchr(states, state_of(pid)) ? seen + 1 : 0;
		pause_ms(2);
	}
}

/* Until it sleeps, or has ended. Who gets a signal is running from then on, if it is one to wake for. */
static inline void until_asleep(pid_t pid)
{
	until_state(pid, "SZ");
}

#endif
