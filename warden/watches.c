/* SPDX-License-Identifier: MIT */
/* See warden/watches.h. */
#include "warden/watches.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "lib/hash.h"
#include "warden/warden.h"

/* Of a directory that is removed while somebody has it open, only the one above it tells in time. */
#define ABOVE_EVENTS IN_DELETE
#define WATCH_EVENTS (IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB)
#define WATCH_SHARE  8 /* of the user's watches we take one part in so many */
#define WATCHES_MAX  8192

/* One for each path that an entry has or lies below. Two paths may lead to one inode: then they share `wd`. */
struct watch {
	int wd;
	u32 refs; /* entries */
	u64 hash; /* of the path */
	bool removals;
	char *path;
};
static struct watch *watches;
static u32 nr_watches, cap_watches, max_watches;

static int inotify_fd = -1;

static struct watch *find_watch(const char *path, size_t len)
{
	u64 hash = hash_text(path, len);

	for (u32 i = 0; i < nr_watches; i++) {
		if (watches[i].hash == hash && !strncmp(watches[i].path, path, len) && !watches[i].path[len])
			return &watches[i];
	}
	return NULL;
}

/* Unless it is another path's as well. */
static void forget_wd(int wd)
{
	for (u32 i = 0; i < nr_watches; i++) {
		if (watches[i].wd == wd)
			return;
	}
	/* Of what is gone the host has taken the watch away itself. */
	inotify_rm_watch(inotify_fd, wd);
}

static void put_watch(const char *path, size_t len)
{
	struct watch *w = find_watch(path, len);
	int wd;

	if (!w || --w->refs)
		return;
	wd = w->wd;
	free(w->path);
	*w = watches[--nr_watches];
	forget_wd(wd);
}

bool next_prefix(const char *path, size_t *len)
{
	if (!*len) {
		*len = 1;
		return true;
	}
	if (!path[*len == 1 ? 1 : *len])
		return false;
	for (*len += *len != 1; path[*len] && path[*len] != '/'; ++*len)
		;
	return true;
}

void watches_put(const char *path, size_t upto)
{
	for (size_t len = 0; next_prefix(path, &len) && len <= upto;)
		put_watch(path, len);
}

static struct watch *new_watch(const char *path, size_t len, int wd)
{
	struct watch *more;

	if (nr_watches == cap_watches) {
		more = warden_realloc(watches, (cap_watches + 64) * sizeof(*watches));
		if (!more)
			return NULL;
		watches = more;
		cap_watches += 64;
	}
	more = &watches[nr_watches];
	*more = (struct watch){.wd = wd, .hash = hash_text(path, len), .path = strndup(path, len)};
	if (!more->path)
		return NULL;
	nr_watches++;
	return more;
}

int watch_get(const char *path, size_t len, int fd, bool removals)
{
	struct watch *w;
	char name[sizeof(arena()->proc) + 40];
	int wd;

	snprintf(name, sizeof(name), "%s/self/fd/%d", arena()->proc, fd);
	wd = inotify_add_watch(inotify_fd, name, (removals ? WATCH_EVENTS | ABOVE_EVENTS : WATCH_EVENTS) | IN_MASK_ADD);
	if (wd < 0)
		return -errno;
	w = find_watch(path, len);
	if (!w)
		w = new_watch(path, len, wd);
	/* Where something else was at that path an event in the queue will tell that it is gone: that comes first. */
	if (w && w->wd == wd) {
		w->refs++;
		w->removals |= removals;
		return 0;
	}
	forget_wd(wd);
	return w ? -ESTALE : -ENOMEM;
}

void watches_share(const char *path, bool removals, size_t *len, size_t *shared)
{
	struct watch *last = NULL, *w;

	*len = *shared = 0;
	for (size_t n = 0; next_prefix(path, &n) && path[n] && (w = find_watch(path, n)); last = w) {
		if (last) {
			last->refs++;
			*shared = *len;
		}
		*len = n;
		if (removals && !w->removals)
			break;
	}
}

/* ---- the queue ---- */

/* The first watch from *i on that is of that inode. NULL: there is none. */
static const struct watch *next_watch(int wd, u32 *i)
{
	for (; *i < nr_watches; ++*i) {
		if (watches[*i].wd == wd)
			return &watches[*i];
	}
	return NULL;
}

/* What is at the path of each watch of that inode has changed, or with a name what is there below it. */
static void changed_at(int wd, const char *name, void (*changed)(const char *path))
{
	const struct watch *w;
	char path[WATCHED_PATH_MAX + NAME_MAX + 2];
	u32 i = 0;

	while ((w = next_watch(wd, &i))) {
		u32 before = nr_watches;

		if (name)
			snprintf(path, sizeof(path), "%s/%s", w->path[1] ? w->path : "", name);
		else
			snprintf(path, sizeof(path), "%s", w->path);
		changed(path);
		/* Watches that went with the entries leave the others in another order. One that is being made for an
		 * entry (enter()) stays for now. */
		i = nr_watches == before ? i + 1 : 0;
	}
}

static void event(const struct inotify_event *event, void (*changed)(const char *path))
{
	if (event->mask & IN_Q_OVERFLOW)
		changed("/");
	/* What happens to what is in a directory is told with its name. */
	else if (!event->len)
		changed_at(event->wd, NULL, changed);
	else if ((event->mask & IN_DELETE) && (event->mask & IN_ISDIR))
		changed_at(event->wd, event->name, changed);
}

void watches_read(void (*changed)(const char *path))
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *e;
	ssize_t n;

	while (inotify_fd >= 0 && (n = read(inotify_fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof(*e) + e->len)) {
			e = (const struct inotify_event *)(buf + at);
			event(e, changed);
		}
	}
}

/* ---- the beginning ---- */

static u32 share_of_watches(void)
{
	char name[sizeof(arena()->proc) + 40], text[32];
	ssize_t n = -1;
	int fd;

	snprintf(name, sizeof(name), "%s/sys/fs/inotify/max_user_watches", arena()->proc);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[MAX(n, 0)] = '\0';
	return (u32)MIN(strtoul(text, NULL, 10) / WATCH_SHARE, (unsigned long)WATCHES_MAX);
}

int watches_begin(void)
{
	max_watches = share_of_watches();
	if (max_watches)
		inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return inotify_fd;
}

void watches_end(void)
{
	if (inotify_fd >= 0)
		close(inotify_fd);
	inotify_fd = -1;
}

bool watches_begun(void)
{
	return inotify_fd >= 0;
}

bool watches_have_room(void)
{
	return nr_watches + WATCHED_COMPONENTS_MAX <= max_watches;
}
