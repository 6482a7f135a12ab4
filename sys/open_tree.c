/* SPDX-License-Identifier: MIT */
/*
 * open_tree(2), move_mount(2): descriptors on trees of mounts, and where those are put. A tree that is mounted nowhere
 * is the warden's; it goes with its last descriptor (vfs/tree_fd.c).
 */
#include "sys/mount_fds.h"

#include <linux/fcntl.h>
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/held_names.h"
#include "sys/sys.h"

#define OPEN_TREE_FLAGS                                                                                                \
	(AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)

#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x200
#endif

s64 open_tree_fd(struct task *task, struct request *req, bool cloexec)
{
	u64 inode;
	s32 fd;
	s64 err = warden_open_ns(task, req, &fd, &inode);

	if (err < 0)
		return err;
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	if (!cloexec)
		host_call3(__NR_fcntl, fd, F_SETFD, 0);
	return fd;
}

/* ---- open_tree ---- */

static s64 clone_place(struct task *task, struct nameidata *nd, u32 flags)
{
	struct request req;
	s64 dir = named_place_is_dir(task, nd);

	if (dir < 0)
		return dir;
	request_init(&req, REQ_OPEN_TREE, task);
	req.src = nd->mnt;
	req.flags = flags & AT_RECURSIVE ? MS_REC : 0;
	req.arg = (u64)dir;
	if (!request_add(&req, nd->host, nd->len))
		return -ENAMETOOLONG;
	return open_tree_fd(task, &req, flags & OPEN_TREE_CLOEXEC);
}

static s64 open_tree_clone(struct task *task, int dfd, u64 uname, u32 flags)
{
	struct nameidata nd;
	s64 ret;

	names_follow(task);
	ret = user_path_at(task, dfd, uname, flags, LOOKUP_FOLLOW, &nd);
	if (ret)
		return ret;
	ret = clone_place(task, &nd, flags);
	path_release(&nd);
	return ret;
}

/* Without OPEN_TREE_CLONE it is an open(2) with O_PATH, which descriptors themselves can be given to as well. */
static s64 open_place(struct task *task, int dfd, u64 uname, u32 flags)
{
	struct nameidata nd;
	s64 err;

	err = user_path_at(task, dfd, uname, flags, LOOKUP_FOLLOW, &nd);
	if (err)
		return err;
	err = open_path_fd(task, &nd, flags & OPEN_TREE_CLOEXEC);
	path_release(&nd);
	return err;
}

static s64 do_open_tree(struct task *task, int dfd, u64 uname, u32 flags)
{
	if (flags & ~(u32)OPEN_TREE_FLAGS)
		return -EINVAL;
	if ((flags & (AT_RECURSIVE | OPEN_TREE_CLONE)) == AT_RECURSIVE)
		return -EINVAL;
	if (!(flags & OPEN_TREE_CLONE))
		return open_place(task, dfd, uname, flags);
	return may_mount(task) ? open_tree_clone(task, dfd, uname, flags) : -EPERM;
}

SYSCALL(open_tree)
{
	return do_open_tree(task, (int)ARG0(regs), ARG1(regs), (u32)ARG2(regs));
}

static s64 tree_set_attr(struct task *task, int fd, const struct attr_change *change, bool rec)
{
	struct nameidata nd;
	s64 err = path_lookup(task, fd, "", LOOKUP_EMPTY, &nd);

	if (err)
		return err;
	err = set_mount_attr(task, &nd, change, rec);
	path_release(&nd);
	return err;
}

SYSCALL(open_tree_attr)
{
	u32 flags = (u32)ARG2(regs);
	struct attr_change change = {.replaces = flags & OPEN_TREE_CLONE};
	s64 fd, err;

	if (!ARG3(regs) && ARG4(regs))
		return -EINVAL;
	fd = do_open_tree(task, (int)ARG0(regs), ARG1(regs), flags);
	if (fd < 0 || !ARG3(regs))
		return fd;
	err = get_mount_attr(task, ARG3(regs), ARG4(regs), &change);
	if (!err)
		err = tree_set_attr(task, (int)fd, &change, flags & AT_RECURSIVE);
	if (!err)
		return fd;
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	host_close((int)fd);
	return err;
}

/* ---- move_mount ---- */

/* MOVE_MOUNT_SET_GROUP: nothing moves. */
static s64 set_group(struct task *task, const struct nameidata *from, struct nameidata *to)
{
	struct mount_facts source, target;
	struct request req;

	mount_facts(task, from, &source);
	mount_facts(task, to, &target);
	if (!source.is_root || !target.is_root)
		return -EINVAL;
	request_init(&req, REQ_SET_GROUP, task);
	req.src = from->mnt;
	req.dst = to->mnt;
	return ask_warden(task, &req, NULL, 0);
}

static s64 attach_tree(struct task *task, const struct nameidata *from, struct nameidata *to)
{
	s64 err = place_has_name(task, to);

	if (err)
		return err;
	mount_topmost(task, to);
	return move_place(task, from, to, false);
}

/* MOVE_MOUNT_BENEATH: the name that counts is the one on which `to` is mounted. */
static s64 attach_beneath(struct task *task, const struct nameidata *from, struct nameidata *to)
{
	struct mount_facts facts;

	mount_topmost(task, to);
	mount_facts(task, to, &facts);
	if (!facts.in_tree)
		return -ENOENT;
	if (!facts.is_root || is_root_mount(task, to->mnt))
		return -EINVAL;
	return move_place(task, from, to, true);
}

static s64 move_as(struct task *task, const struct nameidata *from, struct nameidata *to, u32 flags)
{
	if (flags & MOVE_MOUNT_SET_GROUP)
		return set_group(task, from, to);
	return flags & MOVE_MOUNT_BENEATH ? attach_beneath(task, from, to) : attach_tree(task, from, to);
}

static s64 check_move(struct task *task, u32 flags)
{
	if (!may_mount(task))
		return -EPERM;
	if (flags & ~(u32)(MOVE_MOUNT__MASK | MOVE_MOUNT_BENEATH))
		return -EINVAL;
	return (flags & MOVE_MOUNT_BENEATH) && (flags & MOVE_MOUNT_SET_GROUP) ? -EINVAL : 0;
}

/* One of the two places. NULL for the path is none, where there need not be one. */
static s64 walk_move(struct task *task, int fd, u64 uname, bool empty, bool follow, struct nameidata *nd)
{
	u32 flags = follow ? LOOKUP_FOLLOW : 0;

	if (empty && !uname)
		return path_lookup(task, fd, "", flags | LOOKUP_EMPTY, nd);
	return user_path_at(task, fd, uname, empty ? AT_EMPTY_PATH : 0, flags, nd);
}

SYSCALL(move_mount)
{
	u32 flags = (u32)ARG4(regs);
	struct nameidata from, to;
	s64 err = check_move(task, flags);

	if (err)
		return err;
	names_follow(task);
	err = walk_move(task, (int)ARG2(regs), ARG3(regs), flags & MOVE_MOUNT_T_EMPTY_PATH,
			flags & MOVE_MOUNT_T_SYMLINKS, &to);
	if (err)
		return err;
	err = walk_move(task, (int)ARG0(regs), ARG1(regs), flags & MOVE_MOUNT_F_EMPTY_PATH,
			flags & MOVE_MOUNT_F_SYMLINKS, &from);
	if (!err) {
		err = move_as(task, &from, &to, flags);
		path_release(&from);
	}
	path_release(&to);
	return err;
}
