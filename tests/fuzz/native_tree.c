/* SPDX-License-Identifier: MIT */
/* See native.h: /proc/PID/mountinfo beside the model's list. */
#include "native.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#define LINES  (MODEL_MOUNTS + 8)
#define GROUPS 4096

/* A line of mountinfo. */
struct line {
	int id, parent;
	char root[PATH_MAX], point[PATH_MAX], source[64];
	unsigned flags;
	unsigned group, master, from;
	bool unbindable;
	const struct m_mount *mount; /* which one it is */
};

static struct line lines[LINES];
static unsigned nr_lines;

/* Groups have other numbers on the host: which is which, both ways. */
static struct {
	unsigned model, host;
} groups[GROUPS];
static unsigned nr_groups;

void trees_begin(void)
{
	nr_groups = 0;
}

/* ---- reading ---- */

static bool has_option(const char *options, const char *name)
{
	size_t len = strlen(name);
	const char *p = options;

	while ((p = strstr(p, name))) {
		if ((p == options || p[-1] == ',') && (!p[len] || p[len] == ','))
			return true;
		p += len;
	}
	return false;
}

static unsigned parse_flags(const char *options)
{
	static const struct {
		const char *name;
		unsigned flag;
	} names[] = {
	    {"ro", MS_RDONLY},	   {"nosuid", MS_NOSUID},	    {"nodev", MS_NODEV},
	    {"noexec", MS_NOEXEC}, {"nosymfollow", MS_NOSYMFOLLOW},
	};
	unsigned flags = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		flags |= has_option(options, names[i].name) ? names[i].flag : 0;
	return flags;
}

static void parse_optional(struct line *l, const char *field)
{
	sscanf(field, "shared:%u", &l->group);
	sscanf(field, "master:%u", &l->master);
	sscanf(field, "propagate_from:%u", &l->from);
	l->unbindable |= !strcmp(field, "unbindable");
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [OPTIONAL...] - TYPE SOURCE SUPEROPTIONS */
static bool parse(char *text, struct line *l)
{
	char *save, *field[6], *p;

	*l = (struct line){0};
	for (int i = 0; i < 6; i++) {
		field[i] = strtok_r(i ? NULL : text, " \n", &save);
		if (!field[i])
			return false;
	}
	l->id = atoi(field[0]);
	l->parent = atoi(field[1]);
	snprintf(l->root, sizeof(l->root), "%s", field[3]);
	snprintf(l->point, sizeof(l->point), "%s", field[4]);
	l->flags = parse_flags(field[5]);
	while ((p = strtok_r(NULL, " \n", &save)) && strcmp(p, "-") != 0)
		parse_optional(l, p);
	strtok_r(NULL, " \n", &save);
	p = strtok_r(NULL, " \n", &save);
	snprintf(l->source, sizeof(l->source), "%s", p ? p : "");
	return p;
}

static bool read_lines(pid_t pid)
{
	static char text[3 * PATH_MAX];
	char path[64];
	bool good;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	f = fopen(path, "r");
	good = f;
	for (nr_lines = 0; good && fgets(text, sizeof(text), f); nr_lines++)
		good = nr_lines < LINES && parse(text, &lines[nr_lines]);
	if (f)
		fclose(f);
	return good;
}

/* ---- comparing ---- */

static bool same_group(unsigned model, unsigned host)
{
	if (!model || !host)
		return !model && !host;
	for (unsigned i = 0; i < nr_groups; i++) {
		if (groups[i].model == model || groups[i].host == host)
			return groups[i].model == model && groups[i].host == host;
	}
	groups[nr_groups].model = model;
	groups[nr_groups++].host = host;
	return nr_groups < GROUPS;
}

static struct line *line_of(const struct m_mount *m)
{
	for (unsigned i = 0; m && i < nr_lines; i++) {
		if (lines[i].mount == m)
			return &lines[i];
	}
	return NULL;
}

static bool has_line(int id)
{
	for (unsigned i = 0; i < nr_lines; i++) {
		if (lines[i].id == id)
			return true;
	}
	return false;
}

/* The line of a mount at that path, whose parent has one already if it is to have one. */
static struct line *find_line(const struct m_mount *m, const char *path)
{
	const struct line *parent = line_of(m->parent);

	for (unsigned i = 0; i < nr_lines; i++) {
		struct line *l = &lines[i];

		if (!l->mount && !strcmp(l->point, path) && (parent ? l->parent == parent->id : !has_line(l->parent)))
			return l;
	}
	return NULL;
}

/* The path of the mount's root below its file system's. */
static const char *root_of(const struct m_mount *m, char *buf)
{
	size_t skip = m->sb->root ? disk_path_len(m->sb->root) : 0;

	disk_path(m->root, buf);
	memmove(buf, buf + skip, strlen(buf + skip) + 1);
	return *buf ? buf : "/";
}

/* It is told when it is not the master itself. */
static bool same_source(const struct m_task *task, const struct m_mount *m, const struct line *l)
{
	unsigned from = model_nearest_master(task, m);

	return from == m->master ? !l->from : same_group(from, l->from);
}

static bool agrees(const struct m_task *task, const struct m_mount *m, const struct line *l)
{
	char root[PATH_MAX];

	return !strcmp(l->root, root_of(m, root)) && !strcmp(l->source, m->sb->root ? m->sb->root->name : "disk") &&
	       l->flags == m->flags && l->unbindable == m->unbindable && same_group(m->group, l->group) &&
	       same_group(m->master, l->master) && same_source(task, m, l);
}

struct check {
	const struct m_task *task;
	unsigned nr;
	bool good;
};

static void check_mount(struct m_mount *m, void *arg)
{
	struct check *check = arg;
	char path[MODEL_PATH], root[PATH_MAX];
	struct line *l;

	if (!model_path(check->task, (struct place){m, m->root}, path, sizeof(path)))
		return;
	check->nr++;
	l = find_line(m, path);
	if (l)
		l->mount = m;
	if (l && agrees(check->task, m, l))
		return;
	if (check->good && l)
		printf("# at %s is %s of %s, flags %#x, shared:%u master:%u%s\n", path, l->root, l->source, l->flags,
		       l->group, l->master, l->unbindable ? " unbindable" : "");
	if (check->good)
		printf("# at %s should be %s of %s, flags %#x, shared:%u master:%u%s\n", path, root_of(m, root),
		       m->sb->root ? m->sb->root->name : "disk", m->flags, m->group, m->master,
		       m->unbindable ? " unbindable" : "");
	check->good = false;
}

bool tree_agrees(int task)
{
	struct check check = {.task = &model_tasks[task], .good = true};

	if (!read_lines(task_pid(task))) {
		printf("# mountinfo cannot be read\n");
		return false;
	}
	model_each(task, check_mount, &check);
	if (check.good && check.nr != nr_lines)
		printf("# there are %u mounts, not %u\n", nr_lines, check.nr);
	return check.good && check.nr == nr_lines;
}
