/* SPDX-License-Identifier: MIT */
/*
 * What is mounted in a shared mount appears in its peers and slaves (mount_namespaces(7), "Propagation type
 * transitions" and "Propagation events").
 *
 * Copies in members of one group are peers of each other; those in a group that receives are a group that receives from
 * the copies in its master. So each group of the forest notes the first copies that were made for it, and further ones
 * are made from those, or, where none of its members sees the mount point, from its master's. All targets come from the
 * versions in force: what is made here is no target of itself.
 */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

struct propagation_event {
	struct mnt_change *change;
	struct mnt_ns *ns; /* where it was asked for */
	const struct trie_node *mounts;
	const struct mount *top;
	/* Being dealt with. */
	struct mnt_ns *at;
	struct peer_group *group;
	bool slaves; /* its slaves, after its members */
};

/* ---- one copy of the tree ---- */

struct copying {
	const struct propagation_event *event;
	const struct mount *parent; /* what it is mounted in */
	const struct mount *top;    /* the copy of event->top */
	struct mnt_tree *tree;
	const struct trie_node *from, *copies; /* id in event->mounts -> mount */
	enum { COPY_PEER, COPY_NEW_GROUP, COPY_SLAVE } as;
};

/* What a copy passes on and receives; it is still what the mount is that it was copied from, which is shared. */
static int set_copy_type(const struct copying *x, struct mount *m)
{
	struct peer_group *g;

	if (x->as == COPY_SLAVE)
		m->propagation = PROP_SLAVE;
	if (x->as != COPY_NEW_GROUP)
		return 0;
	g = group_create(m->group);
	if (!g)
		return -ENOMEM;
	mount_set_group(m, PROP_SHARED, g);
	return 0;
}

/* A namespace of other users may not take apart or loosen what it gets. */
static void set_copy_locks(const struct copying *x, struct mount *m)
{
	if (x->event->at->user_ns == x->event->ns->user_ns)
		return;
	m->locked = true;
	m->locked_flags |= mnt_lock_flags(m->flags);
}

static int copy_one(const void *value, void *arg)
{
	struct copying *x = arg;
	const struct mount *original = value, *from = trie_find(x->from, original->id, NULL, NULL);
	struct mount *m = copies_add(&x->copies, original, from);

	if (!m)
		return -ENOMEM;
	set_copy_locks(x, m);
	if (original == x->event->top) {
		m->parent = x->parent->id;
		m->locked = false;
		x->top = m;
	}
	return set_copy_type(x, m);
}

static int place_one(const void *copy, void *arg)
{
	return tree_add(arg, (struct mount *)copy);
}

static int copy_tree(struct copying *x)
{
	const struct propagation_event *event = x->event;
	const struct mount *top = event->top, *covering;
	int err;

	x->tree = change_tree(event->change, event->at);
	if (!x->tree)
		return -ENOMEM;
	covering = tree_child(x->tree, x->parent->id, top->point, top->point_len);
	err = trie_each(event->mounts, copy_one, x);
	if (!err)
		err = copies_connect(x->copies, x->top, place_one, x->tree);
	if (!err && covering)
		err = mnt_tuck_under(event->at, x->tree, x->top, covering);
	return !err && x->tree->nr > MNT_MAX ? -ENOSPC : err;
}

/* ---- who gets one ---- */

/* Members first make the copies of their group, if they are the first to. */
static int copy_to(struct propagation_event *event, const struct mount *target)
{
	struct peer_group *g = event->group;
	struct copying x = {.event = event, .parent = target, .from = g->copies, .as = COPY_PEER};
	int err;

	if (event->slaves) {
		x.as = COPY_SLAVE;
	} else if (!g->copies) {
		x.as = COPY_NEW_GROUP;
		x.from = g->master->copies;
	}
	err = copy_tree(&x);
	if (!err && x.as == COPY_NEW_GROUP)
		g->copies = trie_get(x.copies);
	trie_put(x.copies, &mount_ops);
	return err;
}

static int visit_mount(const void *value, void *arg)
{
	struct propagation_event *event = arg;
	const struct mount *m = value, *top = event->top;
	bool member = mount_peers(event->at, m);

	if (m->group != event->group || member == event->slaves || (event->at == event->ns && m->id == top->parent))
		return 0;
	/* Can it be seen there? */
	if (!path_below(top->point, top->point_len, m->host, m->host_len))
		return 0;
	return copy_to(event, m);
}

static int visit_namespaces(struct propagation_event *event, bool slaves)
{
	int err = 0;

	event->slaves = slaves;
	for (event->at = arena()->mnt_namespaces; event->at && !err; event->at = event->at->next) {
		/* A tree that is mounted nowhere receives nothing, as in Linux. */
		if (event->at != arena()->detached)
			err = group_each(event->at, event->group, visit_mount, event);
	}
	return err;
}

static int visit_group(struct propagation_event *event, struct peer_group *g)
{
	int err;

	event->group = g;
	err = visit_namespaces(event, false);
	if (err)
		return err;
	if (!g->copies)
		g->copies = trie_get(g->master->copies);
	return visit_namespaces(event, true);
}

int mnt_propagate(struct mnt_change *c, struct mnt_ns *ns, const struct trie_node *mounts, const struct mount *top,
		  struct peer_group *group)
{
	struct propagation_event event = {.change = c, .ns = ns, .mounts = mounts, .top = top};
	int err = 0;

	group->copies = trie_get(mounts);
	for (struct peer_group *g = group; g && !err; g = group_next(g, group))
		err = visit_group(&event, g);
	for (struct peer_group *g = group; g; g = group_next(g, group)) {
		trie_put(g->copies, &mount_ops);
		g->copies = NULL;
	}
	return err;
}
