/* SPDX-License-Identifier: MIT */
/* See walk.h: what proc says of tasks, of the reader or of another one, which is in memory of its own. */
#include "walk.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "kernel/ns/mnt_group.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "vfs/walk.h"

/* ---- the lists of mounts ---- */

/* What is told of a task's mounts that it can see from its root. */
struct list {
	int of;
	struct place tops[MODEL_MOUNTS]; /* the mounts' roots, in the order in which they are told */
	unsigned nr;
	char text[MODEL_MOUNTS * 512];
	size_t len;
};

static void put(struct list *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	l->len += (size_t)vsnprintf(l->text + l->len, sizeof(l->text) - l->len, format, args);
	va_end(args);
	if (l->len >= sizeof(l->text))
		abort();
}

static const char *type_of(const struct m_mount *m)
{
	return m->sb->host ? "ext4" : m->sb->proc ? "proc" : "tmpfs";
}

static const char *source_of(const struct m_mount *m)
{
	return m->sb->host ? "/dev/sda" : m->sb->proc ? "p" : "none";
}

static const char *ro_or_rw(unsigned flags)
{
	return flags & MS_RDONLY ? "ro" : "rw";
}

static const char *options_of(const struct m_mount *m)
{
	return m->sb->host ? ",data=a\\040b" : "";
}

/* Of access times the model knows nothing. */
static void put_flags(struct list *l, const struct m_mount *m)
{
	bool relatime = mnt_by_id(tasks[l->of].task->nsproxy->mnt, m->id)->flags & MS_RELATIME;

	put(l, "%s%s%s%s%s", m->flags & MS_NOSUID ? ",nosuid" : "", m->flags & MS_NODEV ? ",nodev" : "",
	    m->flags & MS_NOEXEC ? ",noexec" : "", relatime ? ",relatime" : "",
	    m->flags & MS_NOSYMFOLLOW ? ",nosymfollow" : "");
}

static void put_groups(struct list *l, const struct m_mount *m)
{
	unsigned from = model_nearest_master(&model_tasks[l->of], m);

	if (m->group)
		put(l, " shared:%u", trees_group(m->group));
	if (m->master)
		put(l, " master:%u", trees_group(m->master));
	if (from && from != m->master)
		put(l, " propagate_from:%u", trees_group(from));
	if (m->unbindable)
		put(l, " unbindable");
}

static void put_info(struct list *l, const struct m_mount *m, const char *point)
{
	unsigned dev = m->sb->host ? WALK_HOST_DEV : WALK_TMPFS_DEV;
	char root[PATH_MAX];

	model_fs_root(m, root);
	put(l, "%lu %lu %u:%u %s %s %s", m->id, m->parent ? m->parent->id : m->id, major(dev), minor(dev), root, point,
	    ro_or_rw(m->flags));
	put_flags(l, m);
	put_groups(l, m);
	put(l, " - %s %s %s%s\n", type_of(m), source_of(m), ro_or_rw(m->sb->flags), options_of(m));
}

static void put_mounts(struct list *l, const struct m_mount *m, const char *point)
{
	put(l, "%s %s %s %s", source_of(m), point, type_of(m), ro_or_rw(model_flags(m)));
	put_flags(l, m);
	put(l, "%s 0 0\n", options_of(m));
}

static void put_stats(struct list *l, const struct m_mount *m, const char *point)
{
	put(l, "device %s mounted on %s with fstype %s\n", source_of(m), point, type_of(m));
}

static void collect(struct m_mount *m, void *arg)
{
	struct list *l = arg;

	l->tops[l->nr++] = (struct place){m, m->root};
}

static int by_id(const void *a, const void *b)
{
	const struct place *p = a, *q = b;

	return p->mnt->id < q->mnt->id ? -1 : 1;
}

static void list_mounts(struct list *l, const char *name)
{
	static char point[MODEL_PATH];

	l->nr = 0;
	l->len = 0;
	l->text[0] = '\0';
	model_each(l->of, collect, l);
	qsort(l->tops, l->nr, sizeof(l->tops[0]), by_id);
	for (unsigned i = 0; i < l->nr; i++) {
		struct place at = l->tops[i];

		if (!model_path(&model_tasks[l->of], at, point, sizeof(point)))
			continue;
		if (!strcmp(name, "mountinfo"))
			put_info(l, at.mnt, point);
		else if (!strcmp(name, "mounts"))
			put_mounts(l, at.mnt, point);
		else
			put_stats(l, at.mnt, point);
	}
}

/* ---- files ---- */

static const char *text_of(const struct step *s, const char *name)
{
	static struct list list;

	if (!strcmp(name, "uid_map"))
		return model_tasks[s->of].user ? "" : "         0          0 4294967295\n";
	if (!strcmp(name, "setgroups"))
		return "allow\n";
	list.of = s->of;
	list_mounts(&list, name);
	return list.text;
}

static s64 read_file(struct task *task, const struct step *s, const char *path, const char *name)
{
	int fd = do_filp_open(task, AT_FDCWD, path, O_RDONLY, 0, 0);
	const char *want = text_of(s, name), *text;

	if (fd < 0)
		return fd;
	text = host_fd_node(fd)->len ? host_fd_node(fd)->text : "";
	CHECK(!strcmp(text, want), "%s says\n%s, not\n%s", path, text, want);
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	host_close(fd);
	return 0;
}

/* ---- links ---- */

static s64 read_link(int t, const char *path, const char *want)
{
	char text[PATH_MAX] = "";
	struct regs regs = {.rdi = (u64)path, .rsi = (u64)text, .rdx = sizeof(text) - 1};
	s64 n = sys_readlink(tasks[t].task, &regs);

	if (n < 0)
		return n;
	CHECK(!strcmp(text, want), "%s leads to %s, not %s", path, text, want);
	return 0;
}

/* The place itself, through the link. */
static void check_way(struct task *task, const char *path, const struct expect *e)
{
	char host[PATH_MAX];
	struct nameidata nd;
	int err = path_lookup(task, AT_FDCWD, path, LOOKUP_FOLLOW, &nd);

	CHECK(err == (e->stays ? -ELOOP : 0), "%s is followed: %s", path, strerror(-err));
	if (err)
		return;
	/* Through the link of a file, which the host follows, one does not see by which mount it was opened. */
	if (nd.magic)
		CHECK(e->at.node->kind != NODE_DIR && !nd_behind_magic(task, &nd) &&
			  !strcmp(nd.host, disk_path(e->at.node, host)),
		      "%s leads to %s", path, nd.host);
	else
		check_place(path, nd.mnt, nd.host, &e->at);
	CHECK(host_fd_node(nd.fd) == e->at.node, "%s leads to another file", path);
	path_release(&nd);
}

static s64 read_place(int t, const char *path, const struct expect *e)
{
	static char want[MODEL_PATH];
	s64 err;

	model_text(&model_tasks[t], e->at, want, sizeof(want));
	err = read_link(t, path, want);
	if (!err)
		check_way(tasks[t].task, path, e);
	return err;
}

static s64 read_namespace(int t, const struct step *s, const char *path, const char *name)
{
	const struct nsproxy *ns = tasks[s->of].task->nsproxy;
	u64 inum = !strcmp(name, "ns/mnt") ? ns->mnt->inum : !strcmp(name, "ns/uts") ? ns->uts->inum : ns->user->inum;
	char want[64];

	snprintf(want, sizeof(want), "%s:[%lu]", name + strlen("ns/"), inum);
	return read_link(t, path, want);
}

/* ---- what a task has before ---- */

/* The task opens the file that its descriptor is to stand for. */
static int open_b(int of, const struct step *s)
{
	struct host_thread *reader = host_thread;
	int fd;

	host_thread = &tasks[of].thread;
	fd = do_filp_open(tasks[of].task, AT_FDCWD, s->b, O_PATH, 0, 0);
	host_thread = reader;
	CHECK(fd >= 0, "%s cannot be opened: %s", s->b, strerror(-fd));
	return fd;
}

static s64 read_fd(int t, const struct step *s, const struct expect *e)
{
	struct task *of = tasks[s->of].task;
	char path[STEP_PATH];
	int fd = open_b(s->of, s);
	s64 err;

	snprintf(path, sizeof(path), "/p/%d/fd/%d", s->of + 1, fd);
	err = read_place(t, path, e);
	files_clear(of->files, (unsigned)fd, (unsigned)fd);
	host_close(fd);
	return err;
}

static s64 read_exe(int t, const char *path, const struct expect *e)
{
	char host[PATH_MAX];
	s64 err;

	disk_path(e->at.node, host);
	mm.exe_place = (struct path){e->at.mnt->id, hpath_new(host, strlen(host))};
	err = read_place(t, path, e);
	path_put(&mm.exe_place);
	mm.exe_place.host = NULL;
	return err;
}

s64 walk_proc(int t, const struct step *s, const struct expect *e)
{
	const char *name = step_proc_names[s->flags];
	char path[STEP_PATH];

	if (!strcmp(name, "fd"))
		return read_fd(t, s, e);
	snprintf(path, sizeof(path), "/p/%d/%s", s->of + 1, name);
	if (!strcmp(name, "exe"))
		return read_exe(t, path, e);
	if (!strcmp(name, "root") || !strcmp(name, "cwd"))
		return read_place(t, path, e);
	if (!strncmp(name, "ns/", 3))
		return read_namespace(t, s, path, name);
	return read_file(tasks[t].task, s, path, name);
}
