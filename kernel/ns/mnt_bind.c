/* SPDX-License-Identifier: MIT */
/* Bind mounts: what is shown at one place, and with MS_REC all that is mounted below it, shown at another. */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

struct bind {
	const struct mnt_ns *ns; /* of the source */
	const struct mount *src;
	struct mnt_tree *tree;		/* of the target, the version under construction */
	struct mount *top;		/* the new mount of the source place itself */
	const struct trie_node *below;	/* id -> mount below the source place; borrowed */
	const struct trie_node *copies; /* id of the original -> its copy; holds them */
	u32 nr;				/* copies */
};

/* Is a mount locked to its parent, as in a copy of a more privileged namespace? The mounts of the
 * host cannot be taken off either, but they may be taken apart in the session's first namespace. */
static bool locked_together(const struct mnt_ns *ns, const struct mount *m)
{
	return ns->locked_upto && mnt_locked(ns, m);
}

struct place {
	const struct mnt_ns *ns;
	u64 mnt;
	const char *host;
};

static int locked_below(const struct mount *m, void *arg)
{
	const struct place *place = arg;

	return m->parent == place->mnt && m->id != m->parent && mnt_locked(place->ns, m) &&
	       path_below(m->point, m->point_len, place->host, strlen(place->host));
}

/* Would a bind of this place alone show what mounts hide that are locked together with it? */
static bool hides_something(const struct mnt_ns *ns, u64 mnt, const char *host)
{
	struct place place = {.ns = ns, .mnt = mnt, .host = host};

	return ns->locked_upto && mnt_for_each(ns, locked_below, &place);
}

/* The path within the file system that `host`, a place in mount m, shows. */
static void join_fsroot(char *buf, const struct mount *m, const char *host)
{
	const char *rest = host + (m->host_len == 1 ? 0 : m->host_len);
	const char *root = strcmp(m->fsroot, "/") ? m->fsroot : "";

	if (strcmp(rest, "/") == 0)
		rest = "";
	memcpy(buf, root, strlen(root));
	memcpy(buf + strlen(root), rest, strlen(rest) + 1);
	if (!buf[0])
		memcpy(buf, "/", 2);
}

static struct mount *copy_top(const struct bind *b, const char *src_host, const char *point)
{
	char fsroot[2 * PATH_MAX];
	struct mount *m;

	join_fsroot(fsroot, b->src, src_host);
	m = mount_clone(b->src, point, src_host, fsroot);
	if (!m)
		return NULL;
	mount_inherit_locks(m, b->ns, b->src);
	m->locked = false;
	m->id = m->stamp;
	return m;
}

/* First turn: a copy of each mount, so that each has its id. */
static int copy_one(const void *value, void *arg)
{
	const struct mount *old = value;
	struct bind *b = arg;
	struct mount *m;
	int err;

	if (b->tree->nr + ++b->nr >= MNT_MAX)
		return -ENOSPC;
	m = mount_clone(old, old->point, old->host, old->fsroot);
	if (!m)
		return -ENOMEM;
	mount_inherit_locks(m, b->ns, old);
	m->locked = locked_together(b->ns, old);
	m->id = m->stamp;
	err = trie_step(&b->copies, old->id, NULL, m, &mount_ops);
	mount_put(m);
	return err;
}

/* Second turn: parents become their copies, and the copy goes into the tree. */
static int attach_one(const void *value, void *arg)
{
	struct mount *m = (struct mount *)value;
	struct bind *b = arg;
	const struct mount *parent = b->top;

	if (m->parent != b->src->id)
		parent = trie_find(b->copies, m->parent, NULL, NULL);
	m->parent = parent->id;
	return tree_add(b->tree, m);
}

static int build(struct bind *b, const char *src_host, bool rec)
{
	int err = 0;

	/* As it was before: the new mount may lie below the source itself. */
	if (rec)
		err = tree_below(mnt_tree(b->ns), b->src->id, src_host, &b->below);
	if (!err)
		err = tree_add(b->tree, b->top);
	if (!err)
		err = trie_each(b->below, copy_one, b);
	if (!err)
		err = trie_each(b->copies, attach_one, b);
	trie_put(b->copies, &mount_ops);
	trie_put(b->below, NULL);
	return err;
}

static bool may_bind(const struct bind *b, const char *src_host, bool rec)
{
	return b->src && path_below(src_host, strlen(src_host), b->src->host, b->src->host_len) &&
	       (rec || !hides_something(b->ns, b->src->id, src_host));
}

/* Into `to`, at a place there, or, when dst is 0, as a tree of its own. */
static s64 bind_to(struct bind *b, struct mnt_ns *to, const char *src_host, u64 dst, const char *dst_point, bool dir,
		   bool rec)
{
	s64 id;
	int err = -ENOMEM;

	if (to->nr >= MNT_MAX)
		return -ENOSPC;
	b->top = copy_top(b, src_host, dst_point);
	if (!b->top)
		return -ENOMEM;
	id = (s64)b->top->id;
	b->top->parent = dst ? dst : b->top->id;
	b->top->dir = dir;
	b->tree = mnt_change_begin(to);
	if (b->tree)
		err = build(b, src_host, rec);
	if (!err)
		mnt_change_commit(to, b->tree);
	else if (b->tree)
		mnt_tree_put(b->tree);
	mount_put(b->top);
	return err ? err : id;
}

s64 mnt_bind(struct mnt_ns *ns, u64 src, const char *src_host, u64 dst, const char *dst_point, bool dir, bool rec)
{
	struct bind b = {.ns = ns, .src = mnt_by_id(ns, src)};

	if (!mnt_by_id(ns, dst) || !may_bind(&b, src_host, rec))
		return -EINVAL;
	return bind_to(&b, ns, src_host, dst, dst_point, dir, rec);
}

s64 mnt_bind_detached(struct mnt_ns *detached, const struct mnt_ns *ns, u64 src, const char *src_host, bool dir,
		      bool rec)
{
	struct bind b = {.ns = ns, .src = mnt_by_id(ns, src)};

	if (!may_bind(&b, src_host, rec))
		return -EINVAL;
	return bind_to(&b, detached, src_host, 0, "", dir, rec);
}
