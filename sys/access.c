/* SPDX-License-Identifier: MIT */
/*
 * access(2) and readlink(2). Whether access is granted is the host's to say, for the ids that the
 * task has there: being root in a user namespace of ours opens no file of others.
 */
#include <asm/stat.h>
#include <linux/stat.h>
#include <linux/fcntl.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/sys.h"
#include "vfs/devpts.h"
#include "vfs/proc.h"

/* ---- access ---- */

/* What the mount forbids although the file allows it. */
static s64 mount_access(const struct nameidata *nd, const struct reach *at, unsigned mode)
{
	struct stat st;
	long err;

	if (!((mode & W_OK) && (nd->mnt_flags & MS_RDONLY)) && !((mode & X_OK) && (nd->mnt_flags & MS_NOEXEC)))
		return 0;
	if (nd->magic)
		return 0;
	err = host_call4(__NR_newfstatat, at->dfd, at->path, &st, at->flags);
	if (err < 0)
		return err;
	if ((mode & X_OK) && (nd->mnt_flags & MS_NOEXEC) && S_ISREG(st.st_mode))
		return -EACCES;
	if ((mode & W_OK) && (nd->mnt_flags & MS_RDONLY) &&
	    (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode)))
		return -EROFS;
	return 0;
}

static s64 host_access(const struct nameidata *nd, const struct reach *at, unsigned mode, unsigned at_flags)
{
	char link[FD_PATH_SIZE];
	s64 err;

	at_flags &= AT_EACCESS;
	err = host_call4(__NR_faccessat2, at->dfd, at->path, mode, at_flags | (unsigned)at->flags);
	if (nd->fd < 0 || err != -ENOSYS || at_flags)
		return err;
	fd_path(link, nd->fd);
	return host_call3(__NR_faccessat, AT_FDCWD, link, mode);
}

/* ptmx in a devpts that a guest has mounted. -EAGAIN: it is something else. */
static __attribute__((noinline)) s64 ptmx_access(struct task *task, const struct nameidata *nd, unsigned mode,
						 unsigned at_flags)
{
	struct cred real = *task->cred;
	struct ptmx ptmx;

	if (!ptmx_at(task, nd, &ptmx))
		return -EAGAIN;
	real.fsuid = real.uid;
	real.fsgid = real.gid;
	return ptmx_permission(task, at_flags & AT_EACCESS ? task->cred : &real, &ptmx, mode);
}

static s64 file_access(struct task *task, const struct nameidata *nd, const struct reach *at, unsigned mode,
		       unsigned at_flags)
{
	s64 err = nd->devpts ? ptmx_access(task, nd, mode, at_flags) : -EAGAIN;

	return err == -EAGAIN ? host_access(nd, at, mode, at_flags) : err;
}

/*
 * The host was asked about what might be a symlink, which all may access, and is to be followed. Some errors tell that
 * it is none; else a second look has to.
 */
static bool is_about_the_file(const struct reach *at, s64 err)
{
	struct stat st;

	if (err)
		return err == -ENOENT || err == -ENOTDIR || err == -EACCES;
	return host_call4(__NR_newfstatat, at->dfd, at->path, &st, at->flags) == 0 && !S_ISLNK(st.st_mode);
}

/* `flags` for the lookup. False: to be asked again without LOOKUP_UNSEEN. */
static bool access_once(struct task *task, int dfd, const char *name, unsigned flags, unsigned mode, unsigned at_flags,
			s64 *err)
{
	struct nameidata nd;
	struct reach at;
	s64 forbidden;
	bool sure;

	*err = path_lookup(task, dfd, name, flags, &nd);
	if (*err)
		return true;
	at = place_reach(&nd);
	*err = proc_may_enter(task, &nd);
	if (!*err)
		*err = file_access(task, &nd, &at, mode, at_flags);
	forbidden = *err ? 0 : mount_access(&nd, &at, mode);
	/* With LOOKUP_UNSEEN dfd may mean another directory than the one whose mount is noted. */
	sure = !(flags & LOOKUP_UNSEEN) ||
	       (!forbidden && (!(flags & LOOKUP_FOLLOW) || nd.fd >= 0 || is_about_the_file(&at, *err)));
	if (forbidden)
		*err = forbidden;
	path_release(&nd);
	return sure;
}

static s64 do_faccessat(struct task *task, int dfd, u64 uname, unsigned mode, unsigned at_flags)
{
	unsigned flags = LOOKUP_LAZY | LOOKUP_FDLESS;
	char name[PATH_MAX];
	s64 err;

	if ((mode & ~7U) || (at_flags & ~(unsigned)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
		return -EINVAL;
	flags |= at_flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
	flags |= at_flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0;
	err = strncpy_from_guest(name, uname, sizeof(name));
	if (err >= 0 && !access_once(task, dfd, name, flags | LOOKUP_UNSEEN, mode, at_flags, &err))
		access_once(task, dfd, name, flags, mode, at_flags, &err);
	return err;
}

SYSCALL(access)
{
	return do_faccessat(task, AT_FDCWD, ARG0(regs), (unsigned)ARG1(regs), 0);
}

SYSCALL(faccessat)
{
	return do_faccessat(task, (int)ARG0(regs), ARG1(regs), (unsigned)ARG2(regs), 0);
}

SYSCALL(faccessat2)
{
	return do_faccessat(task, (int)ARG0(regs), ARG1(regs), (unsigned)ARG2(regs), (unsigned)ARG3(regs));
}

/* ---- readlink ---- */

/* A link of proc that is ours: length, -EAGAIN when the host's text is right, or -errno. */
static __attribute__((noinline)) s64 readlink_proc(struct task *task, const struct nameidata *nd, u64 ubuf, u64 size)
{
	char rel[PATH_MAX], text[PATH_MAX];
	s64 n = nd_proc_rel(task, nd, rel, sizeof(rel)), err;

	if (n < 0)
		return n;
	n = proc_readlink(task, rel, text, sizeof(text));
	if (n < 0)
		return n;
	n = MIN(n, (s64)size);
	err = copy_to_guest(ubuf, text, (size_t)n);
	return err ? err : n;
}

static s64 readlink_place(struct task *task, const struct nameidata *nd, bool empty, u64 ubuf, u64 size)
{
	struct reach at = place_reach(nd);
	struct stat st;
	s64 n = -EAGAIN;

	if (nd->proc && nd->len)
		n = readlink_proc(task, nd, ubuf, size);
	if (n != -EAGAIN)
		return n;
	if (!access_ok(ubuf, size))
		return -EFAULT;
	n = host_readlinkat(at.dfd, at.path, (char *)(uintptr_t)ubuf, size);
	if (nd->fd < 0)
		return n;
	/* The host says this of a descriptor on something else than a symlink; and of a link of proc that leads
	 * nowhere. */
	if (n == -ENOENT && !empty && !(host_call2(__NR_fstat, nd->fd, &st) == 0 && S_ISLNK(st.st_mode)))
		return -EINVAL;
	return n;
}

static s64 do_readlinkat(struct task *task, int dfd, u64 uname, u64 ubuf, int size)
{
	struct nameidata nd;
	char name[PATH_MAX];
	s64 n;

	if (size <= 0)
		return -EINVAL;
	n = strncpy_from_guest(name, uname, sizeof(name));
	if (n < 0)
		return n;
	if (!n && dfd == AT_FDCWD)
		return -ENOENT;
	/* Of a bare descriptor the host path tells whether it is a link of proc. */
	n = path_lookup(task, dfd, name, LOOKUP_FDLESS | (*name ? LOOKUP_LAZY | LOOKUP_UNSEEN : LOOKUP_EMPTY), &nd);
	if (n)
		return n;
	n = readlink_place(task, &nd, !*name, ubuf, MIN((u64)size, (u64)PATH_MAX));
	path_release(&nd);
	return n;
}

SYSCALL(readlink)
{
	return do_readlinkat(task, AT_FDCWD, ARG0(regs), ARG1(regs), (int)ARG2(regs));
}

SYSCALL(readlinkat)
{
	return do_readlinkat(task, (int)ARG0(regs), ARG1(regs), ARG2(regs), (int)ARG3(regs));
}
