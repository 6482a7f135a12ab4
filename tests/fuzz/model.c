/* SPDX-License-Identifier: MIT */
/* See model.h: the walk, and what hangs on it. Mounts are in model_mounts.c. */
#include "model_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include "vfs/namei.h"

#define MAX_LINKS 40
#define MAX_PATH  2000 /* on the disk: with what a step may append, still a path that the host takes */

/* ---- the walk ---- */

struct m_walk {
	struct m_task *task;
	const struct place *base; /* NULL: the working directory */
	struct place at, root;
	unsigned flags, resolve;
	bool create; /* open(2) with O_CREAT */
	bool must_be_dir;
	bool root_used; /* the kernel has looked up its root; until then it takes any mount for another one */
	int links;
	/* What the last component was. */
	struct expect *e;
	bool missing; /* with LOOKUP_CREATE; at is its directory */
};

static bool same(const struct place *a, const struct place *b)
{
	return a->mnt == b->mnt && a->node == b->node;
}

/* Down into what is mounted here. */
static int cross(struct m_walk *w, struct place *at)
{
	struct m_mount *m;

	while ((m = model_mounted(at))) {
		if (w->resolve & RESOLVE_NO_XDEV)
			return -EXDEV;
		*at = (struct place){m, m->root};
	}
	return 0;
}

static int to_root(struct m_walk *w, bool from_link)
{
	if (w->resolve & RESOLVE_BENEATH)
		return -EXDEV;
	if (from_link && (w->resolve & RESOLVE_NO_XDEV) && (!w->root_used || w->at.mnt != w->root.mnt))
		return -EXDEV;
	w->root_used = true;
	w->at = w->root;
	return 0;
}

/* Where a mount's root lies in what it covers, which is not the root of a mount. False: nowhere. */
static bool covered(const struct place *root, struct place *at)
{
	struct m_mount *m = at->mnt;

	while (m->parent) {
		struct place under = {m->parent, m->point};

		if (same(&under, root))
			return false;
		m = m->parent;
		if (under.node != m->root) {
			*at = under;
			return true;
		}
	}
	return false;
}

static int up(struct m_walk *w)
{
	struct place at = w->at;

	w->root_used = true;
	if (same(&at, &w->root) || (at.node == at.mnt->root && !covered(&w->root, &at))) {
		if (w->resolve & RESOLVE_BENEATH)
			return -EXDEV;
		return cross(w, &w->at);
	}
	if (at.mnt != w->at.mnt && (w->resolve & RESOLVE_NO_XDEV))
		return -EXDEV;
	at.node = at.node->parent;
	if (!disk_below(at.node, at.mnt->root))
		return -ENOENT;
	w->at = at;
	return cross(w, &w->at);
}

static int walk_text(struct m_walk *w, const char *p, bool tail);

/* A link at `at`, which is the last component of all when `final`. */
static int follow(struct m_walk *w, const struct place *at, bool final)
{
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	w->e->skip |= at->mnt->ns < 0 && (at->mnt->flags & MS_NOSYMFOLLOW);
	if ((w->resolve & RESOLVE_NO_SYMLINKS) || (at->mnt->flags & MS_NOSYMFOLLOW))
		return -ELOOP;
	return walk_text(w, at->node->text, final);
}

/* One of proc's, which leads to where the task stands, whatever is mounted there. */
static int follow_magic(struct m_walk *w, const struct place *link)
{
	const struct m_task *of = model_proc_task(link->node);
	const struct place *to = strcmp(link->node->name, "cwd") ? &of->root : &of->pwd;

	w->e->skip |= link->mnt->ns < 0 || !of->used;
	if (w->e->skip)
		return -ENOENT;
	if (++w->links > MAX_LINKS || (w->resolve & (RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)) ||
	    (link->mnt->flags & MS_NOSYMFOLLOW))
		return -ELOOP;
	if ((w->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) ||
	    ((w->resolve & RESOLVE_NO_XDEV) && to->mnt != link->mnt))
		return -EXDEV;
	w->at = *to;
	return 0;
}

/* A name that is not "." or "..". */
static int down(struct m_walk *w, const char *name, size_t len, bool slash, bool final)
{
	struct place next = {w->at.mnt, NULL};
	int err;

	if (final && slash && w->create)
		return -EISDIR;
	/* In proc nothing minds the length of a name. */
	w->e->skip |= len > NAME_MAX && w->at.mnt->sb->proc;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	next.node = disk_find(w->at.node, name, len);
	if (!next.node) {
		w->missing = final && !slash && (w->flags & LOOKUP_CREATE);
		memcpy(w->e->last, name, len);
		w->e->last[len] = '\0';
		return w->missing ? 0 : -ENOENT;
	}
	err = cross(w, &next);
	if (err)
		return err;
	if (final && slash) {
		w->flags |= LOOKUP_FOLLOW;
		w->must_be_dir = true;
	}
	if (next.node->kind == NODE_LINK && (!final || (w->flags & LOOKUP_FOLLOW)))
		return follow(w, &next, final);
	if (next.node->kind == NODE_MAGIC && (!final || (w->flags & LOOKUP_FOLLOW)))
		return follow_magic(w, &next);
	w->at = next;
	return 0;
}

static void keep_last(struct expect *e, const char *name, size_t len, bool slash)
{
	memcpy(e->last, name, len);
	e->last[len] = '\0';
	e->last_len = len;
	e->slash = slash;
	e->last_type = !strcmp(e->last, ".") ? LAST_DOT : !strcmp(e->last, "..") ? LAST_DOTDOT : LAST_NORM;
}

/* `tail`: nothing comes after the text. */
static int walk_text(struct m_walk *w, const char *p, bool tail)
{
	int err = *p == '/' ? to_root(w, w->links > 0) : 0;

	for (p += strspn(p, "/"); !err && *p;) {
		size_t len = strcspn(p, "/"), slashes = strspn(p + len, "/");
		const char *name = p;
		bool final = tail && !name[len + slashes];

		if (w->at.node->kind != NODE_DIR)
			return -ENOTDIR;
		p += len + slashes;
		if (final && (w->flags & LOOKUP_PARENT)) {
			if (len > NAME_MAX)
				return -ENAMETOOLONG;
			keep_last(w->e, name, len, slashes);
			return 0;
		}
		if (len == 2 && !memcmp(name, "..", 2))
			err = up(w);
		else if (len != 1 || *name != '.')
			err = down(w, name, len, slashes, final);
	}
	return err;
}

static int walk(struct m_walk *w, const char *name)
{
	bool scoped = w->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT);
	int err;

	w->at = w->base ? *w->base : w->task->pwd;
	w->root = scoped ? w->at : w->task->root;
	w->root_used = scoped;
	w->e->last_type = LAST_ROOT;
	if (!*name)
		return -ENOENT;
	if (w->base && w->base->node->kind != NODE_DIR && (*name != '/' || (w->resolve & RESOLVE_IN_ROOT)))
		return -ENOTDIR;
	err = walk_text(w, name, true);
	if (!err && !w->missing && (w->must_be_dir || (w->flags & LOOKUP_DIRECTORY)) && w->at.node->kind != NODE_DIR)
		err = -ENOTDIR;
	w->e->at = w->at;
	return err;
}

int model_walk(struct m_task *task, const char *name, unsigned flags, struct expect *e)
{
	struct m_walk w = {.task = task, .flags = flags, .e = e};

	return walk(&w, name);
}

int model_walk_from(struct m_task *task, struct m_mount *m, const char *name, unsigned flags, struct expect *e)
{
	const struct place base = {m, m->root};
	struct m_walk w = {.task = task, .base = &base, .flags = flags, .e = e};

	if (*name)
		return walk(&w, name);
	e->at = base;
	return 0;
}

void model_merge(struct expect *e, const struct expect *other)
{
	e->skip |= other->skip;
	e->secedes |= other->secedes;
	e->linuxes |= other->linuxes;
}

/* ---- the way back ---- */

bool model_path(const struct m_task *task, struct place at, char *buf, size_t size)
{
	size_t pos = size - 1, len;

	buf[pos] = '\0';
	while (!same(&at, &task->root)) {
		if (at.node == at.mnt->root) {
			if (!at.mnt->parent)
				return false;
			at = (struct place){at.mnt->parent, at.mnt->point};
			continue;
		}
		len = strlen(at.node->name);
		if (pos < len + 2)
			return false;
		pos -= len + 1;
		buf[pos] = '/';
		memcpy(buf + pos + 1, at.node->name, len);
		at.node = at.node->parent;
	}
	if (pos == size - 1)
		buf[--pos] = '/';
	memmove(buf, buf + pos, size - pos);
	return true;
}

static void show_path(const struct m_task *task, struct expect *e)
{
	if (!model_path(task, e->at, e->path, sizeof(e->path)))
		e->path[0] = '\0';
}

/* ---- lookups and open(2) ---- */

bool model_is_hidden(struct place at)
{
	for (;;) {
		if (model_mounted(&at))
			return true;
		while (at.node == at.mnt->root) {
			if (!at.mnt->parent)
				return false;
			at = (struct place){at.mnt->parent, at.mnt->point};
		}
		at.node = at.node->parent;
	}
}

/*
 * Where a descriptor on s->b stands. secede: what was reached through the host's mounts, at their own places, is where
 * the tree shows it now; so not what is hidden.
 */
static bool base_of(struct m_task *task, const struct step *s, struct place *base, struct expect *e)
{
	struct expect dir = {0};

	if (s->from_tree) {
		e->skip |= !task->trees[s->tree];
		*base = (struct place){task->trees[s->tree], e->skip ? NULL : task->trees[s->tree]->root};
		return !e->skip;
	}
	e->skip |= model_walk(task, s->b, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &dir) || dir.skip ||
		   model_is_hidden(dir.at) || model_in_proc(&dir.at);
	*base = dir.at;
	return !e->skip;
}

static bool has_base(const struct step *s)
{
	return s->from_b || s->from_tree;
}

/* What the path says of where it starts. */
static void do_stat(struct m_task *task, const struct step *s, struct expect *e)
{
	struct m_walk w = {.task = task, .flags = s->flags & LOOKUP_FOLLOW, .e = e};
	bool empty = !*s->a && (s->flags & LOOKUP_EMPTY);
	struct place base;

	if (has_base(s) && !base_of(task, s, &base, e))
		return;
	w.base = has_base(s) ? &base : NULL;
	if (empty)
		e->at = w.base ? base : task->pwd;
	else
		e->err = walk(&w, s->a);
}

static void do_lookup(struct m_task *task, const struct step *s, struct expect *e)
{
	unsigned flags = (unsigned)s->flags;
	struct m_walk w = {.task = task, .flags = flags, .resolve = (unsigned)s->resolve, .e = e};
	struct place base;

	if (has_base(s) && !base_of(task, s, &base, e))
		return;
	w.base = has_base(s) ? &base : NULL;
	/* AT_EMPTY_PATH without a descriptor is the working directory. */
	if (s->from_tree && !*s->a && (flags & LOOKUP_EMPTY)) {
		e->at = base;
		e->err = flags & LOOKUP_DIRECTORY && base.node->kind != NODE_DIR ? -ENOTDIR : 0;
	} else {
		e->err = walk(&w, !*s->a && (flags & LOOKUP_EMPTY) ? "." : s->a);
	}
	if (e->err)
		return;
	/* What is behind a parent's name is nobody's affair yet, but the parent is a directory. */
	if ((flags & LOOKUP_PARENT) && e->last_type == LAST_ROOT && *s->a != '/')
		e->last_type = LAST_DOT;
	show_path(task, e);
}

/* secede: of a mount that was taken off, nobody knows any more how it was mounted. */
static bool readonly(struct expect *e)
{
	bool is = model_flags(e->at.mnt) & MS_RDONLY;

	e->skip |= is && e->at.mnt->ns < 0;
	return is;
}

static int open_existing(struct expect *e, unsigned long flags)
{
	const struct node *n = e->at.node;
	bool write = (flags & O_ACCMODE) != O_RDONLY;

	if ((flags & O_CREAT) && (flags & O_EXCL))
		return -EEXIST;
	if ((flags & O_CREAT) && n->kind == NODE_DIR)
		return -EISDIR;
	if ((flags & O_DIRECTORY) && n->kind != NODE_DIR)
		return -ENOTDIR;
	if (n->kind == NODE_LINK || n->kind == NODE_MAGIC)
		return -ELOOP;
	if (n->kind == NODE_DIR && (write || (flags & O_TRUNC)))
		return -EISDIR;
	return (write || (flags & O_TRUNC)) && readonly(e) ? -EROFS : 0;
}

/* Is there no room for another name? secede: nor is that known of a mount that was taken off. */
static bool full(struct expect *e)
{
	const struct m_super *sb = e->at.mnt->sb;
	bool is = sb->inodes && disk_count(sb->root) >= sb->inodes;

	e->skip |= is && e->at.mnt->ns < 0;
	return is;
}

/* What has a process's number in its name, and where nothing can be made. */
bool model_in_proc(const struct place *at)
{
	return at->mnt->sb->proc && at->node != at->mnt->sb->root;
}

static bool too_deep(const struct node *dir, size_t len)
{
	return disk_path_len(dir) + 1 + len > MAX_PATH;
}

static void will_add(struct expect *e, struct node *dir, const char *name)
{
	e->skip |= too_deep(dir, strlen(name));
	e->change = CHANGE_ADD;
	e->dir = dir;
	strcpy(e->name, name);
}

static void do_open(struct m_task *task, const struct step *s, struct expect *e)
{
	bool o_path = s->flags & O_PATH, create = !o_path && (s->flags & O_CREAT);
	struct m_walk w = {.task = task, .resolve = (unsigned)s->resolve, .create = create, .e = e};
	struct place base;

	if (has_base(s) && !base_of(task, s, &base, e))
		return;
	w.base = has_base(s) ? &base : NULL;
	if (!(s->flags & O_NOFOLLOW) && !(create && (s->flags & O_EXCL)))
		w.flags |= LOOKUP_FOLLOW;
	if ((s->flags & O_DIRECTORY) && !create)
		w.flags |= LOOKUP_DIRECTORY;
	if (create)
		w.flags |= LOOKUP_CREATE;
	e->err = walk(&w, s->a);
	if (e->err)
		return;
	e->skip |= create && e->at.mnt->sb->proc;
	if (w.missing) {
		e->err = readonly(e) ? -EROFS : full(e) ? -ENOSPC : 0;
		if (!e->err)
			will_add(e, e->at.node, e->last);
		return;
	}
	if (!o_path)
		e->err = open_existing(e, s->flags);
}

static void do_getcwd(struct m_task *task, struct expect *e)
{
	e->at = task->pwd;
	show_path(task, e);
}

/* ---- names ---- */

/* May the name be made? */
static void do_create(struct m_task *task, const char *path, bool dir, struct expect *e)
{
	e->err = model_walk(task, path, LOOKUP_PARENT, e);
	if (e->err)
		return;
	e->skip |= e->at.mnt->sb->proc;
	if (e->last_type != LAST_NORM || disk_find(e->at.node, e->last, e->last_len))
		e->err = -EEXIST;
	else if (e->slash && !dir)
		e->err = -ENOENT;
	else if (readonly(e))
		e->err = -EROFS;
	else if (full(e))
		e->err = -ENOSPC;
	else
		will_add(e, e->at.node, e->last);
}

static int may_remove(struct m_task *task, const struct expect *e, bool dir)
{
	const struct node *n = e->node;

	if (!n)
		return -ENOENT;
	if (dir && n->kind != NODE_DIR)
		return -ENOTDIR;
	if (!dir && n->kind == NODE_DIR)
		return -EISDIR;
	if (!dir && e->slash)
		return -ENOTDIR;
	if (model_is_mountpoint(task, n))
		return -EBUSY;
	return dir && n->children ? -ENOTEMPTY : 0;
}

static void do_remove(struct m_task *task, const char *path, bool dir, struct expect *e)
{
	e->err = model_walk(task, path, LOOKUP_PARENT, e);
	if (e->err)
		return;
	e->skip |= e->at.mnt->sb->proc;
	if (e->skip)
		return;
	if (e->last_type != LAST_NORM) {
		e->err = !dir			       ? -EISDIR
			 : e->last_type == LAST_DOT    ? -EINVAL
			 : e->last_type == LAST_DOTDOT ? -ENOTEMPTY
						       : -EBUSY;
		return;
	}
	e->node = disk_find(e->at.node, e->last, e->last_len);
	e->err = readonly(e) ? -EROFS : may_remove(task, e, dir);
	if (e->err)
		return;
	e->skip |= model_stands_on(e->node);
	if (e->skip)
		return;
	e->change = CHANGE_REMOVE;
	e->mounts = true;
	model_uncover(e->node);
}

/* In the order in which rename(2) complains. `to` is where it goes. */
static int may_rename(struct m_task *task, const struct expect *from, const struct expect *to, unsigned flags)
{
	bool exchange = flags & RENAME_EXCHANGE, dir = from->node->kind == NODE_DIR;

	if (to->node && (flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!to->node && exchange)
		return -ENOENT;
	if (exchange && to->slash && to->node->kind != NODE_DIR)
		return -ENOTDIR;
	if (!dir && (from->slash || (to->slash && !exchange)))
		return -ENOTDIR;
	if (disk_below(to->at.node, from->node))
		return -EINVAL;
	if (to->node && disk_below(from->at.node, to->node))
		return exchange ? -EINVAL : -ENOTEMPTY;
	if (from->node == to->node)
		return 0;
	if (to->node && !exchange && dir != (to->node->kind == NODE_DIR))
		return dir ? -ENOTDIR : -EISDIR;
	if (model_is_mountpoint(task, from->node) || (to->node && model_is_mountpoint(task, to->node)))
		return -EBUSY;
	return to->node && !exchange && to->node->children ? -ENOTEMPTY : 0;
}

static void do_rename(struct m_task *task, const struct step *s, struct expect *e)
{
	unsigned flags = (unsigned)s->flags;
	struct expect to = {0};

	e->err = model_walk(task, s->a, LOOKUP_PARENT, e);
	if (!e->err)
		e->err = model_walk(task, s->b, LOOKUP_PARENT, &to);
	model_merge(e, &to);
	if (e->err)
		return;
	e->skip |= e->at.mnt->sb->proc || to.at.mnt->sb->proc;
	if (e->skip)
		return;
	if (e->at.mnt != to.at.mnt) {
		e->err = -EXDEV;
		return;
	}
	if (e->last_type != LAST_NORM || to.last_type != LAST_NORM) {
		e->err = e->last_type == LAST_NORM && (flags & RENAME_NOREPLACE) ? -EEXIST : -EBUSY;
		return;
	}
	e->node = disk_find(e->at.node, e->last, e->last_len);
	to.node = disk_find(to.at.node, to.last, to.last_len);
	e->err = readonly(e) ? -EROFS : !e->node ? -ENOENT : may_rename(task, e, &to, flags);
	if (e->err || e->node == to.node)
		return;
	e->skip |= too_deep(to.at.node, to.last_len + disk_depth(e->node));
	if (to.node && (flags & RENAME_EXCHANGE))
		e->skip |= too_deep(e->at.node, e->last_len + disk_depth(to.node));
	if (to.node && !(flags & RENAME_EXCHANGE))
		e->skip |= model_stands_on(to.node);
	if (e->skip)
		return;
	e->change = flags & RENAME_EXCHANGE ? CHANGE_EXCHANGE : CHANGE_MOVE;
	e->mounts = true;
	if (to.node && e->change == CHANGE_MOVE)
		model_uncover(to.node);
	e->dir = to.at.node;
	strcpy(e->name, to.last);
	e->other = to.node;
	e->other_dir = e->at.node;
}

/* ---- root and working directory ---- */

static void do_chdir(struct m_task *task, const char *path, struct place *which, struct expect *e)
{
	e->err = model_walk(task, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, e);
	e->skip |= !e->err && model_in_proc(&e->at);
	if (!e->err && !e->skip)
		*which = e->at;
}

void model_step(const struct step *s, struct expect *e)
{
	struct m_task *task = &model_tasks[s->task];

	model_save();
	memset(e, 0, offsetof(struct expect, path));
	memset(e->path, 0, 1);
	memset((char *)e + offsetof(struct expect, change), 0, sizeof(*e) - offsetof(struct expect, change));
	switch (s->op) {
	case STEP_LOOKUP:
		return do_lookup(task, s, e);
	case STEP_OPEN:
		return do_open(task, s, e);
	case STEP_STAT:
		return do_stat(task, s, e);
	case STEP_GETCWD:
		return do_getcwd(task, e);
	case STEP_PROC:
		return model_proc_step(task, s, e);
	case STEP_MKDIR:
		return do_create(task, s->a, true, e);
	case STEP_CREATE:
		return do_create(task, s->a, false, e);
	case STEP_SYMLINK:
		return do_create(task, s->b, false, e);
	case STEP_UNLINK:
		return do_remove(task, s->a, false, e);
	case STEP_RMDIR:
		return do_remove(task, s->a, true, e);
	case STEP_RENAME:
		return do_rename(task, s, e);
	case STEP_CHDIR:
		return do_chdir(task, s->a, &task->pwd, e);
	case STEP_CHROOT:
		return do_chdir(task, s->a, &task->root, e);
	default:
		return model_mount_step(task, s, e);
	}
}
