/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/mounts, mountinfo and mountstats (proc_pid_mountinfo(5)): the mount tree of the process
 * as text, with the paths that it sees from its root; and /proc/filesystems. They are made when the file is opened;
 * waiting for changes with poll(2) is not built.
 */
#include <asm/errno.h>
#include "arena/arena.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"
#include "vfs/walk.h"

#define MAJOR(dev) ((u32)((dev) >> 8 & 0xfff) | (u32)((dev) >> 32 & ~0xfffULL))
#define MINOR(dev) ((u32)((dev)&0xff) | (u32)((dev) >> 12 & ~0xffULL))

/* What is written for one mount, with everything taken out of the arena that is used twice. */
struct line {
	struct listing *list;
	const struct mount *m;
	const struct super *sb;
	const char *point; /* as the process sees it */
	struct fmt *out;
};
typedef void (*write_line)(const struct line *l);

/* One pass over the tree. */
struct listing {
	const struct mnt_ns *ns;
	const struct path *root;
	write_line write;
	struct fmt *out;
	char host[PATH_MAX], path[PATH_MAX];
};

/* ---- pieces ---- */

/* With what would break a line or a field as octal escapes. */
static void put_escaped(struct fmt *out, const char *s, const char *special)
{
	for (; *s; s++) {
		if (strchr(special, *s))
			fmt_print(out, "\\%o%o%o", *s >> 6 & 7, *s >> 3 & 7, *s & 7);
		else
			fmt_char(out, *s);
	}
}

/* The same for a string in the arena. Device and type may not look like a comment either. */
static void put_arena_path(struct fmt *out, const char *s)
{
	char text[PATH_MAX];

	mnt_copy_string(text, sizeof(text), s);
	put_escaped(out, text, " \t\n\\");
}

static void put_name(struct fmt *out, const char *s)
{
	char text[sizeof(((struct super *)0)->source)];

	mnt_copy_string(text, sizeof(text), s);
	put_escaped(out, text, " \t\n\\#");
}

struct flag_name {
	u32 flag;
	const char *name;
};

static void put_flags(struct fmt *out, u32 flags, const struct flag_name *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (flags & names[i].flag)
			fmt_str(out, names[i].name);
}

static void put_mount_flags(struct fmt *out, u32 flags)
{
	static const struct flag_name names[] = {
	    {MS_NOSUID, ",nosuid"},	      {MS_NODEV, ",nodev"},	      {MS_NOEXEC, ",noexec"},
	    {MS_NOATIME, ",noatime"},	      {MS_NODIRATIME, ",nodiratime"}, {MS_RELATIME, ",relatime"},
	    {MS_NOSYMFOLLOW, ",nosymfollow"},
	};

	put_flags(out, flags, names, ARRAY_SIZE(names));
}

static void put_super_flags(struct fmt *out, const struct super *sb)
{
	static const struct flag_name names[] = {
	    {MS_SYNCHRONOUS, ",sync"},
	    {MS_DIRSYNC, ",dirsync"},
	    {MS_MANDLOCK, ",mand"},
	    {MS_LAZYTIME, ",lazytime"},
	};

	if (sb->kind != SUPER_HOST) /* whose options have them */
		put_flags(out, sb->flags, names, ARRAY_SIZE(names));
}

static void put_super_options(struct fmt *out, const struct super *sb)
{
	char text[SUPER_OPTIONS];

	if (!super_copy_options(text, sb))
		return;
	fmt_char(out, ',');
	put_escaped(out, text, " \t\n\\");
}

static const char *ro_or_rw(u32 flags)
{
	return flags & MS_RDONLY ? "ro" : "rw";
}

/* mountinfo's optional fields. */
static void put_propagation(struct fmt *out, const struct line *l)
{
	struct peer_numbers n;

	peer_numbers_below(l->list->ns, l->list->root, l->m, &n);
	if (n.shared)
		fmt_print(out, " shared:%lu", n.shared);
	if (n.master)
		fmt_print(out, " master:%lu", n.master);
	if (n.from && n.from != n.master)
		fmt_print(out, " propagate_from:%lu", n.from);
	if (mnt_propagation(l->list->ns, l->m) == PROP_UNBINDABLE)
		fmt_str(out, " unbindable");
}

/* ---- the three forms ---- */

static void write_mountinfo(const struct line *l)
{
	const struct mount *m = l->m;
	struct fmt *out = l->out;

	fmt_print(out, "%lu %lu %u:%u ", m->id, m->parent, MAJOR(l->sb->dev), MINOR(l->sb->dev));
	put_arena_path(out, m->fsroot);
	fmt_char(out, ' ');
	put_escaped(out, l->point, " \t\n\\");
	fmt_print(out, " %s", ro_or_rw(m->flags));
	put_mount_flags(out, m->flags);
	put_propagation(out, l);
	fmt_str(out, " - ");
	put_name(out, l->sb->fstype);
	fmt_char(out, ' ');
	put_name(out, l->sb->source);
	fmt_print(out, " %s", ro_or_rw(l->sb->flags));
	put_super_flags(out, l->sb);
	put_super_options(out, l->sb);
	fmt_char(out, '\n');
}

static void write_mounts(const struct line *l)
{
	struct fmt *out = l->out;

	put_name(out, l->sb->source);
	fmt_char(out, ' ');
	put_escaped(out, l->point, " \t\n\\");
	fmt_char(out, ' ');
	put_name(out, l->sb->fstype);
	fmt_print(out, " %s", ro_or_rw(l->m->flags | l->sb->flags));
	put_super_flags(out, l->sb);
	put_mount_flags(out, l->m->flags);
	put_super_options(out, l->sb);
	fmt_str(out, " 0 0\n");
}

static void write_mountstats(const struct line *l)
{
	struct fmt *out = l->out;

	fmt_str(out, "device ");
	put_name(out, l->sb->source);
	fmt_str(out, " mounted on ");
	put_escaped(out, l->point, " \t\n\\");
	fmt_str(out, " with fstype ");
	put_name(out, l->sb->fstype);
	fmt_char(out, '\n');
}

/* ---- the pass ---- */

static int list_mount(const struct mount *m, void *arg)
{
	struct listing *list = arg;
	struct line l = {list, m, READ_ONCE(m->sb), NULL, list->out};

	if (!arena_contains(l.sb, sizeof(*l.sb)))
		return 0;
	mnt_copy_string(list->host, sizeof(list->host), m->host);
	l.point = dpath_below(list->ns, list->root, m->id, list->host, list->path, sizeof(list->path));
	if (l.point)
		list->write(&l);
	return 0;
}

/* False: its memory cannot be read. */
static __attribute__((noinline)) bool foreign_root(struct task *task, const struct proc_task *who, struct path *root)
{
	const struct proc_name name = {.pid = who->pid, .rest = "root"};
	struct nameidata nd;

	nd_init(&nd);
	if (foreign_follow(task, &name, &nd))
		return false;
	*root = (struct path){nd.mnt, hpath_new(nd.host, nd.len)};
	return true;
}

/* The place that a process's paths start from. */
static int root_of(struct task *task, const struct proc_task *who, struct path *root)
{
	if (who->own)
		return proc_get_place(who->own, get_fs_root, root);
	if (foreign_root(task, who, root))
		return root->host ? 0 : -ENOMEM;
	return ns_root(who->mnt, root);
}

static __attribute__((noinline)) int show_tree(struct task *task, const struct proc_task *who, write_line write,
					       struct fmt *out)
{
	struct listing *list;
	struct path root;
	size_t start = out->len;
	u64 seq, groups_seq;
	int err = root_of(task, who, &root);

	if (err)
		return err;
	list = kzalloc(sizeof(*list));
	if (list) {
		list->ns = who->mnt;
		list->root = &root;
		list->write = write;
		list->out = out;
		do {
			out->len = start;
			groups_seq = groups_read_begin();
			seq = mnt_read_begin(who->mnt);
			mnt_for_each(who->mnt, list_mount, list);
		} while (mnt_read_retry(who->mnt, seq) || groups_read_retry(groups_seq));
	}
	path_put(&root);
	kfree(list);
	return list ? 0 : -ENOMEM;
}

int show_mounts(struct task *task, const struct proc_task *who, struct fmt *out)
{
	return show_tree(task, who, write_mounts, out);
}

int show_mountinfo(struct task *task, const struct proc_task *who, struct fmt *out)
{
	return show_tree(task, who, write_mountinfo, out);
}

int show_mountstats(struct task *task, const struct proc_task *who, struct fmt *out)
{
	return show_tree(task, who, write_mountstats, out);
}

int show_filesystems(struct task *task, const struct proc_task *who, struct fmt *out)
{
	fmt_str(out, arena()->filesystems);
	return 0;
}
