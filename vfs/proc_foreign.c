/* SPDX-License-Identifier: MIT */
/*
 * The magic links of processes in other address spaces. The host knows which file is at the end; through which mount
 * it is seen, which root the process has and which program it executes is known to its own runtime.
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"
#include "vfs/proc_peek.h"
#include "vfs/walk.h"

/* The place that a host path leads to, without regard to who opened what through which mount. */
static int place_of_host_path(struct task *task, const char *path, struct nameidata *nd, struct stat *st)
{
	long fd = host_own_fd(__NR_openat, AT_FDCWD, (long)path, O_PATH | O_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return (int)fd;
	err = (int)host_call2(__NR_fstat, fd, st);
	if (!err)
		err = dfd_place(task, (int)fd, nd);
	host_close((int)fd);
	if (!err && (!nd->len || !nd->mnt))
		err = 1;
	return err;
}

/* A place that another process keeps. False: it cannot be told. */
static bool take_place(const struct peek *p, const struct path *place, struct nameidata *nd)
{
	if (!peek_hpath(p, place->host, nd->host))
		return false;
	nd->len = (u32)strlen(nd->host);
	nd->mnt = place->mnt;
	return true;
}

/* ---- exe ---- */

/* One line of /proc/PID/maps: is it the first page of a file, and which? */
static const char *mapped_file(char *line)
{
	char *p = line;

	for (int field = 0; field < 2 && p; field++)
		p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL;
	if (!p || strncmp(p, "00000000 ", 9) != 0)
		return NULL;
	p = strchr(p, '/');
	return p && strncmp(p, "/memfd:", 7) != 0 && strcmp(p, arena()->runtime) != 0 ? p : NULL;
}

/* The guest's program is the lowest file in memory that is not the runtime. */
static int find_program(int fd, char *path)
{
	char buf[2 * PATH_MAX], *line, *end;
	const char *file;
	long n, used = 0;

	while ((n = host_call3(__NR_read, fd, buf + used, sizeof(buf) - 1 - used)) > 0) {
		used += n;
		buf[used] = '\0';
		for (line = buf; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			file = mapped_file(line);
			if (file) {
				memcpy(path, file, MIN(strlen(file), PATH_MAX - 1UL) + 1);
				return 0;
			}
		}
		used -= line - buf;
		memmove(buf, line, (size_t)used);
	}
	return 1;
}

/* Where its memory cannot be read, what is mapped there still can. */
static __attribute__((noinline)) int guess_exe(struct task *task, int pid, struct nameidata *nd)
{
	char path[PATH_MAX];
	struct stat st;
	int fd = proc_host_open(pid, "maps"), err;

	if (fd < 0)
		return fd;
	err = find_program(fd, path);
	host_close(fd);
	return err ? err : place_of_host_path(task, path, nd, &st);
}

static __attribute__((noinline)) int follow_exe(struct task *task, int pid, struct nameidata *nd)
{
	struct peek p;

	if (peek_task(pid, &p) && take_place(&p, &p.mm.exe_place, nd))
		return 0;
	return guess_exe(task, pid, nd);
}

/* ---- root and cwd ---- */

static bool peek_fs(struct peek *p, int pid, struct fs_struct *fs)
{
	return peek_task(pid, p) && peek_read(p, fs, p->task.fs, sizeof(*fs));
}

/* It has not followed what others have pivoted before its next call: but that is where it stands. */
static void pivot_place(const struct peek *p, const struct fs_struct *fs, bool root, struct nameidata *nd)
{
	const struct pivot *pivot;
	struct nsproxy ns;

	if (!peek_read(p, &ns, p->task.nsproxy, sizeof(ns)) || !arena_contains(ns.mnt, sizeof(*ns.mnt)))
		return;
	for (pivot = mnt_first_pivot(ns.mnt, fs->pivots); pivot; pivot = mnt_next_pivot(pivot)) {
		if (mnt_pivot_moves(pivot, root, &nd->mnt, nd->host))
			nd->len = (u32)strlen(nd->host);
	}
}

static __attribute__((noinline)) int follow_root(int pid, struct nameidata *nd)
{
	struct fs_struct fs;
	struct peek p;

	if (!peek_fs(&p, pid, &fs) || !take_place(&p, &fs.at[fs.now & 1].root, nd))
		return 1;
	pivot_place(&p, &fs, true, nd);
	return 0;
}

/*
 * The directory may have been renamed since the process came there, and the host knows where to, unless another task
 * that shares the working directory has gone elsewhere and the host's thread has not followed yet.
 */
static __attribute__((noinline)) int follow_cwd(struct task *task, int pid, struct nameidata *nd)
{
	const struct path *pwd;
	struct fs_struct fs;
	struct peek p;
	char path[PROC_PATH_SIZE];
	struct stat st;
	int err = -ENAMETOOLONG;

	if (proc_host_path(path, sizeof(path), pid, "cwd"))
		err = place_of_host_path(task, path, nd, &st);
	if (!peek_fs(&p, pid, &fs))
		return err;
	pwd = &fs.at[fs.now & 1].pwd;
	if (!err && p.task.host_fs_seq == fs.seq)
		nd->mnt = pwd->mnt;
	else if (!take_place(&p, pwd, nd))
		return err;
	pivot_place(&p, &fs, false, nd);
	return 0;
}

/* ---- fd/N ---- */

/* Where the mounts are that the process sees. */
static const struct mnt_ns *ns_of(struct task *task, int pid)
{
	struct proc_task who;

	return proc_find(task, pid, &who) ? who.mnt : task->nsproxy->mnt;
}

static __attribute__((noinline)) int follow_fd(struct task *task, const struct proc_name *name, struct nameidata *nd)
{
	struct fd_info note;
	struct peek p;
	char path[PROC_PATH_SIZE];
	struct stat st;
	int err;

	if (!proc_host_path(path, sizeof(path), name->pid, name->rest))
		return 1;
	err = place_of_host_path(task, path, nd, &st);
	if (err)
		return err;
	/* What is no directory is reached best by the host's link: it may be deleted, or have no path. */
	if (!S_ISDIR(st.st_mode))
		return 1;
	if (peek_task(name->pid, &p) && peek_note(&p, proc_fd_number(name->rest), &note) && note.kind == FD_DIR &&
	    note.dev == st.st_dev && note.ino == st.st_ino)
		nd->mnt = note.mnt;
	else
		mount_of_host(ns_of(task, name->pid), nd);
	return nd->mnt ? 0 : 1;
}

int foreign_follow(struct task *task, const struct proc_name *name, struct nameidata *nd)
{
	if (!strcmp(name->rest, "exe"))
		return follow_exe(task, name->pid, nd);
	if (!strcmp(name->rest, "root"))
		return follow_root(name->pid, nd);
	if (!strcmp(name->rest, "cwd"))
		return follow_cwd(task, name->pid, nd);
	return proc_fd_number(name->rest) < 0 ? 1 : follow_fd(task, name, nd);
}

/* The host's text, with the name that the reader has for the file, which is seen through `mnt` (0: nobody remembers).
 */
static int file_text(struct task *task, const struct mnt_ns *ns, const char *link, u64 mnt, char *buf, size_t size)
{
	static const char deleted[] = " (deleted)";
	const size_t cut = sizeof(deleted) - 1;
	char host[PATH_MAX];
	long n = host_readlinkat(AT_FDCWD, link, host, sizeof(host) - 1);
	bool gone;
	int len;

	if (n <= 0 || host[0] != '/')
		return -EAGAIN;
	host[n] = '\0';
	gone = (size_t)n > cut && !strcmp(host + n - cut, deleted);
	if (gone)
		host[(size_t)n - cut] = '\0';
	len = mnt ? place_text(task, ns, mnt, host, buf, size) : -ENOENT;
	if (len < 0)
		len = proc_file_text(task, host, buf, size);
	if (len < 0 || !gone || (size_t)len + sizeof(deleted) > size)
		return len;
	memcpy(buf + len, deleted, sizeof(deleted));
	return len + (int)cut;
}

/* Is the note about the file that is there now? */
static bool is_about(const struct fd_info *note, const char *link)
{
	struct stat st;

	return !host_call4(__NR_newfstatat, AT_FDCWD, link, &st, 0) && st.st_dev == note->dev && st.st_ino == note->ino;
}

int foreign_fd_text(struct task *task, const struct proc_name *name, char *buf, size_t size)
{
	char link[PROC_PATH_SIZE];
	struct fd_info note = {0};
	const struct mnt_ns *ns = ns_of(task, name->pid);
	struct peek p;

	if (!proc_host_path(link, sizeof(link), name->pid, name->rest))
		return -EAGAIN;
	if (!peek_task(name->pid, &p) || !peek_note(&p, proc_fd_number(name->rest), &note))
		note.kind = FD_NONE;
	switch (note.kind) {
	case FD_NS:
		return proc_ns_fd_text(&note, buf, size);
	case FD_PROC:
		return proc_fd_text(task, &note, buf, size);
	case FD_DIR:
	case FD_FILE:
		return file_text(task, ns, link, is_about(&note, link) ? note.mnt : 0, buf, size);
	}
	return file_text(task, ns, link, 0, buf, size);
}

u64 foreign_fd_mount(struct task *task, const struct proc_name *name)
{
	char link[PROC_PATH_SIZE];
	struct fd_info note;
	struct nameidata nd;
	struct stat st;
	struct peek p;

	if (!proc_host_path(link, sizeof(link), name->pid, name->rest))
		return 0;
	nd_init(&nd);
	if (peek_task(name->pid, &p) && peek_note(&p, proc_fd_number(name->rest), &note) &&
	    (note.kind == FD_DIR || note.kind == FD_FILE) && is_about(&note, link))
		return note.mnt;
	if (place_of_host_path(task, link, &nd, &st))
		return 0;
	mount_of_host(ns_of(task, name->pid), &nd);
	return nd.mnt;
}
