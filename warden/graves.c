/* SPDX-License-Identifier: MIT */
/*
 * Files of a tmpfs that lost their name while they are mounted somewhere: bwrap(1) makes what it binds that way. They
 * stand in the storage beside the directory of their file system, and go with it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "warden/warden.h"

static u32 last_grave;

/* The name of the storage's entry that `path` is in, as the front of a grave's. False: it is none of a tmpfs's. */
static bool grave_path(const char *path, u32 number, char grave[PATH_MAX])
{
	size_t storage = strlen(arena()->storage), len;

	if (!storage || strncmp(path, arena()->storage, storage) != 0 || path[storage] != '/')
		return false;
	len = strcspn(path + storage + 1, "/");
	if (len != STORAGE_NAME || !path[storage + 1 + len] || strlen(path) >= PATH_MAX)
		return false;
	snprintf(grave, PATH_MAX, "%.*s%c%x", (int)(storage + 1 + len), path, GRAVE_MARK, number);
	return true;
}

s64 do_unlink(struct call *call)
{
	char grave[PATH_MAX];

	if (!grave_path(call->s[0], 0, grave))
		return -EINVAL;
	return mnt_file_shown(call->s[0]) ? ++last_grave : 0;
}

/* The guest has done it, with its own rights; there may be another file at that name by now. */
s64 do_buried(struct call *call)
{
	char grave[PATH_MAX];
	struct stat dead, st;

	if (call->req->arg > last_grave || !grave_path(call->s[0], (u32)call->req->arg, grave))
		return -EINVAL;
	if (lstat(grave, &dead) != 0 || (lstat(call->s[0], &st) == 0 && st.st_ino == dead.st_ino))
		return -EINVAL;
	return mnt_file_unlinked(call->s[0], grave);
}

void graves_remove(int storage, const char *name)
{
	size_t len = strlen(name);
	DIR *entries = last_grave ? open_entries(storage, ".") : NULL;
	struct dirent *e;

	while (entries && (e = readdir(entries)))
		if (!strncmp(e->d_name, name, len) && e->d_name[len] == GRAVE_MARK)
			unlinkat(storage, e->d_name, 0);
	if (entries)
		closedir(entries);
}
