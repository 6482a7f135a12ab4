/* SPDX-License-Identifier: MIT */
/*
 * Names in directories: mkdir(2), mknod(2), symlink(2), link(2), unlink(2), rmdir(2), rename(2). The walk stops
 * at the parent; the host does the rest on (descriptor of the parent, last component), so that its file
 * systems answer for themselves. What it cannot know is ours: read-only mounts, mount points, mount borders.
 */
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "lib/string.h"
#include "sys/grave.h"
#include "sys/held_names.h"
#include "sys/place.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "vfs/tmpfs.h"
#include "warden/client.h"

/* A name in a directory, and how the host is told it. */
struct name {
	struct nameidata nd;
	u64 since;		 /* names_moved() before it was looked up */
	char last[NAME_MAX + 2]; /* with the slash that followed it */
};

/* `how`: LOOKUP_LAZY where neither the mount nor the host path is asked for. */
static int user_name(struct task *task, int dfd, u64 uname, unsigned how, struct name *n)
{
	int err;

	n->since = names_moved();
	err = user_path(task, dfd, uname, LOOKUP_PARENT | how, &n->nd);
	if (err)
		return err;
	switch (n->nd.last_type) {
	case LAST_NORM:
		memcpy(n->last, n->nd.last, n->nd.last_len);
		n->last[n->nd.last_len] = n->nd.trailing_slash ? '/' : '\0';
		n->last[n->nd.last_len + 1] = '\0';
		break;
	/* For these the host has its answers without ever looking at the parent. */
	case LAST_ROOT:
		memcpy(n->last, "/", 2);
		break;
	case LAST_DOT:
		memcpy(n->last, ".", 2);
		break;
	case LAST_DOTDOT:
		memcpy(n->last, "..", 3);
		break;
	}
	return 0;
}

static void name_release(struct name *n)
{
	path_release(&n->nd);
}

static s64 name_stat(const struct name *n, const char *last, struct stat *st)
{
	return host_call4(__NR_newfstatat, n->nd.fd, last, st, AT_SYMLINK_NOFOLLOW);
}

/* ---- mount points ---- */

/* Is `path` at the name (0), below it (1), or elsewhere (-1)? */
static int path_against_name(const struct name *n, const char *path, u32 len)
{
	u32 base = n->nd.len == 1 ? 0 : n->nd.len;
	u32 whole = base + 1 + n->nd.last_len;

	if (len < whole)
		return -1;
	if (memcmp(path, n->nd.host, base) || path[base] != '/' || memcmp(path + base + 1, n->nd.last, n->nd.last_len))
		return -1;
	if (len == whole)
		return 0;
	return path[whole] == '/' ? 1 : -1;
}

static int is_mounted_on(const struct mount *m, void *arg)
{
	const char *point = READ_ONCE(m->point);
	u32 len = READ_ONCE(m->point_len);

	return arena_contains(point, len) && path_against_name(arg, point, len) == 0;
}

/*
 * Is something mounted on this name in the task's namespace? As in the kernel it does not matter
 * through which mount of the directory one looks.
 */
static bool is_mountpoint(const struct task *task, const struct name *n)
{
	const struct mnt_ns *ns = task->nsproxy->mnt;
	bool found;
	u64 seq;

	if (n->nd.last_type != LAST_NORM || !n->nd.len ||
	    !mnt_name_held(n->nd.host, n->nd.len, n->nd.last, n->nd.last_len) ||
	    !mnt_name_used(ns, n->nd.last, n->nd.last_len))
		return false;
	do {
		seq = mnt_read_begin(ns);
		found = mnt_for_each(ns, is_mounted_on, (void *)n);
	} while (mnt_read_retry(ns, seq));
	return found;
}

/* ---- creating ---- */

/* A name that cannot be made here because of `err`: that it exists, or has a slash after what will be no
 * directory, is said first. */
static s64 create_refused(const struct name *n, bool dir, s64 err)
{
	struct stat st;
	s64 found = name_stat(n, n->nd.last, &st);

	if (found != -ENOENT)
		return found ? found : -EEXIST;
	return n->nd.trailing_slash && !dir ? -ENOENT : err;
}

static s64 may_create(struct task *task, const struct name *n, bool dir)
{
	s64 err = 0;

	if (n->nd.last_type != LAST_NORM)
		return 0;
	if (place_readonly(&n->nd))
		err = -EROFS;
	else if (n->nd.limited)
		err = tmpfs_may_create(task, n->nd.mnt, 0);
	return err ? create_refused(n, dir, err) : 0;
}

static s64 do_mkdirat(struct task *task, int dfd, u64 uname, u32 mode)
{
	struct name n;
	s64 err = user_name(task, dfd, uname, LOOKUP_LAZY, &n);

	if (err)
		return err;
	err = may_create(task, &n, true);
	if (!err) {
		fs_sync(task);
		err = host_call3(__NR_mkdirat, n.nd.fd, n.last, mode);
	}
	name_release(&n);
	return err;
}

/* What mknod(2) says of the mode alone. */
static s64 may_mknod(u32 mode)
{
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

static s64 do_mknodat(struct task *task, int dfd, u64 uname, u32 mode, u32 dev)
{
	struct name n;
	s64 err = may_mknod(mode);

	if (!err)
		err = user_name(task, dfd, uname, LOOKUP_LAZY, &n);
	if (err)
		return err;
	err = may_create(task, &n, false);
	if (!err) {
		fs_sync(task);
		err = host_call4(__NR_mknodat, n.nd.fd, n.last, mode, dev);
	}
	name_release(&n);
	return err;
}

static s64 do_symlinkat(struct task *task, u64 utarget, int dfd, u64 uname)
{
	char target[PATH_MAX];
	struct name n;
	s64 err = strncpy_from_guest(target, utarget, sizeof(target));

	if (err <= 0)
		return err ? err : -ENOENT;
	err = user_name(task, dfd, uname, LOOKUP_LAZY, &n);
	if (err)
		return err;
	err = may_create(task, &n, false);
	if (!err)
		err = host_call3(__NR_symlinkat, target, n.nd.fd, n.last);
	name_release(&n);
	return err;
}

/* Are both in one mount? What is behind a magic link of proc is seen through the mount that is noted; where none is,
 * the host's file systems decide. */
static __attribute__((noinline)) bool may_be_linked(struct task *task, const struct nameidata *old,
						    const struct nameidata *new)
{
	char rel[PATH_MAX];
	u64 mnt;

	if (!old->magic)
		return same_mount(task, old, new);
	mnt = nd_proc_rel(task, old, rel, sizeof(rel)) < 0 ? 0 : proc_link_mount(task, rel);
	return !mnt || mnt == new->mnt;
}

/* A link from a place to a name. */
static s64 link_place(struct task *task, const struct nameidata *old, const struct name *new)
{
	char link[FD_PATH_SIZE];

	if (new->nd.last_type == LAST_NORM && !may_be_linked(task, old, &new->nd))
		return create_refused(new, false, -EXDEV);
	/* The guest's own descriptor: who may link that (AT_EMPTY_PATH) is the host's to say. */
	if (old->borrowed)
		return host_call5(__NR_linkat, old->fd, "", new->nd.fd, new->last, AT_EMPTY_PATH);
	fd_path(link, old->fd);
	return host_call5(__NR_linkat, AT_FDCWD, link, new->nd.fd, new->last, AT_SYMLINK_FOLLOW);
}

static s64 do_linkat(struct task *task, int olddfd, u64 oldname, int newdfd, u64 newname, u64 flags)
{
	struct nameidata old;
	struct name new;
	s64 err;

	if (flags & ~(u64)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = user_path_at(task, olddfd, oldname, flags, LOOKUP_DEEP, &old);
	if (err)
		return err;
	err = user_name(task, newdfd, newname, 0, &new);
	if (!err) {
		err = may_create(task, &new, false);
		if (!err)
			err = link_place(task, &old, &new);
		name_release(&new);
	}
	path_release(&old);
	return err;
}

/* ---- removing ---- */

/* A mount point is busy, but that it is of the wrong type is said first. */
static s64 unlink_busy(const struct name *n, bool rmdir)
{
	struct stat st;
	s64 err = name_stat(n, n->nd.last, &st);

	if (err)
		return err;
	if ((st.st_mode & S_IFMT) == S_IFDIR)
		return rmdir ? -EBUSY : -EISDIR;
	return rmdir || n->nd.trailing_slash ? -ENOTDIR : -EBUSY;
}

static s64 unlink_held(struct task *task, const struct name *n, int flags)
{
	u64 grave;
	s64 err;

	if (is_mountpoint(task, n))
		return unlink_busy(n, flags & AT_REMOVEDIR);
	grave = flags & AT_REMOVEDIR ? 0 : grave_dig(task, &n->nd);
	err = host_call3(__NR_unlinkat, n->nd.fd, n->last, flags);
	grave_close(task, &n->nd, grave, err);
	return err;
}

static s64 unlink_name(struct task *task, struct name *n, int flags)
{
	s32 held;
	s64 err;

	if (n->nd.last_type == LAST_NORM && place_readonly(&n->nd))
		return -EROFS;
	err = names_hold(task, &n->nd, NULL, n->since, &held);
	if (err)
		return err;
	err = unlink_held(task, n, flags);
	names_let_go(task, held, err);
	return err;
}

static s64 do_unlinkat(struct task *task, int dfd, u64 uname, int flags)
{
	struct name n;
	s64 err;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	err = user_name(task, dfd, uname, 0, &n);
	if (err)
		return err;
	err = unlink_name(task, &n, flags);
	if (!err)
		dcache_changed(task, n.nd.last, n.nd.last_len, flags & AT_REMOVEDIR);
	name_release(&n);
	return err;
}

/* ---- renaming ---- */

static bool is_dir(const struct stat *st)
{
	return (st->st_mode & S_IFMT) == S_IFDIR;
}

/* Would a name be moved to below itself? That is the host's EINVAL. */
static bool into_itself(const struct name *old, const struct name *new)
{
	return path_against_name(old, new->nd.host, new->nd.len) >= 0;
}

/* A slash behind what is no directory. `to` is NULL when there is none yet. */
static bool wrong_slash(const struct name *old, const struct stat *from, const struct name *new, const struct stat *to,
			unsigned flags)
{
	if (flags & RENAME_EXCHANGE)
		return (!is_dir(to) && new->nd.trailing_slash) || (!is_dir(from) && old->nd.trailing_slash);
	return !is_dir(from) && (old->nd.trailing_slash || new->nd.trailing_slash);
}

/* One of the names is a mount point: what is said before EBUSY. */
static s64 rename_busy(const struct name *old, const struct name *new, unsigned flags)
{
	bool exchange = flags & RENAME_EXCHANGE, exists;
	struct stat from, to;
	s64 err = name_stat(old, old->nd.last, &from);

	if (err)
		return err;
	exists = !name_stat(new, new->nd.last, &to);
	if (exists && flags & RENAME_NOREPLACE)
		return -EEXIST;
	if (!exists && exchange)
		return -ENOENT;
	if (wrong_slash(old, &from, new, exists ? &to : NULL, flags))
		return -ENOTDIR;
	if (into_itself(old, new))
		return -EINVAL;
	if (exists && into_itself(new, old))
		return exchange ? -EINVAL : -ENOTEMPTY;
	if (!exists)
		return -EBUSY;
	if (from.st_dev == to.st_dev && from.st_ino == to.st_ino)
		return 0;
	if (!exchange && is_dir(&from) != is_dir(&to))
		return is_dir(&to) ? -EISDIR : -ENOTDIR;
	return -EBUSY;
}

static s64 rename_held(struct task *task, const struct name *old, const struct name *new, unsigned flags)
{
	u64 grave;
	s64 err;

	if (old->nd.last_type == LAST_NORM && new->nd.last_type == LAST_NORM &&
	    (is_mountpoint(task, old) || is_mountpoint(task, new)))
		return rename_busy(old, new, flags);
	/* What shows a file that is replaced must know where that is before it can take the other one for it. */
	grave = flags ? 0 : grave_dig(task, &new->nd);
	err = host_call5(__NR_renameat2, old->nd.fd, old->last, new->nd.fd, new->last, flags);
	grave_close(task, &new->nd, grave, err);
	return err;
}

/* Has a directory left one of these names? What cannot be seen any more counts as one. */
static bool moved_directory(const struct name *old, const struct name *new, unsigned flags)
{
	struct stat st;

	return name_stat(new, new->nd.last, &st) || is_dir(&st) ||
	       ((flags & RENAME_EXCHANGE) && (name_stat(old, old->nd.last, &st) || is_dir(&st)));
}

static s64 rename_names(struct task *task, struct name *old, struct name *new, unsigned flags)
{
	s32 held;
	s64 err;

	if (!same_mount(task, &old->nd, &new->nd))
		return -EXDEV;
	if (old->nd.last_type == LAST_NORM && new->nd.last_type == LAST_NORM && place_readonly(&old->nd))
		return -EROFS;
	err = names_hold(task, &old->nd, &new->nd, old->since, &held);
	if (err)
		return err;
	err = rename_held(task, old, new, flags);
	names_let_go(task, held, err);
	if (!err) {
		dcache_changed(task, old->nd.last, old->nd.last_len,
			       dcache_has_recents(&arena()->dcache) && moved_directory(old, new, flags));
		dcache_changed(task, new->nd.last, new->nd.last_len, false);
	}
	return err;
}

static s64 do_renameat2(struct task *task, int olddfd, u64 oldname, int newdfd, u64 newname, unsigned flags)
{
	struct name old, new;
	s64 err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if (flags & RENAME_EXCHANGE && flags & (RENAME_NOREPLACE | RENAME_WHITEOUT))
		return -EINVAL;
	err = user_name(task, olddfd, oldname, 0, &old);
	if (err)
		return err;
	err = user_name(task, newdfd, newname, 0, &new);
	if (!err) {
		err = rename_names(task, &old, &new, flags);
		name_release(&new);
	}
	name_release(&old);
	return err;
}

/* ---- the calls ---- */

SYSCALL(mkdir)
{
	return do_mkdirat(task, AT_FDCWD, ARG0(regs), (u32)ARG1(regs));
}

SYSCALL(mkdirat)
{
	return do_mkdirat(task, (int)ARG0(regs), ARG1(regs), (u32)ARG2(regs));
}

SYSCALL(mknod)
{
	return do_mknodat(task, AT_FDCWD, ARG0(regs), (u32)ARG1(regs), (u32)ARG2(regs));
}

SYSCALL(mknodat)
{
	return do_mknodat(task, (int)ARG0(regs), ARG1(regs), (u32)ARG2(regs), (u32)ARG3(regs));
}

SYSCALL(symlink)
{
	return do_symlinkat(task, ARG0(regs), AT_FDCWD, ARG1(regs));
}

SYSCALL(symlinkat)
{
	return do_symlinkat(task, ARG0(regs), (int)ARG1(regs), ARG2(regs));
}

SYSCALL(link)
{
	return do_linkat(task, AT_FDCWD, ARG0(regs), AT_FDCWD, ARG1(regs), 0);
}

SYSCALL(linkat)
{
	return do_linkat(task, (int)ARG0(regs), ARG1(regs), (int)ARG2(regs), ARG3(regs), (u32)ARG4(regs));
}

SYSCALL(unlink)
{
	return do_unlinkat(task, AT_FDCWD, ARG0(regs), 0);
}

SYSCALL(rmdir)
{
	return do_unlinkat(task, AT_FDCWD, ARG0(regs), AT_REMOVEDIR);
}

SYSCALL(unlinkat)
{
	return do_unlinkat(task, (int)ARG0(regs), ARG1(regs), (int)ARG2(regs));
}

SYSCALL(rename)
{
	return do_renameat2(task, AT_FDCWD, ARG0(regs), AT_FDCWD, ARG1(regs), 0);
}

SYSCALL(renameat)
{
	return do_renameat2(task, (int)ARG0(regs), ARG1(regs), (int)ARG2(regs), ARG3(regs), 0);
}

SYSCALL(renameat2)
{
	return do_renameat2(task, (int)ARG0(regs), ARG1(regs), (int)ARG2(regs), ARG3(regs), (u32)ARG4(regs));
}
