/* SPDX-License-Identifier: MIT */
/* See model.h: the calls that change mounts, and tasks, which have a namespace each. */
#include "model_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include "kernel/uapi.h"
#include "vfs/namei.h"

#define MOUNT_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW)

bool model_is_mine(const struct m_task *task, const struct m_mount *m)
{
	return m->ns == model_ns(task);
}

static bool is_dir(const struct place *at)
{
	return at->node->kind == NODE_DIR;
}

/* ---- mount(2) ---- */

/*
 * The place on which something is about to be mounted: on top of what is there. secede: EINVAL in a mount that was
 * taken off, as Linux said before 6.17 or so, and now says ENOENT.
 */
int model_target(struct m_task *task, struct place *at, struct expect *e)
{
	e->secedes |= at->mnt->ns < 0;
	e->skip |= model_in_proc(at);
	model_topmost(at);
	return model_is_mine(task, at->mnt) ? 0 : -EINVAL;
}

static struct node *next_tmpfs;

struct node *model_next_tmpfs(void)
{
	return next_tmpfs;
}

/* The node stands in the disk before the other side knows of it: it can be made only once. */
static struct node *make_tmpfs(void)
{
	struct node *storage = disk_find(disk_root, "s", 1);
	char name[16];
	int nr = 0, len;

	for (const struct node *n = storage->children; n; n = n->next)
		nr++;
	len = snprintf(name, sizeof(name), "%08x", nr);
	return disk_add(storage, name, (size_t)len, NODE_DIR, NULL);
}

struct m_mount *model_new_tmpfs(struct m_task *task, int ns, unsigned flags, struct m_super sb)
{
	struct m_mount *m;

	next_tmpfs = make_tmpfs();
	sb.user = task->user;
	sb.root = next_tmpfs;
	m = model_mount_add(ns, next_tmpfs, model_super_add(&sb));
	m->flags = flags & MOUNT_FLAGS;
	return m;
}

static void do_tmpfs(struct m_task *task, const struct step *s, struct expect *e)
{
	const struct m_mount *upto = model_end;
	struct m_mount *m;

	next_tmpfs = NULL;
	e->err = model_walk(task, s->a, LOOKUP_FOLLOW, e);
	if (e->err)
		return;
	e->err = model_target(task, &e->at, e);
	if (!e->err && !is_dir(&e->at))
		e->err = -ENOTDIR;
	if (e->err || e->skip)
		return;
	m = model_new_tmpfs(task, model_ns(task), (unsigned)s->flags,
			    (struct m_super){.flags = s->flags & MS_RDONLY, .inodes = s->inodes});
	model_attach(task, m, &e->at, upto);
	e->mounts = true;
}

/* ---- bind ---- */

bool model_locked_children(const struct place *at)
{
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (m->parent == at->mnt && m->locked && disk_below(m->point, at->node))
			return true;
	}
	return false;
}

struct m_mount *model_copy(struct m_mount *old, int ns, struct m_mount *parent)
{
	struct m_mount *m = model_mount_add(ns, old->root, old->sb);
	unsigned long id = m->id;

	*m = *old;
	m->ns = ns;
	m->parent = parent;
	m->id = id;
	old->copy = m;
	return m;
}

/* A directory that was renamed out of what a mount shows has taken along what is mounted on it there: no `top` is all.
 */
static bool is_at(const struct m_mount *m, const struct m_mount *parent, const struct node *top)
{
	return m->parent == parent && (!top || disk_below(m->point, top));
}

/* Copies what is mounted on `old` at or below `top`, of the first `upto` mounts, and all that is mounted on that. */
static void copy_below(const struct m_mount *old, const struct node *top, int ns, struct m_mount *new,
		       const struct m_mount *upto, bool unbindable)
{
	for (struct m_mount *m = model_pool; m < upto; m++) {
		if (is_at(m, old, top) && (unbindable || !m->unbindable))
			copy_below(m, NULL, ns, model_copy(m, ns, new), upto, unbindable);
	}
}

/* Is something mounted there or below that is left out of a copy, and must not be? */
static bool locked_unbindable(const struct m_mount *old, const struct node *top)
{
	for (struct m_mount *m = model_pool; m < model_end; m++) {
		if (is_at(m, old, top) && (m->unbindable ? m->locked : locked_unbindable(m, NULL)))
			return true;
	}
	return false;
}

/* Two places, of which the second is *other. False: one is not there; the second has no name: `unnamed`. */
static bool walk_both(struct m_task *task, const char *first, const char *second, int unnamed, unsigned flags,
		      struct expect *e, struct expect *other)
{
	int err = model_walk(task, first, flags, e);

	if (!err)
		err = *second ? model_walk(task, second, flags, other) : unnamed;
	model_merge(e, other);
	e->err = err;
	return !err;
}

/* Both places of a bind or a move: where to in *e, and what. */
static bool mount_places(struct m_task *task, const struct step *s, struct expect *e, struct expect *src)
{
	return walk_both(task, s->b, s->a, -EINVAL, LOOKUP_FOLLOW, e, src);
}

int model_may_bind(struct m_task *task, const struct place *src, bool rec)
{
	if ((!model_is_mine(task, src->mnt) && src->mnt->ns != MODEL_DETACHED) || src->mnt->unbindable ||
	    (!rec && model_locked_children(src)))
		return -EINVAL;
	return rec && locked_unbindable(src->mnt, src->node) ? -EPERM : 0;
}

struct m_mount *model_bind(const struct place *src, int ns, bool rec)
{
	const struct m_mount *upto = model_end;
	struct m_mount *m = model_copy(src->mnt, ns, NULL);

	m->root = src->node;
	m->locked = false;
	if (rec)
		copy_below(src->mnt, src->node, ns, m, upto, false);
	return m;
}

static void do_bind(struct m_task *task, const struct step *s, struct expect *e)
{
	const struct m_mount *upto = model_end;
	struct expect src = {0};
	struct m_mount *m;

	if (!mount_places(task, s, e, &src))
		return;
	e->skip |= model_in_proc(&src.at);
	e->err = model_target(task, &e->at, e);
	if (!e->err)
		e->err = model_may_bind(task, &src.at, s->flags & MS_REC);
	/* secede: ENOTDIR comes before what is unbindable and locked. */
	e->linuxes |= e->err == -EPERM && is_dir(&e->at) != is_dir(&src.at);
	if (!e->err && is_dir(&e->at) != is_dir(&src.at))
		e->err = -ENOTDIR;
	if (e->err || e->skip)
		return;
	m = model_bind(&src.at, model_ns(task), s->flags & MS_REC);
	model_attach(task, m, &e->at, upto);
	e->mounts = true;
}

/* ---- move, umount, remount, propagation ---- */

static void find_unbindable(struct m_mount *m, void *arg)
{
	*(bool *)arg |= m->unbindable;
}

static bool has_unbindable(struct m_mount *top)
{
	bool found = false;

	model_each_below(top, find_unbindable, &found);
	return found;
}

/* In the order in which move_mount(2) looks: the tree of a descriptor is mounted nowhere, or it is our own. */
static int may_leave(struct m_task *task, const struct m_mount *m, const struct m_mount *to)
{
	const struct m_mount *top = to;

	if (model_is_mine(task, m))
		return m->locked || (m->parent && m->parent->group) || !model_is_mine(task, to) ? -EINVAL : 0;
	while (top->parent)
		top = top->parent;
	if (m->ns != MODEL_DETACHED || m->parent || top == m)
		return -EINVAL;
	return model_is_mine(task, to) || to->ns == MODEL_DETACHED ? 0 : -EINVAL;
}

int model_may_move(struct m_task *task, const struct place *src, struct place *at, struct expect *e)
{
	const struct m_mount *m = src->mnt;

	if (src->node != m->root || is_dir(src) != is_dir(at))
		return -EINVAL;
	model_target(task, at, e);
	if (may_leave(task, m, at->mnt) || (at->mnt->group && has_unbindable(src->mnt)))
		return -EINVAL;
	return model_below(at->mnt, m) ? -ELOOP : 0;
}

static void do_move(struct m_task *task, const struct step *s, struct expect *e)
{
	struct expect src = {0};

	if (!mount_places(task, s, e, &src))
		return;
	e->err = model_may_move(task, &src.at, &e->at, e);
	if (e->err || e->skip)
		return;
	model_attach(task, src.at.mnt, &e->at, model_end);
	e->mounts = true;
}

/* Has somebody a descriptor on a mount of which this one is the copy in another namespace, or the original? */
static bool twin_held(const struct m_mount *m)
{
	for (int t = 0; t < MODEL_TASKS; t++) {
		for (int i = 0; i < STEP_TREES; i++) {
			const struct m_mount *held = model_tasks[t].trees[i];

			if (held && held != m && held->id && held->id == m->id)
				return true;
		}
	}
	return false;
}

static bool busy(const struct m_task *task, const struct m_mount *m)
{
	for (struct m_mount *child = model_pool; child < model_end; child++) {
		if (child->parent == m)
			return true;
	}
	for (int t = 0; t < MODEL_TASKS; t++) {
		if (model_tasks[t].used && model_has_tree(&model_tasks[t], m))
			return true;
	}
	return task->root.mnt == m || task->pwd.mnt == m;
}

static void do_umount(struct m_task *task, const struct step *s, struct expect *e)
{
	bool detach = s->flags & MNT_DETACH;
	struct m_mount *m;

	e->err = model_walk(task, s->a, s->flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, e);
	if (e->err)
		return;
	model_topmost(&e->at);
	m = e->at.mnt;
	/* secede: the root mount of a namespace stays, where Linux makes it read-only or takes it off. */
	e->skip |= model_is_mine(task, m) && !m->parent;
	/* secede: EBUSY, where Linux makes the file system of the task's root read-only. */
	e->secedes |= m == task->root.mnt && !detach;
	if (e->at.node != m->root || !model_is_mine(task, m) || m->locked) {
		e->err = -EINVAL;
	} else if (!detach && busy(task, m)) {
		e->err = -EBUSY;
	} else if (!detach && model_counterpart_busy(m)) {
		e->err = -EBUSY;
		e->linuxes = true; /* secede: it does not ask where others stand */
	}
	/* secede: the ids of a copy are those of the original, and so is what a descriptor keeps busy. */
	e->linuxes |= !e->err && !detach && twin_held(m);
	if (e->err || e->skip)
		return;
	model_unmount(m, detach);
	e->mounts = true;
}

static void do_remount(struct m_task *task, const struct step *s, struct expect *e)
{
	struct m_mount *m;

	e->err = model_walk(task, s->a, LOOKUP_FOLLOW, e);
	if (e->err)
		return;
	m = e->at.mnt;
	/* secede: the host's file systems are not the session's to change. */
	e->secedes |= m->sb->host && !(s->flags & MS_BIND);
	if (!model_is_mine(task, m) || e->at.node != m->root)
		e->err = -EINVAL;
	else if ((m->locked_flags & ~s->flags) || (!(s->flags & MS_BIND) && (m->sb->host || m->sb->user != task->user)))
		e->err = -EPERM;
	if (e->err)
		return;
	m->flags = s->flags & MOUNT_FLAGS;
	if (!(s->flags & MS_BIND))
		m->sb->flags = s->flags & MS_RDONLY;
	e->mounts = true;
}

static void share(struct m_mount *m, void *arg)
{
	model_set_type(m, *(unsigned *)arg);
}

static void do_propagation(struct m_task *task, const struct step *s, struct expect *e)
{
	unsigned type = (unsigned)(s->flags & ~(unsigned long)MS_REC);

	e->err = model_walk(task, s->a, LOOKUP_FOLLOW, e);
	if (e->err)
		return;
	if (!model_is_mine(task, e->at.mnt) || e->at.node != e->at.mnt->root)
		e->err = -EINVAL;
	if (e->err || e->skip)
		return;
	if (s->flags & MS_REC)
		model_each_below(e->at.mnt, share, &type);
	else
		share(e->at.mnt, &type);
	e->mounts = true;
}

/* ---- pivot_root(2) ---- */

/* Can one get from `root` down to `at`? */
static bool reachable(struct place at, const struct place *root)
{
	while (at.mnt != root->mnt && at.mnt->parent)
		at = (struct place){at.mnt->parent, at.mnt->point};
	return at.mnt == root->mnt && disk_below(at.node, root->node);
}

static bool in_shared(const struct m_mount *m)
{
	return m->parent && m->parent->group;
}

static int may_pivot(struct m_task *task, const struct place *new, struct place *put, struct expect *e)
{
	const struct place *root = &task->root;

	if (model_target(task, put, e) || !model_is_mine(task, root->mnt) || !model_is_mine(task, new->mnt) ||
	    new->mnt->locked || put->mnt->group || in_shared(new->mnt) || in_shared(root->mnt))
		return -EINVAL;
	if (new->mnt == root->mnt || put->mnt == root->mnt)
		return -EBUSY;
	if (root->node != root->mnt->root || new->node != new->mnt->root || !new->mnt->parent)
		return -EINVAL;
	return reachable(*put, new) && reachable(*new, root) ? 0 : -EINVAL;
}

static void do_pivot(struct m_task *task, const struct step *s, struct expect *e)
{
	struct place root = task->root, new;
	struct expect put = {0};
	bool locked;

	if (!walk_both(task, s->a, s->b, -ENOENT, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, e, &put))
		return;
	e->err = may_pivot(task, &e->at, &put.at, e);
	if (e->err || e->skip)
		return;
	new = e->at;
	locked = root.mnt->locked;
	new.mnt->parent = root.mnt->parent;
	new.mnt->point = root.mnt->parent ? root.mnt->point : new.node;
	new.mnt->locked = locked;
	root.mnt->locked = false;
	root.mnt->parent = put.at.mnt;
	root.mnt->point = put.at.node;
	if (task->top == root.mnt)
		task->top = new.mnt;
	if (task->pwd.mnt == root.mnt && task->pwd.node == root.node)
		task->pwd = new;
	task->root = new;
	e->mounts = true;
}

/* ---- tasks ---- */

/* A place in the copy of the namespace. */
static struct place copied(const struct place *at, int from)
{
	return at->mnt->ns == from ? (struct place){at->mnt->copy, at->node} : *at;
}

/* secede: the ids of a copy are those of the original. */
static void keep_id(struct m_mount *m, void *arg)
{
	m->copy->id = m->id;
}

/* In a copy of a namespace nothing is unbindable. */
static void make_bindable(struct m_mount *m, void *arg)
{
	m->unbindable = false;
}

static void lock_for_others(struct m_mount *m, void *arg)
{
	if (m->group)
		model_set_type(m, MS_SLAVE);
	model_lock(m, false);
}

static void do_fork(struct m_task *task, const struct step *s, struct expect *e)
{
	static unsigned last_user;
	int to = 0, from = model_ns(task);
	struct m_task *new;

	while (to < MODEL_TASKS && model_tasks[to].used)
		to++;
	e->skip |= to == MODEL_TASKS;
	if (e->skip)
		return;
	new = &model_tasks[to];
	*new = (struct m_task){.used = true, .user = s->flags & CLONE_NEWUSER ? ++last_user : task->user};
	new->top = model_copy(task->top, to, NULL);
	copy_below(task->top, NULL, to, new->top, model_end, true);
	new->root = copied(&task->root, from);
	new->pwd = copied(&task->pwd, from);
	model_each(from, keep_id, NULL);
	model_each(to, make_bindable, NULL);
	if (s->flags & CLONE_NEWUSER)
		model_each(to, lock_for_others, NULL);
	e->mounts = true;
}

static void do_exit(struct m_task *task, struct expect *e)
{
	e->skip |= model_ns(task) == 0;
	if (e->skip)
		return;
	model_close_trees(task);
	model_take_off_all(task->top);
	task->used = false;
	e->mounts = true;
}

static void change(struct m_task *task, const struct step *s, struct expect *e)
{
	switch (s->op) {
	case STEP_TMPFS:
		return do_tmpfs(task, s, e);
	case STEP_BIND:
		return do_bind(task, s, e);
	case STEP_MOVE:
		return do_move(task, s, e);
	case STEP_UMOUNT:
		return do_umount(task, s, e);
	case STEP_REMOUNT:
		return do_remount(task, s, e);
	case STEP_PROPAGATION:
		return do_propagation(task, s, e);
	case STEP_PIVOT:
		return do_pivot(task, s, e);
	case STEP_FORK:
		return do_fork(task, s, e);
	case STEP_EXIT:
		return do_exit(task, e);
	default:
		return model_detached_step(task, s, e);
	}
}

void model_mount_step(struct m_task *task, const struct step *s, struct expect *e)
{
	change(task, s, e);
	if (!model_too_many())
		return;
	model_restore();
	e->skip = true;
}
