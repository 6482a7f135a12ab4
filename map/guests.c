/* SPDX-License-Identifier: MIT */
/* The processes of a session, and which of them is its first. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "cli/cli.h"
#include "map/session.h"
#include "sys/runtime.h"

bool process_facts(int pid, u64 *start, u64 *threads)
{
	char path[64], text[1024], *p;
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	/* The name may have anything in it, also brackets. */
	if (fgets(text, sizeof(text), file) && (p = strrchr(text, ')')))
		found =
		    sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %lu %*d %lu",
			   threads, start) == 2;
	fclose(file);
	return found;
}

/* It has the arena open, as whoever looks at it has for a moment, but no runtime. */
static bool is_no_guest(int pid)
{
	u64 magic;

	return !peek(pid, &magic, (void *)RUNTIME_HEADER, sizeof(magic)) && errno == EFAULT;
}

struct count {
	const struct session *session;
	struct guests *guests;
};

static bool count_process(int pid, void *arg)
{
	const struct count *count = arg;
	struct guests *guests = count->guests;
	u64 start, threads;

	if (!session_has(count->session, pid) || is_no_guest(pid) || !process_facts(pid, &start, &threads))
		return true;
	guests->tasks += threads;
	if (!guests->first || start < guests->start || (start == guests->start && pid < guests->first)) {
		guests->first = pid;
		guests->start = start;
	}
	return true;
}

void find_guests(const struct session *s, struct guests *out)
{
	struct count count = {s, out};

	*out = (struct guests){0};
	if (!for_each_number("/proc", count_process, &count))
		die_errno("cannot read /proc");
}
