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

/* A mount with a new id and no parent. NULL: ENOMEM. */
static struct mount *mount_from(const struct mount_spec *spec)
{
	struct mount *m = mount_clone(NULL, spec->point, spec->host, spec->fsroot ? spec->fsroot : "/");

	if (!m)
		return NULL;
	m->id = m->stamp;
	m->flags = spec->flags & FLAGS_OF_MOUNT;
	m->locked = spec->locked;
	m->locked_flags = spec->locked ? m->flags & MS_LOCKABLE : 0;
	m->dir = spec->dir;
	m->sb = spec->sb;
	m->sb->refs++;
	return m;
}

s64 mnt_attach(struct mnt_ns *ns, const struct mount_spec *spec)
{
	struct mnt_tree *tree;
	struct mount *m;
	s64 id;
	int err;

	if (ns->nr && !mnt_by_id(ns, spec->parent))
		return -EINVAL;
	if (ns->nr >= MNT_MAX)
		return -ENOSPC;
	m = mount_from(spec);
	if (!m)
		return -ENOMEM;
	id = (s64)m->id;
	tree = mnt_change_begin(ns);
	if (!tree) {
		mount_put(m);
		return -ENOMEM;
	}
	if (tree->nr == 0)
		tree->root = m->id;
	m->parent = tree->root == m->id ? m->id : spec->parent;
	err = finish(ns, tree, tree_add(tree, m));
	mount_put(m);
	return err ? err : id;
}

s64 mnt_new_detached(struct mnt_ns *detached, const struct mount_spec *spec)
{
	struct mount *m = detached->nr < MNT_MAX ? mount_from(spec) : NULL;
	struct mnt_tree *tree;
	s64 id;
	int err = -ENOMEM;

	if (!m)
		return detached->nr < MNT_MAX ? -ENOMEM : -ENOSPC;
	id = (s64)m->id;
	m->parent = m->id;
	tree = mnt_change_begin(detached);
	if (tree)
		err = finish(detached, tree, tree_add(tree, m));
	mount_put(m);
	return err ? err : id;
}

/* ---- a detached tree finds its place ---- */

static int add_one(const void *value, void *arg)
{
	return tree_add(arg, (struct mount *)value);
}

static int remove_one(const void *value, void *arg)
{
	return tree_remove(arg, value);
}

/* What is below the root keeps its place there, so the namespaces share it until the old one lets go. */
static int move_tree(struct mnt_tree *from, struct mnt_tree *to, const struct mount *old, struct mount *new)
{
	const struct trie_node *below;
	int err = tree_below(from, old->id, NULL, &below);

	if (err)
		return err;
	err = tree_add(to, new);
	if (!err)
		err = trie_each(below, add_one, to);
	if (!err)
		err = trie_each(below, remove_one, from);
	if (!err)
		err = tree_remove(from, old);
	trie_put(below, NULL);
	return !err && to->nr > MNT_MAX ? -ENOSPC : err;
}

int mnt_attach_detached(struct mnt_ns *detached, u64 id, struct mnt_ns *ns, u64 dst, const char *dst_point)
{
	const struct mount *old = mnt_by_id(detached, id);
	struct mnt_tree *from, *to;
	struct mount *m;
	int err = -ENOMEM;

	if (!old || old->parent != id || !mnt_by_id(ns, dst))
		return -EINVAL;
	/* On itself: each tree is as if in a namespace of its own, out of which it is to come. */
	if (ns == detached && mounted_below(mnt_tree(ns), dst, id))
		return -EINVAL;
	if (ns == detached)
		return mnt_move(ns, id, dst, dst_point);
	m = mount_edit(detached, old, dst_point);
	from = mnt_change_begin(detached);
	to = mnt_change_begin(ns);
	if (m)
		m->parent = dst;
	if (m && from && to)
		err = move_tree(from, to, old, m);
	if (m)
		mount_put(m);
	/* In this order: whoever looks in between finds the mounts in both. */
	if (to)
		finish(ns, to, err);
	if (from)
		finish(detached, from, err);
	return err;
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

/* ---- flags ---- */

struct flag_change {
	const struct mnt_ns *ns;
	struct mnt_tree *tree;
	u32 set, clear;
};

static int change_flags(const void *value, void *arg)
{
	const struct flag_change *change = arg;
	const struct mount *old = value;
	struct mount *m = mount_edit(change->ns, old, old->point);
	int err;

	if (!m)
		return -ENOMEM;
	m->flags = ((old->flags & ~change->clear) | change->set) & FLAGS_OF_MOUNT;
	err = m->locked_flags & ~m->flags ? -EPERM : tree_replace(change->tree, old, m);
	mount_put(m);
	return err;
}

int mnt_set_flags(struct mnt_ns *ns, u64 id, u32 set, u32 clear, bool rec)
{
	struct flag_change change = {.ns = ns, .set = set, .clear = clear};
	const struct trie_node *below = NULL;
	const struct mount *m = mnt_by_id(ns, id);
	int err;

	if (!m)
		return -EINVAL;
	change.tree = mnt_change_begin(ns);
	if (!change.tree)
		return -ENOMEM;
	err = rec ? tree_below(change.tree, id, NULL, &below) : 0;
	if (!err)
		err = change_flags(m, &change);
	if (!err)
		err = trie_each(below, change_flags, &change);
	trie_put(below, NULL);
	return finish(ns, change.tree, err);
}

int mnt_reconfigure(struct mnt_ns *ns, u64 id, u32 flags)
{
	return mnt_set_flags(ns, id, flags, FLAGS_OF_MOUNT, false);
}

/* ---- umount ---- */

static int has_parent(const struct mount *m, void *arg)
{
	const u64 *id = arg;

	return m->parent == *id;
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
