/* SPDX-License-Identifier: MIT */
/*
 * Names whose way leads through directories that are too deep for a path: HOST_PATH_MAX is not enough for where the
 * host has them. Nothing can be mounted on those or shown from them, since mounts are known by their host paths, so
 * down there the host's own tree is what the guest sees. The way is walked by descriptors, a component at a time.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include "host/host.h"
#include "host/limit.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "vfs/walk.h"

static const char *rest_of(const struct approach *a)
{
	return a->text + a->at;
}

void approach_end(struct approach *a)
{
	if (!a->own)
		return;
	files_clear(a->task->files, (unsigned)a->dfd, (unsigned)a->dfd);
	host_close(a->dfd);
	a->own = false;
}

/* Goes on from `fd`, which becomes the approach's own. Its mount is noted, for lookups that begin there. */
static int go_on(struct approach *a, int fd)
{
	struct fd_info info = {.fd = fd, .kind = FD_DIR, .mnt = a->mnt};
	struct stat st;

	approach_end(a);
	a->dfd = fd;
	a->own = true;
	/* What is noted of that number is of a file that the guest has closed. */
	files_clear(a->task->files, (unsigned)fd, (unsigned)fd);
	if (!a->mnt || host_call2(__NR_fstat, fd, &st) < 0)
		return 0;
	info.dev = st.st_dev;
	info.ino = st.st_ino;
	return files_set(a->task->files, &info);
}

/* If that is a symlink, where it leads takes its place before what is left of the name; 1: which then begins at the
 * root. -EINVAL: it is none. */
static __attribute__((noinline)) int follow(struct approach *a, const char *name)
{
	char link[PATH_MAX];
	long n = host_readlinkat(a->dfd, name, link, sizeof(link));

	if (n < 0)
		return (int)n;
	if (++a->links > MAXSYMLINKS)
		return -ELOOP;
	if (!n)
		return -ENOENT;
	if (n == (long)sizeof(link) || (size_t)n > a->at)
		return -ENAMETOOLONG;
	a->at -= (u32)n;
	memcpy(a->text + a->at, link, (size_t)n);
	if (link[0] != '/')
		return 0;
	a->deep = false;
	return 1;
}

/* One directory further, of which the host alone knows. */
static int step_deep(struct approach *a, const char *name)
{
	long fd = host_own_fd(__NR_openat, a->dfd, (long)name, O_PATH | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY, 0);
	int err;

	if (fd >= 0)
		return go_on(a, (int)fd);
	if (fd != -ENOTDIR && fd != -ELOOP)
		return (int)fd;
	err = follow(a, name);
	return err == -EINVAL ? -ENOTDIR : err;
}

/* One directory further from one that has a path. */
static __attribute__((noinline)) int step_known(struct approach *a, const char *name)
{
	struct nameidata nd;
	int err = lookup_by_path(a->task, a->dfd, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY | LOOKUP_LAZY, &nd);

	a->deep = is_too_deep(err);
	if (a->deep)
		return step_deep(a, name);
	if (err)
		return err;
	a->mnt = nd.mnt;
	return go_on(a, nd.fd);
}

/* 0; 1: what is left of the name is to be looked up from where we are; or -errno. */
static int step(struct approach *a)
{
	const char *rest = rest_of(a);
	char name[NAME_MAX + 1];
	struct component c, next;
	bool last;
	int err;

	if (!next_component(&rest, &c)) {
		a->text[--a->at] = '.';
		return 1;
	}
	if (c.len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, c.s, c.len);
	name[c.len] = '\0';
	a->at = (u32)(rest - a->text);
	last = !next_component(&rest, &next) && !is_dot(&c) && !is_dotdot(&c);
	if (last) {
		err = a->follow || *rest_of(a) ? follow(a, name) : -EINVAL;
		if (err != -EINVAL && err != -ENOENT)
			return err;
		a->at -= (u32)c.len;
		return 1;
	}
	if (is_dot(&c))
		return 0;
	if (!a->deep)
		return step_known(a, name);
	err = step_deep(a, name);
	if (!err && is_dotdot(&c))
		a->deep = !has_host_path(a->dfd);
	return err;
}

int approach(struct task *task, int dfd, const char *name, bool follow_last, struct approach *a)
{
	size_t size = strlen(name) + 1;
	int err;

	*a = (struct approach){.task = task, .dfd = dfd, .follow = follow_last};
	err = dfd == AT_FDCWD ? pwd_mount(task, &a->mnt) : 0;
	if (err)
		return err;
	if (dfd != AT_FDCWD)
		a->mnt = fd_mount(task, dfd);
	a->deep = !has_host_path(dfd);
	a->at = (u32)(sizeof(a->text) - size);
	memcpy(a->text + a->at, name, size);
	while (!err)
		err = step(a);
	a->name = rest_of(a);
	if (err < 0)
		approach_end(a);
	return err < 0 ? err : 0;
}
