/* SPDX-License-Identifier: MIT */
/* Who uses a tmpfs: what umount(2) calls busy. The host's /proc knows; only our user's processes matter. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "warden/warden.h"

static bool is_below(const char *place, const char *path, size_t len)
{
	return !strncmp(place, path, len) && (place[len] == '\0' || place[len] == '/');
}

static bool link_below(int dir, const char *name, const char *path)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	return is_below(target, path, strlen(path));
}

/* Does some entry of directory `name` in `dir` fit? */
static bool any_entry(int dir, const char *name, bool (*fits)(int dir, const char *name, const char *path),
		      const char *path)
{
	DIR *entries = open_entries(dir, name);
	struct dirent *e;
	bool found = false;

	while (entries && !found && (e = readdir(entries)))
		found = isdigit((unsigned char)e->d_name[0]) && fits(dirfd(entries), e->d_name, path);
	if (entries)
		closedir(entries);
	return found;
}

static bool thread_below(int tasks, const char *tid, const char *path)
{
	char name[NAME_MAX + 16];

	snprintf(name, sizeof(name), "%s/cwd", tid);
	return link_below(tasks, name, path);
}

/* Of others' processes the host would not tell. */
static bool may_look_at(int proc, const char *pid)
{
	struct stat st;

	return fstatat(proc, pid, &st, 0) == 0 && (st.st_uid == geteuid() || geteuid() == 0);
}

static bool process_below(int proc, const char *pid, const char *path)
{
	char name[NAME_MAX + 16];

	if (!may_look_at(proc, pid))
		return false;
	snprintf(name, sizeof(name), "%s/root", pid);
	if (link_below(proc, name, path))
		return true;
	snprintf(name, sizeof(name), "%s/task", pid);
	if (any_entry(proc, name, thread_below, path))
		return true;
	snprintf(name, sizeof(name), "%s/fd", pid);
	return any_entry(proc, name, link_below, path);
}

/* The host shows in the link's own mode what the descriptor is open for. */
static bool written_below(int dir, const char *name, const char *path)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (st.st_mode & S_IWUSR) &&
	       link_below(dir, name, path);
}

static bool process_writes(int proc, const char *pid, const char *path)
{
	char name[NAME_MAX + 16];

	if (!may_look_at(proc, pid))
		return false;
	snprintf(name, sizeof(name), "%s/fd", pid);
	return any_entry(proc, name, written_below, path);
}

bool path_written(const char *path)
{
	return arena()->proc[0] && any_entry(AT_FDCWD, arena()->proc, process_writes, path);
}

bool path_busy(const char *path)
{
	return arena()->proc[0] && any_entry(AT_FDCWD, arena()->proc, process_below, path);
}
