/* SPDX-License-Identifier: MIT */
/*
 * Names that mounts depend on and that are about to change: rename(2), unlink(2), rmdir(2). The guest says which, with
 * its own rights it does what it wants, and shuts the connection down, or it dies: either way the host tells us
 * then what has become of the files that had the names. Nothing that the guest says is believed.
 *
 * Several may be at it at once, one in a directory that another one renames. So each time all names are looked at, and
 * what has become of them is told to the mounts at once.
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

enum became { THERE, GONE, UNKNOWN };

struct held_name {
	int fd; /* O_PATH on what has it; -1: no mount depends on it */
	enum became became;
	char path[PATH_MAX]; /* as the mounts know it */
	char now[PATH_MAX];  /* as the host says, if it is THERE */
};

struct held_names {
	struct held_names *next, **pprev;
	struct held_name name[2];
};

static struct held_names *first, **end = &first; /* the oldest first */
static struct path_move *moves;			 /* room for all that can be */

static bool ends_with_deleted(const char *path)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(path), cut = sizeof(deleted) - 1;

	return len > cut && !strcmp(path + len - cut, deleted);
}

bool host_path_of(int fd, char path[PATH_MAX])
{
	char link[sizeof(arena()->proc) + 32];
	ssize_t n;

	snprintf(link, sizeof(link), "%s/self/fd/%d", arena()->proc, fd);
	n = readlink(link, path, PATH_MAX - 1);
	path[MAX(n, 0)] = '\0';
	return n > 0;
}

/* The host path of a file. UNKNOWN: it is too long, or just changing. */
static enum became path_of(int fd, char path[PATH_MAX])
{
	struct stat file, found;

	if (!host_path_of(fd, path))
		return UNKNOWN;
	if (fstat(fd, &file) == 0 && lstat(path, &found) == 0 && file.st_dev == found.st_dev &&
	    file.st_ino == found.st_ino)
		return THERE;
	/* Behind the path of what was removed stands that word, which may as well be the end of a name. */
	return ends_with_deleted(path) ? GONE : UNKNOWN;
}

/* ---- what has become of all of them ---- */

/* Is it something else than when it was looked at last? */
static bool look(struct held_name *name)
{
	char now[PATH_MAX];
	enum became became;

	if (name->fd < 0)
		return false;
	became = path_of(name->fd, now);
	if (became == name->became && (became != THERE || !strcmp(now, name->now)))
		return false;
	name->became = became;
	if (became == THERE)
		strcpy(name->now, now);
	return true;
}

#define PASSES 64 /* nobody who renames without end makes the warden wait */

/* Until between the first look and the last one nothing has happened: then all of it was so at one time. */
static void look_at_all(void)
{
	bool news = true;

	for (unsigned pass = 0; pass < PASSES && news; pass++) {
		news = false;
		for (struct held_names *names = first; names; names = names->next) {
			for (u32 i = 0; i < ARRAY_SIZE(names->name); i++)
				news |= look(&names->name[i]);
		}
	}
}

/* The longest `from` first, for what is in a directory goes its own way; of the same the oldest: the mounts there are
 * of that one's time. */
static void add_move(unsigned nr, const char *from, const char *to)
{
	unsigned at = nr;

	for (; at && strlen(moves[at - 1].from) < strlen(from); at--)
		moves[at] = moves[at - 1];
	moves[at] = (struct path_move){from, to};
}

static bool has_moved(const struct held_name *name)
{
	return name->fd >= 0 && (name->became == GONE || (name->became == THERE && strcmp(name->now, name->path) != 0));
}

static void told(struct held_name *name)
{
	if (name->became == THERE) {
		strcpy(name->path, name->now);
		return;
	}
	close(name->fd);
	name->fd = -1;
}

void names_settle(void)
{
	unsigned nr = 0;

	look_at_all();
	for (const struct held_names *names = first; names; names = names->next) {
		for (u32 i = 0; i < ARRAY_SIZE(names->name); i++) {
			const struct held_name *name = &names->name[i];

			if (has_moved(name))
				add_move(nr++, name->path, name->became == THERE ? name->now : NULL);
		}
	}
	if (!nr)
		return;
	mounts_follow(moves, nr);
	for (struct held_names *names = first; names; names = names->next) {
		for (u32 i = 0; i < ARRAY_SIZE(names->name); i++) {
			if (has_moved(&names->name[i]))
				told(&names->name[i]);
		}
	}
	/* Last: who sees the new number sees the mounts where they are now. */
	atomic_fetch_add(&arena()->names_moved, 1);
}

/* ---- one who is about to change them ---- */

static void let_go(struct held_name *name)
{
	if (name->fd >= 0)
		close(name->fd);
	name->fd = -1;
}

static void hold(struct held_name *name, const char *path)
{
	name->fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (name->fd < 0)
		return;
	name->became = path_of(name->fd, name->now);
	strcpy(name->path, path);
	if (name->became != THERE || strcmp(name->now, path) != 0)
		let_go(name);
}

static struct held_names *held_names_new(void)
{
	struct path_move *more;
	struct held_names *names;

	more = warden_realloc(moves, (arena()->names_held + 1) * ARRAY_SIZE(names->name) * sizeof(*moves));
	if (!more)
		return NULL;
	moves = more;
	names = warden_realloc(NULL, sizeof(*names));
	if (!names)
		return NULL;
	names->next = NULL;
	names->pprev = end;
	for (u32 i = 0; i < ARRAY_SIZE(names->name); i++)
		names->name[i].fd = -1;
	*end = names;
	end = &names->next;
	atomic_fetch_add(&arena()->names_held, 1);
	return names;
}

void held_names_put(struct held_names *names)
{
	names_settle();
	*names->pprev = names->next;
	if (names->next)
		names->next->pprev = names->pprev;
	else
		end = names->pprev;
	atomic_fetch_sub(&arena()->names_held, 1);
	for (u32 i = 0; i < ARRAY_SIZE(names->name); i++)
		let_go(&names->name[i]);
	free(names);
}

/* May each name become the other one? */
static bool both_fit(const char *old, const char *new)
{
	return mnt_path_fits(old, strlen(new)) && mnt_path_fits(new, strlen(old));
}

s64 do_hold_names(struct call *call)
{
	struct ns_set set = {.kind = HANDLE_NAMES};
	bool held = false;

	for (u32 i = 0; i < call->req->nr; i++) {
		if (!is_path(call->s[i]))
			return -EINVAL;
	}
	set.names = held_names_new();
	if (!set.names)
		return -ENOMEM;
	for (u32 i = 0; i < call->req->nr; i++)
		hold(&set.names->name[i], call->s[i]);
	/* What had the names before these files has taken its mounts along by now. */
	names_settle();
	for (u32 i = 0; i < call->req->nr; i++) {
		struct held_name *name = &set.names->name[i];

		if (name->fd >= 0 && !mnt_path_used(name->path))
			let_go(name);
		held |= name->fd >= 0;
	}
	if (held && (call->req->nr < 2 || both_fit(call->s[0], call->s[1])))
		return call_publish(call, &set);
	held_names_put(set.names);
	return held ? -ENAMETOOLONG : -ENOENT;
}

/* For as long as the directory has a name: so it must be there, or guests could have any number of them held. */
s64 do_hold_root(struct call *call)
{
	struct stat st;

	if (!call_capable(call, call->self->user, CAP_SYS_CHROOT))
		return -EPERM;
	if (!is_path(call->s[0]))
		return -EINVAL;
	if (lstat(call->s[0], &st) != 0 || !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	return mnt_hold_root(call->s[0]);
}
