/* SPDX-License-Identifier: MIT */
/*
 * Mode, owner, times and size: chmod(2), chown(2), utimensat(2), truncate(2) and their older forms. The
 * path is walked to a descriptor, and the host changes what that stands for. Ours are read-only mounts and
 * the owner's numbers.
 */
#include <asm/stat.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/place.h"
#include "sys/sys.h"
#include "vfs/tmpfs.h"
#include "vfs/walk.h"

/* A path call that writes: walked, on a writable mount. Released by the caller when 0 is returned. */
static s64 writable_path(struct task *task, int dfd, u64 uname, u64 at_flags, struct nameidata *nd)
{
	s64 err = user_path_at(task, dfd, uname, at_flags, LOOKUP_FOLLOW | LOOKUP_LAZY, nd);

	if (err || !place_readonly(nd))
		return err;
	path_release(nd);
	return -EROFS;
}

/* A call on a descriptor that writes attributes. */
static s64 writable_fd(struct task *task, int fd)
{
	if (fd_is_ours(fd) || fd_is_tree(fd))
		return -EBADF;
	return fd_may_write(task, fd);
}

/* ---- mode ---- */

static s64 do_fchmodat(struct task *task, int dfd, u64 uname, u32 mode, u64 flags)
{
	struct nameidata nd;
	char link[FD_PATH_SIZE];
	s64 err;

	if (flags & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = writable_path(task, dfd, uname, flags, &nd);
	if (err)
		return err;
	fd_path(link, nd.fd);
	err = host_call3(__NR_fchmodat, AT_FDCWD, link, mode);
	if (!err)
		dcache_mode_changed(task, nd.fd);
	path_release(&nd);
	return err;
}

SYSCALL(chmod)
{
	return do_fchmodat(task, AT_FDCWD, ARG0(regs), (u32)ARG1(regs), 0);
}

SYSCALL(fchmodat)
{
	return do_fchmodat(task, (int)ARG0(regs), ARG1(regs), (u32)ARG2(regs), 0);
}

SYSCALL(fchmodat2)
{
	return do_fchmodat(task, (int)ARG0(regs), ARG1(regs), (u32)ARG2(regs), (u32)ARG3(regs));
}

SYSCALL(fchmod)
{
	int fd = (int)ARG0(regs);
	s64 err = writable_fd(task, fd);

	if (!err)
		err = host_call2(__NR_fchmod, fd, ARG1(regs));
	if (!err)
		dcache_mode_changed(task, fd);
	return err;
}

/* ---- owner ---- */

/* The guest's numbers become the host's; -1 leaves as it is. */
static s64 make_owner(const struct task *task, u32 *uid, u32 *gid)
{
	const struct user_ns *ns = task->nsproxy->user;

	if (*uid != (u32)-1) {
		*uid = make_kuid(ns, *uid);
		if (*uid == INVALID_KID)
			return -EINVAL;
	}
	if (*gid != (u32)-1) {
		*gid = make_kgid(ns, *gid);
		if (*gid == INVALID_KID)
			return -EINVAL;
	}
	return 0;
}

static s64 do_fchownat(struct task *task, int dfd, u64 uname, u32 uid, u32 gid, u64 flags)
{
	struct nameidata nd;
	s64 err;

	if (flags & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = writable_path(task, dfd, uname, flags, &nd);
	if (err)
		return err;
	err = make_owner(task, &uid, &gid);
	if (!err)
		err = host_call5(__NR_fchownat, nd.fd, "", uid, gid, AT_EMPTY_PATH);
	if (!err)
		dcache_mode_changed(task, nd.fd);
	path_release(&nd);
	return err;
}

SYSCALL(chown)
{
	return do_fchownat(task, AT_FDCWD, ARG0(regs), (u32)ARG1(regs), (u32)ARG2(regs), 0);
}

SYSCALL(lchown)
{
	return do_fchownat(task, AT_FDCWD, ARG0(regs), (u32)ARG1(regs), (u32)ARG2(regs), AT_SYMLINK_NOFOLLOW);
}

SYSCALL(fchownat)
{
	return do_fchownat(task, (int)ARG0(regs), ARG1(regs), (u32)ARG2(regs), (u32)ARG3(regs), (u32)ARG4(regs));
}

SYSCALL(fchown)
{
	int fd = (int)ARG0(regs);
	u32 uid = (u32)ARG1(regs), gid = (u32)ARG2(regs);
	s64 err = writable_fd(task, fd);

	if (!err)
		err = make_owner(task, &uid, &gid);
	/* A descriptor that is not open is worse than a number that is not mapped. */
	if (err == -EINVAL && host_call2(__NR_fcntl, fd, F_GETFD) < 0)
		return -EBADF;
	if (!err)
		err = host_call3(__NR_fchown, fd, uid, gid);
	if (!err)
		dcache_mode_changed(task, fd);
	return err;
}

/* ---- times ---- */

struct timespec {
	s64 sec, nsec;
};
struct timeval {
	s64 sec, usec;
};
#define UTIME_NOW  ((1L << 30) - 1L)
#define UTIME_OMIT ((1L << 30) - 2L)

static bool nsec_valid(s64 nsec)
{
	return nsec == UTIME_NOW || nsec == UTIME_OMIT || (nsec >= 0 && nsec < 1000000000);
}

/* `times` may be NULL: now. */
static s64 do_utimes_fd(struct task *task, int fd, const struct timespec *times, u64 flags)
{
	s64 err;

	if (flags)
		return -EINVAL;
	err = writable_fd(task, fd);
	return err ? err : host_call4(__NR_utimensat, fd, NULL, times, 0);
}

static s64 do_utimes(struct task *task, int dfd, u64 uname, const struct timespec *times, u64 flags)
{
	struct nameidata nd;
	char link[FD_PATH_SIZE];
	s64 err;

	if (!uname && dfd != AT_FDCWD)
		return do_utimes_fd(task, dfd, times, flags);
	if (flags & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = user_path_at(task, dfd, uname, flags, LOOKUP_FOLLOW | LOOKUP_LAZY, &nd);
	if (err)
		return err;
	fd_path(link, nd.fd);
	if (times && !(nsec_valid(times[0].nsec) && nsec_valid(times[1].nsec)))
		err = -EINVAL;
	else if (place_readonly(&nd))
		err = -EROFS;
	else
		err = host_call4(__NR_utimensat, AT_FDCWD, link, times, 0);
	path_release(&nd);
	return err;
}

SYSCALL(utimensat)
{
	struct timespec times[2];
	u64 utimes = ARG2(regs);

	if (utimes && copy_from_guest(times, utimes, sizeof(times)))
		return -EFAULT;
	/* Nothing to do: not even the path is looked at. */
	if (utimes && times[0].nsec == UTIME_OMIT && times[1].nsec == UTIME_OMIT)
		return 0;
	return do_utimes(task, (int)ARG0(regs), ARG1(regs), utimes ? times : NULL, (u32)ARG3(regs));
}

static s64 do_futimesat(struct task *task, int dfd, u64 uname, u64 utimes)
{
	struct timeval tv[2];
	struct timespec times[2];

	if (!utimes)
		return do_utimes(task, dfd, uname, NULL, 0);
	if (copy_from_guest(tv, utimes, sizeof(tv)))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if (tv[i].usec < 0 || tv[i].usec >= 1000000)
			return -EINVAL;
		times[i] = (struct timespec){tv[i].sec, tv[i].usec * 1000};
	}
	return do_utimes(task, dfd, uname, times, 0);
}

SYSCALL(utimes)
{
	return do_futimesat(task, AT_FDCWD, ARG0(regs), ARG1(regs));
}

SYSCALL(futimesat)
{
	return do_futimesat(task, (int)ARG0(regs), ARG1(regs), ARG2(regs));
}

SYSCALL(utime)
{
	struct timespec times[2] = {{0}};
	s64 sec[2]; /* struct utimbuf */

	if (!ARG1(regs))
		return do_utimes(task, AT_FDCWD, ARG0(regs), NULL, 0);
	if (copy_from_guest(sec, ARG1(regs), sizeof(sec)))
		return -EFAULT;
	times[0].sec = sec[0];
	times[1].sec = sec[1];
	return do_utimes(task, AT_FDCWD, ARG0(regs), times, 0);
}

/* ---- size ---- */

static s64 truncate_place(const struct nameidata *nd, s64 length)
{
	char link[FD_PATH_SIZE];
	struct stat st;
	s64 err = host_call4(__NR_newfstatat, nd->fd, "", &st, AT_EMPTY_PATH);

	if (err)
		return err;
	if ((st.st_mode & S_IFMT) == S_IFREG && place_readonly(nd))
		return -EROFS;
	fd_path(link, nd->fd);
	return host_call2(__NR_truncate, link, length);
}

SYSCALL(truncate)
{
	s64 length = (s64)ARG1(regs), err;
	struct nameidata nd;

	if (length < 0)
		return -EINVAL;
	err = user_path(task, AT_FDCWD, ARG0(regs), LOOKUP_FOLLOW | LOOKUP_LAZY, &nd);
	if (err)
		return err;
	err = truncate_place(&nd, length);
	path_release(&nd);
	return err;
}

/* On a tmpfs with limits there must be room for it. What is there already is not counted again. */
SYSCALL(fallocate)
{
	int fd = (int)ARG0(regs), mode = (int)ARG1(regs);
	u64 len = ARG3(regs), end = ARG2(regs) + len, have, mnt;
	struct stat st;
	s64 err;

	if (fd_is_ours(fd))
		return -EBADF;
	mnt = fd_mount(task, fd);
	if (mnt && !(mode & ~FALLOC_FL_KEEP_SIZE) && (s64)len > 0 && !host_call2(__NR_fstat, fd, &st)) {
		have = (u64)st.st_blocks * 512;
		err = end > have ? tmpfs_may_allocate(task, mnt, MIN(len, end - have)) : 0;
		if (err)
			return err;
	}
	return host_call_blocking(__NR_fallocate, fd, mode, (long)ARG2(regs), (long)len, 0, 0);
}
