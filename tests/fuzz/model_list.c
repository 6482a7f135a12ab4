/* SPDX-License-Identifier: MIT */
/* See model.h: the list of all mounts, and what depends on a node of the disk. */
#include "model_internal.h"

#include <string.h>

struct m_task model_tasks[MODEL_TASKS];
struct m_mount model_pool[MODEL_POOL];
struct m_mount *model_end;
unsigned model_groups;

static struct m_super supers[MODEL_POOL];
static unsigned nr_supers;
static bool overflow; /* of the pool */

static struct {
	struct m_mount pool[MODEL_POOL];
	struct m_super supers[MODEL_POOL];
	struct m_task tasks[MODEL_TASKS];
	struct m_mount *end;
	unsigned groups, nr_supers;
} saved;

void model_save(void)
{
	memcpy(saved.pool, model_pool, (size_t)(model_end - model_pool) * sizeof(model_pool[0]));
	memcpy(saved.supers, supers, nr_supers * sizeof(supers[0]));
	memcpy(saved.tasks, model_tasks, sizeof(model_tasks));
	saved.end = model_end;
	saved.groups = model_groups;
	saved.nr_supers = nr_supers;
	overflow = false;
}

void model_restore(void)
{
	model_end = saved.end;
	model_groups = saved.groups;
	nr_supers = saved.nr_supers;
	memcpy(model_pool, saved.pool, (size_t)(model_end - model_pool) * sizeof(model_pool[0]));
	memcpy(supers, saved.supers, nr_supers * sizeof(supers[0]));
	memcpy(model_tasks, saved.tasks, sizeof(model_tasks));
}

/* ---- the list ---- */

int model_ns(const struct m_task *task)
{
	return (int)(task - model_tasks);
}

/* When the pool is full it is one that nobody finds, and the step will not have been: model_too_many(). */
struct m_mount *model_mount_add(int ns, struct node *root, struct m_super *sb)
{
	static struct m_mount none;
	struct m_mount *m = &none;

	if (model_end < model_pool + MODEL_POOL)
		m = model_end++;
	else
		overflow = true;
	*m = (struct m_mount){.root = root, .ns = ns, .sb = sb};
	return m;
}

struct m_super *model_super_add(const struct m_super *sb)
{
	supers[nr_supers] = *sb;
	return &supers[nr_supers++];
}

bool model_too_many(void)
{
	unsigned nr[MODEL_DETACHED + 1] = {0};

	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (m->ns >= 0 && ++nr[m->ns] > MODEL_MOUNTS)
			return true;
	}
	return overflow;
}

struct m_mount *model_mounted(const struct place *at)
{
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (m->parent == at->mnt && m->point == at->node)
			return m;
	}
	return NULL;
}

void model_topmost(struct place *at)
{
	struct m_mount *m;

	while ((m = model_mounted(at)))
		*at = (struct place){m, m->root};
}

bool model_below(const struct m_mount *m, const struct m_mount *top)
{
	while (m && m != top)
		m = m->parent;
	return m;
}

void model_each_below(struct m_mount *top, void (*fn)(struct m_mount *m, void *arg), void *arg)
{
	fn(top, arg);
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (m->parent == top)
			model_each_below(m, fn, arg);
	}
}

void model_alone(struct m_mount *m, void (*fn)(struct m_mount *m, void *arg), void *arg)
{
	fn(m, arg);
}

void model_each(int task, void (*fn)(struct m_mount *m, void *arg), void *arg)
{
	model_each_below(model_tasks[task].top, fn, arg);
}

unsigned model_flags(const struct m_mount *m)
{
	return m->flags | m->sb->flags;
}

void model_init(void)
{
	struct m_mount *m, *proc;

	model_end = model_pool;
	model_groups = nr_supers = 0;
	memset(model_tasks, 0, sizeof(model_tasks));
	m = model_mount_add(0, disk_root, model_super_add(&(struct m_super){.host = true}));
	model_tasks[0].used = true;
	model_tasks[0].top = m;
	model_tasks[0].root = model_tasks[0].pwd = (struct place){m, disk_root};
	proc = model_mount_add(0, disk_at("/s/p"),
			       model_super_add(&(struct m_super){.proc = true, .root = disk_at("/s/p")}));
	proc->parent = m;
	proc->point = disk_at("/p");
}

/* ---- what depends on a node ---- */

bool model_is_mountpoint(const struct m_task *task, const struct node *n)
{
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (m->ns == model_ns(task) && m->parent && m->point == n)
			return true;
	}
	return false;
}

bool model_stands_on(const struct node *n)
{
	for (int t = 0; t < MODEL_TASKS; t++) {
		const struct m_task *other = &model_tasks[t];

		if (other->used && (other->root.node == n || other->pwd.node == n))
			return true;
	}
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (m->root == n)
			return true;
	}
	return false;
}

bool model_has_tree(const struct m_task *task, const struct m_mount *m)
{
	for (int i = 0; i < STEP_TREES; i++) {
		if (task->trees[i] == m)
			return true;
	}
	return false;
}

bool model_stands_in(const struct m_mount *m)
{
	for (int t = 0; t < MODEL_TASKS; t++) {
		const struct m_task *task = &model_tasks[t];

		if (task->used && (task->root.mnt == m || task->pwd.mnt == m || model_has_tree(task, m)))
			return true;
	}
	return false;
}
