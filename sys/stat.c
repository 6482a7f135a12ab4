/* SPDX-License-Identifier: MIT */
/*
 * stat(2), statx(2), statfs(2): the host's answers, with device numbers and ids as the guest's
 * namespaces have them.
 */
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/stat.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/cred.h"
#include "sys/sys.h"
#include "vfs/devpts.h"
#include "vfs/proc.h"
#include "vfs/tmpfs.h"
#include "vfs/walk.h"

/* ---- device numbers and ids ---- */

static u64 place_dev(const struct nameidata *nd, u64 dev)
{
	return nd->dev != nd->host_dev && dev == nd->host_dev ? nd->dev : dev;
}

/* ---- stat ---- */

/* A namespace behind a magic link of proc: its own numbers. */
static __attribute__((noinline)) int place_is_ns(struct task *task, const struct nameidata *nd, u64 *dev, u64 *ino)
{
	char rel[PATH_MAX];
	int err = nd_proc_rel(task, nd, rel, sizeof(rel));

	return err < 0 ? err : proc_ns_stat(task, rel, dev, ino);
}

/* A file that has lost its name has one in its grave. */
static void fix_nlink(struct task *task, u64 mnt, u32 mode, bool tmpfs, u64 *nlink)
{
	if (tmpfs && *nlink && !S_ISDIR(mode) && tmpfs_buried(task, mnt))
		--*nlink;
}

static void map_stat_ids(const struct task *task, struct stat *st)
{
	if (!ids_are_mapped(task))
		return;
	st->st_uid = from_kuid_munged(task->nsproxy->user, st->st_uid);
	st->st_gid = from_kgid_munged(task->nsproxy->user, st->st_gid);
}

/* Of ptmx in a devpts that a guest has mounted, whose it is and who may. */
static __attribute__((noinline)) void fix_ptmx(struct task *task, const struct nameidata *nd, struct stat *st)
{
	struct ptmx ptmx;

	if (!ptmx_at(task, nd, &ptmx))
		return;
	st->st_mode = S_IFCHR | ptmx.mode;
	st->st_uid = ptmx.uid;
	st->st_gid = ptmx.gid;
}

static s64 stat_reach(struct task *task, const struct nameidata *nd, const struct reach *at, struct stat *st)
{
	u64 dev, ino;
	long err = host_call4(__NR_newfstatat, at->dfd, at->path, st, at->flags);

	if (err < 0)
		return err;
	if (S_ISDIR(st->st_mode))
		recent_enter(task, nd);
	fix_nlink(task, nd->mnt, st->st_mode, nd->dev != nd->host_dev, &st->st_nlink);
	st->st_dev = place_dev(nd, st->st_dev);
	if (nd->proc && nd->magic && !place_is_ns(task, nd, &dev, &ino)) {
		st->st_dev = dev;
		st->st_ino = ino;
	}
	if (nd->devpts)
		fix_ptmx(task, nd, st);
	map_stat_ids(task, st);
	return 0;
}

/* Of a tree of mounts, its root. */
static __attribute__((noinline)) s64 fstat_tree(struct task *task, int fd, u64 ubuf)
{
	struct nameidata nd;
	struct reach at;
	struct stat st;
	s64 err = path_lookup(task, fd, "", LOOKUP_EMPTY, &nd);

	if (err)
		return err;
	at = place_reach(&nd);
	err = stat_reach(task, &nd, &at, &st);
	path_release(&nd);
	return err ? err : put_guest(ubuf, st);
}

/* fstat(2), and fstatat(2) of a descriptor alone. */
static s64 do_fstat(struct task *task, int fd, u64 ubuf)
{
	char path[PROC_PATH_SIZE];
	struct fd_info info;
	struct stat st;
	u64 dev, ino;
	long err;

	if (fd_is_ours(fd))
		return -EBADF;
	if (fd_is_tree(fd))
		return fstat_tree(task, fd, ubuf);
	err = host_call2(__NR_fstat, fd, &st);
	if (err < 0)
		return err;
	if ((files_get(task->files, fd, &info) && info.dev == st.st_dev && info.ino == st.st_ino) ||
	    fd_note_sent(task, fd, &st, &info)) {
		if (info.kind == FD_DIR || info.kind == FD_FILE) {
			st.st_dev = mount_dev(task, info.mnt, st.st_dev);
			fix_nlink(task, info.mnt, st.st_mode, st.st_dev != info.dev, &st.st_nlink);
		} else if (info.kind == FD_NS && !proc_ns_fstat(&info, &dev, &ino)) {
			st.st_dev = dev;
			st.st_ino = ino;
			st.st_mode = S_IFREG | 0444;
		} else if (info.kind == FD_PROC && proc_path(&info, path, sizeof(path))) {
			/* What the host says of its own file; of a process that has gone, that of the memfd is left. */
			host_call4(__NR_newfstatat, AT_FDCWD, path, &st, 0);
		}
	}
	map_stat_ids(task, &st);
	return put_guest(ubuf, st);
}

/* A name for a call that takes AT_EMPTY_PATH: copies it. Its length or -errno; NULL counts as empty. */
static s64 get_name(char *name, u64 uname, bool empty_allowed)
{
	if (empty_allowed && !uname) {
		name[0] = '\0';
		return 0;
	}
	return strncpy_from_guest(name, uname, PATH_MAX);
}

static s64 stat_path(struct task *task, int dfd, const char *name, unsigned flags, struct stat *st)
{
	struct nameidata nd;
	struct reach at;
	s64 err = path_lookup(task, dfd, name, flags, &nd);

	if (err)
		return err;
	at = place_reach(&nd);
	err = stat_reach(task, &nd, &at, st);
	path_release(&nd);
	return err;
}

static s64 do_fstatat(struct task *task, int dfd, u64 uname, u64 ubuf, unsigned at_flags)
{
	unsigned flags = LOOKUP_LAZY | LOOKUP_FDLESS;
	char name[PATH_MAX];
	struct stat st;
	s64 err;

	if (at_flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
		return -EINVAL;
	err = get_name(name, uname, at_flags & AT_EMPTY_PATH);
	if (err < 0)
		return err;
	if (!err && (at_flags & AT_EMPTY_PATH) && dfd != AT_FDCWD)
		return do_fstat(task, dfd, ubuf);
	if (!(at_flags & AT_SYMLINK_NOFOLLOW))
		flags |= LOOKUP_FOLLOW;
	if (at_flags & AT_EMPTY_PATH)
		flags |= LOOKUP_EMPTY;
	err = stat_path(task, dfd, name, flags | LOOKUP_UNSEEN, &st);
	if (!err && (flags & LOOKUP_FOLLOW) && S_ISLNK(st.st_mode))
		err = stat_path(task, dfd, name, flags, &st);
	return err ? err : put_guest(ubuf, st);
}

SYSCALL(stat)
{
	return do_fstatat(task, AT_FDCWD, ARG0(regs), ARG1(regs), 0);
}

SYSCALL(lstat)
{
	return do_fstatat(task, AT_FDCWD, ARG0(regs), ARG1(regs), AT_SYMLINK_NOFOLLOW);
}

SYSCALL(fstat)
{
	return do_fstat(task, (int)ARG0(regs), ARG1(regs));
}

SYSCALL(newfstatat)
{
	return do_fstatat(task, (int)ARG0(regs), ARG1(regs), ARG2(regs), (unsigned)ARG3(regs));
}

/* ---- statx ---- */

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif
#define STATX_MNT_IDS (STATX_MNT_ID | STATX_MNT_ID_UNIQUE)

static u64 statx_dev(const struct statx *stx)
{
	u32 major = stx->stx_dev_major, minor = stx->stx_dev_minor;

	return (minor & 0xff) | major << 8 | (u64)(minor & ~0xffU) << 12;
}

static void set_statx_dev(struct statx *stx, u64 dev)
{
	stx->stx_dev_major = (u32)(dev & 0xfff00) >> 8;
	stx->stx_dev_minor = (u32)((dev & 0xff) | ((dev >> 12) & 0xfff00));
}

/* Mount ids are ours, not the host's; and so is what is the root of a mount. */
static void fix_statx_mount(struct task *task, const struct nameidata *nd, unsigned mask, struct statx *stx)
{
	bool unique = mask & STATX_MNT_ID_UNIQUE;

	stx->stx_mask &= ~STATX_MNT_IDS;
	if (nd->mnt) {
		stx->stx_mnt_id = unique ? mnt_unique_id(nd->mnt) : nd->mnt;
		stx->stx_mask |= unique ? STATX_MNT_ID_UNIQUE : STATX_MNT_ID;
	}
	stx->stx_attributes &= ~(u64)STATX_ATTR_MOUNT_ROOT;
	if (nd->len && is_mount_root_place(task, nd))
		stx->stx_attributes |= STATX_ATTR_MOUNT_ROOT;
}

static __attribute__((noinline)) void fix_statx_ptmx(struct task *task, const struct nameidata *nd, struct statx *stx)
{
	struct ptmx ptmx;

	if (!ptmx_at(task, nd, &ptmx))
		return;
	stx->stx_mode = (u16)(S_IFCHR | ptmx.mode);
	stx->stx_uid = ptmx.uid;
	stx->stx_gid = ptmx.gid;
}

static void fix_statx(struct task *task, const struct nameidata *nd, unsigned mask, struct statx *stx)
{
	u64 host_dev = statx_dev(stx), dev = place_dev(nd, host_dev), ino, nlink = stx->stx_nlink;
	struct fd_info info;

	fix_nlink(task, nd->mnt, stx->stx_mode, dev != host_dev, &nlink);
	stx->stx_nlink = (u32)nlink;
	if (nd->proc && nd->magic && !place_is_ns(task, nd, &dev, &ino))
		stx->stx_ino = ino;
	if (nd->borrowed && files_get(task->files, nd->fd, &info) && info.kind == FD_NS && info.ino == stx->stx_ino &&
	    !proc_ns_fstat(&info, &dev, &ino)) {
		stx->stx_ino = ino;
		stx->stx_mode = S_IFREG | 0444;
	}
	if (dev != host_dev)
		set_statx_dev(stx, dev);
	fix_statx_mount(task, nd, mask, stx);
	if (nd->devpts)
		fix_statx_ptmx(task, nd, stx);
	if (ids_are_mapped(task)) {
		stx->stx_uid = from_kuid_munged(task->nsproxy->user, stx->stx_uid);
		stx->stx_gid = from_kgid_munged(task->nsproxy->user, stx->stx_gid);
	}
}

static s64 statx_reach(struct task *task, const struct nameidata *nd, const struct reach *at, unsigned at_flags,
		       unsigned mask, struct statx *stx)
{
	int flags = at->flags | (int)(at_flags & AT_STATX_SYNC_TYPE);
	/* The type tells whether a child is a symlink, asked for or not. */
	s64 err = host_call5(__NR_statx, at->dfd, at->path, flags, mask | STATX_TYPE, stx);

	if (err)
		return err;
	if (S_ISDIR(stx->stx_mode))
		recent_enter(task, nd);
	fix_statx(task, nd, mask, stx);
	return 0;
}

struct statx_how {
	unsigned at_flags, mask;
};

static s64 statx_path(struct task *task, int dfd, const char *name, unsigned flags, const struct statx_how *how,
		      struct statx *stx)
{
	char path[PROC_PATH_SIZE];
	struct nameidata nd;
	struct fd_info info;
	struct reach at;
	s64 err = path_lookup(task, dfd, name, flags, &nd);

	if (err)
		return err;
	at = place_reach(&nd);
	if (nd.borrowed && files_get(task->files, nd.fd, &info) && info.kind == FD_PROC &&
	    proc_path(&info, path, sizeof(path)))
		at = (struct reach){AT_FDCWD, path, 0};
	err = statx_reach(task, &nd, &at, how->at_flags, how->mask, stx);
	path_release(&nd);
	return err;
}

SYSCALL(statx)
{
	unsigned at_flags = (unsigned)ARG2(regs), mask = (unsigned)ARG3(regs), flags = LOOKUP_FDLESS;
	struct statx_how how = {at_flags, mask};
	char name[PATH_MAX];
	struct statx stx;
	s64 err;

	if ((mask & STATX__RESERVED) || (at_flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE ||
	    (at_flags & ~(unsigned)(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)))
		return -EINVAL;
	err = get_name(name, ARG1(regs), at_flags & AT_EMPTY_PATH);
	if (err < 0)
		return err;
	flags |= at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	flags |= at_flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0;
	flags |= mask & STATX_MNT_IDS ? 0 : LOOKUP_LAZY;
	err = statx_path(task, (int)ARG0(regs), name, flags | LOOKUP_UNSEEN, &how, &stx);
	if (!err && (flags & LOOKUP_FOLLOW) && S_ISLNK(stx.stx_mode))
		err = statx_path(task, (int)ARG0(regs), name, flags, &how, &stx);
	return err ? err : put_guest(ARG4(regs), stx);
}

/* ---- statfs ---- */

#define ST_VALID 0x20

/* Mount flags and their statfs(2) names; those that are equal in both stand here as well. */
static const struct {
	u32 ms, st;
} statfs_flags[] = {
    {MS_RDONLY, 0x1},	 {MS_NOSUID, 0x2},    {MS_NODEV, 0x4},	      {MS_NOEXEC, 0x8},	     {MS_SYNCHRONOUS, 0x10},
    {MS_MANDLOCK, 0x40}, {MS_NOATIME, 0x400}, {MS_NODIRATIME, 0x800}, {MS_RELATIME, 0x1000}, {MS_NOSYMFOLLOW, 0x2000},
};

static void fix_statfs(struct task *task, const struct nameidata *nd, struct statfs *st)
{
	struct tmpfs fs;
	unsigned i;

	if (!nd->mnt || nd->magic)
		return;
	for (i = 0; i < ARRAY_SIZE(statfs_flags); i++) {
		st->f_flags &= ~(long)statfs_flags[i].st;
		if (nd->mnt_flags & statfs_flags[i].ms)
			st->f_flags |= statfs_flags[i].st;
	}
	st->f_flags |= ST_VALID;
	if (nd->dev != nd->host_dev && tmpfs_of_mount(task, nd->mnt, &fs))
		tmpfs_statfs(&fs, st);
}

SYSCALL(statfs)
{
	struct nameidata nd;
	struct statfs st;
	s64 err = user_path(task, AT_FDCWD, ARG0(regs), LOOKUP_FOLLOW | LOOKUP_LAZY | LOOKUP_FDLESS, &nd);

	if (err)
		return err;
	if (nd.fd >= 0)
		err = host_call2(__NR_fstatfs, nd.fd, &st);
	else
		err = host_call2(__NR_statfs, nd.host, &st);
	path_release(&nd);
	if (err)
		return err;
	fix_statfs(task, &nd, &st);
	return put_guest(ARG1(regs), st);
}

SYSCALL(fstatfs)
{
	struct fd_info info;
	struct nameidata nd;
	struct statfs st;
	int fd = (int)ARG0(regs);
	s64 err = path_lookup(task, fd, "", LOOKUP_EMPTY, &nd);

	if (fd == AT_FDCWD)
		err = -EBADF;
	if (!err && files_get(task->files, fd, &info) && info.kind == FD_PROC)
		err = host_call2(__NR_statfs, arena()->proc, &st);
	else if (!err)
		err = host_call2(__NR_fstatfs, nd.fd, &st);
	path_release(&nd);
	if (err)
		return err;
	fix_statfs(task, &nd, &st);
	return put_guest(ARG1(regs), st);
}
