/* SPDX-License-Identifier: MIT */
/* See model.h: mounts and namespaces. */
#include "model_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include "kernel/uapi.h"
#include "vfs/namei.h"

#define POOL	    8192
#define MOUNT_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW)
#define LOCKABLE    (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)

struct m_task model_tasks[MODEL_TASKS];

static struct m_mount pool[POOL];
static struct m_super supers[POOL];
static unsigned nr_mounts, nr_supers, nr_tmpfs;

static struct {
	struct m_mount pool[POOL];
	struct m_super supers[POOL];
	struct m_task tasks[MODEL_TASKS];
	unsigned nr_mounts, nr_supers;
} saved;

void model_save(void)
{
	memcpy(saved.pool, pool, nr_mounts * sizeof(pool[0]));
	memcpy(saved.supers, supers, nr_supers * sizeof(supers[0]));
	memcpy(saved.tasks, model_tasks, sizeof(model_tasks));
	saved.nr_mounts = nr_mounts;
	saved.nr_supers = nr_supers;
}

void model_restore(void)
{
	nr_mounts = saved.nr_mounts;
	nr_supers = saved.nr_supers;
	memcpy(pool, saved.pool, nr_mounts * sizeof(pool[0]));
	memcpy(supers, saved.supers, nr_supers * sizeof(supers[0]));
	memcpy(model_tasks, saved.tasks, sizeof(model_tasks));
}

/* ---- the list ---- */

static int ns_of(const struct m_task *task)
{
	return (int)(task - model_tasks);
}

static struct m_mount *mount_add(int ns, struct m_mount *parent, struct node *point, struct node *root,
				 struct m_super *sb)
{
	struct m_mount *m = &pool[nr_mounts++];

	*m = (struct m_mount){.parent = parent, .point = point, .root = root, .ns = ns, .sb = sb};
	model_tasks[ns].nr++;
	return m;
}

static bool full(const struct m_task *task, unsigned more)
{
	return task->nr + more > MODEL_MOUNTS || nr_mounts + more > POOL;
}

struct m_mount *model_mounted(const struct place *at)
{
	for (unsigned i = 0; i < nr_mounts; i++) {
		if (pool[i].parent == at->mnt && pool[i].point == at->node)
			return &pool[i];
	}
	return NULL;
}

/* Is `m` the mount `top`, or below it? */
static bool below(const struct m_mount *m, const struct m_mount *top)
{
	while (m && m != top)
		m = m->parent;
	return m;
}

static void each_below(struct m_mount *top, void (*fn)(struct m_mount *m, void *arg), void *arg)
{
	fn(top, arg);
	for (unsigned i = 0; i < nr_mounts; i++) {
		if (pool[i].parent == top)
			each_below(&pool[i], fn, arg);
	}
}

void model_each(int task, void (*fn)(struct m_mount *m, void *arg), void *arg)
{
	each_below(model_tasks[task].top, fn, arg);
}

unsigned model_flags(const struct m_mount *m)
{
	return m->flags | m->sb->flags;
}

void model_init(void)
{
	struct m_mount *m;

	nr_mounts = nr_supers = nr_tmpfs = 0;
	memset(model_tasks, 0, sizeof(model_tasks));
	supers[nr_supers++] = (struct m_super){.host = true};
	m = mount_add(0, NULL, disk_root, disk_root, &supers[0]);
	model_tasks[0].used = true;
	model_tasks[0].top = m;
	model_tasks[0].root = model_tasks[0].pwd = (struct place){m, disk_root};
}

/* ---- what depends on a node ---- */

bool model_is_mountpoint(const struct m_task *task, const struct node *n)
{
	for (unsigned i = 0; i < nr_mounts; i++) {
		if (pool[i].ns == ns_of(task) && pool[i].parent && pool[i].point == n)
			return true;
	}
	return false;
}

bool model_pins(const struct m_task *task, const struct node *n)
{
	for (unsigned i = 0; i < nr_mounts; i++) {
		const struct m_mount *m = &pool[i];

		if (m->ns == ns_of(task) &&
		    ((m->parent && m->point != n && disk_below(m->point, n)) || disk_below(m->root, n)))
			return true;
	}
	return false;
}

bool model_stands_on(const struct m_task *task, const struct node *n)
{
	for (int t = 0; t < MODEL_TASKS; t++) {
		const struct m_task *other = &model_tasks[t];

		if (other->used && (other->root.node == n || other->pwd.node == n))
			return true;
	}
	for (unsigned i = 0; i < nr_mounts; i++) {
		if (pool[i].root == n || (pool[i].parent && pool[i].point == n))
			return true;
	}
	return false;
}

bool model_depends_on(const struct m_task *task, const struct node *n)
{
	for (int t = 0; t < MODEL_TASKS; t++) {
		if (model_tasks[t].used && disk_below(model_tasks[t].root.node, n))
			return true;
	}
	for (unsigned i = 0; i < nr_mounts; i++) {
		const struct m_mount *m = &pool[i];

		if (m->ns != ns_of(task) && (disk_below(m->root, n) || (m->parent && disk_below(m->point, n))))
			return true;
	}
	return false;
}

/* ---- mount(2) ---- */

/*
 * The place on which something is about to be mounted: on top of what is there. secede: EINVAL in a mount that was
 * taken off, as Linux said before 6.17 or so, and now says ENOENT.
 */
static int mount_target(struct m_task *task, struct place *at, struct expect *e)
{
	struct m_mount *m;

	e->secedes |= at->mnt->ns < 0;
	while ((m = model_mounted(at)))
		*at = (struct place){m, m->root};
	return at->mnt->ns == ns_of(task) ? 0 : -EINVAL;
}

static bool is_dir(const struct place *at)
{
	return at->node->kind == NODE_DIR;
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
	int len = snprintf(name, sizeof(name), "%u", ++nr_tmpfs);

	return disk_add(storage, name, (size_t)len, NODE_DIR, NULL);
}

static void do_tmpfs(struct m_task *task, const struct step *s, struct expect *e)
{
	struct m_super *sb;
	struct m_mount *m;

	next_tmpfs = NULL;
	e->err = model_walk(task, s->a, LOOKUP_FOLLOW, e);
	if (e->err)
		return;
	e->skip |= full(task, 1);
	e->err = !is_dir(&e->at) ? -ENOTDIR : mount_target(task, &e->at, e);
	if (e->err || e->skip)
		return;
	next_tmpfs = make_tmpfs();
	sb = &supers[nr_supers++];
	*sb = (struct m_super){.flags = s->flags & MS_RDONLY, .user = task->user, .root = next_tmpfs};
	m = mount_add(ns_of(task), e->at.mnt, e->at.node, next_tmpfs, sb);
	m->flags = s->flags & MOUNT_FLAGS;
	e->mounts = true;
}

/* ---- bind ---- */

static bool locked_children(const struct place *at)
{
	for (unsigned i = 0; i < nr_mounts; i++) {
		if (pool[i].parent == at->mnt && pool[i].locked && disk_below(pool[i].point, at->node))
			return true;
	}
	return false;
}

static struct m_mount *copy_one(const struct m_mount *old, int ns, struct m_mount *parent)
{
	struct m_mount *m = mount_add(ns, parent, old->point, old->root, old->sb);

	m->flags = old->flags;
	m->locked_flags = old->locked_flags;
	m->locked = old->locked;
	m->id = ns == old->ns ? 0 : old->id;
	return m;
}

/* Copies what is mounted on `old` at or below `top`, of the first `upto` mounts. */
static void copy_below(const struct m_mount *old, const struct node *top, int ns, struct m_mount *new, unsigned upto)
{
	for (unsigned i = 0; i < upto; i++) {
		const struct m_mount *m = &pool[i];

		if (m->parent == old && disk_below(m->point, top))
			copy_below(m, m->root, ns, copy_one(m, ns, new), upto);
	}
}

static void count_one(struct m_mount *m, void *arg)
{
	++*(unsigned *)arg;
}

static void do_bind(struct m_task *task, const struct step *s, struct expect *e)
{
	unsigned upto = nr_mounts, nr = 0;
	struct expect src = {0};
	struct m_mount *m;

	e->err = model_walk(task, s->b, LOOKUP_FOLLOW, e);
	if (!e->err)
		e->err = !*s->a ? -EINVAL : model_walk(task, s->a, LOOKUP_FOLLOW, &src);
	e->skip |= src.skip;
	if (e->err)
		return;
	each_below(src.at.mnt, count_one, &nr);
	e->skip |= full(task, nr);
	e->err = mount_target(task, &e->at, e);
	if (src.at.mnt->ns != ns_of(task) || (!(s->flags & MS_REC) && locked_children(&src.at)))
		e->err = -EINVAL;
	if (!e->err && is_dir(&e->at) != is_dir(&src.at))
		e->err = -ENOTDIR;
	if (e->err || e->skip)
		return;
	m = copy_one(src.at.mnt, ns_of(task), NULL);
	m->root = src.at.node;
	m->locked = false;
	if (s->flags & MS_REC)
		copy_below(src.at.mnt, src.at.node, ns_of(task), m, upto);
	m->parent = e->at.mnt;
	m->point = e->at.node;
	e->mounts = true;
}

/* ---- move, umount, remount ---- */

static void do_move(struct m_task *task, const struct step *s, struct expect *e)
{
	struct expect src = {0};
	struct m_mount *m;

	e->err = model_walk(task, s->b, LOOKUP_FOLLOW, e);
	if (!e->err)
		e->err = !*s->a ? -EINVAL : model_walk(task, s->a, LOOKUP_FOLLOW, &src);
	e->skip |= src.skip;
	if (e->err)
		return;
	m = src.at.mnt;
	/* secede: EINVAL; to Linux the root mount is on something as well, and the target below it (ELOOP). */
	e->secedes |= !m->parent;
	if (src.at.node != m->root || is_dir(&src.at) != is_dir(&e->at) || mount_target(task, &e->at, e) ||
	    m->ns != ns_of(task) || !m->parent || m->locked)
		e->err = -EINVAL;
	else if (below(e->at.mnt, m))
		e->err = -ELOOP;
	if (e->err || e->skip)
		return;
	m->parent = e->at.mnt;
	m->point = e->at.node;
	e->mounts = true;
}

static bool busy(const struct m_task *task, const struct m_mount *m)
{
	for (unsigned i = 0; i < nr_mounts; i++) {
		if (pool[i].parent == m)
			return true;
	}
	return task->root.mnt == m || task->pwd.mnt == m;
}

static void take_off(struct m_mount *m, void *arg)
{
	model_tasks[m->ns].nr--;
	m->ns = -1;
}

static void do_umount(struct m_task *task, const struct step *s, struct expect *e)
{
	struct m_mount *m;

	e->err = model_walk(task, s->a, s->flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, e);
	if (e->err)
		return;
	while ((m = model_mounted(&e->at)))
		e->at = (struct place){m, m->root};
	m = e->at.mnt;
	/* secede: the root mount of a namespace stays, where Linux makes it read-only or takes it off. */
	e->skip |= m->ns == ns_of(task) && !m->parent;
	/* secede: EBUSY, where Linux makes the file system of the task's root read-only. */
	e->secedes |= m == task->root.mnt && !(s->flags & MNT_DETACH);
	if (e->at.node != m->root || m->ns != ns_of(task) || m->locked)
		e->err = -EINVAL;
	else if (!(s->flags & MNT_DETACH) && busy(task, m))
		e->err = -EBUSY;
	if (e->err || e->skip)
		return;
	each_below(m, take_off, NULL);
	for (unsigned i = 0; i < nr_mounts; i++) {
		if (pool[i].ns < 0)
			pool[i].parent = NULL;
	}
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
	if (m->ns != ns_of(task) || e->at.node != m->root)
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

/* ---- pivot_root(2) ---- */

/* Can one get from `root` down to `at`? */
static bool reachable(struct place at, const struct place *root)
{
	while (at.mnt != root->mnt && at.mnt->parent)
		at = (struct place){at.mnt->parent, at.mnt->point};
	return at.mnt == root->mnt && disk_below(at.node, root->node);
}

static int may_pivot(struct m_task *task, const struct place *new, struct place *put, struct expect *e)
{
	const struct place *root = &task->root;

	if (mount_target(task, put, e) || root->mnt->ns != ns_of(task) || new->mnt->ns != ns_of(task) ||
	    new->mnt->locked)
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

	e->err = model_walk(task, s->a, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, e);
	if (!e->err)
		e->err = model_walk(task, s->b, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &put);
	e->skip |= put.skip;
	if (!e->err)
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
static struct place copied(const struct place *at, int from, int to)
{
	if (at->mnt->ns != from)
		return *at;
	for (unsigned i = 0; i < nr_mounts; i++) {
		if (pool[i].ns == to && pool[i].id == at->mnt->id)
			return (struct place){&pool[i], at->node};
	}
	abort();
}

static void lock_tree(struct m_mount *m, void *arg)
{
	m->locked_flags |= m->flags & LOCKABLE;
	m->locked = true;
}

/* secede: the ids of a copy are those of the original. */
static void do_fork(struct m_task *task, const struct step *s, struct expect *e)
{
	static unsigned last_user;
	int to = 0, from = ns_of(task);
	struct m_task *new;

	while (to < MODEL_TASKS && model_tasks[to].used)
		to++;
	e->skip |= to == MODEL_TASKS || nr_mounts + task->nr > POOL;
	if (e->skip)
		return;
	new = &model_tasks[to];
	*new = (struct m_task){.used = true, .user = s->flags & CLONE_NEWUSER ? ++last_user : task->user};
	new->top = copy_one(task->top, to, NULL);
	copy_below(task->top, task->top->root, to, new->top, nr_mounts);
	if (s->flags & CLONE_NEWUSER)
		model_each(to, lock_tree, NULL);
	new->root = copied(&task->root, from, to);
	new->pwd = copied(&task->pwd, from, to);
	e->mounts = true;
}

static void do_exit(struct m_task *task, struct expect *e)
{
	e->skip |= ns_of(task) == 0;
	if (e->skip)
		return;
	each_below(task->top, take_off, NULL);
	for (unsigned i = 0; i < nr_mounts; i++) {
		if (pool[i].ns < 0)
			pool[i].parent = NULL;
	}
	task->used = false;
}

void model_mount_step(struct m_task *task, const struct step *s, struct expect *e)
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
	case STEP_PIVOT:
		return do_pivot(task, s, e);
	case STEP_FORK:
		return do_fork(task, s, e);
	case STEP_EXIT:
		return do_exit(task, e);
	default:
		abort();
	}
}
