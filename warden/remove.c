/* SPDX-License-Identifier: MIT */
/* Removing directories with everything in them. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "warden/warden.h"

DIR *open_entries(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *entries = fd >= 0 ? fdopendir(fd) : NULL;

	/* That of a process which has just ended can be opened, and then no more be read. */
	if (fd >= 0 && !entries)
		close(fd);
	return entries;
}

/*
 * Takes the entries out of directory `fd`: files are unlinked, directories are moved up into `top`, so that
 * a tree of any depth needs no recursion and two descriptors. A guest may have left them without permissions.
 */
static void hoist(int fd, int top)
{
	static unsigned long serial;
	DIR *dir = fdopendir(fd);
	struct dirent *e;
	char name[32];

	if (!dir) {
		close(fd);
		return;
	}
	while ((e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || unlinkat(fd, e->d_name, 0) == 0)
			continue;
		if (e->d_type == DT_DIR)
			fchmodat(fd, e->d_name, 0700, 0);
		snprintf(name, sizeof(name), "\n%lu", serial++);
		renameat(fd, e->d_name, top, name);
	}
	closedir(dir);
}

static int open_dir(int parent, const struct dirent *e)
{
	if (e->d_type == DT_DIR)
		fchmodat(parent, e->d_name, 0700, 0);
	return openat(parent, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Once over what stands in `top`; true: something went, so it is worth another look. */
static bool sweep(int top)
{
	DIR *dir = open_entries(top, ".");
	struct dirent *e;
	bool progress = false;
	int fd;

	while (dir && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (unlinkat(top, e->d_name, 0) == 0) {
			progress = true;
			continue;
		}
		fd = open_dir(top, e);
		if (fd >= 0)
			hoist(fd, top);
		if (unlinkat(top, e->d_name, AT_REMOVEDIR) == 0)
			progress = true;
	}
	if (dir)
		closedir(dir);
	return progress;
}

void remove_entries(int dir)
{
	while (sweep(dir))
		;
}

void remove_tree(int parent, const char *name)
{
	int top;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
		return;
	fchmodat(parent, name, 0700, 0);
	top = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return;
	remove_entries(top);
	close(top);
	unlinkat(parent, name, AT_REMOVEDIR);
}
