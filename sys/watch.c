/* SPDX-License-Identifier: MIT */
/*
 * Calls that attach something to a file by its path: inotify(7), fanotify(7), file handles, and the privileged
 * accounting, swap and quota calls. The path is walked, then the host answers for the file.
 */
#include <linux/fanotify.h>
#include <linux/fcntl.h>
#include <linux/inotify.h>
#include <linux/quota.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/place.h"
#include "sys/sys.h"

/* What the host is given instead of a path: the walked file, or, when the walk failed, nothing that exists. */
struct host_link {
	struct nameidata nd;
	s64 err;
	char path[FD_PATH_SIZE];
};

static void link_walked(struct host_link *l, s64 err)
{
	l->err = err;
	if (err)
		memcpy(l->path, PATH_MISSING, sizeof(PATH_MISSING));
	else
		fd_path(l->path, l->nd.fd);
}

static void link_open(struct task *task, int dfd, u64 uname, unsigned flags, struct host_link *l)
{
	link_walked(l, user_path(task, dfd, uname, flags | LOOKUP_LAZY, &l->nd));
}

/* Ends it: where the walk failed and the host had no other objection, the walk's error is the answer. */
static s64 link_result(struct host_link *l, s64 result)
{
	if (!l->err)
		path_release(&l->nd);
	else if (result == -ENOENT)
		return l->err;
	return result;
}

/* ---- inotify, fanotify ---- */

SYSCALL(inotify_add_watch)
{
	int fd = (int)ARG0(regs);
	u32 mask = (u32)ARG2(regs);
	struct host_link l;

	if (fd_is_ours(fd))
		return -EBADF;
	link_open(task, AT_FDCWD, ARG1(regs), mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW, &l);
	/* The host must follow, from the link to the file. */
	return link_result(&l, host_call3(__NR_inotify_add_watch, fd, l.path, mask & ~(u32)IN_DONT_FOLLOW));
}

SYSCALL(fanotify_mark)
{
	int fd = (int)ARG0(regs), dfd = (int)ARG3(regs);
	u32 flags = (u32)ARG1(regs);
	u64 mask = ARG2(regs);
	struct host_link l;

	if (fd_is_ours(fd) || fd_is_ours(dfd))
		return -EBADF;
	if (!ARG4(regs)) /* the mark is on dfd itself */
		return host_call5(__NR_fanotify_mark, fd, flags, mask, dfd, NULL);
	link_open(task, dfd, ARG4(regs), flags & FAN_MARK_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW, &l);
	flags &= ~(u32)FAN_MARK_DONT_FOLLOW;
	return link_result(&l, host_call5(__NR_fanotify_mark, fd, flags, mask, AT_FDCWD, l.path));
}

/* ---- file handles ---- */

#ifndef AT_HANDLE_MNT_ID_UNIQUE
#define AT_HANDLE_MNT_ID_UNIQUE 0x001
#endif
#ifndef AT_HANDLE_CONNECTABLE
#define AT_HANDLE_CONNECTABLE 0x002
#endif
#define HANDLE_SIZE_MAX (8 + 128) /* struct file_handle with the longest handle */

static s64 handle_of(const struct nameidata *nd, u64 uhandle, u64 *mnt_id, u32 flags)
{
	char path[FD_PATH_SIZE];

	if (!access_ok(uhandle, HANDLE_SIZE_MAX))
		return -EFAULT;
	if (!(flags & AT_HANDLE_CONNECTABLE))
		return host_call5(__NR_name_to_handle_at, nd->fd, "", uhandle, mnt_id,
				  (flags & ~(u32)AT_SYMLINK_FOLLOW) | AT_EMPTY_PATH);
	/* Of a descriptor the host would not make one that says where the file stands. */
	fd_path(path, nd->fd);
	return host_call5(__NR_name_to_handle_at, AT_FDCWD, path, uhandle, mnt_id,
			  (flags & ~(u32)AT_EMPTY_PATH) | AT_SYMLINK_FOLLOW);
}

SYSCALL(name_to_handle_at)
{
	u64 umnt_id = ARG3(regs);
	u32 flags = (u32)ARG4(regs);
	struct nameidata nd;
	u64 mnt_id = 0;
	s64 err;

	/* The host's own judgement of the flags: with them right, it complains of the descriptor. */
	err = host_call5(__NR_name_to_handle_at, -1, ".", NULL, NULL, flags);
	if (err != -EBADF)
		return err;
	err = user_path_at(task, (int)ARG0(regs), ARG1(regs), flags, 0, &nd);
	if (err)
		return err;
	err = handle_of(&nd, ARG2(regs), &mnt_id, flags);
	/* The host's number is of no use to a guest, whose /proc/self/mountinfo has ours. */
	mnt_id = flags & AT_HANDLE_MNT_ID_UNIQUE ? mnt_unique_id(nd.mnt) : nd.mnt;
	if ((!err || err == -EOVERFLOW) && copy_to_guest(umnt_id, &mnt_id, flags & AT_HANDLE_MNT_ID_UNIQUE ? 8 : 4))
		err = -EFAULT;
	path_release(&nd);
	return err;
}

SYSCALL(open_by_handle_at)
{
	s64 fd;

	if (fd_is_ours((int)ARG0(regs)))
		return -EBADF;
	if (!access_ok(ARG1(regs), 8)) /* struct file_handle; the host checks what follows it */
		return -EFAULT;
	fd = host_call3(__NR_open_by_handle_at, (int)ARG0(regs), ARG1(regs), ARG2(regs));
	if (fd >= 0)
		files_clear(task->files, (unsigned)fd, (unsigned)fd);
	return fd;
}

/* ---- accounting, swap, quota ---- */

SYSCALL(acct)
{
	struct host_link l;

	if (!ARG0(regs)) /* off */
		return host_call1(__NR_acct, NULL);
	link_open(task, AT_FDCWD, ARG0(regs), LOOKUP_FOLLOW, &l);
	return link_result(&l, host_call1(__NR_acct, l.path));
}

SYSCALL(swapon)
{
	struct host_link l;

	link_open(task, AT_FDCWD, ARG0(regs), LOOKUP_FOLLOW, &l);
	return link_result(&l, host_call2(__NR_swapon, l.path, ARG1(regs)));
}

SYSCALL(swapoff)
{
	struct host_link l;

	link_open(task, AT_FDCWD, ARG0(regs), LOOKUP_FOLLOW, &l);
	return link_result(&l, host_call1(__NR_swapoff, l.path));
}

/* The device's path walked; `addr` is what the host gets as the last argument. */
static s64 quotactl_on(struct task *task, const struct regs *regs, u64 addr)
{
	struct host_link l;

	if (!ARG1(regs)) /* Q_SYNC of everything */
		return host_call4(__NR_quotactl, ARG0(regs), NULL, ARG2(regs), addr);
	link_open(task, AT_FDCWD, ARG1(regs), LOOKUP_FOLLOW, &l);
	return link_result(&l, host_call4(__NR_quotactl, ARG0(regs), l.path, ARG2(regs), addr));
}

SYSCALL(quotactl)
{
	struct host_link file;

	if ((u32)ARG0(regs) >> SUBCMDSHIFT != Q_QUOTAON)
		return quotactl_on(task, regs, ARG3(regs));
	/* Q_QUOTAON names the quota file in its last argument. */
	link_open(task, AT_FDCWD, ARG3(regs), LOOKUP_FOLLOW, &file);
	return link_result(&file, quotactl_on(task, regs, (u64)(uintptr_t)file.path));
}

SYSCALL(quotactl_fd)
{
	if (fd_is_ours((int)ARG0(regs)))
		return -EBADF;
	return host_call4(__NR_quotactl_fd, (int)ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs));
}
