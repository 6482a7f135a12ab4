/* SPDX-License-Identifier: MIT */
/*
 * See model.h: what mounts pass on to each other (mount_namespaces(7), "Shared subtrees"). A group is a number that its
 * members bear, and those that receive from it bear it as their master.
 */
#include "model_internal.h"

#include <string.h>
#include <sys/mount.h>

#define LOCKABLE (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* ---- groups ---- */

static const struct m_mount *member_of(unsigned group)
{
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (m->group == group)
			return m;
	}
	return NULL;
}

/* When the last member goes, its master takes over those who received from the group. */
static void leave_group(struct m_mount *m)
{
	unsigned group = m->group;

	m->group = 0;
	if (!group || member_of(group))
		return;
	for (struct m_mount *other = model_pool; other < model_end; other++) {
		if (other->master == group)
			other->master = m->master;
	}
}

void model_set_type(struct m_mount *m, unsigned type)
{
	unsigned group = m->group;

	if (type == MS_SHARED) {
		m->group = group ? group : ++model_groups;
		m->unbindable = false;
		return;
	}
	leave_group(m);
	if (type == MS_SLAVE) {
		m->master = group && member_of(group) ? group : m->master;
		return;
	}
	m->master = 0;
	m->unbindable = type == MS_UNBINDABLE;
}

/* Does what happens in the group happen in m as well? */
static bool receives(const struct m_mount *m, unsigned group)
{
	while (m->group != group && m->master != group && m->master)
		m = member_of(m->master);
	return m->group == group || m->master == group;
}

static bool sees_member(const struct m_task *task, unsigned group)
{
	char path[MODEL_PATH];

	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (m->group == group && m->ns == model_ns(task) &&
		    model_path(task, (struct place){m, m->root}, path, sizeof(path)))
			return true;
	}
	return false;
}

unsigned model_nearest_master(const struct m_task *task, const struct m_mount *m)
{
	unsigned group = m->master;

	while (group && !sees_member(task, group))
		group = member_of(group)->master;
	return group;
}

/* ---- what is mounted ---- */

/* A tree that is mounted at `point` in one mount, and everywhere where that passes it on to. */
struct passing {
	struct m_mount *tree[MODEL_POOL]; /* parents first */
	unsigned nr;
	const struct m_mount *upto; /* the end of those that were there before */
	struct m_mount *to;
	struct node *point;
	unsigned user; /* whose namespace it is done in */
};

/* What the tree's mounts are in one group. */
struct types {
	struct {
		unsigned group, master;
	} of[MODEL_MOUNTS + 1];
};

static void collect(struct m_mount *m, void *arg)
{
	struct passing *p = arg;

	p->tree[p->nr++] = m;
}

void model_lock(struct m_mount *m, bool top)
{
	m->locked_flags |= m->flags & LOCKABLE;
	m->locked = !top;
}

/* What was mounted there comes to lie on top of all that the copy has on it. */
static void tuck_under(struct m_mount *covering, struct m_mount *copy)
{
	struct place at = {copy, copy->root};

	model_topmost(&at);
	covering->parent = at.mnt;
	covering->point = at.node;
}

static void copy_to(const struct passing *p, struct m_mount *target, const struct types *types)
{
	struct m_mount *covering = model_mounted(&(struct place){target, p->point});
	bool other_users = model_tasks[target->ns].user != p->user;

	for (unsigned i = 0; i < p->nr; i++) {
		struct m_mount *m = model_copy(p->tree[i], target->ns, i ? p->tree[i]->parent->copy : target);

		m->point = i ? p->tree[i]->point : p->point;
		m->group = types->of[i].group;
		m->master = types->of[i].master;
		if (other_users)
			model_lock(m, i == 0);
	}
	if (covering)
		tuck_under(covering, p->tree[0]->copy);
}

/* Can the point be seen in m, which was there before? A tree that is mounted nowhere receives nothing. */
static bool is_target(const struct passing *p, const struct m_mount *m)
{
	return m != p->to && m->ns >= 0 && m->ns != MODEL_DETACHED && disk_below(p->point, m->root);
}

static bool has_target(const struct passing *p, unsigned group)
{
	for (const struct m_mount *m = model_pool; m < p->upto; m++) {
		if (m->group == group && is_target(p, m))
			return true;
	}
	return false;
}

static void pass_on(struct passing *p, unsigned group, const struct types *types);

/* To a group that receives from one in which the tree has those types. */
static void pass_to_group(struct passing *p, unsigned group, const struct types *from)
{
	struct types types = *from;

	for (unsigned i = 0; has_target(p, group) && i < p->nr; i++) {
		types.of[i].group = ++model_groups;
		types.of[i].master = from->of[i].group;
	}
	pass_on(p, group, &types);
}

/* Was a member of its group met before in the list? */
static bool is_first(const struct m_mount *m)
{
	for (const struct m_mount *other = model_pool; other < m; other++) {
		if (other->group == m->group)
			return false;
	}
	return true;
}

static void pass_on(struct passing *p, unsigned group, const struct types *types)
{
	struct types slaves = {0};

	for (unsigned i = 0; i < p->nr; i++)
		slaves.of[i].master = types->of[i].group;
	for (struct m_mount *m = model_pool; m < p->upto; m++) {
		if (m->group == group && is_target(p, m))
			copy_to(p, m, types);
		else if (m->master == group && !m->group && is_target(p, m))
			copy_to(p, m, &slaves);
		else if (m->master == group && m->group && is_first(m))
			pass_to_group(p, m->group, types);
	}
}

void model_attach(const struct m_task *task, struct m_mount *top, const struct place *at, const struct m_mount *upto)
{
	static struct passing p;
	struct types types;

	p = (struct passing){.upto = upto, .to = at->mnt, .point = at->node, .user = task->user};
	model_each_below(top, collect, &p);
	if (p.nr <= MODEL_MOUNTS && at->mnt->group) {
		for (unsigned i = 0; i < p.nr; i++) {
			types.of[i].group = p.tree[i]->group ? p.tree[i]->group : ++model_groups;
			types.of[i].master = p.tree[i]->master;
		}
		/* Where it is passed on to one of its own mounts, that is not shared yet. */
		pass_on(&p, at->mnt->group, &types);
		for (unsigned i = 0; i < p.nr; i++) {
			p.tree[i]->group = types.of[i].group;
			model_set_type(p.tree[i], MS_SHARED);
		}
	}
	for (unsigned i = 0; i < p.nr; i++)
		p.tree[i]->ns = at->mnt->ns;
	top->parent = at->mnt;
	top->point = at->node;
}

/* ---- what is unmounted ---- */

/* What an unmount does to a mount: nothing; it is passed on to it; it goes. */
enum fate { STAYS, RECEIVES, GOES };
static enum fate fates[MODEL_POOL];

static enum fate *fate_of(const struct m_mount *m)
{
	return &fates[m - model_pool];
}

static bool goes(const struct m_mount *m)
{
	return m && *fate_of(m) != STAYS;
}

static void doom(struct m_mount *m, void *arg)
{
	*fate_of(m) = GOES;
}

/* What is mounted in `parent`, which receives from m's parent, in the same place; or NULL. */
static struct m_mount *counterpart(const struct m_mount *m, struct m_mount *parent)
{
	if (parent == m->parent || !receives(parent, m->parent->group))
		return NULL;
	return model_mounted(&(struct place){parent, m->point});
}

static void doom_counterparts(const struct m_mount *m, bool unlock)
{
	for (struct m_mount *parent = model_pool; parent < model_end; parent++) {
		struct m_mount *other = counterpart(m, parent);

		if (!other)
			continue;
		if (*fate_of(other) == STAYS)
			*fate_of(other) = RECEIVES;
		if (unlock)
			other->locked = false;
	}
}

static bool is_topper(const struct m_mount *m)
{
	return m->point == m->parent->root;
}

static bool spare(struct m_mount *m)
{
	if (*fate_of(m) != RECEIVES)
		return false;
	*fate_of(m) = STAYS;
	return true;
}

/* A mount that stays needs all above it, but what it merely covers. */
static bool hold_back(struct m_mount *m)
{
	bool changed = false;

	if (goes(m))
		return false;
	for (; goes(m->parent); m = m->parent)
		changed |= !is_topper(m) && spare(m->parent);
	return changed;
}

static void decide(void)
{
	bool changed;

	do {
		changed = false;
		for (struct m_mount *m = model_pool; m < model_end; m++)
			changed |= hold_back(m);
	} while (changed);
	/* What is locked goes with its parent or not at all. */
	do {
		changed = false;
		for (struct m_mount *m = model_pool; m < model_end; m++)
			changed |= m->locked && !goes(m->parent) && spare(m);
	} while (changed);
}

/* What lay on one that goes lies where that lay. */
static void sink(struct m_mount *m)
{
	while (goes(m->parent)) {
		m->point = m->parent->point;
		m->parent = m->parent->parent;
	}
}

static void take_off(struct m_mount *m)
{
	model_set_type(m, MS_PRIVATE);
	m->ns = -1;
	m->parent = NULL;
}

void model_take_off_all(struct m_mount *top)
{
	memset(fates, 0, sizeof(fates));
	model_each_below(top, doom, NULL);
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (goes(m))
			take_off(m);
	}
}

void model_uncover(const struct node *n)
{
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (m->parent && m->point == n)
			model_take_off_all(m);
	}
}

static bool has_only_topper(const struct m_mount *m)
{
	for (struct m_mount *child = model_pool; child < model_end; child++) {
		if (child->parent == m && !is_topper(child))
			return false;
	}
	return true;
}

bool model_counterpart_busy(const struct m_mount *m)
{
	if (!m->parent || !m->parent->group)
		return false;
	for (struct m_mount *parent = model_pool; parent < model_end; parent++) {
		const struct m_mount *other = counterpart(m, parent);

		if (other && has_only_topper(other) && model_stands_in(other))
			return true;
	}
	return false;
}

static void choose(struct m_mount *top, bool below)
{
	memset(fates, 0, sizeof(fates));
	doom(top, NULL);
	if (below)
		model_each_below(top, doom, NULL);
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (*fate_of(m) == GOES && m->parent && m->parent->group)
			doom_counterparts(m, m == top);
	}
	decide();
}

void model_unmount(struct m_mount *top, bool below)
{
	choose(top, below);
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (!goes(m))
			sink(m);
	}
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (goes(m))
			take_off(m);
	}
}
