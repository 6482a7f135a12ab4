/* SPDX-License-Identifier: MIT */
/*
 * The slow walk: component by component, asking the host for each whether it is a symlink. It is
 * complete: symlinks across mounts, ".." anywhere, magic links of proc, openat2(2)'s RESOLVE_*.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "vfs/proc.h"
#include "vfs/walk.h"

struct walk {
	struct task *task;
	const struct mnt_ns *ns; /* the task's, until a magic link leads to where another task's mounts are */
	struct nameidata *nd;	 /* where we are */
	unsigned flags;
	unsigned resolve; /* RESOLVE_* */
	unsigned links;	  /* symlinks followed so far */
	bool cached;	  /* the host is not asked: what the directory cache does not know is no symlink */
	struct path root; /* the task's, or dfd with RESOLVE_BENEATH and RESOLVE_IN_ROOT */
	bool root_used;	  /* the walk has begun there, or has asked on a ".." whether it is there */
	u32 at;		  /* what is left of the name begins here in `text` and ends where it ends */
	char text[2 * PATH_MAX];
};

static const char *rest_of(const struct walk *w)
{
	return w->text + w->at;
}

/* Puts text before what is left to walk. */
static int push_text(struct walk *w, const char *s, size_t len)
{
	if (len > w->at)
		return -ENAMETOOLONG;
	w->at -= (u32)len;
	memcpy(w->text + w->at, s, len);
	return 0;
}

/* Goes to the root: for absolute names and absolute symlinks. */
static int jump_root(struct walk *w, bool from_link)
{
	struct nameidata *nd = w->nd;

	if (w->resolve & RESOLVE_BENEATH)
		return -EXDEV;
	/* Before the kernel has needed the root, it takes any other mount for another one. */
	if (from_link && (w->resolve & RESOLVE_NO_XDEV) && (!w->root_used || nd->mnt != w->root.mnt))
		return -EXDEV;
	w->root_used = true;
	nd_copy_place(nd, &w->root);
	nd->begun = nd->len;
	w->ns = mnt_ns_of(w->task->nsproxy->mnt, w->root.mnt);
	nd_use_mount_in(w->ns, nd, w->root.mnt);
	return 0;
}

/* The mount that covers nd's place, if any: 0 nothing there, 1 gone down, -EXDEV. */
static __attribute__((noinline)) int cross_mounts(struct walk *w)
{
	const struct mnt_ns *ns = w->ns;
	struct nameidata *nd = w->nd;
	char host[PATH_MAX];
	u32 len = nd->len;
	u64 mnt = nd->mnt, seq;
	bool crossed;

	memcpy(host, nd->host, len + 1);
	for (;;) {
		seq = mnt_read_begin(ns);
		crossed = nd_cross_mounts(ns, nd);
		if (!mnt_read_retry(ns, seq))
			break;
		memcpy(nd->host, host, len + 1);
		nd->len = len;
		nd_use_mount_in(ns, nd, mnt);
	}
	return crossed && (w->resolve & RESOLVE_NO_XDEV) ? -EXDEV : crossed;
}

/* "..": what it is behind must be a directory that may be searched, or has been one where the name began. */
static __attribute__((noinline)) int step_up(struct walk *w)
{
	const struct mnt_ns *ns = w->ns;
	struct nameidata *nd = w->nd;
	char host[PATH_MAX];
	struct stat st;
	struct target t;
	u32 len = nd->len;
	u64 mnt = nd->mnt, seq;
	long err;

	w->root_used = true;
	nd->tail = '.';
	nd_target(nd, &t);
	err = host_call4(__NR_newfstatat, t.dfd, t.path, &st, AT_SYMLINK_NOFOLLOW);
	nd_target_done(nd);
	nd->tail = 0;
	if (err < 0 && !nd->gone)
		return (int)err;
	nd->gone = false;
	memcpy(host, nd->host, len + 1);
	for (;;) {
		seq = mnt_read_begin(ns);
		err = nd_dotdot(ns, &w->root, nd);
		if (err == 1 && (w->resolve & RESOLVE_BENEATH))
			err = -EXDEV;
		if (err >= 0)
			nd_cross_mounts(ns, nd);
		if (!mnt_read_retry(ns, seq))
			break;
		memcpy(nd->host, host, len + 1);
		nd->len = len;
		nd_use_mount_in(ns, nd, mnt);
	}
	if (err < 0)
		return (int)err;
	return (w->resolve & RESOLVE_NO_XDEV) && nd->mnt != mnt ? -EXDEV : 0;
}

/* Does one more symlink pass? */
static int may_follow(struct walk *w)
{
	if (w->resolve & RESOLVE_NO_SYMLINKS)
		return -ELOOP;
	return ++w->links > MAXSYMLINKS ? -ELOOP : 0;
}

/* Could `rel` be a magic link? Spares the rest of proc the question. */
static bool may_be_magic(const char *rel)
{
	const char *last = strrchr(rel, '/'), *dir;

	if (*rel < '0' || *rel > '9' || !last)
		return false;
	for (dir = last; dir > rel && dir[-1] != '/'; dir--)
		;
	if (!strncmp(dir, "fd/", 3) || !strncmp(dir, "ns/", 3) || !strncmp(dir, "map_files/", 10))
		return true;
	return !strcmp(last, "/exe") || !strcmp(last, "/cwd") || !strcmp(last, "/root");
}

/* Is the last component, with a slash behind it, to be made by open(2)? That makes no directories. */
static bool makes_directory(const struct walk *w)
{
	const char *rest = rest_of(w);
	struct component c;

	return (w->flags & LOOKUP_CREATE) && *rest && !next_component(&rest, &c);
}

/* The host goes on from here: the way leads through a magic link that is none of ours. */
static int leave_to_host(struct walk *w)
{
	struct nameidata *nd = w->nd;
	size_t len = strlen(rest_of(w));

	if (nd->len + len + 3 > PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(nd->host + nd->len, rest_of(w), len + 1);
	nd->len += (u32)len;
	nd->tail = 0;
	nd->magic = true;
	w->at += (u32)len;
	return 0;
}

static int follow_magic(struct walk *w, const char *rel)
{
	struct nameidata *nd = w->nd;
	u64 mnt = nd->mnt;
	int err = nd->mnt_flags & MS_NOSYMFOLLOW ? -ELOOP : may_follow(w);

	if (err)
		return err;
	if (w->resolve & RESOLVE_NO_MAGICLINKS)
		return -ELOOP;
	if (w->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EXDEV;
	err = proc_follow_link(w->task, rel, nd);
	if (err < 0)
		return err;
	if (err)
		return leave_to_host(w);
	w->ns = mnt_ns_of(proc_link_ns(w->task, rel), nd->mnt);
	nd_use_mount_in(w->ns, nd, nd->mnt);
	return (w->resolve & RESOLVE_NO_XDEV) && nd->mnt != mnt ? -EXDEV : 0;
}

/* Is nd's place, in proc, a magic link? Then it is dealt with: 1; else 0, or -errno (ENOENT: guests see nothing there).
 */
static __attribute__((noinline)) int step_proc(struct walk *w, bool follow)
{
	char rel[PATH_MAX];
	int err = nd_proc_rel(w->task, w->nd, rel, sizeof(rel));

	if (err < 0)
		return err;
	if (proc_hides(rel))
		return -ENOENT;
	err = proc_denies(w->task, &w->nd->view, rel, false);
	if (err)
		return err;
	if (!may_be_magic(rel))
		return 0;
	if (makes_directory(w))
		return -EISDIR;
	err = follow ? follow_magic(w, rel) : 0;
	return err ? err : 1;
}

/* In proc, where a link leads to a task, its text is the guest's. */
static __attribute__((noinline)) long read_proc_link(const struct walk *w, char *link, size_t size)
{
	char rel[PATH_MAX];

	return nd_proc_rel(w->task, w->nd, rel, sizeof(rel)) < 0 ? -EAGAIN : proc_self_text(rel, link, size);
}

/* -EINVAL where the cache knows of no link, as the host says. */
static long read_cached_link(const struct nameidata *nd, char *link, size_t size)
{
	const struct dcache *dc = &arena()->dcache;
	const char *name = strrchr(nd->host, '/') + 1;
	long n =
	    dcache_ends_in(dc, hash_text(name, strlen(name))) ? dcache_readlink(dc, nd->host, nd->len, link, size) : 0;

	return n ? n : -EINVAL;
}

static long read_link(const struct walk *w, char *link, size_t size)
{
	const struct nameidata *nd = w->nd;
	long n = -EAGAIN;

	if (w->cached)
		return read_cached_link(nd, link, size);
	if (nd->proc && proc_numbers_differ())
		n = read_proc_link(w, link, size);
	if (n == -EAGAIN)
		n = host_readlinkat(AT_FDCWD, nd->host, link, size);
	return n;
}

/* nd's place was just reached from its parent, parent_len long: if it is a symlink, goes where it leads. */
static __attribute__((noinline)) int follow_link(struct walk *w, u32 parent_len, bool follow)
{
	struct nameidata *nd = w->nd;
	char link[PATH_MAX];
	long n = read_link(w, link, sizeof(link));
	int err;

	/* In the directory it was looked for, so that is one. */
	if (makes_directory(w) && (n >= 0 || n == -EINVAL || n == -ENOENT || n == -ENAMETOOLONG))
		return -EISDIR;
	/* It exists and is no symlink; whether it is a directory shows when something is looked up in it. */
	if (n == -EINVAL)
		return 0;
	if (n == -ENOENT && !*rest_of(w) && (w->flags & LOOKUP_CREATE))
		return 0;
	if (n < 0 || !follow)
		return n < 0 ? (int)n : 0;
	if (nd->mnt_flags & MS_NOSYMFOLLOW)
		return -ELOOP;
	if (!w->cached && !nd->proc)
		dcache_tell(w->task, nd->host, nd->len);
	err = may_follow(w);
	if (err)
		return err;
	if (n == 0)
		return -ENOENT;
	if (n == (long)sizeof(link))
		return -ENAMETOOLONG;
	err = push_text(w, link, (size_t)n);
	if (err)
		return err;
	nd->len = parent_len;
	nd->host[parent_len] = '\0';
	nd->tail = 0;
	return link[0] == '/' ? jump_root(w, true) : 0;
}

/* Below proc: the component as the host calls it. */
static struct component host_component(const struct walk *w, const struct component *c, char buf[PROC_NUMBER_SIZE])
{
	size_t len = proc_number_to_host(w->task, w->nd, c, buf);

	return len ? (struct component){buf, len} : *c;
}

static int step_down(struct walk *w, const struct component *c)
{
	struct nameidata *nd = w->nd;
	char number[PROC_NUMBER_SIZE];
	struct component host;
	u32 parent_len = nd->len;
	bool follow = *rest_of(w) || (w->flags & LOOKUP_FOLLOW);
	int err;

	if (nd->gone && !nd->proc)
		return -ENOENT;
	if (nd->proc && proc_numbers_differ()) {
		host = host_component(w, c, number);
		c = &host;
	}
	if (!nd_append(nd, c->s, c->len))
		return -ENAMETOOLONG;
	nd->tail = *rest_of(w) ? '/' : 0;
	if (mnt_name_used(w->ns, c->s, c->len)) {
		err = cross_mounts(w);
		if (err && makes_directory(w))
			return -EISDIR; /* and not that it is in another mount */
		if (err)
			return err < 0 ? err : 0;
	}
	if (nd->proc && w->cached)
		return -EAGAIN;
	if (nd->proc) {
		err = step_proc(w, follow);
		if (err)
			return err < 0 ? err : 0;
	}
	return follow_link(w, parent_len, follow);
}

/* Takes one component off the rest and walks it. 1: there was none left. */
static int step(struct walk *w)
{
	const char *rest = rest_of(w);
	struct component c;

	if (!next_component(&rest, &c))
		return 1;
	w->at = (u32)(rest - w->text);
	if (is_dotdot(&c))
		return w->cached ? -EAGAIN : step_up(w);
	if (!is_dot(&c))
		return step_down(w, &c);
	w->nd->tail = '.';
	return 0;
}

/* Sets nd to where the walk begins, and the root that it may not leave. */
static int walk_start(struct walk *w, int dfd, bool absolute)
{
	struct nameidata *nd = w->nd;
	bool scoped = w->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT);
	int err;

	if (absolute && (w->resolve & RESOLVE_BENEATH))
		return -EXDEV;
	w->root_used = scoped;
	if (scoped || !absolute) {
		err = base_place(w->task, dfd, nd);
		if (err)
			return err;
		w->ns = mnt_ns_of(w->ns, nd->mnt);
	}
	if (scoped) {
		w->root = (struct path){nd->mnt, hpath_new(nd->host, nd->len)};
		err = w->root.host ? 0 : -ENOMEM;
	} else {
		err = get_fs_root(w->task->fs, &w->root);
	}
	return !err && absolute ? jump_root(w, false) : err;
}

static int walk(struct task *task, int dfd, const char *name, unsigned flags, bool cached, struct nameidata *nd)
{
	struct walk w;
	int err;

	nd_init(nd);
	w.task = task;
	w.ns = task->nsproxy->mnt;
	w.nd = nd;
	w.flags = flags;
	w.resolve = RESOLVE_OF(flags);
	w.links = 0;
	w.cached = cached;
	w.root = (struct path){};
	w.at = sizeof(w.text);
	err = push_text(&w, name, strlen(name) + 1);
	if (!err)
		err = walk_start(&w, dfd, *name == '/');
	while (!err)
		err = step(&w);
	if (w.root.host)
		path_put(&w.root);
	return err < 0 ? err : 0;
}

int walk_slow(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd)
{
	return walk(task, dfd, name, flags, false, nd);
}

int walk_cached(struct task *task, int dfd, const char *name, unsigned flags, struct nameidata *nd)
{
	return walk(task, dfd, name, flags, true, nd) ? 1 : 0;
}
