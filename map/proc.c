/* SPDX-License-Identifier: MIT */
/* What /proc says of processes. They may be gone at any moment. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cli/cli.h"
#include "map/map.h"

bool for_each_number(const char *path, bool (*fn)(int number, void *arg), void *arg)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	char *end;
	long n;

	/* What is not there cannot be looked at; what we have no room for would be missing from the map. */
	if (!dir && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
		die_errno("cannot read %s", path);
	if (!dir)
		return false;
	while ((e = readdir(dir))) {
		n = strtol(e->d_name, &end, 10);
		if (e->d_name[0] >= '0' && e->d_name[0] <= '9' && !*end && n <= INT32_MAX && !fn((int)n, arg))
			break;
	}
	closedir(dir);
	return true;
}

void read_command(int pid, int tid, char out[16])
{
	char path[64];
	ssize_t n = -1; /* with the end of the line */
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, out, 16);
		close(fd);
	}
	if (n <= 0) {
		strcpy(out, "?");
		return;
	}
	out[n - 1] = '\0';
	/* A program gives itself any name. */
	for (char *p = out; *p; p++) {
		if (*p < ' ' || *p > '~')
			*p = '?';
	}
}

u64 number_in_link(const char *path, const char *prefix)
{
	char text[64];
	ssize_t n = readlink(path, text, sizeof(text) - 1);
	size_t len = strlen(prefix);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return strncmp(text, prefix, len) ? 0 : strtoull(text + len, NULL, 10);
}
