/* SPDX-License-Identifier: MIT */
/*
 * open(2): the walk ends in the real open instead of an O_PATH descriptor, and what the mount forbids
 * or the descriptor must remember is dealt with here.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/stat.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "vfs/devpts.h"
#include "vfs/proc.h"
#include "vfs/tmpfs.h"
#include "vfs/walk.h"

#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)

/* What is to be opened, and how. */
struct opening {
	u64 oflags;
	u32 mode;
	bool cached; /* RESOLVE_CACHED */
	bool follow; /* a final symlink is followed */
	bool write;  /* asks for something that a read-only mount may refuse */
};

/* An open that may sleep for long (a FIFO, a terminal) lets a signal's handler run first. Others hardly ever sleep:
 * were they begun anew with each signal that comes during the walk, a storm of them could keep a file closed for ever.
 */
static bool may_sleep(const struct target *t)
{
	struct stat st;

	if (host_call4(__NR_newfstatat, t->dfd, t->path, &st, 0) < 0)
		return false;
	return S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode);
}

static long open_host(struct task *task, const struct target *t, const struct opening *o, u64 resolve)
{
	struct open_how how = {o->oflags, o->mode, resolve};
	long fd;

	if (!(o->oflags & (O_PATH | O_DIRECTORY))) {
		fd = host_call_blocking(__NR_openat2, t->dfd, (long)t->path, (long)&how, sizeof(how), 0, 0);
		if (fd != -EINTR || task->restart != RESTART_NOT_BEGUN || may_sleep(t))
			return fd;
		task->restart = RESTART_NONE;
	}
	return host_call4(__NR_openat2, t->dfd, t->path, &how, sizeof(how));
}

/* Where the host has no openat2(2), or a magic link of proc has to be followed by it. */
static long open_host_plain(const struct target *t, const struct opening *o, bool follow)
{
	return host_call_blocking(__NR_openat, t->dfd, (long)t->path, (long)(o->oflags | (follow ? 0 : O_NOFOLLOW)),
				  o->mode, 0, 0);
}

/*
 * A descriptor was opened at nd: may the guest have it? And what a later call on it must know and the host
 * cannot tell is noted: the mount that it is seen through.
 */
static int finish_open(struct task *task, const struct nameidata *nd, int fd, u64 oflags)
{
	struct fd_info info = {.fd = fd, .mnt = nd->mnt};
	struct stat st;
	int err = 0;

	nd_used(task, nd);
	if (nd->magic || !nd->mnt ||
	    (!nd->proc && !(nd->mnt_flags & (MS_RDONLY | MS_NODEV)) && mount_is_plain(task->nsproxy->mnt, nd->mnt))) {
		files_clear(task->files, (unsigned)fd, (unsigned)fd);
		return fd;
	}
	if (host_call2(__NR_fstat, fd, &st) < 0)
		return fd;
	if ((nd->mnt_flags & MS_NODEV) && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) && !(oflags & O_PATH))
		err = -EACCES;
	info.kind = S_ISDIR(st.st_mode) || (oflags & O_PATH) ? FD_DIR : FD_FILE;
	info.dev = st.st_dev;
	info.ino = st.st_ino;
	if (!err)
		err = files_set(task->files, &info);
	if (!err)
		return fd;
	host_close(fd);
	return err;
}

/*
 * Nobody writes to that file, for its mount is read-only. But who may not write to it in any case is told so, unless it
 * was to be cut first. And with O_ACCMODE, which asks for the right to do both, one may do neither.
 */
static int refuse_writing(const struct target *t, u64 oflags)
{
	bool reads = (oflags & O_ACCMODE) != O_WRONLY;

	if (oflags & O_TRUNC)
		return -EROFS;
	if ((oflags & O_ACCMODE) == O_ACCMODE)
		return 0;
	return host_call3(__NR_faccessat, t->dfd, t->path, reads ? R_OK | W_OK : W_OK) == -EACCES ? -EACCES : -EROFS;
}

/*
 * nd's mount is read-only and the open wants more: may it? 0 when the host may be asked, without
 * O_CREAT for what is there already.
 */
static int open_read_only(const struct nameidata *nd, const struct target *t, struct opening *o)
{
	struct stat st;
	long err;

	if (nd->magic)
		return 0; /* through proc to a file that is elsewhere */
	err = host_call4(__NR_newfstatat, t->dfd, t->path, &st, AT_SYMLINK_NOFOLLOW);
	if (err == -ENOENT && (o->oflags & O_CREAT))
		return -EROFS;
	if (err < 0)
		return (int)err;
	if ((o->oflags & O_CREAT) && (o->oflags & O_EXCL))
		return -EEXIST;
	if (S_ISDIR(st.st_mode))
		return (o->oflags & TMPFILE_BIT) ? -EROFS : 0; /* else the host says EISDIR */
	if (o->oflags & O_DIRECTORY)
		return -ENOTDIR;
	if (S_ISREG(st.st_mode) && (o->oflags & (O_ACCMODE | O_TRUNC)))
		err = refuse_writing(t, o->oflags);
	if (err)
		return (int)err;
	o->oflags &= ~(u64)O_CREAT;
	o->mode = 0;
	return 0;
}

#define PAGE 4096

/* The same for a file system with limits: is there room for what the open may bring? */
static int open_limited(struct task *task, const struct nameidata *nd, const struct target *t, const struct opening *o)
{
	bool writes = o->oflags & O_ACCMODE;
	struct stat st;

	if (o->oflags & TMPFILE_BIT)
		return tmpfs_may_create(task, nd->mnt, PAGE);
	if (host_call4(__NR_newfstatat, t->dfd, t->path, &st, AT_SYMLINK_NOFOLLOW) == -ENOENT)
		return o->oflags & O_CREAT ? tmpfs_may_create(task, nd->mnt, writes ? PAGE : 0) : 0;
	return writes && (o->oflags & O_APPEND) ? tmpfs_may_append(task, nd->mnt) : 0;
}

/* No descriptor and no errno: the slow walk is needed. */
#define OPEN_SLOW INT32_MIN

static int open_fast(struct task *task, int dfd, const char *name, const struct opening *o)
{
	unsigned flags = LOOKUP_LAZY | (o->follow ? LOOKUP_FOLLOW : 0);
	struct recent_mark mark = {};
	struct nameidata nd;
	struct target t;
	long fd;
	int err = walk_lexical(task, dfd, name, flags, &nd, &t);

	if (err)
		return err == 1 ? OPEN_SLOW : err;
	if (o->write && ((nd.mnt_flags & MS_RDONLY) || nd.limited))
		return OPEN_SLOW;
	/* Older hosts make a file for both. */
	if ((o->oflags & (O_DIRECTORY | O_CREAT)) == O_DIRECTORY)
		mark = recent_begin();
	fd = open_host(task, &t, o, RESOLVE_NO_SYMLINKS | (o->cached ? RESOLVE_CACHED : 0));
	if (fd >= 0 && mark.seq)
		recent_keep_directory(task, &nd, &t, mark);
	if (fd >= 0)
		return finish_open(task, &nd, (int)fd, o->oflags);
	return fd == -ELOOP || openat2_missing(fd) ? OPEN_SLOW : (int)fd;
}

/* The files of proc that are ours: a descriptor, -EAGAIN, or -errno. */
static __attribute__((noinline)) int open_proc(struct task *task, const struct nameidata *nd, u64 oflags)
{
	char rel[PATH_MAX];
	int err = nd_proc_rel(task, nd, rel, sizeof(rel));

	if (err >= 0 && !(oflags & O_PATH))
		err = proc_denies(task, &nd->view, rel, true);
	return err < 0 ? err : proc_open(task, rel, oflags);
}

static long open_walked(struct task *task, const struct nameidata *nd, const struct target *t, struct opening *o)
{
	long fd;
	int err;

	if (o->write && (nd->mnt_flags & MS_RDONLY)) {
		err = open_read_only(nd, t, o);
		if (err)
			return err;
	}
	if (nd->magic)
		return open_host_plain(t, o, o->follow);
	if (o->write && nd->limited) {
		err = open_limited(task, nd, t, o);
		if (err)
			return err;
	}
	fd = open_host(task, t, o, RESOLVE_NO_SYMLINKS);
	return openat2_missing(fd) ? open_host_plain(t, o, false) : fd;
}

/* Is what counts of the open whether the file lets us, and not first what it is? */
static bool opens_file(const struct nameidata *nd, u64 oflags)
{
	bool makes = (oflags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);

	return !nd->tail && !makes && !(oflags & (O_PATH | O_DIRECTORY));
}

/* ptmx in a devpts that a guest has mounted: a descriptor, -EAGAIN if it is something else, or -errno. */
static __attribute__((noinline)) int open_ptmx(struct task *task, const struct nameidata *nd, struct opening *o)
{
	static const unsigned char wants[] = {R_OK, W_OK, R_OK | W_OK, R_OK | W_OK};
	char path[PTMX_PATH_SIZE];
	struct target t = {AT_FDCWD, path};
	struct ptmx ptmx;
	long fd;
	int err;

	if (!opens_file(nd, o->oflags) || !ptmx_at(task, nd, &ptmx))
		return -EAGAIN;
	err = ptmx_permission(task, task->cred, &ptmx, wants[o->oflags & O_ACCMODE]);
	if (err)
		return err;
	ptmx_on_host(nd, path);
	fd = open_walked(task, nd, &t, o);
	if (fd < 0)
		return (int)fd;
	ptmx_opened(&ptmx, nd, (int)fd);
	return finish_open(task, nd, (int)fd, o->oflags);
}

static int open_slow_once(struct task *task, int dfd, const char *name, struct opening o, unsigned flags)
{
	struct nameidata nd;
	struct target t;
	long fd;
	int err = walk_slow(task, dfd, name, flags, &nd);

	if (err)
		return err;
	if (nd.proc) {
		err = open_proc(task, &nd, o.oflags);
		if (err != -EAGAIN)
			return err;
	}
	if (nd.devpts) {
		err = open_ptmx(task, &nd, &o);
		if (err != -EAGAIN)
			return err;
	}
	nd_target(&nd, &t);
	fd = open_walked(task, &nd, &t, &o);
	if (fd == -ELOOP && o.follow && !nd.magic)
		return -EWALKRACED;
	return fd < 0 ? (int)fd : finish_open(task, &nd, (int)fd, o.oflags);
}

/* O_CREAT with a slash behind the name is EISDIR. Where the fast pass ends, in "/" or what a link says, that may be
 * lost. */
static bool makes_directory(const char *name, u64 oflags)
{
	return (oflags & O_CREAT) && name[strlen(name) - 1] == '/';
}

/* Where host paths are short enough; else is_too_deep(). */
static int open_by_path(struct task *task, int dfd, const char *name, const struct opening *o, u64 resolve)
{
	unsigned flags = (unsigned)resolve << LOOKUP_RESOLVE_SHIFT;
	int err = OPEN_SLOW, tries;

	if (!(resolve & ~(u64)RESOLVE_CACHED) && !makes_directory(name, o->oflags))
		err = open_fast(task, dfd, name, o);
	if (err != OPEN_SLOW)
		return err;
	if (o->cached)
		return -EAGAIN; /* the slow walk may have to wait for a disk */
	if (o->follow)
		flags |= LOOKUP_FOLLOW;
	if (o->oflags & O_CREAT)
		flags |= LOOKUP_CREATE;
	for (tries = 0, err = -EWALKRACED; err == -EWALKRACED && tries < RACE_RETRIES; tries++)
		err = open_slow_once(task, dfd, name, *o, flags);
	return err == -EWALKRACED ? -ELOOP : err;
}

/* What is left of an approach, where the host alone knows: one component, or ".". */
static int open_from(const struct approach *a, struct opening o)
{
	struct target t = {a->dfd, a->name};
	struct nameidata nd;
	long fd;

	nd_init(&nd);
	nd_use_mount(a->task, &nd, a->mnt);
	fd = open_walked(a->task, &nd, &t, &o);
	return fd < 0 ? (int)fd : finish_open(a->task, &nd, (int)fd, o.oflags);
}

/* On the way or at its end are directories that are too deep. */
static __attribute__((noinline)) int open_deep(struct task *task, int dfd, const char *name, const struct opening *o)
{
	struct approach a;
	int err = approach(task, dfd, name, o->follow, &a);

	if (err)
		return err;
	err = a.deep ? -ETOODEEP : open_by_path(task, a.dfd, a.name, o, 0);
	if (is_too_deep(err) && *a.name != '/')
		err = open_from(&a, *o);
	approach_end(&a);
	return err;
}

int do_filp_open(struct task *task, int dfd, const char *name, u64 oflags, u32 mode, u64 resolve)
{
	struct opening o = {.oflags = oflags, .mode = mode, .cached = resolve & RESOLVE_CACHED};
	int err;

	if (!*name)
		return -ENOENT;
	o.follow = !(oflags & O_NOFOLLOW) && (oflags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL);
	o.write = !(oflags & O_PATH) && (oflags & (O_ACCMODE | O_CREAT | O_TRUNC | TMPFILE_BIT));
	if (oflags & (O_CREAT | TMPFILE_BIT))
		fs_sync(task);
	err = open_by_path(task, dfd, name, &o, resolve);
	if (is_too_deep(err) && *name != '/' && !resolve)
		err = open_deep(task, dfd, name, &o);
	return err == -ETOODEEP ? -ENAMETOOLONG : err;
}

int open_path_fd(struct task *task, const struct nameidata *nd, bool cloexec)
{
	char path[FD_PATH_SIZE];
	long fd;

	fd_path(path, nd->fd);
	fd = host_call4(__NR_openat, AT_FDCWD, path, O_PATH | (cloexec ? O_CLOEXEC : 0), 0);
	return fd < 0 ? (int)fd : finish_open(task, nd, (int)fd, O_PATH);
}
