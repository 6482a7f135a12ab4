/* SPDX-License-Identifier: MIT */
/* See disk.h. */
#include "disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node *disk_root;
unsigned long disk_changes;

static struct node *newest;
static unsigned long inodes;

static struct node *node_new(struct node *parent, const char *name, size_t len, enum node_kind kind)
{
	struct node *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->kind = kind;
	n->parent = parent ? parent : n;
	memcpy(n->name, name, len);
	n->ino = ++inodes;
	n->older = newest;
	newest = n;
	return n;
}

void disk_free(void)
{
	struct node *n;

	while ((n = newest)) {
		newest = n->older;
		free(n->text);
		free(n);
	}
}

struct node *disk_find(const struct node *dir, const char *name, size_t len)
{
	for (struct node *n = dir->children; n; n = n->next) {
		if (strlen(n->name) == len && !memcmp(n->name, name, len))
			return n;
	}
	return NULL;
}

static void link_in(struct node *n, struct node *dir)
{
	n->parent = dir;
	n->next = dir->children;
	dir->children = n;
	disk_changes++;
}

static void link_out(struct node *n)
{
	struct node **at = &n->parent->children;

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	disk_changes++;
}

struct node *disk_add(struct node *dir, const char *name, size_t len, enum node_kind kind, const char *text)
{
	struct node *n = node_new(dir, name, len, kind);

	if (text)
		n->text = strdup(text);
	link_in(n, dir);
	return n;
}

struct node *disk_add_nameless(enum node_kind kind)
{
	return node_new(NULL, "", 0, kind);
}

void disk_remove(struct node *n)
{
	link_out(n);
	n->dead = true;
}

void disk_move(struct node *n, struct node *dir, const char *name, size_t len)
{
	char copy[NAME_MAX + 1] = "";

	memcpy(copy, name, len); /* it may be the node's own */
	link_out(n);
	memcpy(n->name, copy, sizeof(copy));
	link_in(n, dir);
}

bool disk_below(const struct node *n, const struct node *top)
{
	while (n != top && n != n->parent)
		n = n->parent;
	return n == top;
}

const char *disk_path(const struct node *n, char *buf)
{
	size_t at = PATH_MAX - 1, len;

	buf[at] = '\0';
	for (; n != n->parent; n = n->parent) {
		len = strlen(n->name);
		if (len + 1 > at)
			abort();
		at -= len;
		memcpy(buf + at, n->name, len);
		buf[--at] = '/';
	}
	if (at == PATH_MAX - 1)
		buf[--at] = '/';
	return memmove(buf, buf + at, PATH_MAX - at);
}

size_t disk_path_len(const struct node *n)
{
	size_t len = 0;

	for (; n != n->parent; n = n->parent)
		len += 1 + strlen(n->name);
	return len;
}

size_t disk_depth(const struct node *n)
{
	size_t deepest = 0, depth;

	for (const struct node *child = n->children; child; child = child->next) {
		depth = 1 + strlen(child->name) + disk_depth(child);
		if (depth > deepest)
			deepest = depth;
	}
	return deepest;
}

unsigned disk_count(const struct node *n)
{
	unsigned nr = 1;

	for (const struct node *child = n->children; child; child = child->next)
		nr += disk_count(child);
	return nr;
}

struct node *disk_at(const char *path)
{
	struct node *n = disk_root;
	size_t len;

	while (n && *path) {
		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (len)
			n = disk_find(n, path, len);
		path += len;
	}
	return n;
}

static void add_process(struct node *proc, int pid)
{
	static const struct {
		const char *name;
		enum node_kind kind;
	} made[] = {
	    {"cwd", NODE_MAGIC},       {"root", NODE_MAGIC},	 {"exe", NODE_MAGIC},
	    {"mounts", NODE_FILE},     {"mountinfo", NODE_FILE}, {"uid_map", NODE_FILE},
	    {"mountstats", NODE_FILE}, {"gid_map", NODE_FILE},	 {"setgroups", NODE_FILE},
	};
	static const char *const namespaces[] = {"mnt", "uts", "user"};
	struct node *dir, *fds, *ns;
	char number[16];

	dir = disk_add(proc, number, (size_t)snprintf(number, sizeof(number), "%d", pid), NODE_DIR, NULL);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		disk_add(dir, made[i].name, strlen(made[i].name), made[i].kind, NULL);
	ns = disk_add(dir, "ns", 2, NODE_DIR, NULL);
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		disk_add(ns, namespaces[i], strlen(namespaces[i]), NODE_MAGIC, NULL);
	fds = disk_add(dir, "fd", 2, NODE_DIR, NULL);
	for (int fd = DISK_FD_FIRST; fd < DISK_FD_FIRST + DISK_FDS; fd++)
		disk_add(fds, number, (size_t)snprintf(number, sizeof(number), "%d", fd), NODE_MAGIC, NULL);
}

void disk_init(void)
{
	static const struct {
		const char *dir, *name;
		enum node_kind kind;
		const char *text;
	} made[] = {
	    {"/", "a", NODE_DIR, NULL},	      {"/a", "b", NODE_DIR, NULL},  {"/a/b", "c", NODE_DIR, NULL},
	    {"/a", "d", NODE_DIR, NULL},      {"/", "b", NODE_DIR, NULL},   {"/b", "a", NODE_DIR, NULL},
	    {"/", "c", NODE_DIR, NULL},	      {"/", "d", NODE_DIR, NULL},   {"/", "f", NODE_FILE, NULL},
	    {"/d", "f", NODE_FILE, NULL},     {"/", "l", NODE_LINK, "a/b"}, {"/", "m", NODE_LINK, "/b/"},
	    {"/a", "l", NODE_LINK, ".."},     {"/", "n", NODE_LINK, "n"},   {"/b", "m", NODE_LINK, "../a/b"},
	    {"/a/b", "n", NODE_LINK, "/a/f"}, {"/", "s", NODE_DIR, NULL},   {"/", "p", NODE_DIR, NULL},
	    {"/s", "p", NODE_DIR, NULL},
	};

	inodes = 0;
	disk_root = node_new(NULL, "", 0, NODE_DIR);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		disk_add(disk_at(made[i].dir), made[i].name, strlen(made[i].name), made[i].kind, made[i].text);
	for (int pid = 1; pid <= DISK_TASKS; pid++)
		add_process(disk_at("/s/p"), pid);
}
