/* SPDX-License-Identifier: MIT */
/* See walk.h: steps as secede's calls. */
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include "host/host.h"
#include "kernel/mm.h"
#include "sys/mount_fds.h"
#include "sys/sys.h"
#include "vfs/walk.h"
#include "warden/client.h"

static s64 sys(s64 (*fn)(struct task *task, struct regs *regs), int t, u64 a, u64 b, u64 c, u64 d, u64 e)
{
	struct regs regs = {.rdi = a, .rsi = b, .rdx = c, .r10 = d, .r8 = e};

	return fn(tasks[t].task, &regs);
}

/* Reached through proc: in another task's namespace, whose mounts have the numbers that ours had. */
static bool is_anothers(const struct task *task, const struct place *at)
{
	return at->mnt->ns >= 0 && at->mnt->ns < MODEL_DETACHED && tasks[at->mnt->ns].task != task;
}

/* What was found, where errno agrees already. */
static void check_found(struct task *task, const struct step *s, const struct expect *e, const struct nameidata *nd)
{
	const struct node *n = nd->fd == AT_FDCWD ? host_thread->cwd : host_fd_node(nd->fd);
	char path[MODEL_PATH];
	int len;

	if (!(s->flags & LOOKUP_NOFD) || (s->flags & LOOKUP_PARENT && nd->borrowed))
		CHECK(n == e->at.node, "the descriptor stands for something else");
	if (s->flags & LOOKUP_PARENT) {
		CHECK((int)nd->last_type == e->last_type, "the last component is of type %d, not %d", nd->last_type,
		      e->last_type);
		CHECK(e->last_type != LAST_NORM || !strcmp(nd->last, e->last), "the last component is %s", nd->last);
		CHECK(e->last_type != LAST_NORM || nd->trailing_slash == e->slash, "a slash at the end");
	}
	if (nd->mnt)
		CHECK(nd->mnt == e->at.mnt->id, "it is in mount %lu, not %lu", nd->mnt, e->at.mnt->id);
	if (s->flags & LOOKUP_LAZY)
		return;
	check_place("it", nd->mnt, nd->host, &e->at);
	if (is_anothers(task, &e->at))
		return;
	len = path_to_guest(task, nd->mnt, nd->host, path, sizeof(path));
	CHECK(len == (*e->path ? (int)strlen(e->path) : -ENOENT), "%s has the path %s, not %s", nd->host, path,
	      e->path);
	CHECK(len < 0 || !strcmp(path, e->path), "%s has the path %s, not %s", nd->host, path, e->path);
}

static void close_fd(struct task *task, int fd)
{
	if (fd < 0)
		return;
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	host_close(fd);
}

/* What other calls ask of a place and of a descriptor on it. */
static void check_questions(struct task *task, const struct expect *e, const struct nameidata *nd)
{
	u64 dev = e->at.mnt->sb->host ? WALK_HOST_DEV : WALK_TMPFS_DEV;
	char text[MODEL_PATH];
	int fd, len;

	if (is_anothers(task, &e->at))
		return;
	len = place_text(task, task->nsproxy->mnt, nd->mnt, nd->host, text, sizeof(text));
	CHECK(len == (int)strlen(text) && (!*e->path || !strcmp(text, e->path)), "its path is told to be %s", text);
	CHECK(is_mount_root_place(task, nd) == (e->at.node == e->at.mnt->root) || e->at.mnt->ns < 0,
	      "it is the root of a mount, or is not");
	CHECK(e->at.mnt->ns < 0 || mount_dev(task, nd->mnt, WALK_HOST_DEV) == dev, "its device is another one");
	if (nd->fd < 0)
		return;
	fd = open_path_fd(task, nd, true);
	CHECK(fd >= 0 && host_fd_node(fd) == e->at.node, "another descriptor on it is %d", fd);
	CHECK(!fd_mnt_flags(task, fd) || fd_mnt_flags(task, fd) == nd->mnt_flags, "the descriptor has other flags");
	close_fd(task, fd);
}

/* The directory that a step starts from. */
static int step_base(struct task *task, const struct step *s)
{
	int fd = AT_FDCWD;

	if (s->from_tree)
		return tasks[s->task].trees[s->tree];
	if (s->from_b)
		fd = do_filp_open(task, AT_FDCWD, s->b, O_PATH | O_DIRECTORY, 0, 0);
	CHECK(fd >= 0 || fd == AT_FDCWD, "%s cannot be opened: %s", s->b, strerror(-fd));
	return fd;
}

static void close_base(struct task *task, const struct step *s, int fd)
{
	if (s->from_b)
		close_fd(task, fd);
}

static s64 do_lookup(int t, const struct step *s, const struct expect *e)
{
	unsigned flags = (unsigned)s->flags | (unsigned)s->resolve << LOOKUP_RESOLVE_SHIFT;
	struct task *task = tasks[t].task;
	struct nameidata nd;
	int base = step_base(task, s), err = path_lookup(task, base, s->a, flags, &nd);

	if (!err && !e->err)
		check_found(task, s, e, &nd);
	if (!err && !e->err && !(s->flags & (LOOKUP_PARENT | LOOKUP_LAZY)))
		check_questions(task, e, &nd);
	if (!err)
		path_release(&nd);
	close_base(task, s, base);
	return err;
}

static s64 do_open(int t, const struct step *s, const struct expect *e)
{
	struct task *task = tasks[t].task;
	const struct node *n;
	struct fd_info note;
	int base = step_base(task, s), fd = do_filp_open(task, base, s->a, s->flags, 0644, s->resolve);

	close_base(task, s, base);
	if (fd < 0)
		return fd;
	n = host_fd_node(fd);
	if (!e->err && !e->change)
		CHECK(n == e->at.node, "another file was opened");
	if (!e->err && e->change)
		CHECK(n && n->parent == e->dir && !strcmp(n->name, e->name), "another file was made");
	if (files_get(task->files, fd, &note))
		CHECK(note.mnt == e->at.mnt->id, "the descriptor is noted in mount %lu, not %lu", note.mnt,
		      e->at.mnt->id);
	close_fd(task, fd);
	return 0;
}

/* The directory cache has what somebody has looked into. */
static void know_directory(const struct node *n)
{
	char path[PATH_MAX];

	if (n->kind == NODE_DIR && !n->dead)
		walk_know_directory(disk_path(n, path));
}

/* What is said of the file system that a path leads to. */
static void check_statfs(int t, const char *path, const struct place *at)
{
	const struct m_super *sb = at->mnt->sb;
	struct statfs st = {0};
	s64 err = sys(sys_statfs, t, (u64)path, (u64)&st, 0, 0, 0);

	CHECK(!err, "statfs says %s", strerror((int)-err));
	CHECK(!!(st.f_flags & ST_RDONLY) == !!(model_flags(at->mnt) & MS_RDONLY),
	      "statfs says it is read-only, or not");
	CHECK((unsigned long)st.f_files == sb->inodes, "statfs says there are %ld inodes", (long)st.f_files);
	CHECK(!sb->inodes || (unsigned long)st.f_ffree == sb->inodes - disk_count(sb->root), "statfs says %ld are free",
	      (long)st.f_ffree);
}

static s64 do_stat(int t, const struct step *s, const struct expect *e)
{
	struct task *task = tasks[t].task;
	int base = step_base(task, s);
	struct stat st;
	s64 err = sys(
	    sys_newfstatat, t, (u64)base, (u64)s->a, (u64)&st,
	    (s->flags & LOOKUP_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW) | (s->flags & LOOKUP_EMPTY ? AT_EMPTY_PATH : 0), 0);

	close_base(task, s, base);
	if (err || e->err)
		return err;
	CHECK(st.st_ino == e->at.node->ino, "another file was looked at");
	CHECK(e->at.mnt->ns < 0 || st.st_dev == (e->at.mnt->sb->host ? WALK_HOST_DEV : WALK_TMPFS_DEV),
	      "it is on the device %lu", st.st_dev);
	if (*s->a && s->flags & LOOKUP_FOLLOW && !s->from_b && !s->from_tree && e->at.mnt->ns >= 0 &&
	    !is_anothers(task, &e->at))
		check_statfs(t, s->a, &e->at);
	return 0;
}

static s64 do_getcwd(int t, const struct expect *e)
{
	char buf[MODEL_PATH];
	s64 len = sys(sys_getcwd, t, (u64)buf, sizeof(buf), 0, 0, 0);

	if (len < 0)
		return len;
	if (*e->path)
		CHECK(!strcmp(buf, e->path), "the working directory is %s, not %s", buf, e->path);
	else
		CHECK(!strncmp(buf, "(unreachable)", 13), "the working directory can be reached as %s", buf);
	return 0;
}

static s64 do_fork(int t, const struct step *s)
{
	struct task *child = kzalloc(sizeof(*child));
	int to = 0, err = copy_contexts(CLONE_NEWNS | s->flags, tasks[t].task, child);

	while (tasks[to].task)
		to++;
	CHECK(!err, "no new namespace: %d", err);
	walk_new_task(to, child);
	tasks[to].thread = tasks[t].thread;
	return err;
}

/* ---- trees that are mounted nowhere ---- */

static s64 do_setattr(int t, const struct step *s)
{
	struct mount_attr attr = {
	    .attr_set = step_attr(s->flags), .attr_clr = step_attr(s->clear), .propagation = s->flags & MS_PROPAGATION};
	u64 flags = (s->from_tree ? AT_EMPTY_PATH : 0) | (s->flags & MS_REC ? AT_RECURSIVE : 0);
	int base = s->from_tree ? tasks[t].trees[s->tree] : AT_FDCWD;

	return sys(sys_mount_setattr, t, (u64)base, (u64)s->a, flags, (u64)&attr, sizeof(attr));
}

static s64 keep_tree(int t, int tree, s64 fd)
{
	if (fd >= 0)
		tasks[t].trees[tree] = (int)fd;
	return fd < 0 ? fd : 0;
}

static s64 do_open_tree_call(int t, const struct step *s)
{
	u64 flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (s->from_tree ? AT_EMPTY_PATH : 0) |
		    (s->flags & MS_REC ? AT_RECURSIVE : 0);
	int base = s->from_tree ? tasks[t].trees[s->tree] : AT_FDCWD;

	return keep_tree(t, s->from_tree ? (s->tree + 1) % STEP_TREES : s->tree,
			 sys(sys_open_tree, t, (u64)base, (u64)s->a, flags, 0, 0));
}

static s64 do_fsmount_call(int t, const struct step *s)
{
	struct request req;

	request_init(&req, REQ_FSMOUNT, tasks[t].task);
	req.flags = (u32)s->flags;
	return keep_tree(t, s->tree, open_tree_fd(tasks[t].task, &req, true));
}

static s64 do_move_tree(int t, const struct step *s)
{
	int to = s->from_tree ? tasks[t].trees[(s->tree + 1) % STEP_TREES] : AT_FDCWD;

	return sys(sys_move_mount, t, (u64)tasks[t].trees[s->tree], (u64) "", (u64)to, (u64)s->b,
		   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS | (s->from_tree ? MOVE_MOUNT_T_EMPTY_PATH : 0));
}

static s64 mount_call(int t, const char *source, const char *target, const char *type, u64 flags)
{
	return sys(sys_mount, t, (u64)source, (u64)target, (u64)type, flags, 0);
}

static s64 do_tmpfs(int t, const struct step *s)
{
	static char options[4096] __attribute__((aligned(4096))); /* mount(2) takes what is left of a page */

	options[0] = '\0';
	if (s->inodes)
		snprintf(options, sizeof(options), "nr_inodes=%u", s->inodes);
	return sys(sys_mount, t, (u64) "none", (u64)s->a, (u64) "tmpfs", s->flags, (u64)options);
}

static s64 call(int t, const struct step *s, const struct expect *e)
{
	u64 a = (u64)s->a, b = (u64)s->b;

	switch (s->op) {
	case STEP_LOOKUP:
		return do_lookup(t, s, e);
	case STEP_OPEN:
		return do_open(t, s, e);
	case STEP_STAT:
		return do_stat(t, s, e);
	case STEP_GETCWD:
		return do_getcwd(t, e);
	case STEP_MKDIR:
		return sys(sys_mkdir, t, a, 0755, 0, 0, 0);
	case STEP_CREATE:
		return sys(sys_mknod, t, a, S_IFREG | 0644, 0, 0, 0);
	case STEP_SYMLINK:
		return sys(sys_symlink, t, a, b, 0, 0, 0);
	case STEP_UNLINK:
		return sys(sys_unlink, t, a, 0, 0, 0, 0);
	case STEP_RMDIR:
		return sys(sys_rmdir, t, a, 0, 0, 0, 0);
	case STEP_RENAME:
		return sys(sys_renameat2, t, (u64)AT_FDCWD, a, (u64)AT_FDCWD, b, s->flags);
	case STEP_CHDIR:
		return sys(sys_chdir, t, a, 0, 0, 0, 0);
	case STEP_CHROOT:
		return sys(sys_chroot, t, a, 0, 0, 0, 0);
	case STEP_TMPFS:
		return do_tmpfs(t, s);
	case STEP_BIND:
		return mount_call(t, s->a, s->b, NULL, MS_BIND | s->flags);
	case STEP_MOVE:
		return mount_call(t, s->a, s->b, NULL, MS_MOVE);
	case STEP_UMOUNT:
		return sys(sys_umount2, t, a, s->flags, 0, 0, 0);
	case STEP_REMOUNT:
		return mount_call(t, "none", s->a, NULL, MS_REMOUNT | s->flags);
	case STEP_PROPAGATION:
		return mount_call(t, "none", s->a, NULL, s->flags);
	case STEP_PIVOT:
		return sys(sys_pivot_root, t, a, b, 0, 0, 0);
	case STEP_SETATTR:
		return do_setattr(t, s);
	case STEP_SET_GROUP:
		return sys(sys_move_mount, t, (u64)AT_FDCWD, a, (u64)AT_FDCWD, b,
			   MOVE_MOUNT_SET_GROUP | MOVE_MOUNT_F_SYMLINKS | MOVE_MOUNT_T_SYMLINKS);
	case STEP_OPEN_TREE:
		return do_open_tree_call(t, s);
	case STEP_FSMOUNT:
		return do_fsmount_call(t, s);
	case STEP_MOVE_TREE:
		return do_move_tree(t, s);
	case STEP_CLOSE:
		walk_close_tree(t, s->tree);
		return 0;
	case STEP_PROC:
		return walk_proc(t, s, e);
	case STEP_FORK:
		return do_fork(t, s);
	case STEP_EXIT:
		walk_end_task(t);
		return 0;
	default:
		abort();
	}
}

s64 walk_call(int t, const struct step *s, const struct expect *e)
{
	s64 err = call(t, s, e);

	if (!err && e->at.node)
		know_directory(e->at.node->parent);
	return err;
}

u32 walk_tmpfs(char *host)
{
	/* One that will not be mounted is made, too. */
	const struct node *root = model_next_tmpfs() ? model_next_tmpfs() : disk_root;

	disk_path(root, host);
	return (u32)strtoul(root->name, NULL, 16);
}
