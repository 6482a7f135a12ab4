/* SPDX-License-Identifier: MIT */
/* Changes of one mount namespace: each a whole new version, published or thrown away. The warden's. */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

#define FLAGS_OF_MOUNT                                                                                                 \
	(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW | MS_NOATIME | MS_NODIRATIME | MS_RELATIME)

/* The end of every change: `err` decides which one. */
static int finish(struct mnt_ns *ns, struct mnt_tree *tree, int err)
{
	if (err)
		mnt_tree_put(tree);
	else
		mnt_change_commit(ns, tree);
	return err;
}

/* A copy of `old` in which nothing but age differs: its locks are spelled out. */
static struct mount *mount_edit(const struct mnt_ns *ns, const struct mount *old, const char *point)
{
	struct mount *m = mount_clone(old, point, old->host, old->fsroot);

	if (m)
		mount_inherit_locks(m, ns, old);
	return m;
}

/* Is `id` the mount `top`, or mounted below it? */
static bool mounted_below(const struct mnt_tree *tree, u64 id, u64 top)
{
	const struct mount *m;

	for (m = tree_mount(tree, id); m; m = tree_mount(tree, m->parent)) {
		if (m->id == top)
			return true;
		if (m->id == m->parent)
			return false;
	}
	return false;
}

/* ---- attach ---- */

s64 mnt_attach(struct mnt_ns *ns, const struct mount_spec *spec)
{
	struct mnt_tree *tree;
	struct mount *m;
	u64 id;
	int err;

	if (ns->nr && !mnt_by_id(ns, spec->parent))
		return -EINVAL;
	if (ns->nr >= MNT_MAX)
		return -ENOSPC;
	m = mount_clone(NULL, spec->point, spec->host, spec->fsroot ? spec->fsroot : "/");
	if (!m)
		return -ENOMEM;
	id = m->id = m->stamp;
	m->flags = spec->flags & FLAGS_OF_MOUNT;
	m->locked = spec->locked;
	m->locked_flags = spec->locked ? m->flags & MS_LOCKABLE : 0;
	m->dir = spec->dir;
	m->sb = spec->sb;
	m->sb->refs++;
	tree = mnt_change_begin(ns);
	if (!tree) {
		mount_put(m);
		return -ENOMEM;
	}
	if (tree->nr == 0)
		tree->root = id;
	m->parent = tree->root == id ? id : spec->parent;
	err = finish(ns, tree, tree_add(tree, m));
	mount_put(m);
	return err ? err : (s64)id;
}

/* ---- one mount replaced by an edited copy ---- */

static int replace(struct mnt_ns *ns, const struct mount *old, struct mount *new)
{
	struct mnt_tree *tree = mnt_change_begin(ns);
	int err = -ENOMEM;

	if (tree)
		err = finish(ns, tree, tree_replace(tree, old, new));
	mount_put(new);
	return err;
}

int mnt_reconfigure(struct mnt_ns *ns, u64 id, u32 flags)
{
	const struct mount *old = mnt_by_id(ns, id);
	struct mount *m;

	if (!old)
		return -EINVAL;
	m = mount_edit(ns, old, old->point);
	if (!m)
		return -ENOMEM;
	if (m->locked_flags & ~flags) {
		mount_put(m);
		return -EPERM;
	}
	m->flags = flags & FLAGS_OF_MOUNT;
	return replace(ns, old, m);
}

int mnt_move(struct mnt_ns *ns, u64 id, u64 dst, const char *dst_point)
{
	const struct mount *old = mnt_by_id(ns, id);
	struct mount *m;

	if (!old || id == ns->root || mnt_locked(ns, old) || !mnt_by_id(ns, dst))
		return -EINVAL;
	if (mounted_below(mnt_tree(ns), dst, id))
		return -ELOOP;
	m = mount_edit(ns, old, dst_point);
	if (!m)
		return -ENOMEM;
	m->parent = dst;
	return replace(ns, old, m);
}

/* ---- umount ---- */

static int has_parent(const struct mount *m, void *arg)
{
	const u64 *id = arg;

	return m->parent == *id;
}

static int remove_one(const void *value, void *arg)
{
	return tree_remove(arg, value);
}

int mnt_umount(struct mnt_ns *ns, u64 id, bool detach)
{
	const struct mount *m = mnt_by_id(ns, id);
	const struct trie_node *below = NULL;
	struct mnt_tree *tree;
	int err = 0;

	if (!m || id == ns->root || mnt_locked(ns, m))
		return -EINVAL;
	if (!detach && mnt_for_each(ns, has_parent, &id))
		return -EBUSY;
	tree = mnt_change_begin(ns);
	if (!tree)
		return -ENOMEM;
	if (detach)
		err = tree_below(tree, id, NULL, &below);
	/* `below` borrows the mounts from the version in force, which outlives this loop. */
	if (!err)
		err = trie_each(below, remove_one, tree);
	if (!err)
		err = tree_remove(tree, m);
	trie_put(below, NULL);
	return finish(ns, tree, err);
}

/* ---- pivot_root ---- */

/* Puts a mount (NULL: there was no memory for it) in its new place; takes the reference over. */
static int reattach(struct mnt_tree *tree, struct mount *new, u64 parent, bool locked)
{
	int err;

	if (!new)
		return -ENOMEM;
	new->parent = parent;
	new->locked = locked;
	err = tree_add(tree, new);
	mount_put(new);
	return err;
}

/* The exchange itself, in a version under construction. */
static int pivot(struct mnt_tree *tree, const struct mnt_ns *ns, const struct mount *new, const struct mount *old,
		 u64 put_mnt, const char *put_point)
{
	bool whole = old->id == tree->root;
	int err;

	err = tree_remove(tree, new);
	if (!err)
		err = tree_remove(tree, old);
	if (err)
		return err;
	if (whole)
		tree->root = new->id;
	/* What locked the old root in its place locks the new one there, as in Linux. */
	err = reattach(tree, mount_edit(ns, new, old->point), whole ? new->id : old->parent, mnt_locked(ns, old));
	return err ? err : reattach(tree, mount_edit(ns, old, put_point), put_mnt, false);
}

/* A note of it, with room for its strings behind it. NULL: no memory. */
static struct pivot *pivot_note(const struct mount *new, const struct mount *old)
{
	struct pivot *p = arena_alloc(sizeof(*p) + old->host_len + 1 + new->host_len + 1);
	char *text = (char *)(p + 1);

	if (!p)
		return NULL;
	p->from = old->id;
	p->to = new->id;
	p->from_host = memcpy(text, old->host, old->host_len + 1);
	p->to_host = memcpy(text + old->host_len + 1, new->host, new->host_len + 1);
	return p;
}

/* When the tree is in force: who follows finds what he is sent to. */
static void pivot_publish(struct mnt_ns *ns, struct pivot *p)
{
	p->older = ns->pivots;
	p->serial = atomic_load(&arena()->pivots) + 1;
	atomic_store(&ns->pivots, p);
	atomic_store(&arena()->pivots, p->serial);
}

int mnt_pivot(struct mnt_ns *ns, u64 new_root, u64 old_root, u64 put_mnt, const char *put_point)
{
	const struct mount *new = mnt_by_id(ns, new_root), *old = mnt_by_id(ns, old_root);
	struct mnt_tree *tree;
	struct pivot *note;
	int err;

	if (!new || !old)
		return -EINVAL;
	if (new_root == old_root || put_mnt == old_root)
		return -EBUSY;
	if (mnt_locked(ns, new) || !mounted_below(mnt_tree(ns), new_root, old_root) ||
	    !mounted_below(mnt_tree(ns), put_mnt, new_root))
		return -EINVAL;
	note = pivot_note(new, old);
	tree = note ? mnt_change_begin(ns) : NULL;
	err = tree ? finish(ns, tree, pivot(tree, ns, new, old, put_mnt, put_point)) : -ENOMEM;
	if (!err)
		pivot_publish(ns, note);
	else
		arena_free(note);
	return err;
}
