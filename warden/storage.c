/* SPDX-License-Identifier: MIT */
/*
 * Where a session's tmpfs file systems live on the host: one directory each, below a directory of
 * the session that is made when the first one is needed and removed at the end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include "warden/warden.h"

static int storage_fd = -1;

/* ---- making ---- */

/* Whoever asked for a mount does not wait for that. */
static void remove_stale(const char *base)
{
	pid_t self = getpid();

	if (fork() != 0)
		return;
	close_from(0);
	stale_remove(base, arena()->proc, self);
	_exit(0);
}

/* Makes the session's directory below `base`; false: not there, or not where programs may run. */
static bool make_below(const char *base, bool need_exec)
{
	char real[PATH_MAX], path[sizeof(arena()->storage)];
	struct statvfs fs;
	struct stat st;
	int n;

	/* Without symlinks: the walk hands this path to the host as one that has none. */
	if (!base || !realpath(base, real) || statvfs(real, &fs) != 0 || (need_exec && (fs.f_flag & ST_NOEXEC)))
		return false;
	n = snprintf(path, sizeof(path), "%s/secede-%u-%d-XXXXXX", real, geteuid(), getpid());
	if (n < 0 || (size_t)n + sizeof("/12345678") > sizeof(path) || !mkdtemp(path))
		return false;
	/* Guests of root that gave up their ids must still get through; the names below are secret. */
	if (geteuid() == 0)
		chmod(path, 0711);
	storage_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (storage_fd < 0 || fstat(storage_fd, &st) != 0 || !storage_lock(storage_fd)) {
		rmdir(path);
		return false;
	}
	remove_stale(real);
	arena()->storage_dev = st.st_dev;
	strcpy(arena()->storage, path);
	return true;
}

int storage_dir(void)
{
	const char *bases[STORAGE_BASES];

	storage_bases(bases);
	for (int need_exec = 1; need_exec >= 0; need_exec--) {
		for (size_t i = 0; storage_fd < 0 && i < STORAGE_BASES; i++)
			make_below(bases[i], need_exec);
	}
	return storage_fd < 0 ? -ENOSPC : storage_fd;
}

static void storage_name(u32 number, char name[9])
{
	snprintf(name, 9, "%08x", number);
}

void storage_path(u32 number, char *buf, size_t size)
{
	char name[9];

	storage_name(number, name);
	snprintf(buf, size, "%s/%s", arena()->storage, name);
}

int storage_add(const struct tmpfs_options *options, u32 *number)
{
	char name[9];
	int err = storage_dir();

	if (err < 0)
		return err;
	do {
		if (getrandom(number, sizeof(*number), 0) != sizeof(*number))
			return -EIO;
		storage_name(*number, name);
		err = mkdirat(storage_fd, name, 0700) ? -errno : 0;
	} while (err == -EEXIST);
	if (err)
		return err;
	/* Whoever mounts owns the root directory; to give it to someone else takes the host's consent. */
	if ((options->uid != geteuid() || options->gid != getegid()) &&
	    fchownat(storage_fd, name, options->uid, options->gid, 0) != 0 && options->chown)
		err = -errno;
	if (!err && fchmodat(storage_fd, name, options->mode, 0) != 0)
		err = -errno;
	if (err)
		unlinkat(storage_fd, name, AT_REMOVEDIR);
	return err;
}

/* ---- removing ---- */

#define LINGER_US 100000

void storage_remove(u32 number)
{
	char name[9], path[PATH_MAX];
	pid_t pid;

	storage_name(number, name);
	graves_remove(storage_fd, name);
	if (unlinkat(storage_fd, name, AT_REMOVEDIR) == 0)
		return;
	pid = fork();
	if (pid > 0)
		return;
	if (pid == 0) {
		/* The handles' sockets must not live on here: their end tells guests that the warden is dead. */
		dup2(storage_fd, 0);
		storage_fd = 0;
		close_from(1);
		/* Taken off by MNT_DETACH: who stands in it goes on there. */
		storage_path(number, path, sizeof(path));
		while (path_busy(path))
			usleep(LINGER_US);
	}
	remove_tree(storage_fd, name);
	if (pid == 0)
		_exit(0);
}

void storage_end(void)
{
	if (storage_fd < 0)
		return;
	/* Who is still removing trees there moves entries about. */
	while (wait(NULL) > 0 || errno == EINTR)
		;
	remove_entries(storage_fd);
	rmdir(arena()->storage);
}
