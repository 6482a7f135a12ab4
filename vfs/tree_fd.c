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

/* The mount as it was when the descriptor was made; NULL: it is another kind of descriptor. */
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

bool tree_place(struct task *task, const struct stat *st, struct nameidata *nd)
{
	const struct mount *m = atomic_load(&arena()->tree_handles) ? tree_of(st) : NULL;

	if (!m)
		return false;
	nd->len = (u32)mnt_copy_string(nd->host, sizeof(nd->host), m->host);
	nd_use_mount(task, nd, m->id);
	/* It has been taken off: what it shows can still be looked at. */
	if (!nd->host_dev)
		nd_set_mount(nd, m);
	return true;
}
