/* SPDX-License-Identifier: MIT */
/* pivot_root(2): the mount at new_root becomes the root, the old root moves to put_old. */
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/held_names.h"
#include "sys/mount.h"
#include "sys/sys.h"

/* The conditions of pivot_root(2) that can be seen from here; the tree's own are the warden's to check. */
static s64 may_pivot(struct task *task, const struct path *root, const struct nameidata *new,
		     const struct nameidata *old)
{
	struct nameidata at_root;
	struct mount_facts facts;

	mount_facts(task, new, &facts);
	/* Of the host's mounts, which nobody can move, the session's first namespaces speak as root's would. */
	if (facts.locked && task->nsproxy->mnt->user_ns->parent)
		return -EINVAL;
	/* That is busy, says the warden, if nothing is wrong with what is shared. */
	if (new->mnt == root->mnt || old->mnt == root->mnt)
		return 0;
	if (!facts.is_root)
		return -EINVAL;
	at_root.mnt = root->mnt;
	at_root.len = root->host->len;
	memcpy(at_root.host, root->host->s, at_root.len);
	mount_facts(task, &at_root, &facts);
	return facts.is_root ? 0 : -EINVAL;
}

static s64 do_pivot(struct task *task, const struct path *root, const struct nameidata *new,
		    const struct nameidata *old)
{
	struct request req;
	s64 err;

	request_init(&req, REQ_PIVOT, task);
	req.dst = new->mnt;
	req.src = root->mnt;
	req.arg = old->mnt;
	err = ask_warden(task, &req, old->host, old->len);
	if (!err)
		follow_pivots(task->fs, task->nsproxy->mnt);
	return err;
}

static s64 pivot_walk(struct task *task, u64 unew, u64 uold, struct nameidata *new, struct nameidata *old)
{
	s64 err = user_path(task, AT_FDCWD, unew, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, new);

	if (err)
		return err;
	err = user_path(task, AT_FDCWD, uold, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, old);
	if (err)
		path_release(new);
	else
		mount_topmost(task, old);
	return err;
}

SYSCALL(pivot_root)
{
	struct nameidata new, old;
	struct path root;
	s64 err;

	if (!may_mount(task))
		return -EPERM;
	names_follow(task);
	err = pivot_walk(task, ARG0(regs), ARG1(regs), &new, &old);
	if (err)
		return err;
	get_fs_root(task->fs, &root);
	err = may_pivot(task, &root, &new, &old);
	if (!err)
		err = do_pivot(task, &root, &new, &old);
	path_put(&root);
	path_release(&old);
	path_release(&new);
	return err;
}
