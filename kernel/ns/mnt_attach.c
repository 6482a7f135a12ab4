/* SPDX-License-Identifier: MIT */
/* Attaching mounts: new ones, and trees of them from elsewhere. */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

void mnt_topmost(const struct mnt_ns *ns, u64 *parent, const char **point)
{
	const struct mount *m;

	while ((m = mnt_child(ns, *parent, *point, strlen(*point)))) {
		*parent = m->id;
		*point = m->host;
	}
}

/* ---- a tree of mounts ---- */

struct mount *copies_add(const struct trie_node **copies, const struct mount *original, const struct mount *like)
{
	struct mount *m = mount_clone(like, like->point, like->host, like->fsroot);
	int err;

	if (!m)
		return NULL;
	m->id = m->stamp;
	m->parent = original->parent;
	err = trie_step(copies, original->id, NULL, m, &mount_ops);
	mount_put(m);
	return err ? NULL : m;
}

struct connecting {
	const struct trie_node *copies;
	const struct mount *top;
	int (*fn)(const void *copy, void *arg);
	void *arg;
};

static int connect_one(const void *value, void *arg)
{
	const struct connecting *x = arg;
	struct mount *m = (struct mount *)value;
	const struct mount *parent;

	if (m != x->top) {
		parent = trie_find(x->copies, m->parent, NULL, NULL);
		m->parent = parent->id;
	}
	return x->fn(m, x->arg);
}

int copies_connect(const struct trie_node *copies, const struct mount *top, int (*fn)(const void *copy, void *arg),
		   void *arg)
{
	struct connecting x = {.copies = copies, .top = top, .fn = fn, .arg = arg};

	return trie_each(copies, connect_one, &x);
}

/* What is mounted in a shared mount is shared; a slave goes on receiving. */
static int share_one(const void *value, void *arg)
{
	struct mount *m = (struct mount *)value;
	struct peer_group *g;

	if (m->propagation == PROP_SHARED)
		return 0;
	g = group_create(own_master(m));
	if (!g)
		return -ENOMEM;
	mount_set_group(m, PROP_SHARED, g);
	return 0;
}

static int place_one(const void *value, void *arg)
{
	struct mount *m = (struct mount *)value;
	struct mnt_tree *tree = arg;
	const struct mount *old = tree_mount(tree, m->id);

	return old ? tree_replace(tree, old, m) : tree_add(tree, m);
}

int mnt_tuck_under(const struct mnt_ns *ns, struct mnt_tree *tree, const struct mount *top,
		   const struct mount *covering)
{
	const struct mount *above;
	struct mount *m;
	int err;

	while ((above = tree_child(tree, top->id, top->host, top->host_len)))
		top = above;
	m = mount_edit(ns, covering, top->host);
	if (!m)
		return -ENOMEM;
	m->parent = top->id;
	err = tree_replace(tree, covering, m);
	mount_put(m);
	return err;
}

int mnt_graft(struct mnt_change *c, struct mnt_ns *ns, const struct trie_node *mounts, struct mount *top)
{
	const struct mount *parent = mnt_by_id(ns, top->parent);
	const struct mount *covering = mnt_child(ns, top->parent, top->point, top->point_len);
	struct peer_group *group = parent ? mount_peers(ns, parent) : NULL;
	struct mnt_tree *tree = change_tree(c, ns);
	int err = tree ? 0 : -ENOMEM;

	if (!err && group)
		err = trie_each(mounts, share_one, NULL);
	if (!err)
		err = trie_each(mounts, place_one, tree);
	if (!err && covering)
		err = mnt_tuck_under(ns, tree, top, covering);
	if (!err && tree->nr > MNT_MAX)
		err = -ENOSPC;
	return !err && group ? mnt_propagate(c, ns, mounts, top, group) : err;
}

/* ---- a new mount ---- */

static struct mount *new_mount(const struct mount_spec *spec, const char *point)
{
	struct mount *m = mount_clone(NULL, point, spec->host, spec->fsroot ? spec->fsroot : "/");

	if (!m)
		return NULL;
	m->id = m->stamp;
	m->flags = spec->flags & FLAGS_OF_MOUNT;
	m->imported = spec->imported;
	m->locked_flags = spec->imported ? mnt_lock_flags(m->flags) : 0;
	m->dir = true;
	m->sb = spec->sb;
	m->sb->refs++;
	mount_set_dir(m, spec->dir);
	return m;
}

/* The first one becomes the root. */
static int attach_root(struct mnt_change *c, struct mnt_ns *ns, struct mount *m)
{
	struct mnt_tree *tree = change_tree(c, ns);

	if (!tree)
		return -ENOMEM;
	m->parent = tree->root = m->id;
	return tree_add(tree, m);
}

static int attach_child(struct mnt_change *c, struct mnt_ns *ns, struct mount *m, u64 parent)
{
	const struct trie_node *mounts = NULL;
	int err = trie_step(&mounts, m->id, NULL, m, &mount_ops);

	m->parent = parent;
	if (!err)
		err = mnt_graft(c, ns, mounts, m);
	trie_put(mounts, &mount_ops);
	return err;
}

s64 mnt_attach(struct mnt_ns *ns, const struct mount_spec *spec)
{
	const char *point = spec->point;
	struct mnt_change c = {0};
	u64 parent = spec->parent;
	struct mount *m;
	s64 id;
	int err;

	if (ns->nr && !mnt_by_id(ns, parent))
		return -EINVAL;
	if (ns->nr >= MNT_MAX)
		return -ENOSPC;
	if (ns->nr)
		mnt_topmost(ns, &parent, &point);
	m = new_mount(spec, point);
	if (!m)
		return -ENOMEM;
	id = (s64)m->id;
	err = change_end(&c, ns->nr ? attach_child(&c, ns, m, parent) : attach_root(&c, ns, m));
	mount_put(m);
	return err ? err : id;
}

s64 mnt_new_detached(struct mnt_ns *detached, const struct mount_spec *spec)
{
	struct mnt_change c = {0};
	struct mount *m;
	s64 id;
	int err;

	if (detached->nr >= MNT_MAX)
		return -ENOSPC;
	m = new_mount(spec, spec->point);
	if (!m)
		return -ENOMEM;
	id = (s64)m->id;
	err = change_end(&c, attach_child(&c, detached, m, m->id));
	mount_put(m);
	return err ? err : id;
}
