/* SPDX-License-Identifier: MIT */
/* Changes of what is mounted already: remount, move, propagation, pivot_root. The warden's. */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

/* ---- move ---- */

struct edits {
	const struct mnt_ns *ns;
	const struct trie_node *mounts; /* id -> edited copy; holds them */
};

static int edit_one(const void *value, void *arg)
{
	const struct mount *old = value;
	struct edits *e = arg;
	struct mount *m = mount_edit(e->ns, old, old->point);
	int err = m ? trie_step(&e->mounts, m->id, NULL, m, &mount_ops) : -ENOMEM;

	if (m)
		mount_put(m);
	return err;
}

static int is_unbindable(const void *value, void *ns)
{
	return mnt_propagation(ns, value) == PROP_UNBINDABLE;
}

/*
 * `top` is the moved mount, edited. Out of another namespace everything below comes along, and in a shared mount
 * everything below becomes shared.
 */
static int move(struct mnt_ns *from, struct mnt_ns *to, struct mount *top)
{
	bool shared = mount_peers(to, mnt_by_id(to, top->parent));
	const struct trie_node *below = NULL;
	struct edits e = {.ns = from};
	struct mnt_change c = {0};
	struct mnt_tree *tree;
	int err = 0;

	if (shared || from != to)
		err = tree_below(mnt_tree(from), top->id, NULL, &below);
	if (!err && shared && (is_unbindable(top, from) || trie_each(below, is_unbindable, from)))
		err = -EINVAL;
	if (!err && from == to && tree_is_below(mnt_tree(to), top->parent, top->id))
		err = -ELOOP;
	if (!err)
		err = trie_step(&e.mounts, top->id, NULL, top, &mount_ops);
	if (!err)
		err = trie_each(below, edit_one, &e);
	if (!err)
		err = mnt_graft(&c, to, e.mounts, top);
	/* It is published after the other one: whoever looks in between finds the mounts in both. */
	if (!err && from != to) {
		tree = change_tree(&c, from);
		err = tree ? tree_remove_all(tree, below) : -ENOMEM;
		if (!err)
			err = tree_remove(tree, mnt_by_id(from, top->id));
	}
	trie_put(below, NULL);
	trie_put(e.mounts, &mount_ops);
	return change_end(&c, err);
}

static int move_to(struct mnt_ns *from, const struct mount *old, struct mnt_ns *to, u64 dst, const char *dst_point)
{
	struct mount *m = mount_edit(from, old, dst_point);
	int err;

	if (!m)
		return -ENOMEM;
	m->parent = dst;
	err = move(from, to, m);
	mount_put(m);
	return err;
}

static bool parent_is_shared(const struct mnt_ns *ns, const struct mount *m)
{
	return m->parent != m->id && mount_peers(ns, mnt_by_id(ns, m->parent));
}

static bool may_leave(const struct mnt_ns *ns, const struct mount *m)
{
	return !mnt_locked(ns, m) && !parent_is_shared(ns, m);
}

/* A detached tree goes as a whole, and not on itself: each is as if in a namespace of its own, out of which it is to
 * come. */
static bool may_attach(const struct mnt_ns *detached, const struct mount *m, const struct mnt_ns *to, u64 dst)
{
	return m->parent == m->id && !(to == detached && tree_is_below(mnt_tree(to), dst, m->id));
}

int mnt_move(struct mnt_ns *ns, u64 id, u64 dst, const char *dst_point)
{
	const struct mount *old = mnt_by_id(ns, id);

	if (!old || !may_leave(ns, old) || !mnt_by_id(ns, dst))
		return -EINVAL;
	mnt_topmost(ns, &dst, &dst_point);
	return move_to(ns, old, ns, dst, dst_point);
}

int mnt_attach_detached(struct mnt_ns *detached, u64 id, struct mnt_ns *ns, u64 dst, const char *dst_point)
{
	const struct mount *old = mnt_by_id(detached, id);

	if (!old || !mnt_by_id(ns, dst))
		return -EINVAL;
	mnt_topmost(ns, &dst, &dst_point);
	if (!may_attach(detached, old, ns, dst))
		return -EINVAL;
	return move_to(detached, old, ns, dst, dst_point);
}

/* ---- move beneath ---- */

/* Would what is mounted at that place in `parent` be passed on to the root of m, and so cover it? */
static bool would_cover(const struct mnt_ns *ns, const struct mount *parent, const char *point, const struct mount *m)
{
	const struct peer_group *group = mount_peers(ns, parent);

	if (!group || strcmp(point, m->host) != 0)
		return false;
	for (const struct peer_group *g = m->group; g; g = g->master) {
		if (g == group)
			return true;
	}
	return false;
}

int mnt_move_beneath(struct mnt_ns *from, u64 id, struct mnt_ns *to, u64 over)
{
	const struct mount *old = mnt_by_id(from, id), *m = mnt_by_id(to, over), *parent;
	bool detached = from == arena()->detached;

	if (!old || !m || m->parent == over || mnt_locked_together(to, m))
		return -EINVAL;
	/* What covers it would come along, between the two. */
	if (mnt_child(from, id, old->host, old->host_len))
		return -EINVAL;
	if (detached ? !may_attach(from, old, to, over)
		     : !may_leave(from, old) || tree_is_below(mnt_tree(to), id, over))
		return -EINVAL;
	parent = mnt_by_id(to, m->parent);
	if (would_cover(to, parent, m->point, m) || (!detached && would_cover(to, parent, m->point, old)))
		return -EINVAL;
	return move_to(from, old, to, m->parent, m->point);
}

/* ---- flags and propagation ---- */

struct attr_change {
	struct mnt_ns *ns;
	struct mnt_change change;
	u32 set, clear;
	bool has_type;
	enum propagation type;
};

/* Is there nothing to change? What is unbindable is no slave's business. */
static bool is_type(const struct attr_change *x, const struct mount *m)
{
	enum propagation now = mnt_propagation(x->ns, m);

	return !x->has_type || now == x->type || (x->type == PROP_SLAVE && now != PROP_SHARED);
}

/* Gives an edited mount its new type. */
static int set_type(struct mount *m, enum propagation type)
{
	struct peer_group *g = NULL;

	if (type == PROP_SLAVE) {
		m->propagation = PROP_SLAVE; /* of the group that it was a member of */
		return 0;
	}
	if (type == PROP_SHARED) {
		g = group_create(own_master(m));
		if (!g)
			return -ENOMEM;
	}
	mount_set_group(m, type, g);
	return 0;
}

static bool may_have_flags(const struct mount *m, u32 old, u32 new)
{
	if (m->locked_flags & MS_LOCKABLE & ~new)
		return false;
	return !(m->locked_flags & MNT_LOCK_ATIME) || !((old ^ new) & MNT_ATIME_MASK);
}

static int change_one(const void *value, void *arg)
{
	const struct mount *old = value;
	struct attr_change *x = arg;
	u32 flags = ((old->flags & ~x->clear) | x->set) & FLAGS_OF_MOUNT;
	struct mnt_tree *tree;
	struct mount *m;
	int err = 0;

	if (flags == old->flags && is_type(x, old))
		return 0;
	tree = change_tree(&x->change, x->ns);
	m = tree ? mount_edit(x->ns, old, old->point) : NULL;
	if (!m)
		return -ENOMEM;
	m->flags = flags;
	if (!may_have_flags(m, old->flags, flags))
		err = -EPERM;
	if (!err && !is_type(x, old))
		err = set_type(m, x->type);
	if (!err)
		err = tree_replace(tree, old, m);
	mount_put(m);
	return err;
}

/* MS_SHARED and its kin, 0: as it is. False: another one. */
static bool take_type(struct attr_change *x, u32 type)
{
	x->has_type = type;
	switch (type) {
	case 0:
		return true;
	case MS_SHARED:
		x->type = PROP_SHARED;
		return true;
	case MS_SLAVE:
		x->type = PROP_SLAVE;
		return true;
	case MS_PRIVATE:
		x->type = PROP_PRIVATE;
		return true;
	case MS_UNBINDABLE:
		x->type = PROP_UNBINDABLE;
		return true;
	}
	return false;
}

int mnt_set_attr(struct mnt_ns *ns, u64 id, u32 set, u32 clear, u32 type, bool rec)
{
	struct attr_change x = {.ns = ns, .set = set, .clear = clear};
	const struct mount *m = mnt_by_id(ns, id);
	const struct trie_node *below = NULL;
	int err = 0;

	if (!m || !take_type(&x, type))
		return -EINVAL;
	if (rec)
		err = tree_below(mnt_tree(ns), id, NULL, &below);
	if (!err)
		err = change_one(m, &x);
	/* They are borrowed from the version in force, which outlives this loop. */
	if (!err)
		err = trie_each(below, change_one, &x);
	trie_put(below, NULL);
	return change_end(&x.change, err);
}

int mnt_reconfigure(struct mnt_ns *ns, u64 id, u32 flags)
{
	return mnt_set_attr(ns, id, flags, FLAGS_OF_MOUNT, 0, false);
}

static bool may_set_group(const struct mnt_ns *src_ns, const struct mount *from, const struct mnt_ns *ns,
			  const struct mount *to)
{
	return from && to && from->sb == to->sb && path_below(to->host, to->host_len, from->host, from->host_len) &&
	       !hides_something(src_ns, from->id, to->host) && !mount_peers(ns, to) && !mount_master(ns, to) &&
	       (mount_peers(src_ns, from) || mount_master(src_ns, from));
}

int mnt_set_group(struct mnt_ns *src_ns, u64 src, struct mnt_ns *ns, u64 dst)
{
	const struct mount *from = mnt_by_id(src_ns, src), *to = mnt_by_id(ns, dst);
	struct mnt_change c = {0};
	struct mnt_tree *tree;
	struct mount *m;
	int err = -ENOMEM;

	if (!may_set_group(src_ns, from, ns, to))
		return -EINVAL;
	m = mount_edit(ns, to, to->point);
	if (!m)
		return -ENOMEM;
	mount_set_group(m, mnt_propagation(src_ns, from), group_get(from->group));
	tree = change_tree(&c, ns);
	if (tree)
		err = tree_replace(tree, to, m);
	mount_put(m);
	return change_end(&c, err);
}

/* ---- pivot_root ---- */

/* Puts a mount (NULL: there was no memory for it) in its new place; takes the reference over. */
static int reattach(struct mnt_tree *tree, struct mount *new, u64 parent, bool locked, bool imported)
{
	int err;

	if (!new)
		return -ENOMEM;
	new->parent = parent;
	new->locked = locked;
	new->imported = imported;
	err = tree_add(tree, new);
	mount_put(new);
	return err;
}

/* The exchange itself, in a version under construction. */
static int pivot(struct mnt_tree *tree, const struct mnt_ns *ns, const struct mount *new, const struct mount *old,
		 u64 put_mnt, const char *put_point)
{
	bool whole = old->id == tree->root;
	struct mount *root;
	int err;

	err = tree_remove(tree, new);
	if (!err)
		err = tree_remove(tree, old);
	if (err)
		return err;
	if (whole)
		tree->root = new->id;
	/* What locked the old root in its place locks the new one there, as in Linux. */
	root = mount_edit(ns, new, old->point);
	if (root)
		root->pivoted = true;
	err = reattach(tree, root, whole ? new->id : old->parent, mnt_locked_together(ns, old), old->imported);
	return err ? err : reattach(tree, mount_edit(ns, old, put_point), put_mnt, false, false);
}

/* A note of it, with room for its strings behind it. NULL: no memory. */
static struct pivot *pivot_note(const struct mount *new, const struct mount *old)
{
	struct pivot *p = arena_alloc(sizeof(*p) + old->host_len + 1 + new->host_len + 1);
	char *text;

	if (!p)
		return NULL;
	text = (char *)(p + 1);
	p->from = old->id;
	p->to = new->id;
	p->from_host = memcpy(text, old->host, old->host_len + 1);
	p->to_host = memcpy(text + old->host_len + 1, new->host, new->host_len + 1);
	return p;
}

void pivot_publish(struct mnt_ns *ns, struct pivot *p)
{
	struct pivot *last = (struct pivot *)ns->pivots;

	p->older = last;
	p->serial = atomic_load(&arena()->pivots) + 1;
	atomic_store(&ns->pivots, p);
	if (last)
		atomic_store(&last->newer, p);
	atomic_store(&arena()->pivots, p->serial);
}

int mnt_pivot(struct mnt_ns *ns, u64 new_root, u64 old_root, u64 put_mnt, const char *put_point)
{
	const struct mount *new = mnt_by_id(ns, new_root), *old = mnt_by_id(ns, old_root), *put;
	struct mnt_change c = {0};
	struct mnt_tree *tree;
	struct pivot *note;
	int err;

	mnt_topmost(ns, &put_mnt, &put_point);
	put = mnt_by_id(ns, put_mnt);
	if (!new || !old || !put || mount_peers(ns, put) || parent_is_shared(ns, new) || parent_is_shared(ns, old))
		return -EINVAL;
	if (new_root == old_root || put_mnt == old_root)
		return -EBUSY;
	if (mnt_locked(ns, new) || !tree_is_below(mnt_tree(ns), new_root, old_root) ||
	    !tree_is_below(mnt_tree(ns), put_mnt, new_root))
		return -EINVAL;
	note = pivot_note(new, old);
	tree = note ? change_tree(&c, ns) : NULL;
	err = change_end(&c, tree ? pivot(tree, ns, new, old, put_mnt, put_point) : -ENOMEM);
	if (!err)
		pivot_publish(ns, note);
	else
		arena_free(note);
	return err;
}
