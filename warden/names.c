/* SPDX-License-Identifier: MIT */
/*
 * Names that mounts depend on and that are about to change: rename(2), unlink(2), rmdir(2). The guest says which, with
 * its own rights it does what it wants, and shuts the connection down, or it dies: either way the host tells us
 * then what has become of the files that had the names. Nothing that the guest says is believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "warden/warden.h"

struct held_name {
	int fd; /* O_PATH on what has it; -1: no mount depends on it */
	char path[PATH_MAX];
};

struct held_names {
	struct held_name name[2];
};

/* The host path of a file; false: it has none any more. */
static bool path_of(int fd, char path[PATH_MAX])
{
	char link[sizeof(arena()->proc) + 32];
	struct stat file, found;
	ssize_t n;

	snprintf(link, sizeof(link), "%s/self/fd/%d", arena()->proc, fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	/* Behind the path of what was removed stands a word, which may as well be the end of a name. */
	return fstat(fd, &file) == 0 && lstat(path, &found) == 0 && file.st_dev == found.st_dev &&
	       file.st_ino == found.st_ino;
}

static bool hold(struct held_name *name, const char *path)
{
	char is[PATH_MAX];

	name->fd = mnt_path_used(path) ? open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
	if (name->fd < 0)
		return false;
	if (!path_of(name->fd, is) || strcmp(is, path) != 0) {
		close(name->fd);
		name->fd = -1;
		return false;
	}
	strcpy(name->path, path);
	return true;
}

s64 do_hold_names(struct call *call)
{
	struct ns_set set = {.kind = HANDLE_NAMES};
	struct held_names *names;
	bool held = false;

	for (u32 i = 0; i < call->req->nr; i++) {
		if (!is_path(call->s[i]))
			return -EINVAL;
	}
	names = warden_realloc(NULL, sizeof(*names));
	if (!names)
		return -ENOMEM;
	for (u32 i = 0; i < ARRAY_SIZE(names->name); i++) {
		names->name[i].fd = -1;
		held |= i < call->req->nr && hold(&names->name[i], call->s[i]);
	}
	if (!held) {
		free(names);
		return -ENOENT;
	}
	set.names = names;
	return call_publish(call, &set);
}

void held_names_put(struct held_names *names)
{
	static char now[ARRAY_SIZE(names->name)][PATH_MAX];
	struct path_move moves[ARRAY_SIZE(names->name)];
	unsigned nr = 0;

	for (u32 i = 0; i < ARRAY_SIZE(names->name); i++) {
		const struct held_name *name = &names->name[i];
		bool there = name->fd >= 0 && path_of(name->fd, now[i]);

		if (name->fd < 0 || (there && strcmp(now[i], name->path) == 0))
			continue;
		moves[nr++] = (struct path_move){name->path, there ? now[i] : NULL};
	}
	if (nr)
		mounts_follow(moves, nr);
	for (u32 i = 0; i < ARRAY_SIZE(names->name); i++) {
		if (names->name[i].fd >= 0)
			close(names->name[i].fd);
	}
	free(names);
}
