/* SPDX-License-Identifier: MIT */
/*
 * The fast pass of the walk: a name is turned into a host path by looking at it alone, as if no
 * component were a symlink. The host call that follows refuses symlinks, so a wrong guess is told
 * (ELOOP), never acted on.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/own_fds.h"
#include "kernel/mm.h"
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

int nd_dotdot(const struct mnt_ns *ns, const struct path *root, struct nameidata *nd)
{
	const char *host = nd->host;
	const struct mount *m;
	u32 len = nd->len;
	u64 mnt = nd->mnt;

	/* Where a mount has its root that has left the tree, nobody knows any more: no higher than where the walk
	 * began. */
	if (!mnt_by_id(ns, mnt) && !is_place(root, mnt, host, len) && len > nd->begun) {
		strip_last(nd);
		return 0;
	}
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

/* What a first look at a name tells. */
struct name_scan {
	bool dotdot;	 /* a component is ".." */
	bool mount_name; /* a component has the name of some mount point */
	bool link_name;	 /* a component has the name of some link in the directory cache */
};

/* An absolute name needs its mounts found one by one anyway. For a relative one the host is asked before the cache. */
static void scan_name(const struct mnt_ns *ns, const char *name, unsigned flags, struct name_scan *scan)
{
	bool absolute = *name == '/';
	struct component c;

	*scan = (struct name_scan){};
	while (next_component(&name, &c)) {
		if (is_dotdot(&c))
			scan->dotdot = true;
		else if (absolute || (flags & LOOKUP_MET_LINK))
			scan->link_name = scan->link_name || ((*name || (flags & LOOKUP_FOLLOW)) &&
							      dcache_ends_in(&arena()->dcache, c.s, c.len));
		else if (!scan->mount_name && !is_dot(&c))
			scan->mount_name = mnt_name_used(ns, c.s, c.len);
	}
}

/*
 * Before a "..": the guess so far must be a directory that may be searched, reached through no symlink.
 * 0, 1: the slow walk has to tell, or -errno.
 */
static int verify_directory(struct nameidata *nd)
{
	struct target t;
	long fd;

	nd->tail = '.';
	nd_target(nd, &t);
	fd = host_openat2(t.dfd, t.path, O_PATH | O_CLOEXEC, 0, HOST_RESOLVE_NO_SYMLINKS);
	nd_target_done(nd);
	if (fd == -ELOOP || openat2_missing(fd) || fd == -EMFILE || fd == -ENFILE)
		return 1;
	if (fd < 0)
		return (int)fd;
	host_close((int)fd);
	return 0;
}

/* ".." behind `name`, of which nothing but directories has been seen when `verified`. */
static int walk_up(const struct mnt_ns *ns, const struct path *root, struct nameidata *nd, bool verified)
{
	int err = verified ? 0 : verify_directory(nd);

	if (err)
		return err;
	err = nd_dotdot(ns, root, nd);
	if (err < 0)
		return err;
	nd_cross_mounts(ns, nd);
	nd->tail = 0;
	return 0;
}

/* Walks nd along the name. Inside a read section. 0, 1: only the slow walk can tell, or -errno. */
static int walk_names(const struct mnt_ns *ns, const struct path *root, const char *name, struct nameidata *nd)
{
	bool verified = true; /* nd is where the walk began, or above what verify_directory() saw */
	struct component c;
	int err;

	nd->tail = 0;
	while (next_component(&name, &c)) {
		if (is_dot(&c)) {
			nd->tail = '.';
			continue;
		}
		if (is_dotdot(&c)) {
			err = walk_up(ns, root, nd, verified);
			if (err)
				return err;
			verified = true;
			continue;
		}
		if (nd->proc)
			return 1;
		if (!nd_append(nd, c.s, c.len))
			return -ENAMETOOLONG;
		nd->tail = *name == '/' ? '/' : 0;
		verified = false;
		if (mnt_name_used(ns, c.s, c.len))
			nd_cross_mounts(ns, nd);
	}
	return 0;
}

/* From a base place whose host path is known. */
static int walk_from_place(struct task *task, int dfd, const char *name, const struct path *root, struct nameidata *nd)
{
	const struct mnt_ns *ns = task->nsproxy->mnt;
	int err = 0;
	u64 seq;

	do {
		if (*name == '/')
			root_place(task, nd);
		else
			err = base_place(task, dfd, nd);
		if (err)
			return err;
		seq = mnt_read_begin(ns);
		nd_set_mount(nd, mnt_by_id(ns, nd->mnt));
		err = walk_names(ns, root, name, nd);
	} while (mnt_read_retry(ns, seq));
	return err;
}

/* No mount can be on the way of a relative name: the host starts where the guest does. */
static int walk_direct(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd,
		       struct target *t)
{
	u64 mnt;
	int err;

	if (dfd != AT_FDCWD && fd_is_ours(dfd))
		return -EBADF;
	if (!(flags & LOOKUP_LAZY)) {
		err = walk_from_place(task, dfd, name, NULL, nd);
		if (err)
			return err;
	} else if (dfd == AT_FDCWD || !(flags & LOOKUP_UNSEEN) || !fd_mount_is_no_matter(task, dfd, nd)) {
		err = 0;
		if (dfd == AT_FDCWD)
			err = pwd_mount(task, &mnt);
		else
			mnt = fd_mount(task, dfd);
		if (err)
			return err;
		/* Whether a mount that has left the tree was one of proc, the host path says. */
		if ((!nd_use_mount(task, nd, mnt) && mnt) || nd->proc)
			return 1;
	}
	t->dfd = dfd;
	t->path = name;
	return 0;
}

int walk_lexical(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd, struct target *t)
{
	const struct mnt_ns *ns = task->nsproxy->mnt;
	struct path root = {};
	struct name_scan scan;
	int err;

	nd_init(nd);
	scan_name(ns, name, flags, &scan);
	if (scan.link_name && dcache_usable(task) &&
	    !walk_cached(task, dfd, name, flags & ~(unsigned)LOOKUP_MET_LINK, nd)) {
		nd_target(nd, t);
		return 0;
	}
	if (flags & LOOKUP_MET_LINK)
		return 1;
	if (*name != '/' && !scan.dotdot && !scan.mount_name && !fd_is_tree(dfd))
		return walk_direct(task, dfd, name, flags, nd, t);
	if (scan.dotdot) {
		err = get_fs_root(task->fs, &root);
		if (err)
			return err;
	}
	err = walk_from_place(task, dfd, name, &root, nd);
	if (scan.dotdot)
		path_put(&root);
	if (!err)
		nd_target(nd, t);
	return err;
}
