/* SPDX-License-Identifier: MIT */
/*
 * A warden that is killed cannot remove its session's storage. The next session of the same user does, when it
 * makes its own beside it: a directory belongs to a living session as long as somebody holds its lock.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "warden/warden.h"

/* Is that process a warden? Not when it is a zombie for which nobody waits, nor when the number has a new owner. */
static bool is_warden(long pid)
{
	char path[sizeof(arena()->proc) + 32], text[256], state;
	bool is = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%ld/stat", arena()->proc, pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(text, sizeof(text), f))
		is = sscanf(text, "%*d (secede-warden) %c", &state) == 1 && state != 'Z' && state != 'X';
	fclose(f);
	return is;
}

/* "secede-UID-PID-XXXXXX" of a process that is no more? Between making a directory and locking it lies a moment. */
static bool maker_is_dead(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	long pid = strncmp(name, prefix, len) == 0 ? strtol(name + len, NULL, 10) : 0;

	return pid > 0 && !is_warden(pid);
}

static void remove_if_stale(int base, const char *name)
{
	struct stat st;
	int fd = openat(base, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_tree(base, name);
	close(fd);
}

static void remove_all_stale(const char *base)
{
	DIR *dir = opendir(base);
	struct dirent *e;
	char prefix[32];

	if (!dir)
		return;
	snprintf(prefix, sizeof(prefix), "secede-%u-", geteuid());
	while ((e = readdir(dir))) {
		if (maker_is_dead(e->d_name, prefix))
			remove_if_stale(dirfd(dir), e->d_name);
	}
	closedir(dir);
}

bool storage_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

void storage_remove_stale(const char *base)
{
	/* Whoever asked for a mount does not wait for that. */
	if (fork() != 0)
		return;
	close_from(0);
	remove_all_stale(base);
	_exit(0);
}
