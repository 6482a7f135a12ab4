/* SPDX-License-Identifier: MIT */
/* Host paths longer than HOST_PATH_MAX, for a working directory that is so deep: found out, and gone to. */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "host/dir.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "vfs/walk.h"

#define DEEP_PATH_MAX (64U << 10) /* must fit into what a program takes along in execve(2): CARRY_MAX */

/* O_PATH on the directory, piece by piece. */
static int open_deep(const char *path, u32 len)
{
	char piece[HOST_PATH_MAX + 1];
	int dir = AT_FDCWD, fd;
	u32 cut;

	do {
		for (cut = MIN(len, HOST_PATH_MAX); cut < len && path[cut] != '/'; cut--)
			;
		memcpy(piece, path, cut);
		piece[cut] = '\0';
		fd = (int)host_call4(__NR_openat, dir, piece, O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW, 0);
		if (dir != AT_FDCWD)
			host_close(dir);
		dir = fd;
		cut += cut < len;
		path += cut;
		len -= cut;
	} while (fd >= 0 && len);
	return fd;
}

int chdir_deep(const struct hpath *path)
{
	long fd = open_deep(path->s, path->len), err;

	if (fd < 0)
		return (int)fd;
	err = host_call1(__NR_fchdir, fd);
	host_close((int)fd);
	return (int)err;
}

bool has_host_path(int dfd)
{
	char host[PATH_MAX];

	return host_path(dfd, host) != -ENAMETOOLONG;
}

/* A path that grows at its front, to the left of `at`. */
struct growing {
	char *text;
	u32 at;
};

static bool prepend(struct growing *g, const char *s, size_t len)
{
	if (len > g->at)
		return false;
	g->at -= (u32)len;
	memcpy(g->text + g->at, s, len);
	return true;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Does the path lead to where the host's thread stands? */
static bool leads_here(const char *path, u32 len)
{
	struct stat here, there;
	int fd = open_deep(path, len);
	bool same = fd >= 0 && !host_call2(__NR_fstat, fd, &there) &&
		    !host_call4(__NR_newfstatat, AT_FDCWD, ".", &here, 0) && same_file(&here, &there);

	if (fd >= 0)
		host_close(fd);
	return same;
}

/* `name` behind the old working directory, which is all where somebody goes down step by step. */
static bool try_name(struct growing *g, const struct hpath *old, const char *name)
{
	size_t len = strlen(name);

	while (len && name[len - 1] == '/')
		len--;
	return prepend(g, name, len) && prepend(g, "/", 1) && prepend(g, old->s, old->len) &&
	       leads_here(g->text + g->at, DEEP_PATH_MAX - g->at);
}

/* Which entry of a directory is that file? */
struct search {
	int dir;
	const struct stat *file;
	char name[NAME_MAX + 1];
};

static bool look_at(void *arg, const char *name)
{
	struct search *s = arg;
	struct stat st;

	if (host_call4(__NR_newfstatat, s->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !same_file(&st, s->file) ||
	    !strcmp(name, ".") || strlen(name) > NAME_MAX)
		return true;
	memcpy(s->name, name, strlen(name) + 1);
	return false;
}

/* From the directory *fd to the one above, which *fd becomes, by its name there. 0 or -errno. */
static int climb(struct growing *g, int *fd)
{
	struct search s = {.dir = (int)host_call4(__NR_openat, *fd, "..", O_RDONLY | O_CLOEXEC | O_DIRECTORY, 0)};
	struct stat st;
	int err;

	if (s.dir < 0)
		return s.dir;
	err = (int)host_call2(__NR_fstat, *fd, &st);
	s.file = &st;
	if (!err)
		err = host_readdir(s.dir, look_at, &s);
	if (!err && !s.name[0])
		err = -ENOENT;
	if (!err && (!prepend(g, s.name, strlen(s.name)) || !prepend(g, "/", 1)))
		err = -ENAMETOOLONG;
	host_close(*fd);
	*fd = s.dir;
	return err;
}

/* Up to where the host can say where that is. */
static int climb_out(struct growing *g)
{
	char host[PATH_MAX];
	int fd = (int)host_call4(__NR_openat, AT_FDCWD, ".", O_PATH | O_CLOEXEC, 0), err;
	long n = -ENAMETOOLONG;

	if (fd < 0)
		return fd;
	do {
		err = climb(g, &fd);
		if (!err)
			n = host_path(fd, host);
	} while (!err && n == -ENAMETOOLONG);
	if (!err && n < 0)
		err = (int)n;
	if (!err)
		err = prepend(g, host, (size_t)n) ? 0 : -ENAMETOOLONG;
	host_close(fd);
	return err;
}

int deep_pwd(const struct hpath *old, const char *name, struct hpath **path)
{
	struct growing g = {kzalloc(DEEP_PATH_MAX), DEEP_PATH_MAX};
	int err = 0;

	if (!g.text)
		return -ENOMEM;
	if (!try_name(&g, old, name)) {
		g.at = DEEP_PATH_MAX;
		err = climb_out(&g);
	}
	*path = err ? NULL : hpath_new(g.text + g.at, DEEP_PATH_MAX - g.at);
	kfree(g.text);
	return err ? err : *path ? 0 : -ENOMEM;
}
