/* SPDX-License-Identifier: MIT */
/* The host's one file system, in memory: the fake host (host.c) serves it, the model (model.c) mounts parts of it. */
#ifndef SECEDE_TESTS_FUZZ_DISK_H
#define SECEDE_TESTS_FUZZ_DISK_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum node_kind {
	NODE_DIR,
	NODE_FILE,
	NODE_LINK,
	NODE_MAGIC,  /* a link of proc */
	NODE_SOCKET, /* which has no name */
	NODE_TEXT    /* memory with a text, which has none either */
};

struct node {
	enum node_kind kind;
	struct node *parent; /* also of a removed one, as it was; the root is its own */
	char name[NAME_MAX + 1];
	char *text;		      /* of a symlink, or what is in the memory, */
	size_t len;		      /* and how long that is */
	struct node *children, *next; /* of a directory; its siblings */
	bool dead;		      /* removed */
	unsigned long ino;
	struct node *older; /* all that were ever made */
};

extern struct node *disk_root;
/* Goes up with each change. */
extern unsigned long disk_changes;

/*
 * With some directories, files and links, and the directory "s", where tmpfs are kept, and "/s/p", which is the host's
 * proc: for each of DISK_TASKS tasks /1, /2 ..., with its links, of DISK_FDS descriptors too, and those of its files
 * that secede makes itself.
 */
#define DISK_TASKS    3
#define DISK_FD_FIRST 100
#define DISK_FDS      32
void disk_init(void);
void disk_free(void);

struct node *disk_find(const struct node *dir, const char *name, size_t len);
/* `text` is a symlink's, else NULL. */
struct node *disk_add(struct node *dir, const char *name, size_t len, enum node_kind kind, const char *text);
/* A socket, or memory. */
struct node *disk_add_nameless(enum node_kind kind);
void disk_remove(struct node *n);
void disk_move(struct node *n, struct node *dir, const char *name, size_t len);

/* Is `n` the directory `top`, or below it? */
bool disk_below(const struct node *n, const struct node *top);
/* The absolute path, of which a removed one's is what it was; buf has PATH_MAX bytes. */
const char *disk_path(const struct node *n, char *buf);
/* How long its path is, and the longest below it is in addition. */
size_t disk_path_len(const struct node *n);
size_t disk_depth(const struct node *n);
/* How many there are at and below it. */
unsigned disk_count(const struct node *n);
/* The node at that path, which has no symlinks, "." or "..". NULL: there is none. */
struct node *disk_at(const char *path);

#endif
