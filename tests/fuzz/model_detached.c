/* SPDX-License-Identifier: MIT */
/* See model.h: trees of mounts that are mounted nowhere (open_tree(2), fsmount(2), move_mount(2)), and
 * mount_setattr(2). */
#include "model_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#include "vfs/namei.h"

#define TYPES (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE)

/* The place that the path a means, from the tree or the working directory. False: there is none. */
static bool walk_a(struct m_task *task, const struct step *s, unsigned flags, struct expect *e)
{
	if (s->from_tree && !task->trees[s->tree])
		e->skip = true;
	else if (s->from_tree)
		e->err = model_walk_from(task, task->trees[s->tree], s->a, flags, e);
	else
		e->err = model_walk(task, s->a, flags, e);
	return !e->err && !e->skip;
}

/* ---- descriptors ---- */

static void close_tree(struct m_task *task, int tree)
{
	struct m_mount *m = task->trees[tree];

	task->trees[tree] = NULL;
	if (m && m->ns == MODEL_DETACHED && !m->parent)
		model_take_off_all(m);
}

void model_close_trees(struct m_task *task)
{
	for (int i = 0; i < STEP_TREES; i++)
		close_tree(task, i);
}

static void do_close(struct m_task *task, const struct step *s, struct expect *e)
{
	e->skip |= !task->trees[s->tree];
	close_tree(task, s->tree);
	e->mounts = true;
}

static void do_open_tree(struct m_task *task, const struct step *s, struct expect *e)
{
	bool rec = s->flags & MS_REC;
	int to = s->from_tree ? (s->tree + 1) % STEP_TREES : s->tree;

	e->skip |= task->trees[to] != NULL;
	if (!walk_a(task, s, LOOKUP_FOLLOW, e))
		return;
	e->skip |= model_in_proc(&e->at);
	e->err = model_may_bind(task, &e->at, rec);
	if (e->err || e->skip)
		return;
	task->trees[to] = model_bind(&e->at, MODEL_DETACHED, rec);
	e->mounts = true;
}

static void do_fsmount(struct m_task *task, const struct step *s, struct expect *e)
{
	e->skip |= task->trees[s->tree] != NULL;
	if (e->skip)
		return;
	task->trees[s->tree] = model_new_tmpfs(task, MODEL_DETACHED, (unsigned)s->flags, (struct m_super){0});
	e->mounts = true;
}

static void do_move_tree(struct m_task *task, const struct step *s, struct expect *e)
{
	struct m_mount *m = task->trees[s->tree], *other = task->trees[(s->tree + 1) % STEP_TREES];
	struct place src;

	e->skip |= !m || (s->from_tree && !other);
	if (e->skip)
		return;
	src = (struct place){m, m->root};
	e->err = s->from_tree ? model_walk_from(task, other, s->b, LOOKUP_FOLLOW, e)
			      : model_walk(task, s->b, LOOKUP_FOLLOW, e);
	if (!e->err)
		e->err = model_may_move(task, &src, &e->at, e);
	if (e->err || e->skip)
		return;
	model_attach(task, m, &e->at, model_end);
	e->mounts = true;
}

/* ---- attributes ---- */

struct attr {
	unsigned set, clear, type;
	bool locked;
};

static unsigned with(const struct m_mount *m, const struct attr *attr)
{
	return (m->flags & ~attr->clear) | attr->set;
}

static void look_at_lock(struct m_mount *m, void *arg)
{
	struct attr *attr = arg;

	attr->locked |= m->locked_flags & ~with(m, attr);
}

static void set_attr(struct m_mount *m, void *arg)
{
	const struct attr *attr = arg;

	m->flags = with(m, attr);
	if (attr->type)
		model_set_type(m, attr->type);
}

static void do_setattr(struct m_task *task, const struct step *s, struct expect *e)
{
	struct attr attr = {.set = (unsigned)(s->flags & ~(unsigned long)(TYPES | MS_REC)),
			    .clear = (unsigned)s->clear,
			    .type = (unsigned)(s->flags & TYPES)};
	void (*each)(struct m_mount * m, void (*fn)(struct m_mount * m, void *arg), void *arg) = model_each_below;
	struct m_mount *m;

	e->skip |= !attr.set && !attr.clear && !attr.type;
	if (!walk_a(task, s, LOOKUP_FOLLOW, e))
		return;
	m = e->at.mnt;
	if (e->at.node != m->root || !(model_is_mine(task, m) || (m->ns == MODEL_DETACHED && !m->parent)))
		e->err = -EINVAL;
	if (e->err)
		return;
	if (!(s->flags & MS_REC))
		each = model_alone;
	each(m, look_at_lock, &attr);
	e->err = attr.locked ? -EPERM : 0;
	if (e->err)
		return;
	each(m, set_attr, &attr);
	e->mounts = true;
}

static int may_set_group(const struct place *from, const struct place *to)
{
	const struct m_mount *a = from->mnt, *b = to->mnt;

	if (from->node != a->root || to->node != b->root || a->ns < 0 || b->ns < 0 || a->sb != b->sb ||
	    !disk_below(b->root, a->root) || b->group || b->master || (!a->group && !a->master))
		return -EINVAL;
	return model_locked_children(&(struct place){from->mnt, b->root}) ? -EINVAL : 0;
}

static void do_set_group(struct m_task *task, const struct step *s, struct expect *e)
{
	struct expect to = {0};

	e->err = model_walk(task, s->b, LOOKUP_FOLLOW, &to);
	if (!e->err)
		e->err = model_walk(task, s->a, LOOKUP_FOLLOW, e);
	model_merge(e, &to);
	if (!e->err)
		e->err = may_set_group(&e->at, &to.at);
	if (e->err || e->skip)
		return;
	to.at.mnt->group = e->at.mnt->group;
	to.at.mnt->master = e->at.mnt->master;
	to.at.mnt->unbindable = false;
	e->mounts = true;
}

void model_detached_step(struct m_task *task, const struct step *s, struct expect *e)
{
	switch (s->op) {
	case STEP_SETATTR:
		return do_setattr(task, s, e);
	case STEP_SET_GROUP:
		return do_set_group(task, s, e);
	case STEP_OPEN_TREE:
		return do_open_tree(task, s, e);
	case STEP_FSMOUNT:
		return do_fsmount(task, s, e);
	case STEP_MOVE_TREE:
		return do_move_tree(task, s, e);
	case STEP_CLOSE:
		return do_close(task, s, e);
	default:
		abort();
	}
}
