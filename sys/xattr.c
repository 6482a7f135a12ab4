/* SPDX-License-Identifier: MIT */
/*
 * Extended attributes (xattr(7)) and the inode flags of file_getattr(2). The path is walked to a descriptor, and
 * the host is asked through /proc/thread-self/fd, which leads to a symlink itself when the walk ended there. Where a
 * path is known to lead there, it takes that to read them.
 */
#include <linux/fcntl.h>
#include <linux/limits.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/acl.h"
#include "sys/place.h"
#include "sys/sys.h"

/* What the call does, apart from the path. */
struct xattr_call {
	long nr;	  /* the host's call that takes a path as its first argument, and follows symlinks */
	long nr_unseen;	  /* and the one that does not; 0: it writes, EROFS on a read-only mount */
	const char *name; /* NULL: the call has none */
	u64 arg[3];	  /* what follows path and name */
};

static s64 xattr_host(const struct xattr_call *call, long nr, const char *path)
{
	if (!call->name)
		return host_call3(nr, path, call->arg[0], call->arg[1]);
	return host_call5(nr, path, call->name, call->arg[0], call->arg[1], call->arg[2]);
}

static s64 xattr_once(struct task *task, const char *path, unsigned flags, const struct xattr_call *call)
{
	struct nameidata nd;
	char link[FD_PATH_SIZE];
	bool writes = !call->nr_unseen;
	s64 err = path_lookup(task, AT_FDCWD, path, flags, &nd);

	if (err)
		return err;
	if (nd.fd < 0)
		return xattr_host(call, call->nr_unseen, place_reach(&nd).path);
	fd_path(link, nd.fd);
	err = writes && place_readonly(&nd) ? -EROFS : xattr_host(call, call->nr, link);
	if (!err && writes)
		dcache_mode_changed(task, nd.fd);
	path_release(&nd);
	return err;
}

/* The path is ARG0; at_flags: AT_SYMLINK_NOFOLLOW for the l-calls. */
static s64 xattr_path(struct task *task, const struct regs *regs, u64 at_flags, const struct xattr_call *call)
{
	bool follow = !(at_flags & AT_SYMLINK_NOFOLLOW), unseen;
	unsigned flags = LOOKUP_LAZY | (follow ? LOOKUP_FOLLOW : 0);
	char path[PATH_MAX];
	s64 err = strncpy_from_guest(path, ARG0(regs), sizeof(path));

	if (err < 0)
		return err;
	/* A symlink that is to be followed must be known by its answer, and only of lists that is different from
	 * others'. */
	unseen = call->nr_unseen && (!follow || (call->name && is_acl(call->name)));
	err = xattr_once(task, path, flags | (unseen ? LOOKUP_UNSEEN | LOOKUP_DEAR : 0), call);
	if (unseen && follow && err == -EOPNOTSUPP)
		err = xattr_once(task, path, flags, call);
	return err;
}

/* The attribute's name, judged before the path as the kernel does. */
static s64 xattr_name(char *name, u64 uname)
{
	s64 len = strncpy_from_guest(name, uname, XATTR_NAME_MAX + 1);

	if (len == 0 || len == -ENAMETOOLONG)
		return -ERANGE;
	return len < 0 ? len : 0;
}

static s64 do_setxattr(struct task *task, const struct regs *regs, u64 at_flags)
{
	char name[XATTR_NAME_MAX + 1];
	struct xattr_call call = {__NR_setxattr, 0, name, {ARG2(regs), ARG3(regs), ARG4(regs)}};
	s64 err = xattr_name(name, ARG1(regs));
	void *copy = NULL;

	if (!err && range_is_ours(ARG2(regs), ARG3(regs)))
		err = -EFAULT;
	if (!err)
		err = acl_to_host(task, name, &call.arg[0], call.arg[1], &copy);
	if (!err)
		err = xattr_path(task, regs, at_flags, &call);
	kfree(copy);
	return err;
}

static s64 do_getxattr(struct task *task, const struct regs *regs, u64 at_flags)
{
	char name[XATTR_NAME_MAX + 1];
	struct xattr_call call = {__NR_getxattr, __NR_lgetxattr, name, {ARG2(regs), ARG3(regs)}};
	s64 ret = xattr_name(name, ARG1(regs));

	if (!ret && range_is_ours(ARG2(regs), ARG3(regs)))
		ret = -EFAULT;
	if (!ret)
		ret = xattr_path(task, regs, at_flags, &call);
	acl_to_guest(task, name, ARG3(regs) ? ARG2(regs) : 0, ret);
	return ret;
}

static s64 do_listxattr(struct task *task, const struct regs *regs, u64 at_flags)
{
	struct xattr_call call = {__NR_listxattr, __NR_llistxattr, NULL, {ARG1(regs), ARG2(regs)}};

	if (range_is_ours(ARG1(regs), ARG2(regs)))
		return -EFAULT;
	return xattr_path(task, regs, at_flags, &call);
}

static s64 do_removexattr(struct task *task, const struct regs *regs, u64 at_flags)
{
	char name[XATTR_NAME_MAX + 1];
	struct xattr_call call = {__NR_removexattr, 0, name, {0}};
	s64 err = xattr_name(name, ARG1(regs));

	return err ? err : xattr_path(task, regs, at_flags, &call);
}

SYSCALL(setxattr)
{
	return do_setxattr(task, regs, 0);
}

SYSCALL(lsetxattr)
{
	return do_setxattr(task, regs, AT_SYMLINK_NOFOLLOW);
}

SYSCALL(getxattr)
{
	return do_getxattr(task, regs, 0);
}

SYSCALL(lgetxattr)
{
	return do_getxattr(task, regs, AT_SYMLINK_NOFOLLOW);
}

SYSCALL(listxattr)
{
	return do_listxattr(task, regs, 0);
}

SYSCALL(llistxattr)
{
	return do_listxattr(task, regs, AT_SYMLINK_NOFOLLOW);
}

SYSCALL(removexattr)
{
	return do_removexattr(task, regs, 0);
}

SYSCALL(lremovexattr)
{
	return do_removexattr(task, regs, AT_SYMLINK_NOFOLLOW);
}

/* ---- on descriptors ---- */

/* The two that write. */
static s64 xattr_fd(struct task *task, const struct regs *regs, u64 value, u64 size, u64 flags)
{
	char name[XATTR_NAME_MAX + 1];
	int fd = (int)ARG0(regs);
	void *copy = NULL;
	s64 err;

	if (fd_is_ours(fd))
		return -EBADF;
	err = xattr_name(name, ARG1(regs));
	if (!err && range_is_ours(value, size))
		err = -EFAULT;
	if (!err)
		err = fd_may_write(task, fd);
	if (!err)
		err = acl_to_host(task, name, &value, size, &copy);
	if (!err)
		err = host_call5((long)regs->orig_rax, fd, name, value, size, flags);
	if (!err)
		dcache_mode_changed(task, fd);
	kfree(copy);
	return err;
}

SYSCALL(fsetxattr)
{
	return xattr_fd(task, regs, ARG2(regs), ARG3(regs), ARG4(regs));
}

SYSCALL(fgetxattr)
{
	char name[XATTR_NAME_MAX + 1];
	s64 ret;

	if (fd_is_ours((int)ARG0(regs)))
		return -EBADF;
	ret = xattr_name(name, ARG1(regs));
	if (!ret && range_is_ours(ARG2(regs), ARG3(regs)))
		ret = -EFAULT;
	if (!ret)
		ret = host_call4(__NR_fgetxattr, ARG0(regs), name, ARG2(regs), ARG3(regs));
	acl_to_guest(task, name, ARG3(regs) ? ARG2(regs) : 0, ret);
	return ret;
}

SYSCALL(fremovexattr)
{
	return xattr_fd(task, regs, 0, 0, 0);
}

/* ---- the at-calls: (dfd, path, at_flags, ...) to the host's own, on the walked descriptor ---- */

/* What the host's call takes instead of (dfd, path, flags). */
struct at_target {
	struct nameidata nd;
	int dfd;
	const char *path;
	u64 flags;
	char link[FD_PATH_SIZE];
};

static bool at_flags_known(u64 at_flags)
{
	return !(at_flags & ~(u64)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH));
}

/* Walks (dfd, path). Which descriptors may stand for themselves is the host's to say. */
static s64 at_place(struct task *task, const struct regs *regs, u64 at_flags, bool writes, struct at_target *at)
{
	s64 err;

	if (!at_flags_known(at_flags))
		return -EINVAL;
	if (!ARG1(regs) && (at_flags & AT_EMPTY_PATH))
		err = path_lookup(task, (int)ARG0(regs), "", LOOKUP_EMPTY | LOOKUP_LAZY, &at->nd);
	else
		err = user_path_at(task, (int)ARG0(regs), ARG1(regs), at_flags, LOOKUP_FOLLOW | LOOKUP_LAZY, &at->nd);
	if (err)
		return err;
	if (writes && place_readonly(&at->nd)) {
		path_release(&at->nd);
		return -EROFS;
	}
	fd_path(at->link, at->nd.fd);
	at->dfd = at->nd.borrowed ? at->nd.fd : AT_FDCWD;
	at->path = at->nd.borrowed ? "" : at->link;
	at->flags = at->nd.borrowed ? AT_EMPTY_PATH : 0;
	return 0;
}

/* setxattrat(2)'s and getxattrat(2)'s argument; Linux has known no other size so far. */
struct xattr_args {
	u64 value;
	u32 size, flags;
};

/* setxattrat, getxattrat, removexattrat, listxattrat: at_flags is argument 2, and `arg` what comes behind it. */
static s64 do_xattrat(struct task *task, const struct regs *regs, bool writes, const u64 arg[3])
{
	struct at_target at;
	s64 err = at_place(task, regs, (u32)ARG2(regs), writes, &at);

	if (err)
		return err;
	err = host_call6((long)regs->orig_rax, at.dfd, at.path, at.flags, arg[0], arg[1], arg[2]);
	if (!err && writes)
		dcache_mode_changed(task, at.nd.fd);
	path_release(&at.nd);
	return err;
}

/* The two with a structure: what it points to is judged and used from one copy. */
static s64 do_xattrat_args(struct task *task, const struct regs *regs, bool writes)
{
	char name[XATTR_NAME_MAX + 1];
	struct xattr_args args;
	void *copy = NULL;
	u64 value;
	s64 err;

	if (ARG5(regs) < sizeof(args))
		return -EINVAL;
	err = copy_struct_from_guest(&args, sizeof(args), ARG4(regs), ARG5(regs));
	if (err)
		return err;
	if (range_is_ours(args.value, args.size))
		return -EFAULT;
	err = xattr_name(name, ARG3(regs));
	value = args.value;
	if (!err && writes)
		err = acl_to_host(task, name, &args.value, args.size, &copy);
	if (!err)
		err =
		    do_xattrat(task, regs, writes, (u64[3]){(u64)(uintptr_t)name, (u64)(uintptr_t)&args, sizeof(args)});
	if (!writes)
		acl_to_guest(task, name, args.size ? value : 0, err);
	kfree(copy);
	return err;
}

SYSCALL(setxattrat)
{
	return do_xattrat_args(task, regs, true);
}

SYSCALL(getxattrat)
{
	return do_xattrat_args(task, regs, false);
}

SYSCALL(removexattrat)
{
	char name[XATTR_NAME_MAX + 1], first = '\0';
	s64 err = at_flags_known((u32)ARG2(regs)) ? xattr_name(name, ARG3(regs)) : -EINVAL;

	/* This one of its family takes AT_FDCWD for no descriptor where there is no name. */
	if (!err && (ARG2(regs) & AT_EMPTY_PATH) && (int)ARG0(regs) == AT_FDCWD &&
	    (!ARG1(regs) || (!get_guest(first, ARG1(regs)) && !first)))
		err = -EBADF;
	return err ? err : do_xattrat(task, regs, true, (u64[3]){(u64)(uintptr_t)name});
}

SYSCALL(listxattrat)
{
	if (range_is_ours(ARG3(regs), ARG4(regs)))
		return -EFAULT;
	return do_xattrat(task, regs, false, (u64[3]){ARG3(regs), ARG4(regs)});
}

/* file_getattr, file_setattr: (dfd, path, struct file_attr *, size, at_flags). */
static s64 do_fileattr(struct task *task, const struct regs *regs, bool writes)
{
	struct at_target at;
	s64 err = range_is_ours(ARG2(regs), ARG3(regs)) ? -EFAULT : 0;

	if (!err)
		err = at_place(task, regs, (u32)ARG4(regs), writes, &at);
	if (err)
		return err;
	err = host_call5((long)regs->orig_rax, at.dfd, at.path, ARG2(regs), ARG3(regs), at.flags);
	path_release(&at.nd);
	return err;
}

SYSCALL(file_getattr)
{
	return do_fileattr(task, regs, false);
}

SYSCALL(file_setattr)
{
	return do_fileattr(task, regs, true);
}
