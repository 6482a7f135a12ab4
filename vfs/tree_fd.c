/* SPDX-License-Identifier: MIT */
/*
 * Descriptors on trees of mounts (open_tree(2), fsmount(2)). On the host such a one is an envelope with a handle, which
 * keeps the tree alive wherever the descriptor goes; for the walk it stands for the tree's root.
 */
#include <asm/stat.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "vfs/proc.h"
#include "vfs/walk.h"
#include "warden/client.h"

/* The mount as struct handle has it; NULL: it is another kind of descriptor. */
static const struct mount *tree_of(const struct stat *st)
{
	const struct handle *h = S_ISSOCK(st->st_mode) ? handle_by_inode(st->st_ino) : NULL;
	const struct mount *m = h && h->kind == HANDLE_TREE ? READ_ONCE(h->tree) : NULL;

	return arena_contains(m, sizeof(*m)) ? m : NULL;
}

bool fd_is_tree(int fd)
{
	struct stat st;

	return atomic_load(&arena()->tree_handles) && fd >= 0 && !host_call2(__NR_fstat, fd, &st) && tree_of(&st);
}

/* May the task's user namespace name the tree's mounts, as warden/detached.c sees it? */
static bool may_name(const struct task *task, const struct stat *st)
{
	const struct handle *h = handle_by_inode(st->st_ino);
	const struct user_ns *ns = h ? READ_ONCE(h->user) : NULL;

	for (; ns && arena_contains(ns, sizeof(*ns)); ns = READ_ONCE(ns->parent)) {
		if (ns == task->nsproxy->user)
			return true;
	}
	return false;
}

bool tree_place(struct task *task, int fd, const struct stat *st, struct nameidata *nd)
{
	const struct mnt_ns *ns = task->nsproxy->mnt;
	const struct mount *m, *now;
	u64 seq;

	if (!atomic_load(&arena()->tree_handles) || !tree_of(st))
		return false;
	/* It came from a user namespace above. If the warden does not hear of it, it says so when it is asked. */
	if (!may_name(task, st))
		warden_show_tree(task, fd);
	do {
		seq = mnt_read_begin(ns);
		m = tree_of(st);
		if (!m)
			return false;
		now = mnt_by_id(ns, m->id);
		/* It has been taken off: what it shows can still be looked at. */
		if (!now)
			now = m;
		nd->len = (u32)mnt_copy_string(nd->host, sizeof(nd->host), now->host);
		nd_set_mount(nd, now);
	} while (mnt_read_retry(ns, seq));
	return true;
}
