/* SPDX-License-Identifier: MIT */
/* Versions of a tree of mounts: building, publishing and releasing them. The warden's. */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

/* ---- struct mount ---- */

/* Copies a string into the mount's own block at *to. */
static const char *place_string(char **to, const char *s, u32 *len)
{
	size_t n = strlen(s);
	char *copy = memcpy(*to, s, n + 1);

	*to += n + 1;
	*len = (u32)n;
	return copy;
}

static void count_file(const struct mount *m, int by)
{
	if (!m->dir && m->sb->kind == SUPER_TMPFS)
		atomic_fetch_add(&arena()->tmpfs_files, (u64)by);
}

void mount_set_dir(struct mount *m, bool dir)
{
	count_file(m, -1);
	m->dir = dir;
	count_file(m, 1);
}

struct mount *mount_clone(const struct mount *old, const char *point, const char *host, const char *fsroot)
{
	struct mount *m = arena_alloc(sizeof(*m) + strlen(point) + strlen(host) + strlen(fsroot) + 3);
	char *strings;
	u32 fsroot_len;

	if (!m)
		return NULL;
	strings = (char *)(m + 1);
	if (old) {
		memcpy(m, old, sizeof(*m));
		m->sb->refs++;
		count_file(m, 1);
		group_get(m->group);
	}
	m->flags &= ~MNT_EXPIRING;
	m->refs = 1;
	m->stamp = atomic_fetch_add_explicit(&arena()->next_mount_id, 1, memory_order_relaxed);
	m->point = place_string(&strings, point, &m->point_len);
	m->host = place_string(&strings, host, &m->host_len);
	m->fsroot = place_string(&strings, fsroot, &fsroot_len);
	mount_hold_paths(m, 1);
	return m;
}

void mount_inherit(struct mount *m, const struct mnt_ns *ns, const struct mount *old)
{
	m->propagation = mnt_propagation(ns, old);
	m->locked = mnt_locked_together(ns, old);
	m->locked_flags = old->locked_flags;
	if (old->stamp <= ns->locked_upto)
		m->locked_flags |= mnt_lock_flags(old->flags);
}

struct mount *mount_get(const struct mount *m)
{
	((struct mount *)m)->refs++;
	return (struct mount *)m;
}

struct mount *mount_edit(const struct mnt_ns *ns, const struct mount *old, const char *point)
{
	struct mount *m = mount_clone(old, point, old->host, old->fsroot);

	if (m)
		mount_inherit(m, ns, old);
	return m;
}

void mount_set_group(struct mount *m, enum propagation propagation, struct peer_group *group)
{
	group_put(m->group);
	m->group = group;
	m->propagation = propagation;
}

void mount_put(struct mount *m)
{
	if (--m->refs)
		return;
	count_file(m, -1);
	mount_hold_paths(m, -1);
	super_put(m->sb);
	group_put(m->group);
	arena_free(m);
}

static void mount_value_get(const void *value)
{
	mount_get(value);
}

static void mount_value_put(const void *value)
{
	mount_put((struct mount *)value);
}

const struct trie_ops mount_ops = {.get = mount_value_get, .put = mount_value_put};

/* ---- versions ---- */

/* A private copy of the version in force, or NULL (ENOMEM). */
static struct mnt_tree *tree_copy(const struct mnt_tree *old)
{
	struct mnt_tree *tree = arena_alloc(sizeof(*tree));

	if (!tree)
		return NULL;
	*tree = (struct mnt_tree){
	    .refs = 1,
	    .by_id = trie_get(old->by_id),
	    .by_point = trie_get(old->by_point),
	    .by_name = trie_get(old->by_name),
	    .by_group = trie_get(old->by_group),
	    .root = old->root,
	    .nr = old->nr,
	    .nr_locked = old->nr_locked,
	};
	return tree;
}

static void tree_publish(struct mnt_ns *ns, struct mnt_tree *tree)
{
	struct mnt_tree *old = (struct mnt_tree *)mnt_tree(ns);

	atomic_store_explicit(&ns->root, tree->root, memory_order_relaxed);
	atomic_store_explicit(&ns->nr, tree->nr, memory_order_relaxed);
	atomic_store_explicit(&ns->seq, seq_make(arena()->next_version++, tree), memory_order_release);
	/* The store above comes before every store into what is released below: who sees a reused
	 * block sees, after the fence in mnt_read_retry, the new seq. */
	atomic_thread_fence(memory_order_release);
	mnt_tree_put(old);
}

void mnt_tree_put(struct mnt_tree *tree)
{
	if (--tree->refs)
		return;
	trie_put(tree->by_point, NULL);
	trie_put(tree->by_name, NULL);
	trie_put(tree->by_group, NULL);
	trie_put(tree->by_id, &mount_ops);
	arena_free(tree);
}

/* ---- changes ---- */

struct ns_change *change_of(struct mnt_change *c, struct mnt_ns *ns)
{
	struct ns_change *nc = ns->change;

	if (nc)
		return nc;
	nc = arena_alloc(sizeof(*nc));
	if (!nc)
		return NULL;
	nc->ns = ns;
	if (c->last)
		c->last->next = nc;
	else
		c->first = nc;
	c->last = nc;
	ns->change = nc;
	return nc;
}

struct mnt_tree *change_tree(struct mnt_change *c, struct mnt_ns *ns)
{
	struct ns_change *nc = change_of(c, ns);

	if (nc && !nc->tree)
		nc->tree = tree_copy(mnt_tree(ns));
	return nc ? nc->tree : NULL;
}

int change_end(struct mnt_change *c, int err)
{
	struct ns_change *nc;

	while ((nc = c->first)) {
		c->first = nc->next;
		nc->ns->change = NULL;
		/* It borrows from the version in force. */
		trie_put(nc->doomed, NULL);
		trie_put(nc->unlocked, NULL);
		if (nc->tree && err)
			mnt_tree_put(nc->tree);
		else if (nc->tree)
			tree_publish(nc->ns, nc->tree);
		arena_free(nc);
	}
	groups_settle();
	return err;
}

/* ---- steps of a change ---- */

int trie_step(const struct trie_node **root, u64 key, const void *old, const void *new, const struct trie_ops *ops)
{
	const struct trie_node *before = *root;
	int err = trie_change(before, key, old, new, ops, root);

	if (!err)
		trie_put(before, ops);
	return err;
}

static u64 point_key(const struct mount *m)
{
	return place_key(m->parent, m->point, m->point_len);
}

/* Counts the mounts whose points have the same last component (for "/" that is the empty name). */
static int count_name(struct mnt_tree *tree, const struct mount *m, int by)
{
	const char *name = strrchr(m->point, '/');
	u64 key;
	uintptr_t count;

	name = name ? name + 1 : m->point;
	key = hash_text(name, strlen(name));
	count = (uintptr_t)trie_find(tree->by_name, key, NULL, NULL);
	return trie_step(&tree->by_name, key, (void *)count, (void *)(count + (uintptr_t)by), NULL);
}

/* By place and by name stand all mounts but the root, which covers nothing. */
static int point_index_add(struct mnt_tree *tree, const struct mount *m)
{
	int err;

	if (m->id == tree->root)
		return 0;
	err = trie_step(&tree->by_point, point_key(m), NULL, m, NULL);
	return err ? err : count_name(tree, m, 1);
}

static int point_index_remove(struct mnt_tree *tree, const struct mount *m)
{
	int err;

	if (m->id == tree->root)
		return 0;
	err = trie_step(&tree->by_point, point_key(m), m, NULL, NULL);
	return err ? err : count_name(tree, m, -1);
}

/* By group stands what is not private. */
static u64 group_key(const struct mount *m)
{
	return owned_key(m->group ? m->group->id : 0, m->id);
}

static int group_index_add(struct mnt_tree *tree, const struct mount *m)
{
	if (m->propagation == PROP_PRIVATE)
		return 0;
	return trie_step(&tree->by_group, group_key(m), NULL, m, NULL);
}

static int group_index_remove(struct mnt_tree *tree, const struct mount *m)
{
	if (m->propagation == PROP_PRIVATE)
		return 0;
	if (m->group)
		group_suspect(m->group);
	return trie_step(&tree->by_group, group_key(m), m, NULL, NULL);
}

static int index_add(struct mnt_tree *tree, const struct mount *m)
{
	int err = point_index_add(tree, m);

	tree->nr_locked += m->locked;
	return err ? err : group_index_add(tree, m);
}

static int index_remove(struct mnt_tree *tree, const struct mount *m)
{
	int err = point_index_remove(tree, m);

	tree->nr_locked -= m->locked;
	return err ? err : group_index_remove(tree, m);
}

int tree_add(struct mnt_tree *tree, struct mount *m)
{
	int err = trie_step(&tree->by_id, m->id, NULL, m, &mount_ops);

	tree->nr++;
	return err ? err : index_add(tree, m);
}

int tree_remove(struct mnt_tree *tree, const struct mount *m)
{
	/* by_id last: it may hold the last reference. */
	int err = index_remove(tree, m);

	tree->nr--;
	return err ? err : trie_step(&tree->by_id, m->id, m, NULL, &mount_ops);
}

static int remove_one(const void *value, void *arg)
{
	return tree_remove(arg, value);
}

int tree_remove_all(struct mnt_tree *tree, const struct trie_node *mounts)
{
	return trie_each(mounts, remove_one, tree);
}

int tree_replace(struct mnt_tree *tree, const struct mount *old, struct mount *new)
{
	int err = index_remove(tree, old);

	if (!err)
		err = index_add(tree, new);
	return err ? err : trie_step(&tree->by_id, old->id, old, new, &mount_ops);
}

/* ---- what is below a mount ---- */

struct children {
	u64 parent;
	int (*fn)(const struct mount *m, void *arg);
	void *arg;
};

static int visit_child(const void *value, void *arg)
{
	const struct children *children = arg;
	const struct mount *m = value;

	return m->parent == children->parent && m->id != m->parent ? children->fn(m, children->arg) : 0;
}

int tree_each_child(const struct mnt_tree *tree, u64 id, int (*fn)(const struct mount *m, void *arg), void *arg)
{
	struct children children = {.parent = id, .fn = fn, .arg = arg};

	return trie_each_under(tree->by_point, owned_key(id, 0), KEY_LOW_BITS, visit_child, &children);
}

struct below {
	const char *top;	       /* of the children only those mounted there or below; NULL: all */
	const struct mnt_ns *bindable; /* without what is unbindable there; NULL: with all */
	const struct trie_node *set;   /* id -> mount, borrowed: what is below, so far */
	struct mount *first, *last;    /* the same as a list: what is in those is still to be found */
};

static int take_child(const struct mount *child, void *arg)
{
	struct mount *m = (struct mount *)child;
	struct below *below = arg;
	int err;

	if (below->top && !path_below(m->point, m->point_len, below->top, strlen(below->top)))
		return 0;
	/* What is locked may not be left out of what it is locked together with. */
	if (below->bindable && mnt_propagation(below->bindable, m) == PROP_UNBINDABLE)
		return mnt_locked_together(below->bindable, m) ? -EPERM : 0;
	err = trie_step(&below->set, m->id, NULL, m, NULL);
	if (err)
		return err;
	m->next_found = NULL;
	if (below->last)
		below->last->next_found = m;
	else
		below->first = m;
	below->last = m;
	return 0;
}

static int find_below(const struct mnt_tree *tree, u64 id, struct below *below, const struct trie_node **out)
{
	int err = tree_each_child(tree, id, take_child, below);

	below->top = NULL;
	for (const struct mount *m = below->first; m && !err; m = m->next_found)
		err = tree_each_child(tree, m->id, take_child, below);
	if (err)
		trie_put(below->set, NULL);
	*out = err ? NULL : below->set;
	return err;
}

int tree_below(const struct mnt_tree *tree, u64 id, const char *top, const struct trie_node **out)
{
	struct below below = {.top = top};

	return find_below(tree, id, &below, out);
}

int tree_bindable_below(const struct mnt_tree *tree, u64 id, const char *top, const struct mnt_ns *ns,
			const struct trie_node **out)
{
	struct below below = {.top = top, .bindable = ns};

	return find_below(tree, id, &below, out);
}

bool tree_is_below(const struct mnt_tree *tree, u64 id, u64 top)
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
