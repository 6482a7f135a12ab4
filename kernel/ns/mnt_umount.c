/* SPDX-License-Identifier: MIT */
/*
 * umount2(2), which what is unmounted in a shared mount passes on. Peers and slaves lose what they have at the same
 * place, unless something is mounted in it that stays. What merely lies on it stays, and comes to lie one deeper. What
 * is locked stays with its parent, but for what stands where the unmounted one stood: whoever locked it has let it go.
 */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

struct umount {
	struct mnt_change change;
	struct mnt_ns *ns;
	const struct mount *top;
	const struct trie_node *asked; /* id -> mount that goes in any case: top, and what is below it; borrowed */
	/* Being dealt with. */
	const struct mount *gone, *parent;
	struct peer_group *group;
	struct ns_change *at;
	const struct trie_node *climbed; /* id -> mount from which on upwards all is decided; borrowed */
};

/* ---- who may have to go ---- */

static int include(const struct trie_node **set, const struct mount *m)
{
	return trie_find(*set, m->id, NULL, NULL) ? 0 : trie_step(set, m->id, NULL, m, NULL);
}

static int doom_asked(const void *value, void *arg)
{
	struct umount *u = arg;
	struct ns_change *nc = change_of(&u->change, u->ns);

	return nc ? include(&nc->doomed, value) : -ENOMEM;
}

struct receiver {
	struct umount *u;
	struct mnt_ns *ns;
};

static int visit_receiver(const void *value, void *arg)
{
	const struct receiver *r = arg;
	struct umount *u = r->u;
	const struct mount *m = value, *child;
	struct ns_change *nc;
	int err;

	if (m->group != u->group || (r->ns == u->ns && m->id == u->parent->id))
		return 0;
	child = mnt_child(r->ns, m->id, u->gone->point, u->gone->point_len);
	if (!child)
		return 0;
	nc = change_of(&u->change, r->ns);
	if (!nc)
		return -ENOMEM;
	err = include(&nc->doomed, child);
	if (!err && u->gone == u->top && mnt_locked_together(r->ns, child))
		err = include(&nc->unlocked, child);
	return err;
}

static int visit_group(struct umount *u, struct peer_group *g)
{
	struct receiver r = {.u = u};
	int err = 0;

	u->group = g;
	for (r.ns = arena()->mnt_namespaces; r.ns && !err; r.ns = r.ns->next)
		err = group_each(r.ns, g, visit_receiver, &r);
	return err;
}

static int pass_on(const void *value, void *arg)
{
	struct umount *u = arg;
	struct peer_group *group, *g;
	int err = 0;

	u->gone = value;
	u->parent = mnt_by_id(u->ns, u->gone->parent);
	group = mount_peers(u->ns, u->parent);
	for (g = group; g && !err; g = group_next(g, group))
		err = visit_group(u, g);
	return err;
}

/* ---- who stays after all ---- */

static const struct mount *doomed(const struct ns_change *nc, u64 id)
{
	return trie_find(nc->doomed, id, NULL, NULL);
}

static bool is_asked(const struct umount *u, const struct ns_change *nc, const struct mount *m)
{
	return nc->ns == u->ns && trie_find(u->asked, m->id, NULL, NULL);
}

static int spare(struct umount *u, const struct mount *m)
{
	return trie_step(&u->at->doomed, m->id, m, NULL, NULL);
}

static bool has_climbed(const struct umount *u, const struct mount *m)
{
	return trie_find(u->climbed, m->id, NULL, NULL);
}

static int note_climbed(struct umount *u, const struct mount *m)
{
	return trie_step(&u->climbed, m->id, NULL, m, NULL);
}

static void forget_climbed(struct umount *u)
{
	trie_put(u->climbed, NULL);
	u->climbed = NULL;
}

/* Does m cover its parent? Then it does not hold that back. */
static bool is_topper(const struct mount *m, const struct mount *parent)
{
	return m->point_len == parent->host_len && !memcmp(m->point, parent->host, m->point_len);
}

struct visit {
	struct umount *u;
	int (*fn)(const struct mount *m, void *arg);
};

static int visit_children(const void *value, void *arg)
{
	const struct visit *visit = arg;
	const struct mount *m = value;

	return tree_each_child(mnt_tree(visit->u->at->ns), m->id, visit->fn, visit->u);
}

/* Calls fn(m, u) for what lies in the mounts of the set, in the version in force. */
static int each_child_of(struct umount *u, const struct trie_node *set, int (*fn)(const struct mount *m, void *arg))
{
	struct visit visit = {.u = u, .fn = fn};

	return trie_each(set, visit_children, &visit);
}

/* A mount that stays holds back the first one above it that it does not merely cover, and that the next one. */
static int hold_back(const struct mount *m, void *arg)
{
	const struct mount *parent;
	struct umount *u = arg;
	int err = 0;

	if (doomed(u->at, m->id))
		return 0;
	while (!err && (parent = doomed(u->at, m->parent)) && !has_climbed(u, m)) {
		err = note_climbed(u, m);
		if (!err && !is_topper(m, parent))
			err = spare(u, parent);
		m = parent;
	}
	return err;
}

enum fate { GOES, STAYS, SHARES_FATE };

/* One that is locked goes with its parent or not at all. */
static enum fate fate_of(const struct umount *u, const struct mount *m)
{
	if (!mnt_locked_together(u->at->ns, m) || is_asked(u, u->at, m) || has_climbed(u, m) ||
	    trie_find(u->at->unlocked, m->id, NULL, NULL))
		return GOES;
	return doomed(u->at, m->parent) ? SHARES_FATE : STAYS;
}

static int spare_locked(const void *value, void *arg)
{
	const struct mount *m = value, *last = m, *parent;
	struct umount *u = arg;
	enum fate fate;
	int err = 0;

	if (!doomed(u->at, m->id))
		return 0;
	while ((fate = fate_of(u, last)) == SHARES_FATE)
		last = doomed(u->at, last->parent);
	for (; !err && m != last; m = parent) {
		parent = doomed(u->at, m->parent);
		err = fate == STAYS ? spare(u, m) : note_climbed(u, m);
	}
	return !err && fate == STAYS ? spare(u, last) : err;
}

/* The set changes meanwhile: so over copies of it. */
static int decide(struct umount *u, struct ns_change *nc)
{
	const struct trie_node *chosen = trie_get(nc->doomed), *left;
	int err;

	u->at = nc;
	err = each_child_of(u, chosen, hold_back);
	forget_climbed(u);
	left = trie_get(nc->doomed);
	if (!err)
		err = trie_each(left, spare_locked, u);
	forget_climbed(u);
	trie_put(left, NULL);
	trie_put(chosen, NULL);
	return err;
}

/* ---- the next version ---- */

/* What lay on one that goes lies where that lay. */
static int sink(const struct mount *child, void *arg)
{
	struct umount *u = arg;
	const struct mount *parent = child, *old = tree_mount(u->at->tree, child->id);
	struct mount *m;
	int err;

	if (doomed(u->at, old->id))
		return 0;
	while (doomed(u->at, parent->parent))
		parent = doomed(u->at, parent->parent);
	m = mount_edit(u->at->ns, old, parent->point);
	if (!m)
		return -ENOMEM;
	m->parent = parent->parent;
	err = tree_replace(u->at->tree, old, m);
	mount_put(m);
	return err;
}

static int unlock(const void *value, void *arg)
{
	struct umount *u = arg;
	const struct mount *old = value;
	struct mount *m;
	int err;

	if (doomed(u->at, old->id))
		return 0;
	m = mount_edit(u->at->ns, old, old->point);
	if (!m)
		return -ENOMEM;
	m->locked = m->imported = false;
	err = tree_replace(u->at->tree, old, m);
	mount_put(m);
	return err;
}

static int build(struct umount *u, struct ns_change *nc)
{
	struct mnt_tree *tree;
	int err;

	if (!nc->doomed && !nc->unlocked)
		return 0;
	tree = change_tree(&u->change, nc->ns);
	if (!tree)
		return -ENOMEM;
	u->at = nc;
	err = trie_each(nc->unlocked, unlock, u);
	if (!err)
		err = each_child_of(u, nc->doomed, sink);
	return err ? err : tree_remove_all(tree, nc->doomed);
}

/* ---- who is still in it ---- */

#define FLAGS_OF_GONE (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW)

static struct mount_gone *remembered(u64 id)
{
	for (struct mount_gone *gone = arena()->gone; gone < arena()->gone + MOUNTS_GONE; gone++) {
		if (gone->id == id)
			return gone;
	}
	return NULL;
}

void mnt_remember(const struct mount *m, bool taken_off)
{
	struct arena_header *a = arena();
	u32 flags = (m->flags | m->sb->flags) & FLAGS_OF_GONE;
	bool restricts = flags || m->sb->proc_hides;
	struct mount_gone *gone = remembered(m->id);

	if (gone)
		atomic_store(&gone->id, 0);
	if (!gone || (gone >= a->gone + MOUNTS_GONE / 2) != restricts)
		gone = &a->gone[restricts * MOUNTS_GONE / 2 + a->next_gone[restricts]++ % (MOUNTS_GONE / 2)];
	atomic_store(&gone->id, 0);
	atomic_store(&gone->host_hash, hash_text(m->host, m->host_len));
	atomic_store(&gone->host_len, m->host_len);
	atomic_store(&gone->taken_off, taken_off);
	atomic_store(&gone->flags, flags);
	atomic_store(&gone->proc_hides, m->sb->proc_hides);
	atomic_store(&gone->proc_gid, m->sb->proc_gid);
	atomic_store(&gone->id, m->id);
}

static int remember(const void *value, void *arg)
{
	mnt_remember(value, true);
	return 0;
}

/* ---- umount2(2) ---- */

static int is_one(const struct mount *m, void *arg)
{
	return 1;
}

static bool has_children(const struct mnt_ns *ns, u64 id)
{
	return tree_each_child(mnt_tree(ns), id, is_one, NULL);
}

/* What goes, in each namespace. */
static int choose(struct umount *u, bool detach)
{
	const struct mount *m = u->top;
	int err = 0;

	if (detach)
		err = tree_below(mnt_tree(u->ns), m->id, NULL, &u->asked);
	if (!err)
		err = trie_step(&u->asked, m->id, NULL, m, NULL);
	if (!err)
		err = trie_each(u->asked, doom_asked, u);
	/* The root of a detached tree is mounted nowhere: that it goes is nobody else's business. */
	if (!err && m->parent != m->id)
		err = trie_each(u->asked, pass_on, u);
	for (struct ns_change *nc = u->change.first; nc && !err; nc = nc->next)
		err = decide(u, nc);
	trie_put(u->asked, NULL);
	return err;
}

static int may_umount(const struct mnt_ns *ns, u64 id, bool detach)
{
	const struct mount *m = mnt_by_id(ns, id);

	if (!m || id == ns->root || mnt_locked(ns, m))
		return -EINVAL;
	return !detach && has_children(ns, id) ? -EBUSY : 0;
}

int mnt_umount(struct mnt_ns *ns, u64 id, bool detach)
{
	struct umount u = {.ns = ns, .top = mnt_by_id(ns, id)};
	int err = may_umount(ns, id, detach);

	if (err)
		return err;
	err = choose(&u, detach);
	for (struct ns_change *nc = u.change.first; nc && !err; nc = nc->next)
		err = build(&u, nc);
	/* Before they go: who looks for one finds it in the tree or here. */
	for (struct ns_change *nc = u.change.first; nc && !err && detach; nc = nc->next)
		trie_each(nc->doomed, remember, NULL);
	return change_end(&u.change, err);
}

/* ---- MNT_EXPIRE ---- */

static int set_expiring(struct mnt_ns *ns, const struct mount *old, u32 flag)
{
	struct mount *m = mount_edit(ns, old, old->point);
	struct mnt_change c = {0};
	struct mnt_tree *tree;
	int err = -ENOMEM;

	if (!m)
		return -ENOMEM;
	m->flags |= flag;
	tree = change_tree(&c, ns);
	if (tree)
		err = tree_replace(tree, old, m);
	mount_put(m);
	return change_end(&c, err);
}

int mnt_expire(struct mnt_ns *ns, u64 id)
{
	const struct mount *m = mnt_by_id(ns, id);
	int err = may_umount(ns, id, false);

	if (err || m->flags & MNT_EXPIRING)
		return err;
	err = set_expiring(ns, m, MNT_EXPIRING);
	return err ? err : -EAGAIN;
}

int mnt_used(struct mnt_ns *ns, u64 id)
{
	const struct mount *m = mnt_by_id(ns, id);

	return m && m->flags & MNT_EXPIRING ? set_expiring(ns, m, 0) : 0;
}

/* ---- is it the last one? ---- */

struct count {
	const struct super *sb;
	u64 nr;
};

static int count_mount(const struct mount *m, void *arg)
{
	struct count *count = arg;

	count->nr += m->sb == count->sb;
	return 0;
}

static int count_doomed(const void *value, void *arg)
{
	return count_mount(value, arg);
}

bool mnt_umount_takes_all(struct mnt_ns *ns, u64 id)
{
	struct umount u = {.ns = ns, .top = mnt_by_id(ns, id)};
	struct count all = {.sb = u.top->sb}, go = all;
	int err = choose(&u, false);

	for (struct ns_change *nc = u.change.first; nc; nc = nc->next)
		trie_each(nc->doomed, count_doomed, &go);
	for (const struct mnt_ns *other = arena()->mnt_namespaces; other; other = other->next)
		mnt_for_each(other, count_mount, &all);
	change_end(&u.change, -EAGAIN);
	return !err && all.nr == go.nr;
}
