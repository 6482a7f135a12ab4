/* SPDX-License-Identifier: MIT */
/* umount2(2). */
#include "kernel/mm.h"
#include "sys/held_names.h"
#include "sys/mount.h"
#include "sys/sys.h"
#include "vfs/walk.h"

/* Does this task stand in the mount, or has it a descriptor there? Others are the warden's to find. */
static bool mount_in_use(struct task *task, u64 mnt)
{
	struct path root, pwd;
	struct fd_info note;
	bool busy;

	get_fs_root(task->fs, &root);
	get_fs_pwd(task->fs, &pwd);
	busy = root.mnt == mnt || pwd.mnt == mnt;
	path_put(&root);
	path_put(&pwd);
	for (int fd = 0; !busy && files_next(task->files, fd, &note); fd = note.fd + 1)
		busy = (note.kind == FD_DIR || note.kind == FD_FILE) && note.mnt == mnt &&
		       fd_note(task, note.fd, &note) && note.mnt == mnt;
	return busy;
}

/* In the kernel's order, up to what the warden decides. */
static s64 may_umount(struct task *task, const struct nameidata *nd, u32 flags)
{
	struct mount_facts facts;

	if (!may_mount(task))
		return -EPERM;
	mount_facts(task, nd, &facts);
	if (!facts.is_root || facts.locked)
		return -EINVAL;
	if ((flags & MNT_EXPIRE) && (flags & (MNT_FORCE | MNT_DETACH) || is_root_mount(task, nd->mnt)))
		return -EINVAL;
	return !(flags & MNT_DETACH) && mount_in_use(task, nd->mnt) ? -EBUSY : 0;
}

/* What the mount shows may have been removed: its root cannot be walked to, but what is mounted at that name can be
 * taken off. */
static s64 walk_to_removed(struct task *task, u64 uname, struct nameidata *nd)
{
	s64 err = user_path(task, AT_FDCWD, uname, LOOKUP_PARENT | LOOKUP_NO_EXPIRE, nd);
	u64 parent;

	if (err)
		return err;
	parent = nd->mnt;
	err = -ENOENT;
	if (nd->last_type == LAST_NORM && nd_append(nd, nd->last, nd->last_len)) {
		mount_topmost(task, nd);
		err = nd->mnt == parent ? -ENOENT : 0;
	}
	if (err)
		path_release(nd);
	return err;
}

SYSCALL(umount2)
{
	u32 flags = (u32)ARG1(regs);
	struct nameidata nd;
	struct request req;
	s64 err;

	if (flags & ~(u32)(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	names_follow(task);
	err = user_path(task, AT_FDCWD, ARG0(regs), LOOKUP_NO_EXPIRE | (flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW),
			&nd);
	if (err == -ENOENT)
		err = walk_to_removed(task, ARG0(regs), &nd);
	if (err)
		return err;
	/* After pivot_root(".", ".") the old root stands on ".". */
	mount_topmost(task, &nd);
	err = may_umount(task, &nd, flags);
	/* What was walked must not keep the mount busy. */
	path_release(&nd);
	if (err)
		return err;
	request_init(&req, REQ_UMOUNT, task);
	req.dst = nd.mnt;
	req.flags = flags;
	return ask_warden(task, &req, NULL, 0);
}
