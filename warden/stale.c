/* SPDX-License-Identifier: MIT */
/*
 * A warden that is killed cannot remove its session's storage. The next session of the same user does, when it
 * makes its own beside it, and `secede ls`: a directory belongs to a living session as long as somebody holds its lock.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "warden/warden.h"

/* Is that process a warden? Not when it is a zombie for which nobody waits, nor when the number has a new owner. */
static bool is_warden(const char *proc, long pid)
{
	char path[PATH_MAX], text[256], state;
	bool is = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%ld/stat", proc, pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(text, sizeof(text), f))
		is = sscanf(text, "%*d (secede-warden) %c", &state) == 1 && state != 'Z' && state != 'X';
	fclose(f);
	return is;
}

/* "secede-UID-PID-XXXXXX" of a process that is no more? Between making a directory and locking it lies a moment. */
static bool maker_is_dead(const char *proc, const char *name, const char *prefix, long living)
{
	size_t len = strlen(prefix);
	long pid = strncmp(name, prefix, len) == 0 ? strtol(name + len, NULL, 10) : 0;

	return pid > 0 && pid != living && !is_warden(proc, pid);
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

void stale_remove(const char *base, const char *proc, long living)
{
	DIR *dir = opendir(base);
	struct dirent *e;
	char prefix[32];

	if (!dir)
		return;
	snprintf(prefix, sizeof(prefix), "secede-%u-", geteuid());
	while ((e = readdir(dir))) {
		if (maker_is_dead(proc, e->d_name, prefix, living))
			remove_if_stale(dirfd(dir), e->d_name);
	}
	closedir(dir);
}

bool storage_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

void storage_bases(const char *bases[STORAGE_BASES])
{
	bases[0] = getenv("XDG_RUNTIME_DIR");
	bases[1] = "/dev/shm";
	bases[2] = getenv("TMPDIR");
	bases[3] = "/tmp";
}
