/* SPDX-License-Identifier: MIT */
/* The forest of peer groups: kernel/ns/mnt_group.h. */
#include "kernel/ns/mnt_tree.h"

/* ---- what a mount is ---- */

struct peer_group *mount_peers(const struct mnt_ns *ns, const struct mount *m)
{
	return mnt_propagation(ns, m) == PROP_SHARED ? m->group : NULL;
}

/* Whom one receives from who was told to receive from g. */
static struct peer_group *not_gone(struct peer_group *g)
{
	return g->gone ? g->master : g;
}

struct peer_group *mount_master(const struct mnt_ns *ns, const struct mount *m)
{
	return mnt_propagation(ns, m) == PROP_SLAVE ? not_gone(m->group) : own_master(m);
}

struct peer_group *own_master(const struct mount *m)
{
	if (m->propagation == PROP_SHARED)
		return m->group->master;
	return m->propagation == PROP_SLAVE ? not_gone(m->group) : NULL;
}

int group_each(const struct mnt_ns *ns, const struct peer_group *g, int (*fn)(const void *mount, void *arg), void *arg)
{
	return trie_each_under(mnt_tree(ns)->by_group, owned_key(g->id, 0), KEY_LOW_BITS, fn, arg);
}

/* ---- for guests ---- */

/* A copy of a group that may be garbage; false: it cannot be one. */
static bool read_group(const struct peer_group *g, struct peer_group *out)
{
	if (!arena_contains(g, sizeof(*g)) || (uintptr_t)g & 15)
		return false;
	out->id = READ_ONCE(g->id);
	out->gone = READ_ONCE(g->gone);
	out->master = READ_ONCE(g->master);
	return true;
}

struct search {
	const struct mnt_ns *ns;
	const struct peer_group *group;
	bool (*reachable)(const struct mount *m, void *arg);
	void *arg;
};

static int reachable_member(const void *value, void *arg)
{
	const struct search *s = arg;
	const struct mount *m = value;

	return arena_contains(m, sizeof(*m)) && !((uintptr_t)m & 15) && m->group == s->group &&
	       mnt_propagation(s->ns, m) == PROP_SHARED && s->reachable(m, s->arg);
}

/* A chain of masters is no longer than this, or it leads in circles through garbage. */
#define MASTERS_MAX 100000

void mnt_peer_numbers(const struct mnt_ns *ns, const struct mount *m,
		      bool (*reachable)(const struct mount *m, void *arg), void *arg, struct peer_numbers *out)
{
	struct search s = {.ns = ns, .group = READ_ONCE(m->group), .reachable = reachable, .arg = arg};
	enum propagation propagation = mnt_propagation(ns, m);
	u64 seq = groups_read_begin();
	struct peer_group g;

	*out = (struct peer_numbers){0};
	if ((propagation != PROP_SHARED && propagation != PROP_SLAVE) || !read_group(s.group, &g))
		return;
	if (propagation == PROP_SHARED)
		out->shared = g.id;
	if (propagation == PROP_SHARED || g.gone)
		s.group = g.master;
	for (int i = 0; i < MASTERS_MAX && !out->from && !groups_read_retry(seq) && read_group(s.group, &g); i++) {
		if (i == 0)
			out->master = g.id;
		if (group_each(ns, s.group, reachable_member, &s))
			out->from = g.id;
		s.group = g.master;
	}
}

/* ---- the forest ---- */

static void link_group(struct peer_group *g, struct peer_group *master)
{
	g->master = master;
	if (!master)
		return;
	g->next = master->slaves;
	g->pprev = &master->slaves;
	if (g->next)
		g->next->pprev = &g->next;
	master->slaves = g;
}

static void unlink_group(struct peer_group *g)
{
	if (g->next)
		g->next->pprev = g->pprev;
	if (g->pprev)
		*g->pprev = g->next;
	g->next = NULL;
	g->pprev = NULL;
}

/* What received from g receives from its master. */
static void hand_over_slaves(struct peer_group *g)
{
	struct peer_group *slave;

	while ((slave = g->slaves)) {
		unlink_group(slave);
		link_group(slave, g->master);
	}
}

/* Comes behind a change, and before memory is released that readers may be looking at. */
static void forest_changed(void)
{
	atomic_fetch_add_explicit(&arena()->groups_seq, 1, memory_order_release);
	atomic_thread_fence(memory_order_release);
}

struct peer_group *group_create(struct peer_group *master)
{
	struct peer_group *g = arena_alloc(sizeof(*g));

	if (!g)
		return NULL;
	g->refs = 1;
	g->id = ++arena()->next_group;
	link_group(g, master);
	return g;
}

struct peer_group *group_get(struct peer_group *g)
{
	if (g)
		g->refs++;
	return g;
}

void group_put(struct peer_group *g)
{
	if (!g || --g->refs)
		return;
	hand_over_slaves(g);
	unlink_group(g);
	forest_changed();
	arena_free(g);
}

struct peer_group *group_next(struct peer_group *g, const struct peer_group *top)
{
	if (g->slaves)
		return g->slaves;
	while (g != top && !g->next)
		g = g->master;
	return g == top ? NULL : g->next;
}

/* ---- groups that lose their members ---- */

/* Those of which a member may have gone; the list has a reference on each. */
static struct peer_group *suspects;

void group_suspect(struct peer_group *g)
{
	if (g->suspect)
		return;
	g->suspect = 1;
	g->next_suspect = suspects;
	suspects = group_get(g);
}

static int is_member(const void *value, void *arg)
{
	const struct search *s = arg;
	const struct mount *m = value;

	return m->group == s->group && mnt_propagation(s->ns, m) == PROP_SHARED;
}

static bool has_members(const struct peer_group *g)
{
	struct search s = {.group = g};

	for (s.ns = arena()->mnt_namespaces; s.ns; s.ns = s.ns->next)
		if (group_each(s.ns, g, is_member, &s))
			return true;
	return false;
}

void groups_settle(void)
{
	struct peer_group *g;

	while ((g = suspects)) {
		suspects = g->next_suspect;
		g->suspect = 0;
		/* Nobody but the list has it: then it goes with what follows. */
		if (g->refs > 1 && !g->gone && !has_members(g)) {
			g->gone = 1;
			hand_over_slaves(g);
			forest_changed();
		}
		group_put(g);
	}
}
