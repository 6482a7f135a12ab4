/* SPDX-License-Identifier: MIT */
/*
 * Lookups: a name becomes a place and an O_PATH descriptor on it. The fast pass first (lexical.c),
 * then one host call that refuses symlinks; where that does not do, the slow walk (slow.c).
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/stat.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "vfs/walk.h"

static bool table_full(long err)
{
	return err == -EMFILE || err == -ENFILE;
}

static long open_place(const struct nameidata *nd, const struct target *t, unsigned flags)
{
	u64 oflags = O_PATH | O_CLOEXEC;

	if (!(flags & LOOKUP_FOLLOW))
		oflags |= O_NOFOLLOW;
	if (flags & LOOKUP_DIRECTORY)
		oflags |= O_DIRECTORY;
	if (nd->magic)
		return host_own_fd(__NR_openat, t->dfd, (long)t->path, (long)oflags, 0);
	return host_openat2(t->dfd, t->path, oflags, 0, HOST_RESOLVE_NO_SYMLINKS);
}

/* What the slow walk found, on a host without openat2(2): its path has no symlink but by a race. */
static long open_walked(const struct nameidata *nd, const struct target *t, unsigned flags)
{
	long fd = open_place(nd, t, flags);

	if (openat2_missing(fd))
		fd = host_own_fd(__NR_openat, t->dfd, (long)t->path,
				 O_PATH | O_CLOEXEC | O_NOFOLLOW | (flags & LOOKUP_DIRECTORY ? O_DIRECTORY : 0), 0);
	return fd;
}

/* Without a descriptor: is the place what the flags and nd->tail ask for? */
static int check_place(const struct nameidata *nd, const struct target *t, unsigned flags)
{
	bool follow = nd->magic && (flags & LOOKUP_FOLLOW);
	struct stat st;
	long err = host_call4(__NR_newfstatat, t->dfd, t->path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW);

	if (err < 0)
		return (int)err;
	return (flags & LOOKUP_DIRECTORY) && !S_ISDIR(st.st_mode) ? -ENOTDIR : 0;
}

/* Puts the descriptor into nd, or closes it when it is not wanted. */
static int keep_fd(struct task *task, struct nameidata *nd, int fd, unsigned flags)
{
	/* What is noted of that number is of a file that the guest has closed. */
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	if (flags & LOOKUP_NOFD)
		host_close(fd);
	else
		nd->fd = fd;
	return 0;
}

/* 1: the slow walk is needed. */
static int lookup_fast(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd)
{
	struct recent_mark mark = {};
	struct target t;
	long fd;
	int err = walk_lexical(task, dfd, name, flags, nd, &t);

	if (err)
		return err;
	if ((flags & LOOKUP_UNSEEN) && dcache_reaches(task, nd, &t))
		return 0;
	if (flags & LOOKUP_UNSEEN)
		mark = recent_begin();
	fd = open_place(nd, &t, flags);
	nd_target_done(nd);
	if (fd >= 0 && (flags & LOOKUP_UNSEEN))
		recent_keep(task, nd, &t, mark);
	if ((fd >= 0 || fd == -ENOENT) && (flags & LOOKUP_UNSEEN))
		dcache_missed(task, nd, &t, flags);
	if (fd >= 0)
		return keep_fd(task, nd, (int)fd, flags);
	if (fd == -ELOOP || openat2_missing(fd) || (table_full(fd) && (flags & (LOOKUP_NOFD | LOOKUP_FDLESS))))
		return 1;
	return (int)fd;
}

static int lookup_slow_once(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd)
{
	struct target t;
	long fd = -EMFILE;
	int err = walk_slow(task, dfd, name, flags, nd);

	if (err)
		return err;
	nd_target(nd, &t);
	if (!(flags & LOOKUP_NOFD))
		fd = open_walked(nd, &t, flags);
	if (table_full(fd) && (flags & (LOOKUP_NOFD | LOOKUP_FDLESS)))
		err = check_place(nd, &t, flags);
	else
		err = fd < 0 ? (int)fd : keep_fd(task, nd, (int)fd, flags);
	nd_target_done(nd);
	return err == -ELOOP && !nd->magic ? -EWALKRACED : err;
}

int lookup_by_path(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd)
{
	int err = 1, tries;

	if (!RESOLVE_OF(flags))
		err = lookup_fast(task, dfd, name, flags, nd);
	if (err <= 0)
		return err;
	for (tries = 0, err = -EWALKRACED; err == -EWALKRACED && tries < RACE_RETRIES; tries++)
		err = lookup_slow_once(task, dfd, name, flags, nd);
	return err == -EWALKRACED ? -ELOOP : err;
}

/* What is left of an approach, where the host alone knows: one component, or ".". */
static int lookup_from(const struct approach *a, unsigned flags, struct nameidata *nd)
{
	struct target t = {a->dfd, a->name};
	long fd;

	nd_init(nd);
	nd_use_mount(a->task, nd, a->mnt);
	fd = open_place(nd, &t, flags);
	return fd < 0 ? (int)fd : keep_fd(a->task, nd, (int)fd, flags);
}

/* On the way or at its end are directories that are too deep. */
static __attribute__((noinline)) int lookup_deep(struct task *task, int dfd, const char *name, unsigned flags,
						 struct nameidata *nd)
{
	struct approach a;
	int err = approach(task, dfd, name, flags & LOOKUP_FOLLOW, &a);

	if (err)
		return is_too_deep(err) ? -ENAMETOOLONG : err;
	err = a.deep ? -ETOODEEP : lookup_by_path(task, a.dfd, a.name, flags, nd);
	if (is_too_deep(err))
		err = (flags & (LOOKUP_LAZY | LOOKUP_DEEP)) && *a.name != '/' ? lookup_from(&a, flags, nd)
									      : -ENAMETOOLONG;
	approach_end(&a);
	return err;
}

/* Everything but LOOKUP_PARENT and empty names. */
static int lookup(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd)
{
	int err = lookup_by_path(task, dfd, name, flags, nd);

	if (!is_too_deep(err))
		return err;
	return *name == '/' || RESOLVE_OF(flags) ? -ENAMETOOLONG : lookup_deep(task, dfd, name, flags, nd);
}

/* The root of a tree of mounts, opened on the host. */
static int lookup_tree(struct task *task, int dfd, unsigned flags, struct nameidata *nd)
{
	struct target t;
	long fd;
	int err = dfd_place(task, dfd, nd);

	if (err)
		return err;
	nd_target(nd, &t);
	fd = open_walked(nd, &t, flags);
	return fd < 0 ? (int)fd : keep_fd(task, nd, (int)fd, flags);
}

/* dfd itself: an empty name with LOOKUP_EMPTY, or the parent of a name of one component. */
static int lookup_dfd(struct task *task, int dfd, unsigned flags, struct nameidata *nd)
{
	u64 mnt;
	int err = 0;

	nd_init(nd);
	if (dfd != AT_FDCWD && fd_is_ours(dfd))
		return -EBADF;
	if (fd_is_tree(dfd))
		return lookup_tree(task, dfd, flags, nd);
	nd->fd = dfd;
	nd->borrowed = true;
	if (!(flags & LOOKUP_LAZY))
		return dfd_place(task, dfd, nd);
	if (dfd == AT_FDCWD)
		err = pwd_mount(task, &mnt);
	else
		mnt = fd_mount(task, dfd);
	if (!err)
		nd_use_mount(task, nd, mnt);
	return err;
}

/* LOOKUP_EMPTY: dfd itself. */
static int lookup_empty(struct task *task, int dfd, unsigned flags, struct nameidata *nd)
{
	struct stat st;
	long err;

	if (dfd == AT_FDCWD)
		return lookup(task, dfd, ".", flags, nd);
	/* What is done by a descriptor's path below proc says of a missing one that the path is. */
	if (dfd < 0 || (!(flags & LOOKUP_FDLESS) && host_call2(__NR_fcntl, dfd, F_GETFD) < 0))
		return -EBADF;
	if ((flags & LOOKUP_DIRECTORY) && !fd_is_tree(dfd)) {
		err = host_call2(__NR_fstat, dfd, &st);
		if (!err && !S_ISDIR(st.st_mode))
			err = -ENOTDIR;
		if (err)
			return (int)err;
	}
	return lookup_dfd(task, dfd, flags, nd);
}

/* Splits a name: the last component begins at *start and is *len long, slashes may follow it. */
static void split_name(const char *name, size_t *start, size_t *len)
{
	size_t end = strlen(name);

	while (end && name[end - 1] == '/')
		end--;
	for (*start = end; *start && name[*start - 1] != '/'; (*start)--)
		;
	*len = end - *start;
}

static int lookup_parent(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd)
{
	char dir[PATH_MAX];
	struct component last;
	size_t start, len;
	int err;

	split_name(name, &start, &len);
	flags = (flags & ~(unsigned)(LOOKUP_PARENT | LOOKUP_EMPTY)) | LOOKUP_FOLLOW | LOOKUP_DIRECTORY | LOOKUP_DEEP;
	if (!len) {
		err = lookup(task, dfd, "/", flags, nd);
	} else if (start) {
		memcpy(dir, name, start);
		dir[start] = '\0';
		err = lookup(task, dfd, dir, flags, nd);
	} else {
		err = lookup_dfd(task, dfd, flags, nd);
	}
	if (err)
		return err;
	if (len > NAME_MAX) {
		path_release(nd);
		return -ENAMETOOLONG;
	}
	memcpy(nd->last, name + start, len);
	nd->last[len] = '\0';
	nd->last_len = (u32)len;
	nd->trailing_slash = len && name[start + len];
	last = (struct component){nd->last, len};
	nd->last_type = !len ? LAST_ROOT : is_dot(&last) ? LAST_DOT : is_dotdot(&last) ? LAST_DOTDOT : LAST_NORM;
	return 0;
}

int path_lookup(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd)
{
	bool counts = !(flags & LOOKUP_NO_EXPIRE);
	int err;

	flags &= ~(unsigned)LOOKUP_NO_EXPIRE;
	if (!*name && !(flags & LOOKUP_EMPTY)) {
		nd_init(nd);
		return -ENOENT;
	}
	if (!*name)
		err = lookup_empty(task, dfd, flags, nd);
	else if (flags & LOOKUP_PARENT)
		err = lookup_parent(task, dfd, name, flags, nd);
	else
		err = lookup(task, dfd, name, flags, nd);
	if (counts)
		nd_used(task, nd);
	return err;
}

int user_path(struct task *task, int dfd, u64 uname, unsigned flags, struct nameidata *nd)
{
	char name[PATH_MAX];
	s64 n = strncpy_from_guest(name, uname, sizeof(name));

	if (n < 0) {
		nd_init(nd);
		return (int)n;
	}
	return path_lookup(task, dfd, name, flags, nd);
}

void path_release(struct nameidata *nd)
{
	if (nd->fd >= 0 && !nd->borrowed)
		host_close(nd->fd);
	nd->fd = -1;
}

int nd_proc_rel(struct task *task, const struct nameidata *nd, char *buf, size_t size)
{
	const struct mnt_ns *ns = task->nsproxy->mnt;
	const struct mount *m;
	size_t len, below;
	u32 skip;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		m = mnt_by_id(ns, nd->mnt);
		skip = m ? m->host_len : (u32)strlen(arena()->proc);
		len = m && m->fsroot ? mnt_copy_string(buf, size, m->fsroot) : 0;
	} while (mnt_read_retry(ns, seq));
	if (len == 1)
		len = 0; /* the whole of proc: "/" */
	below = nd->len > skip ? nd->len - skip : 0;
	if (len + below >= size)
		return -ENAMETOOLONG;
	memcpy(buf + len, nd->host + skip, below);
	len += below;
	buf[len] = '\0';
	if (buf[0] == '/')
		memmove(buf, buf + 1, len--);
	return (int)len;
}
