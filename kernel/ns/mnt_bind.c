/* SPDX-License-Identifier: MIT */
/* Bind mounts: what is shown at one place, and with MS_REC all that is mounted below it, shown at another. */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

struct bind {
	const struct mnt_ns *ns; /* of the source */
	const struct mount *src;
	struct mount *top;		/* the new mount of the source place itself */
	const struct trie_node *below;	/* id -> mount below the source place; borrowed */
	const struct trie_node *copies; /* id of the original -> its copy; holds them */
	const struct trie_node *mounts; /* id -> new mount; holds them */
	u32 nr;				/* mounts where they go to, and copies */
};

struct place {
	const struct mnt_ns *ns;
	const char *host;
};

static int locked_below(const struct mount *m, void *arg)
{
	const struct place *place = arg;

	return mnt_locked_together(place->ns, m) &&
	       path_below(m->point, m->point_len, place->host, strlen(place->host));
}

bool hides_something(const struct mnt_ns *ns, u64 mnt, const char *host)
{
	struct place place = {.ns = ns, .host = host};

	return (ns->locked_upto || mnt_tree(ns)->nr_locked) && tree_each_child(mnt_tree(ns), mnt, locked_below, &place);
}

/* The path within the file system that `host`, a place in mount m, shows. False: it is too long to be told. */
static bool join_fsroot(char buf[FSROOT_MAX], const struct mount *m, const char *host)
{
	const char *rest = host + (m->host_len == 1 ? 0 : m->host_len);
	const char *root = strcmp(m->fsroot, "/") ? m->fsroot : "";

	if (strcmp(rest, "/") == 0)
		rest = "";
	if (strlen(root) + strlen(rest) >= FSROOT_MAX)
		return false;
	memcpy(buf, root, strlen(root));
	memcpy(buf + strlen(root), rest, strlen(rest) + 1);
	if (!buf[0])
		memcpy(buf, "/", 2);
	return true;
}

static struct mount *copy_top(const struct bind *b, const char *src_host, const char *point)
{
	char fsroot[FSROOT_MAX];
	struct mount *m;

	m = join_fsroot(fsroot, b->src, src_host) ? mount_clone(b->src, point, src_host, fsroot) : NULL;
	if (!m)
		return NULL;
	mount_inherit(m, b->ns, b->src);
	m->locked = m->imported = false;
	m->id = m->stamp;
	return m;
}

static int copy_one(const void *value, void *arg)
{
	const struct mount *old = value;
	struct bind *b = arg;
	struct mount *m;

	if (++b->nr >= MNT_MAX)
		return -ENOSPC;
	m = copies_add(&b->copies, old, old);
	if (!m)
		return -ENOMEM;
	mount_inherit(m, b->ns, old);
	m->imported = false;
	return 0;
}

static int take_copy(const void *copy, void *arg)
{
	const struct mount *m = copy;
	struct bind *b = arg;

	return trie_step(&b->mounts, m->id, NULL, m, &mount_ops);
}

static int build(struct bind *b, const char *src_host, bool rec)
{
	int err = 0;

	if (rec)
		err = tree_bindable_below(mnt_tree(b->ns), b->src->id, src_host, b->ns, &b->below);
	if (!err)
		err = trie_step(&b->copies, b->src->id, NULL, b->top, &mount_ops);
	if (!err)
		err = trie_each(b->below, copy_one, b);
	if (!err)
		err = copies_connect(b->copies, b->top, take_copy, b);
	trie_put(b->copies, &mount_ops);
	trie_put(b->below, NULL);
	return err;
}

static bool may_bind(const struct bind *b, const char *src_host, bool rec)
{
	return b->src && path_below(src_host, strlen(src_host), b->src->host, b->src->host_len) &&
	       mnt_propagation(b->ns, b->src) != PROP_UNBINDABLE &&
	       (rec || !hides_something(b->ns, b->src->id, src_host));
}

/* Into `to`, at a place there, or, when dst is 0, as a tree of its own. */
static s64 bind_to(struct bind *b, struct mnt_ns *to, const char *src_host, u64 dst, const char *dst_point, bool dir,
		   bool rec)
{
	struct mnt_change c = {0};
	s64 id;
	int err;

	b->nr = to->nr;
	if (b->nr >= MNT_MAX)
		return -ENOSPC;
	if (dst)
		mnt_topmost(to, &dst, &dst_point);
	b->top = copy_top(b, src_host, dst_point);
	if (!b->top)
		return -ENOMEM;
	id = (s64)b->top->id;
	b->top->parent = dst ? dst : b->top->id;
	mount_set_dir(b->top, dir);
	err = build(b, src_host, rec);
	if (!err)
		err = mnt_graft(&c, to, b->mounts, b->top);
	err = change_end(&c, err);
	trie_put(b->mounts, &mount_ops);
	mount_put(b->top);
	return err ? err : id;
}

s64 mnt_bind_from(const struct mnt_ns *from, u64 src, const char *src_host, struct mnt_ns *to, u64 dst,
		  const char *dst_point, bool dir, bool rec)
{
	struct bind b = {.ns = from, .src = mnt_by_id(from, src)};

	if ((dst && !mnt_by_id(to, dst)) || !may_bind(&b, src_host, rec))
		return -EINVAL;
	return bind_to(&b, to, src_host, dst, dst_point, dir, rec);
}

s64 mnt_bind(struct mnt_ns *ns, u64 src, const char *src_host, u64 dst, const char *dst_point, bool dir, bool rec)
{
	return dst ? mnt_bind_from(ns, src, src_host, ns, dst, dst_point, dir, rec) : -EINVAL;
}

bool mnt_may_bind(const struct mnt_ns *ns, u64 src, const char *src_host, bool rec)
{
	const struct bind b = {.ns = ns, .src = mnt_by_id(ns, src)};

	return may_bind(&b, src_host, rec);
}
