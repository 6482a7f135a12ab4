/* SPDX-License-Identifier: MIT */
/*
 * The host's mounts, as /proc/self/mountinfo (proc(5)) lists them, become the session's first mount
 * tree. Host path and mount point are the same there: the session's root is the host's. All are
 * locked: nothing here can take them off the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "lib/octal.h"
#include "warden/warden.h"

#define HIDDEN INT64_MIN

/* One line of mountinfo; strings point into the text. */
struct line {
	u64 id, parent; /* the host's numbers */
	u64 dev;
	char *fsroot, *point, *flags, *fstype, *source, *options;
	bool open; /* being attached: its parent comes first */
	s64 mnt;   /* ours; 0: not attached yet, HIDDEN: below the root, left out */
};

struct import {
	struct mnt_ns *ns;
	struct line *lines;
	size_t nr;
	struct {
		u64 dev;
		struct super *sb;
	} * supers;
	size_t nr_supers;
};

/* ---- reading the text ---- */

static char *read_text(const char *path)
{
	size_t size = 16384, used = 0;
	char *text = malloc(size);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	/* What cannot be read is as good as empty. */
	while (text && fd >= 0 && (n = read(fd, text + used, size - used - 1)) > 0) {
		used += (size_t)n;
		if (used + 1 == size) {
			char *larger = realloc(text, size *= 2);

			if (!larger)
				free(text);
			text = larger;
		}
	}
	if (fd >= 0)
		close(fd);
	if (text)
		text[used] = '\0';
	return text;
}

/* Cuts the next blank-separated field off *s; NULL when there is none. */
static char *field(char **s)
{
	char *start = *s, *end;

	if (!start || !*start)
		return NULL;
	end = strchr(start, ' ');
	if (end)
		*end++ = '\0';
	*s = end;
	return start;
}

static bool parse_line(char *text, struct line *l)
{
	char *id = field(&text), *parent = field(&text), *dev = field(&text), *optional, *colon;

	l->fsroot = field(&text);
	l->point = field(&text);
	l->flags = field(&text);
	while ((optional = field(&text)) && strcmp(optional, "-") != 0)
		;
	l->fstype = field(&text);
	l->source = field(&text);
	l->options = field(&text);
	if (!l->fstype || !(colon = strchr(dev, ':')))
		return false;
	if (!l->source)
		l->source = "none";
	if (!l->options)
		l->options = "rw";
	l->id = strtoull(id, NULL, 10);
	l->parent = strtoull(parent, NULL, 10);
	l->dev = makedev(strtoul(dev, NULL, 10), strtoul(colon + 1, NULL, 10));
	/* A mount whose place was unlinked can be reached by nobody. */
	if (l->point[0] != '/' || (strlen(l->point) > 9 && !strcmp(l->point + strlen(l->point) - 9, "//deleted")))
		return false;
	unescape_octal(l->fsroot);
	unescape_octal(l->point);
	unescape_octal(l->fstype);
	unescape_octal(l->source);
	unescape_octal(l->options);
	return true;
}

static int compare_ids(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static int parse_text(struct import *im, char *text)
{
	size_t max = 0;

	for (const char *p = text; *p; p++)
		max += *p == '\n';
	im->lines = calloc(max + 1, sizeof(*im->lines));
	im->supers = calloc(max + 2, sizeof(*im->supers));
	if (!im->lines || !im->supers)
		return -ENOMEM;
	while (*text && im->nr < max) {
		char *end = strchr(text, '\n');

		*end = '\0';
		if (parse_line(text, &im->lines[im->nr]))
			im->nr++;
		else
			memset(&im->lines[im->nr], 0, sizeof(im->lines[0]));
		text = end + 1;
	}
	qsort(im->lines, im->nr, sizeof(*im->lines), compare_ids);
	return 0;
}

static struct line *line_by_id(const struct import *im, u64 id)
{
	const struct line key = {.id = id};

	return bsearch(&key, im->lines, im->nr, sizeof(*im->lines), compare_ids);
}

/* ---- making mounts of it ---- */

static const struct {
	const char *name;
	u32 flag;
} flag_names[] = {
    {"ro", MS_RDONLY},	      {"nosuid", MS_NOSUID},	     {"nodev", MS_NODEV},	{"noexec", MS_NOEXEC},
    {"noatime", MS_NOATIME},  {"nodiratime", MS_NODIRATIME}, {"relatime", MS_RELATIME}, {"nosymfollow", MS_NOSYMFOLLOW},
    {"sync", MS_SYNCHRONOUS}, {"dirsync", MS_DIRSYNC},
};

static u32 parse_flags(const char *list)
{
	u32 flags = 0;

	while (*list) {
		size_t len = strcspn(list, ",");

		for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
			if (strlen(flag_names[i].name) == len && memcmp(flag_names[i].name, list, len) == 0)
				flags |= flag_names[i].flag;
		}
		list += len + (list[len] == ',');
	}
	return flags;
}

/* The file system of that device number: one for all mounts of it. The list keeps its references
 * until the import is over. */
static struct super *super_of(struct import *im, const struct line *l)
{
	const char *options = l->options;
	struct super *sb;

	for (size_t i = 0; i < im->nr_supers; i++) {
		if (im->supers[i].dev == l->dev)
			return im->supers[i].sb;
	}
	if (!strncmp(options, "rw", 2) || !strncmp(options, "ro", 2))
		options += 2 + (options[2] == ',');
	sb = super_create(SUPER_HOST, l->fstype, l->source, options, parse_flags(l->options), l->dev, l->dev);
	if (sb) {
		im->supers[im->nr_supers].dev = l->dev;
		im->supers[im->nr_supers++].sb = sb;
	}
	return sb;
}

static s64 attach_line(struct import *im, const struct line *l, u64 parent)
{
	const struct mount *top;
	struct mount_spec spec = {
	    .parent = parent,
	    .point = l->point,
	    .host = l->point,
	    .fsroot = l->fsroot,
	    .flags = parse_flags(l->flags),
	    .imported = true,
	    .sb = super_of(im, l),
	};
	struct stat st;

	if (!spec.sb)
		return -ENOMEM;
	/* Only a bind mount can show a file. The others are not looked at: a dead server would keep us. */
	spec.dir =
	    !strcmp(l->fsroot, "/") || fstatat(AT_FDCWD, l->point, &st, AT_NO_AUTOMOUNT) != 0 || S_ISDIR(st.st_mode);
	while (parent && (top = mnt_child(im->ns, spec.parent, l->point, strlen(l->point))))
		spec.parent = top->id;
	return mnt_attach(im->ns, &spec);
}

/*
 * Attaches a mount after the one it stands in. What stands in a mount below the root is hidden for good
 * and left out. A parent that is not listed lies outside a chroot: the root takes its part.
 */
static s64 attach_after_parent(struct import *im, struct line *l)
{
	struct line *parent = line_by_id(im, l->parent);
	s64 where = (s64)im->ns->root;

	if (l->mnt || l->open)
		return l->mnt;
	l->open = true;
	if (parent && parent != l)
		where = attach_after_parent(im, parent);
	if (where == HIDDEN || !strcmp(l->point, "/"))
		l->mnt = HIDDEN;
	else if (where > 0)
		l->mnt = attach_line(im, l, (u64)where);
	else
		l->mnt = where;
	return l->mnt;
}

static bool root_on_top_of(const struct import *im, const struct line *lower)
{
	for (size_t i = 0; i < im->nr; i++) {
		const struct line *l = &im->lines[i];

		if (l != lower && l->parent == lower->id && !strcmp(l->point, "/"))
			return true;
	}
	return false;
}

/* The mount at "/" on which no other one at "/" stands: the one that the caller is in. */
static struct line *find_root(struct import *im)
{
	for (size_t i = im->nr; i-- > 0;) {
		struct line *l = &im->lines[i];

		if (!strcmp(l->point, "/") && !root_on_top_of(im, l))
			return l;
	}
	return NULL;
}

static int attach_root(struct import *im)
{
	struct line *root = find_root(im);
	struct line made_up = {
	    .fsroot = "/", .point = "/", .flags = "rw", .fstype = "rootfs", .source = "none", .options = "rw"};
	struct stat st;
	s64 id;

	if (!root && stat("/", &st) == 0)
		made_up.dev = st.st_dev;
	id = attach_line(im, root ? root : &made_up, 0);
	if (id < 0)
		return (int)id;
	if (root)
		root->mnt = id;
	im->ns->root = (u64)id;
	return 0;
}

/* Where the host shows processes: proc itself, not a part of it. */
static void note_proc(const struct import *im)
{
	for (size_t i = 0; i < im->nr; i++) {
		const struct line *l = &im->lines[i];

		if (l->mnt > 0 && !strcmp(l->fstype, "proc") && !strcmp(l->fsroot, "/") &&
		    strlen(l->point) < sizeof(arena()->proc) && (!arena()->proc[0] || !strcmp(l->point, "/proc")))
			strcpy(arena()->proc, l->point);
	}
}

int import_mounts(struct mnt_ns *ns)
{
	struct import im = {.ns = ns};
	char *text = read_text("/proc/self/mountinfo");
	int err = text ? parse_text(&im, text) : -ENOMEM;

	if (!err)
		err = attach_root(&im);
	for (size_t i = 0; !err && i < im.nr; i++) {
		s64 id = attach_after_parent(&im, &im.lines[i]);

		if (id < 0 && id != HIDDEN)
			err = (int)id;
	}
	if (!err)
		note_proc(&im);
	for (size_t i = 0; i < im.nr_supers; i++)
		super_put(im.supers[i].sb);
	free(im.supers);
	free(im.lines);
	free(text);
	return err;
}
