/* SPDX-License-Identifier: MIT */
/* The magic links of /proc/PID: exe, cwd, root, fd/N. Where they lead, and what readlink(2) says. */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"
#include "vfs/walk.h"

int proc_fd_number(const char *rest)
{
	const char *p = rest + 3;
	u64 n;

	if (strncmp(rest, "fd/", 3) != 0 || !parse_u64(&p, &n) || *p || n > INT32_MAX)
		return -1;
	return (int)n;
}

/* Takes over the reference in `place`. */
static void nd_take(struct nameidata *nd, struct path *place)
{
	nd_copy_place(nd, place);
	path_put(place);
}

/* ---- links of our own ---- */

/* A file without a note is the host's to open again; one with a note has a mount that must be honoured. */
static int follow_own_fd(struct task *task, int fd, struct nameidata *nd)
{
	struct fd_info info;
	struct stat st;
	bool noted = files_get(task->files, fd, &info) && (info.kind == FD_DIR || info.kind == FD_FILE);
	int err;

	if (fd_is_ours(fd))
		return -ENOENT;
	if (fd_is_tree(fd))
		return dfd_place(task, fd, nd);
	if (!noted && host_call2(__NR_fstat, fd, &st))
		return 1;
	noted = noted || (fd_note_sent(task, fd, &st, &info) && info.kind != FD_NS);
	if (!noted && !S_ISDIR(st.st_mode))
		return 1;
	err = dfd_place(task, fd, nd);
	if (err == -EBADF)
		return -ENOENT;
	return err || !nd->len || !nd->mnt || !nd_still_there(nd, fd) ? 1 : 0;
}

static int follow_own(struct task *task, struct task *own, const char *rest, struct nameidata *nd)
{
	struct path place = {0, NULL};
	int err;

	if (!strcmp(rest, "exe")) {
		if (!mm.exe_place.host)
			return 1;
		place = (struct path){mm.exe_place.mnt, hpath_get(mm.exe_place.host)};
	} else if (!strcmp(rest, "root")) {
		err = proc_get_place(own, get_fs_root, &place);
		if (err)
			return err;
	} else if (!strcmp(rest, "cwd") && own == task) {
		return pwd_place(task, nd);
	} else if (!strcmp(rest, "cwd")) {
		err = proc_get_place(own, get_fs_pwd, &place);
		if (err)
			return err;
	} else {
		return 1;
	}
	nd_take(nd, &place);
	return 0;
}

/* Where the link leads: 0 and nd; 1: not ours; -errno. *who is filled when it is a guest's. */
static int follow(struct task *task, const struct proc_name *name, struct nameidata *nd, struct proc_task *who)
{
	int fd = proc_fd_number(name->rest);

	if (!proc_find(task, name->pid, who))
		return 1;
	if (who->own && fd >= 0 && who->own->files == task->files)
		return follow_own_fd(task, fd, nd);
	if (who->own && fd < 0)
		return follow_own(task, who->own, name->rest, nd);
	return foreign_follow(task, name, nd);
}

int proc_exe_place(struct task *task, int pid, struct nameidata *nd)
{
	struct proc_name name = {pid, 0, "exe"};
	struct proc_task who;

	return follow(task, &name, nd, &who);
}

int proc_follow_link(struct task *task, const char *rel, struct nameidata *nd)
{
	struct proc_name name;
	struct proc_task who;
	u64 mnt = nd->mnt;
	u32 len = nd->len;
	char host[PATH_MAX];
	int ret;

	if (!proc_parse(rel, &name) || proc_ns_type(name.rest) >= 0)
		return 1;
	/* On the way to "not ours" nd is used; then it must be as it was. */
	memcpy(host, nd->host, len + 1);
	ret = follow(task, &name, nd, &who);
	if (!ret && !nd->len)
		ret = 1; /* a working directory too deep for a path, where the host's tree is the guest's */
	if (ret == 1) {
		memcpy(nd->host, host, len + 1);
		nd->len = len;
		nd_use_mount(task, nd, mnt);
	}
	return ret;
}

u64 proc_link_mount(struct task *task, const char *rel)
{
	struct proc_name name;
	struct proc_task who;
	int fd = proc_parse(rel, &name) ? proc_fd_number(name.rest) : -1;

	if (fd < 0 || !proc_find(task, name.pid, &who) || !who.own || who.own->files != task->files)
		return 0;
	return fd_mount(task, fd);
}

const struct mnt_ns *proc_link_ns(struct task *task, const char *rel)
{
	struct proc_name name;
	struct proc_task who;

	return proc_parse(rel, &name) && proc_find(task, name.pid, &who) ? who.mnt : task->nsproxy->mnt;
}

/* ---- readlink ---- */

/* Says behind a text that the file is gone, as the kernel does. The new length. */
static size_t mark_deleted(const char *host, char *buf, size_t len, size_t size)
{
	static const char deleted[] = " (deleted)";
	struct stat st;

	if (host_call4(__NR_newfstatat, AT_FDCWD, host, &st, AT_SYMLINK_NOFOLLOW) != -ENOENT ||
	    len + sizeof(deleted) > size)
		return len;
	memcpy(buf + len, deleted, sizeof(deleted));
	return len + sizeof(deleted) - 1;
}

/* A place as text, as the kernel writes it. The length or -errno. */
static int link_text(struct task *task, const struct mnt_ns *ns, const struct nameidata *nd, char *buf, size_t size)
{
	int len = place_text(task, ns, nd->mnt, nd->host, buf, size);

	return len < 0 ? len : (int)mark_deleted(nd->host, buf, (size_t)len, size);
}

/* A file without a note: the host knows its path. */
static __attribute__((noinline)) int unnoted_text(struct task *task, int fd, char *buf, size_t size)
{
	struct nameidata nd;
	int len;

	nd_init(&nd);
	if (dfd_place(task, fd, &nd) || !nd.len)
		return -EAGAIN;
	len = proc_file_text(task, nd.host, buf, size);
	return len < 0 ? -EAGAIN : (int)mark_deleted(nd.host, buf, (size_t)len, size);
}

/* An emulated file: what the host calls its own. */
__attribute__((noinline)) int proc_fd_text(struct task *task, const struct fd_info *info, char *buf, size_t size)
{
	char path[PATH_MAX];
	int len;

	if (!proc_path(info, path, sizeof(path)))
		return -ENAMETOOLONG;
	len = proc_file_text(task, path, buf, size);
	if (len >= 0)
		return len;
	if (strlen(path) >= size)
		return -ENAMETOOLONG;
	memcpy(buf, path, strlen(path) + 1);
	return (int)strlen(path);
}

/* Of a descriptor that follow() leaves to the host. */
static int own_fd_text(struct task *task, int fd, char *buf, size_t size)
{
	struct fd_info info;

	if (files_get(task->files, fd, &info) && info.kind == FD_NS)
		return proc_ns_fd_text(&info, buf, size);
	if (files_get(task->files, fd, &info) && info.kind == FD_PROC)
		return proc_fd_text(task, &info, buf, size);
	return unnoted_text(task, fd, buf, size);
}

int proc_readlink(struct task *task, const char *rel, char *buf, size_t size)
{
	struct proc_name name;
	struct proc_task who;
	struct nameidata nd;
	int type, ret;

	if (!proc_parse(rel, &name))
		return proc_self_text(rel, buf, size);
	type = proc_ns_type(name.rest);
	if (type >= 0)
		return proc_find(task, name.pid, &who) ? proc_ns_text(&who, type, buf, size) : -EAGAIN;
	if (strcmp(name.rest, "exe") && strcmp(name.rest, "cwd") && strcmp(name.rest, "root") &&
	    proc_fd_number(name.rest) < 0)
		return -EAGAIN;
	nd_init(&nd);
	ret = follow(task, &name, &nd, &who);
	if (ret < 0)
		return ret;
	if (!ret && !nd.len)
		return -ENAMETOOLONG;
	if (!ret)
		return link_text(task, who.mnt, &nd, buf, size);
	if (proc_fd_number(name.rest) < 0 || !proc_find(task, name.pid, &who))
		return -EAGAIN;
	if (who.own && who.own->files == task->files)
		return own_fd_text(task, proc_fd_number(name.rest), buf, size);
	return foreign_fd_text(task, &name, buf, size);
}
