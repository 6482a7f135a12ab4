/* SPDX-License-Identifier: MIT */
/*
 * The fast pass of the walk: a name is turned into a host path by looking at it alone, as if no
 * component were a symlink. The host call that follows refuses symlinks, so a wrong guess is told
 * (ELOOP), never acted on.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/own_fds.h"
#include "kernel/mm.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "vfs/walk.h"

/* Is (mnt, host) this mount's root? */
static bool is_mount_root(const struct mount *m, const char *host, u32 len)
{
	const char *top = READ_ONCE(m->host);

	return len == m->host_len && arena_contains(top, len) && !memcmp(host, top, len);
}

static bool is_place(const struct path *place, u64 mnt, const char *host, u32 len)
{
	return mnt == place->mnt && len == place->host->len && !memcmp(host, place->host->s, len);
}

static void strip_last(struct nameidata *nd)
{
	while (nd->len > 1 && nd->host[nd->len - 1] != '/')
		nd->len--;
	if (nd->len > 1)
		nd->len--;
	nd->host[nd->len] = '\0';
}

static bool is_below(const struct nameidata *nd, const struct mount *m)
{
	const char *top = READ_ONCE(m->host);
	u32 len = READ_ONCE(m->host_len);

	if (len == 1)
		return true;
	return nd->len >= len && arena_contains(top, len) && !memcmp(nd->host, top, len) &&
	       (nd->host[len] == '/' || !nd->host[len]);
}

/* In a mount that has left the tree: to its root, or where that is not known no higher than where the walk began. */
static int up_in_gone(struct nameidata *nd)
{
	u32 top = mnt_gone_root(nd->mnt, nd->host, nd->len);

	if (nd->len <= (top ? top : nd->begun))
		return 1;
	strip_last(nd);
	return 0;
}

int nd_dotdot(const struct mnt_ns *ns, const struct path *root, struct nameidata *nd)
{
	const char *host = nd->host;
	const struct mount *m;
	u32 len = nd->len;
	u64 mnt = nd->mnt;

	if (!mnt_by_id(ns, mnt) && !is_place(root, mnt, host, len))
		return up_in_gone(nd);
	/* From the root of a mount to the place that it covers, which may be the root of another. */
	for (;;) {
		if (is_place(root, mnt, host, len))
			return 1;
		m = mnt_by_id(ns, mnt);
		if (!m)
			return 1;
		if (!is_mount_root(m, host, len))
			break;
		mnt = READ_ONCE(m->parent);
		host = READ_ONCE(m->point);
		len = READ_ONCE(m->point_len);
		if (mnt == m->id || !arena_contains(host, len + 1UL))
			return 1;
	}
	if (host != nd->host)
		nd->len = (u32)mnt_copy_string(nd->host, sizeof(nd->host), host);
	nd_set_mount(nd, m);
	strip_last(nd);
	return is_below(nd, m) ? 0 : -ENOENT;
}

/* A walk through a name, as text. */
struct lexical {
	struct task *task;
	const struct mnt_ns *ns;
	struct nameidata *nd;
	struct path root; /* the task's, once ".." has asked for it: a reference */
	bool links;	  /* ends at what may be a link of the directory cache */
	bool follow;	  /* which the last component may be, too */
	bool verified;	  /* nd is where the walk began, or above what verify_directory() saw */
	int start;	  /* the directory where nd still is, if the host can be asked about it; else -EBADF */
	/* Components in a row that nd has not yet got: as a rule all of the name. */
	const char *from, *to;
};

/* Neither 0 nor -errno: the directory cache has to be asked. */
#define MAY_BE_LINK 2

/*
 * Before a "..": the guess so far must be a directory that may be searched, reached through no symlink.
 * 0, 1: the slow walk has to tell, or -errno.
 */
static int verify_directory(const struct task *task, struct nameidata *nd)
{
	struct target t;
	long fd;

	if (dcache_has_directory(task, nd->host, nd->len))
		return 0;
	nd->tail = '.';
	nd_target(nd, &t);
	fd = host_openat2(t.dfd, t.path, O_PATH | O_CLOEXEC, 0, HOST_RESOLVE_NO_SYMLINKS);
	nd_target_done(nd);
	if (fd == -ELOOP || openat2_missing(fd) || fd == -EMFILE || fd == -ENFILE)
		return 1;
	if (fd < 0)
		return (int)fd;
	host_close((int)fd);
	if (!nd->proc)
		dcache_missed_directory(task, nd->host, nd->len, 0);
	return 0;
}

/* The same where the walk began: a directory, which may be searched though others above may not. */
static int verify_start(const struct lexical *lx)
{
	const struct nameidata *nd = lx->nd;
	struct stat st;
	long err;

	if (lx->start == -EBADF || dcache_has_directory(lx->task, nd->host, nd->len))
		return 0;
	err = host_call4(__NR_newfstatat, lx->start, "..", &st, 0);
	if (err == -EACCES)
		return -EACCES;
	if (!err && !nd->proc)
		dcache_missed_directory(lx->task, nd->host, nd->len, 0);
	return 0;
}

/* False: it is too long. */
static bool take_components(struct lexical *lx)
{
	const char *from = lx->from;

	lx->from = NULL;
	return !from || nd_append(lx->nd, from, (size_t)(lx->to - from));
}

/* ".." */
static int walk_up(struct lexical *lx)
{
	int err = lx->verified ? verify_start(lx) : verify_directory(lx->task, lx->nd);

	lx->start = -EBADF;
	if (!err && !lx->root.host)
		err = get_fs_root(lx->task->fs, &lx->root);
	if (err)
		return err;
	err = nd_dotdot(lx->ns, &lx->root, lx->nd);
	if (err < 0)
		return err;
	nd_cross_mounts(lx->ns, lx->nd);
	lx->nd->gone = false;
	lx->nd->tail = 0;
	lx->verified = true;
	/* Which the cache does not go. */
	lx->links = false;
	return 0;
}

/* "." and "..": what is before them must be taken. */
static int walk_dots(struct lexical *lx, const struct component *c)
{
	if (!take_components(lx))
		return -ENAMETOOLONG;
	if (!is_dot(c))
		return walk_up(lx);
	lx->nd->tail = '.';
	return 0;
}

/* Behind which stands `rest`. */
static int walk_name(struct lexical *lx, const struct component *c, const char *rest)
{
	u64 hash = hash_text(c->s, c->len);

	if (lx->nd->proc)
		return 1;
	/* What is there by now has only the name of the directory that was removed. */
	if (lx->nd->gone)
		return -ENOENT;
	if (lx->links && (*rest || lx->follow) && dcache_ends_in(&arena()->dcache, hash))
		return MAY_BE_LINK;
	if (lx->from && c->s != lx->to + 1 && !take_components(lx))
		return -ENAMETOOLONG;
	if (!lx->from)
		lx->from = c->s;
	lx->to = c->s + c->len;
	lx->nd->tail = *rest == '/' ? '/' : 0;
	lx->verified = false;
	if (!point_named(hash) || !mnt_hash_used(lx->ns, hash))
		return 0;
	if (!take_components(lx))
		return -ENAMETOOLONG;
	nd_cross_mounts(lx->ns, lx->nd);
	return 0;
}

/* Walks nd along the name. Inside a read section. 0, 1: only the slow walk can tell, MAY_BE_LINK, or -errno. */
static int walk_names(struct lexical *lx, const char *name)
{
	struct component c;
	int err;

	lx->nd->tail = 0;
	lx->verified = true;
	lx->from = NULL;
	while (next_component(&name, &c)) {
		err = is_dot(&c) || is_dotdot(&c) ? walk_dots(lx, &c) : walk_name(lx, &c, name);
		if (err)
			return err;
	}
	return take_components(lx) ? 0 : -ENAMETOOLONG;
}

/* From a base place whose host path is known. */
static int walk_from_place(struct lexical *lx, int dfd, const char *name)
{
	const struct mount *m;
	int err = 0;
	u64 seq;

	do {
		if (*name == '/')
			root_place(lx->task, lx->nd);
		else
			err = base_place(lx->task, dfd, lx->nd);
		if (err)
			return err;
		lx->start = *name == '/' || fd_is_tree(dfd) ? -EBADF : dfd;
		seq = mnt_read_begin(lx->ns);
		m = mnt_by_id(lx->ns, lx->nd->mnt);
		if (!m) {
			lx->ns = mnt_ns_of(lx->task->nsproxy->mnt, lx->nd->mnt);
			seq = mnt_read_begin(lx->ns);
			m = mnt_by_id(lx->ns, lx->nd->mnt);
		}
		nd_set_mount(lx->nd, m);
		err = walk_names(lx, name);
	} while (mnt_read_retry(lx->ns, seq));
	return err;
}

/* No mount can be on the way of a relative name: the host starts where the guest does. */
static int walk_direct(struct lexical *lx, int dfd, const char *name, unsigned flags, struct target *t)
{
	struct task *task = lx->task;
	u64 mnt;
	int err = 0;

	if (dfd != AT_FDCWD && fd_is_ours(dfd))
		return -EBADF;
	if (!(flags & LOOKUP_LAZY)) {
		err = walk_from_place(lx, dfd, name);
		if (err)
			return err;
	} else if (dfd == AT_FDCWD || !(flags & LOOKUP_UNSEEN) || !fd_mount_is_no_matter(task, dfd, lx->nd)) {
		if (dfd == AT_FDCWD)
			err = pwd_mount(task, &mnt);
		else
			mnt = fd_mount(task, dfd);
		if (err)
			return err;
		/* Whether a mount that has left the tree was one of proc, the host path says. */
		if ((!nd_use_mount(task, lx->nd, mnt) && mnt) || lx->nd->proc)
			return 1;
	}
	t->dfd = dfd;
	t->path = name;
	return 0;
}

/* What a first look at a relative name tells. */
struct name_scan {
	bool places; /* a component is "..", or has the name of some mount point: where the walk is has to be known */
	bool link_name; /* a component has the name of some link in the directory cache, and none is ".." */
};

static void scan_name(const struct mnt_ns *ns, const char *name, unsigned flags, struct name_scan *scan)
{
	bool dotdot = false;
	struct component c;
	u64 hash;

	*scan = (struct name_scan){};
	while (next_component(&name, &c)) {
		if (is_dot(&c))
			continue;
		dotdot = dotdot || is_dotdot(&c);
		hash = hash_text(c.s, c.len);
		scan->places = scan->places || mnt_hash_used(ns, hash);
		if (*name || (flags & LOOKUP_FOLLOW))
			scan->link_name = scan->link_name || dcache_ends_in(&arena()->dcache, hash);
	}
	scan->places = scan->places || dotdot;
	scan->link_name = scan->link_name && !dotdot;
}

static int walk_text(struct lexical *lx, int dfd, const char *name, unsigned flags, bool places, struct target *t)
{
	int err;

	if (!places && !fd_is_tree(dfd))
		return walk_direct(lx, dfd, name, flags, t);
	err = walk_from_place(lx, dfd, name);
	if (!err)
		nd_target(lx->nd, t);
	return err;
}

int walk_lexical(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd, struct target *t)
{
	struct lexical lx = {.task = task, .ns = task->nsproxy->mnt, .nd = nd, .follow = flags & LOOKUP_FOLLOW};
	struct name_scan scan = {.places = true};
	int err;

	nd_init(nd);
	lx.links = *name == '/';
	if (*name != '/')
		scan_name(lx.ns, name, flags, &scan);
	err = scan.link_name ? MAY_BE_LINK : walk_text(&lx, dfd, name, flags, scan.places, t);
	if (err == MAY_BE_LINK && dcache_usable(task) && !walk_cached(task, dfd, name, flags, nd)) {
		nd_target(nd, t);
		err = 0;
	} else if (err == MAY_BE_LINK) {
		nd_init(nd);
		lx.links = false;
		err = walk_text(&lx, dfd, name, flags, scan.places, t);
	}
	if (lx.root.host)
		path_put(&lx.root);
	/* Which file there is ptmx, its host path tells. */
	return !err && nd->devpts ? 1 : err;
}
