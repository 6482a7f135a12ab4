/* SPDX-License-Identifier: MIT */
/* See model.h: the links of proc, and which files a step reads. What stands in those is told by walk_proc.c. */
#include "model_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include "kernel/uapi.h"
#include "vfs/namei.h"

const struct m_task *model_proc_task(const struct node *n)
{
	while (n->name[0] < '1' || n->name[0] > '9' || !strcmp(n->parent->name, "fd"))
		n = n->parent;
	return &model_tasks[atoi(n->name) - 1];
}

void model_text(const struct m_task *task, struct place at, char *buf, size_t size)
{
	struct m_task from = *task;
	struct m_mount *top = at.mnt;

	if (model_path(task, at, buf, size))
		return;
	while (top->parent)
		top = top->parent;
	from.root = (struct place){top, top->root};
	if (!model_path(&from, at, buf, size))
		abort();
}

void model_fs_root(const struct m_mount *m, char *buf)
{
	const struct node *top = m->sb->root ? m->sb->root : disk_root;
	struct m_super sb = {0};
	struct m_mount whole = {.root = (struct node *)top, .sb = &sb};
	struct m_task task = {.root = {&whole, (struct node *)top}};

	if (!model_path(&task, (struct place){&whole, m->root}, buf, PATH_MAX))
		abort();
}

/* What the link leads to. secede: through which mount a descriptor was opened is told by its path, where that was the
 * host's; so not what is hidden. */
static void target_of(struct m_task *of, const struct step *s, struct expect *e)
{
	const char *name = step_proc_names[s->flags];
	struct expect b = {0};

	if (!strcmp(name, "root")) {
		e->at = of->root;
	} else if (!strcmp(name, "cwd")) {
		e->at = of->pwd;
	} else {
		e->skip |=
		    model_walk(of, s->b, LOOKUP_FOLLOW, &b) || b.skip || model_in_proc(&b.at) || model_is_hidden(b.at);
		e->at = b.at;
	}
	e->skip |= !e->skip && !model_is_mine(of, e->at.mnt);
}

void model_proc_step(struct m_task *task, const struct step *s, struct expect *e)
{
	const char *name = step_proc_names[s->flags];
	struct m_task *of = &model_tasks[s->of];

	e->skip |=
	    !of->used || model_walk(task, s->a, 0, e) || !e->at.mnt->sb->proc || model_proc_task(e->at.node) != of;
	if (e->skip)
		return;
	e->stays = e->at.mnt->flags & MS_NOSYMFOLLOW;
	if (!strcmp(name, "root") || !strcmp(name, "cwd") || !strcmp(name, "exe") || !strcmp(name, "fd"))
		target_of(of, s, e);
}
