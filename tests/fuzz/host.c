/* SPDX-License-Identifier: MIT */
/* See host.h: the host calls that the walk and the calls around it make. */
#include "host.h"
#include "syscall.h" /* before host/host.h, which would take the real one */

#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <asm/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host/dir.h"
#include "host/host.h"

#define FD_LINKS    "/s/p/thread-self/fd/"
#define HOST_DEV    5
#define MAX_SYMLINK 40

struct host_thread *host_thread;
char host_gone[HOST_GONE][PATH_MAX];

static struct node *fds[HOST_FDS];

/* ---- descriptors ---- */

struct node *host_fd_node(int fd)
{
	unsigned i = (unsigned)fd - HOST_FD_FIRST;

	return i < HOST_FDS ? fds[i] : NULL;
}

unsigned host_fds_open(void)
{
	unsigned nr = 0;

	for (int i = 0; i < HOST_FDS; i++)
		nr += fds[i] != NULL;
	return nr;
}

void host_fds_reset(void)
{
	memset(fds, 0, sizeof(fds));
}

long host_fd_new(struct node *n)
{
	for (int i = 0; i < HOST_FDS; i++) {
		if (fds[i])
			continue;
		fds[i] = n;
		return HOST_FD_FIRST + i;
	}
	return -EMFILE;
}

int host_fd_socket(void)
{
	return (int)host_fd_new(disk_add_nameless(NODE_SOCKET));
}

long host_fd_dup(int fd, int to)
{
	if (!host_fd_node(fd) || !host_fd_node(to))
		return -EBADF;
	fds[to - HOST_FD_FIRST] = host_fd_node(fd);
	return to;
}

static long host_close_fd(int fd)
{
	struct node *n = host_fd_node(fd);

	if (!n)
		return -EBADF;
	fds[fd - HOST_FD_FIRST] = NULL;
	if (n->kind == NODE_SOCKET)
		host_socket_closed(n);
	return 0;
}

/* ---- the host's own walk ---- */

struct walked {
	struct node *dir; /* of the last component; NULL: that was "." or ".." or "/" */
	const char *last; /* its name, not terminated */
	size_t len;
	bool slash;	   /* something followed it */
	struct node *node; /* NULL: there is none */
};

struct walk {
	struct node *at;
	char text[3 * PATH_MAX];
	bool follow, no_links, create;
	int links;
};

/* Puts the link's text before what is left. */
static int walk_link(struct walk *w, const struct node *link, const char *rest)
{
	char text[sizeof(w->text)];

	if (w->no_links || ++w->links > MAX_SYMLINK)
		return -ELOOP;
	if ((size_t)snprintf(text, sizeof(text), "%s%s", link->text, rest) >= sizeof(text))
		return -ENAMETOOLONG;
	memcpy(w->text, text, sizeof(text));
	if (*text == '/')
		w->at = disk_root;
	return 0;
}

static int walk_magic(struct walk *w, const struct node *link, struct walked *out)
{
	struct node *to = host_link_target(link);

	if (w->no_links || ++w->links > MAX_SYMLINK)
		return -ELOOP;
	if (!to)
		return -ENOENT;
	w->at = to;
	*out = (struct walked){.node = to};
	return 0;
}

static bool is_dots(const char *name, size_t len)
{
	return len <= 2 && !memcmp(name, "..", len);
}

/* One component at *p. 1: a link was put in its place. */
static int walk_component(struct walk *w, const char **p, struct walked *out)
{
	size_t len = strcspn(*p, "/");
	const char *name = *p, *rest = name + len;
	bool last = !rest[strspn(rest, "/")];
	struct node *n;
	int err;

	if (w->at->kind != NODE_DIR)
		return -ENOTDIR;
	if (w->create && last && *rest && !is_dots(name, len))
		return -EISDIR;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	*p = rest + strspn(rest, "/");
	*out = (struct walked){.node = w->at};
	if (len == 1 && *name == '.')
		return 0;
	if (len == 2 && !memcmp(name, "..", 2)) {
		w->at = out->node = w->at->parent;
		return 0;
	}
	n = disk_find(w->at, name, len);
	*out = (struct walked){w->at, name, len, *rest != '\0', n};
	if (!n)
		return last ? 0 : -ENOENT;
	if (n->kind == NODE_MAGIC && (!last || w->follow || *rest))
		return walk_magic(w, n, out);
	if (n->kind == NODE_LINK && (!last || w->follow || *rest)) {
		err = walk_link(w, n, rest);
		return err ? err : 1;
	}
	w->at = n;
	return 0;
}

/* 0 also when the last component is missing; `out` points into w. */
static int host_walk(struct walk *w, int dfd, const char *path, struct walked *out)
{
	const char *p = w->text;
	int ret;

	if (!*path)
		return -ENOENT;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	w->at = *path == '/' ? disk_root : dfd == AT_FDCWD ? host_thread->cwd : host_fd_node(dfd);
	if (!w->at)
		return -EBADF;
	if (w->at->kind != NODE_DIR)
		return -ENOTDIR;
	memcpy(w->text, path, strlen(path) + 1);
	*out = (struct walked){.node = w->at};
	for (p += strspn(p, "/"); *p;) {
		ret = walk_component(w, &p, out);
		if (ret < 0)
			return ret;
		if (ret)
			p = w->text + strspn(w->text, "/");
		if (ret && !*p)
			*out = (struct walked){.node = w->at};
	}
	return out->node && out->slash && out->node->kind != NODE_DIR ? -ENOTDIR : 0;
}

/* The node at that path; or -errno. */
static int host_find(int dfd, const char *path, bool follow, struct node **out)
{
	static struct walk w;
	struct walked found;
	int err;

	if (!strncmp(path, FD_LINKS, strlen(FD_LINKS))) {
		*out = host_fd_node(atoi(path + strlen(FD_LINKS)));
		return *out ? 0 : -ENOENT;
	}
	w.follow = follow;
	w.no_links = w.create = false;
	w.links = 0;
	err = host_walk(&w, dfd, path, &found);
	*out = found.node;
	return err ? err : found.node ? 0 : -ENOENT;
}

/* ---- open ---- */

static long open_create(struct walked *found, unsigned long flags)
{
	if (!found->node) {
		if (found->dir->dead)
			return -ENOENT;
		return host_fd_new(disk_add(found->dir, found->last, found->len, NODE_FILE, NULL));
	}
	if (flags & O_EXCL)
		return -EEXIST;
	return found->node->kind == NODE_DIR ? -EISDIR : host_fd_new(found->node);
}

static long host_open(int dfd, const char *path, const struct open_how *how)
{
	static struct walk w;
	unsigned long flags = how->flags;
	bool create = !(flags & O_PATH) && (flags & O_CREAT);
	struct walked found;
	int err;

	if (!strncmp(path, FD_LINKS, strlen(FD_LINKS)))
		return host_fd_new(host_fd_node(atoi(path + strlen(FD_LINKS))));
	w.follow = !(flags & O_NOFOLLOW) && !(create && (flags & O_EXCL));
	w.no_links = how->resolve & RESOLVE_NO_SYMLINKS;
	w.create = create;
	w.links = 0;
	err = host_walk(&w, dfd, path, &found);
	if (err)
		return err;
	if (create && (!found.node || flags & O_EXCL || found.node->kind == NODE_DIR))
		return open_create(&found, flags);
	if (!found.node)
		return -ENOENT;
	if ((flags & O_DIRECTORY) && found.node->kind != NODE_DIR)
		return -ENOTDIR;
	if (!(flags & O_PATH) && (found.node->kind == NODE_LINK || found.node->kind == NODE_MAGIC))
		return -ELOOP;
	if (!(flags & O_PATH) && found.node->kind == NODE_DIR && (flags & (O_ACCMODE | O_TRUNC)))
		return -EISDIR;
	return host_fd_new(found.node);
}

/* ---- stat and its like ---- */

static long host_stat(const struct node *n, struct stat *st)
{
	static const unsigned modes[] = {[NODE_DIR] = 0040755,	 [NODE_FILE] = 0100644,	  [NODE_LINK] = 0120777,
					 [NODE_MAGIC] = 0120777, [NODE_SOCKET] = 0140777, [NODE_TEXT] = 0100777};

	memset(st, 0, sizeof(*st));
	st->st_dev = HOST_DEV;
	st->st_ino = n->ino;
	st->st_mode = modes[n->kind];
	st->st_nlink = n->dead ? 0 : 1;
	return 0;
}

static long host_fstatat(int dfd, const char *path, struct stat *st, int flags)
{
	struct node *n;
	int err = 0;

	if (!*path && (flags & AT_EMPTY_PATH))
		n = dfd == AT_FDCWD ? host_thread->cwd : host_fd_node(dfd);
	else
		err = host_find(dfd, path, !(flags & AT_SYMLINK_NOFOLLOW), &n);
	if (err)
		return err;
	return n ? host_stat(n, st) : -EBADF;
}

static long host_readlink(int dfd, const char *path, char *buf, size_t size)
{
	char text[PATH_MAX + 16];
	struct node *n;
	int err = 0;
	size_t len;

	if (*path)
		err = host_find(dfd, path, false, &n);
	else
		n = host_fd_node(dfd); /* the link itself is open */
	if (err || !n)
		return err ? err : -EBADF;
	if (!strncmp(path, FD_LINKS, strlen(FD_LINKS))) {
		disk_path(n, text);
		if (n->dead)
			strcat(text, " (deleted)");
	} else if (n->kind == NODE_LINK) {
		strcpy(text, n->text);
	} else if (n->kind == NODE_MAGIC && host_link_target(n)) {
		host_link_text(n, text);
	} else {
		return -EINVAL;
	}
	len = strlen(text) < size ? strlen(text) : size;
	memcpy(buf, text, len);
	return (long)len;
}

static long host_getcwd(char *buf, size_t size)
{
	char path[PATH_MAX];

	if (host_thread->cwd->dead)
		return -ENOENT;
	disk_path(host_thread->cwd, path);
	if (strlen(path) >= size)
		return -ERANGE;
	strcpy(buf, path);
	return (long)strlen(path) + 1;
}

static long host_chdir(struct node *n)
{
	if (!n)
		return -EBADF;
	if (n->kind != NODE_DIR)
		return -ENOTDIR;
	host_thread->cwd = n;
	return 0;
}

/* ---- names ---- */

/* The callers give descriptor and last component: a symlink there is itself meant, also with a slash. */
static long name_of(int dfd, const char *path, struct walked *out)
{
	size_t len = strcspn(path, "/");
	struct node *dir = *path == '/' ? disk_root : dfd == AT_FDCWD ? host_thread->cwd : host_fd_node(dfd);

	if (!dir)
		return -EBADF;
	if (dir->kind != NODE_DIR)
		return -ENOTDIR;
	*out = (struct walked){.last = path, .len = len, .slash = path[len] == '/'};
	if (!len || !strcmp(path, ".") || !strcmp(path, "..")) {
		out->node = dir;
		return 0;
	}
	out->dir = dir;
	out->node = disk_find(dir, path, len);
	return 0;
}

static long host_make(int dfd, const char *path, enum node_kind kind, const char *text)
{
	struct walked n;
	long err = name_of(dfd, path, &n);

	if (err)
		return err;
	if (n.node)
		return -EEXIST;
	if (n.slash && kind != NODE_DIR)
		return -ENOENT;
	if (n.dir->dead)
		return -ENOENT;
	disk_add(n.dir, n.last, n.len, kind, text);
	return 0;
}

static long host_unlink(int dfd, const char *path, int flags)
{
	bool rmdir = flags & AT_REMOVEDIR;
	struct walked n;
	long err = name_of(dfd, path, &n);

	if (err)
		return err;
	if (!n.dir) {
		if (!rmdir)
			return -EISDIR;
		return *path == '/' ? -EBUSY : path[1] == '.' ? -ENOTEMPTY : -EINVAL;
	}
	if (!n.node)
		return -ENOENT;
	if (rmdir && n.node->kind != NODE_DIR)
		return -ENOTDIR;
	if (!rmdir && n.slash)
		return n.node->kind == NODE_DIR ? -EISDIR : -ENOTDIR;
	if (!rmdir && n.node->kind == NODE_DIR)
		return -EISDIR;
	if (rmdir && n.node->children)
		return -ENOTEMPTY;
	disk_path(n.node, host_gone[0]);
	disk_remove(n.node);
	return 0;
}

/* Both names are there, or `to` is free. */
static long may_rename(const struct walked *from, const struct walked *to, unsigned flags)
{
	bool dir = from->node->kind == NODE_DIR, exchange = flags & RENAME_EXCHANGE;

	if (exchange && to->node->kind != NODE_DIR && to->slash)
		return -ENOTDIR;
	if (!dir && (from->slash || (!exchange && to->slash)))
		return -ENOTDIR;
	if (dir && disk_below(to->dir, from->node))
		return -EINVAL;
	if (to->node && disk_below(from->dir, to->node))
		return exchange ? -EINVAL : -ENOTEMPTY;
	if (from->node == to->node)
		return 1;
	if (!to->node)
		return to->dir->dead ? -ENOENT : 0;
	if (exchange)
		return 0;
	if (dir && to->node->kind != NODE_DIR)
		return -ENOTDIR;
	if (!dir && to->node->kind == NODE_DIR)
		return -EISDIR;
	return to->node->children ? -ENOTEMPTY : 0;
}

static void rename_nodes(struct walked *from, struct walked *to, unsigned flags)
{
	struct walked was = *from;
	char name[NAME_MAX + 1];

	disk_path(from->node, host_gone[0]);
	if (to->node)
		disk_path(to->node, host_gone[1]);
	if (flags & RENAME_EXCHANGE) {
		memcpy(name, from->node->name, sizeof(name));
		disk_move(from->node, to->dir, to->last, to->len);
		disk_move(to->node, was.dir, name, strlen(name));
		return;
	}
	if (to->node)
		disk_remove(to->node);
	disk_move(from->node, to->dir, to->last, to->len);
}

static long host_rename(int olddfd, const char *old, int newdfd, const char *new, unsigned flags)
{
	struct walked from, to;
	long err = name_of(olddfd, old, &from);

	if (!err)
		err = name_of(newdfd, new, &to);
	if (err)
		return err;
	if (!from.dir)
		return -EBUSY;
	if (!to.dir)
		return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	if (!from.node)
		return -ENOENT;
	if (to.node && (flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!to.node && (flags & RENAME_EXCHANGE))
		return -ENOENT;
	err = may_rename(&from, &to, flags);
	if (!err)
		rename_nodes(&from, &to, flags);
	return err > 0 ? 0 : err;
}

/* ---- directories and the clock ---- */

int host_readdir(int fd, host_entry fn, void *arg)
{
	const struct node *dir = host_fd_node(fd);

	if (!dir || dir->kind != NODE_DIR)
		return -ENOTDIR;
	for (const struct node *n = dir->children; n && fn(arg, n->name); n = n->next)
		;
	return 0;
}

static long clock_seconds;

void host_later(void)
{
	clock_seconds += 1000000;
}

static long host_clock(long *t)
{
	t[0] = ++clock_seconds;
	t[1] = 0;
	return 0;
}

/* ---- the calls ---- */

static long call_path(long nr, int dfd, const char *path, long c, long d)
{
	struct node *n;
	long err;

	switch (nr) {
	case __NR_openat2:
		return host_open(dfd, path, (const struct open_how *)c);
	case __NR_openat:
		return host_open(dfd, path, &(struct open_how){.flags = (unsigned long)c});
	case __NR_newfstatat:
		return host_fstatat(dfd, path, (struct stat *)c, (int)d);
	case __NR_readlinkat:
		return host_readlink(dfd, path, (char *)c, (size_t)d);
	case __NR_faccessat:
	case __NR_faccessat2:
		return 0;
	case __NR_mkdirat:
		return host_make(dfd, path, NODE_DIR, NULL);
	case __NR_mknodat:
		return host_make(dfd, path, NODE_FILE, NULL);
	case __NR_unlinkat:
		return host_unlink(dfd, path, (int)c);
	case __NR_chdir:
		err = host_find(AT_FDCWD, path, true, &n);
		return err ? err : host_chdir(n);
	}
	fprintf(stderr, "the fake host has no call %ld\n", nr);
	abort();
}

long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	int fd = (int)a;
	long ret = host_other_call(nr, a, b, c, d, e);

	if (ret != -ENOSYS)
		return ret;
	switch (nr) {
	case __NR_fstat:
		return host_fd_node(fd) ? host_stat(host_fd_node(fd), (struct stat *)b) : -EBADF;
	case __NR_close:
		return host_close_fd(fd);
	case __NR_fcntl: /* F_GETFD: is it open? And F_ADD_SEALS. */
		return host_fd_node(fd) ? 0 : -EBADF;
	case __NR_fchdir:
		return host_chdir(host_fd_node(fd));
	case __NR_getcwd:
		return host_getcwd((char *)a, (size_t)b);
	case __NR_umask:
		return 022;
	case __NR_statfs:
	case __NR_fstatfs:
		memset((void *)b, 0, sizeof(struct statfs));
		return 0;
	case __NR_sysinfo: /* no memory, so a tmpfs without limits shows none */
		return 0;
	case __NR_prctl: /* PR_GET_TSC */
		*(int *)b = PR_TSC_ENABLE;
		return 0;
	case __NR_clock_gettime:
		return host_clock((long *)b);
	case __NR_chdir:
		return call_path(nr, AT_FDCWD, (const char *)a, 0, 0);
	case __NR_symlinkat:
		return host_make((int)b, (const char *)c, NODE_LINK, (const char *)a);
	case __NR_renameat2:
		return host_rename(fd, (const char *)b, (int)c, (const char *)d, (unsigned)e);
	}
	return call_path(nr, fd, (const char *)b, c, d);
}

long host_call_blocking(long nr, long a, long b, long c, long d, long e, long f)
{
	return arch_syscall(nr, a, b, c, d, e, f);
}

long host_own_fd(long nr, long a, long b, long c, long d);
long host_own_fd(long nr, long a, long b, long c, long d)
{
	return arch_syscall(nr, a, b, c, d, 0, 0);
}

long host_openat2(int dfd, const char *path, u64 flags, u64 mode, u64 resolve)
{
	struct open_how how = {flags, mode, resolve};

	return arch_syscall(__NR_openat2, dfd, (long)path, (long)&how, sizeof(how), 0, 0);
}

int host_close(int fd)
{
	return (int)arch_syscall(__NR_close, fd, 0, 0, 0, 0, 0);
}
