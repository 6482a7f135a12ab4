/* SPDX-License-Identifier: MIT */
/*
 * secede-map, which `secede map` executes: which tasks of a running session share which contexts. It looks on from
 * outside, or as a guest of that session, stops nobody, and asks nobody: what the host knows it asks the host, the
 * rest it reads in the arena and in the memory of the programs' runtimes. What it reads may be torn or made up, so
 * pointers found there are only ever handed to the host to read from.
 */
#ifndef SECEDE_MAP_MAP_H
#define SECEDE_MAP_MAP_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include "arena/arena.h"
#include "lib/types.h"

/* ---- what is shown ---- */

enum context {
	CTX_VM,
	CTX_THREAD,
	CTX_SIGHAND,
	CTX_FILES,
	CTX_FS,
	CTX_SYSVSEM,
	CTX_MNT, /* these three in the order of enum ns_type */
	CTX_UTS,
	CTX_USER,
	CTX_IPC, /* from here on the host's own */
	CTX_NET,
	CTX_PID,
	CTX_CGROUP,
	CTX_TIME,
	CONTEXTS
};
extern const char *const context_names[CONTEXTS];

/* Which object a task has: equal keys, the same object. */
struct key {
	enum {
		KEY_UNKNOWN,
		KEY_NONE, /* it has none */
		KEY_ASK,  /* the host can compare it with another task's */
		KEY_KNOWN
	} state;
	u64 a, b;
};

#define OBJECT_NONE    0
#define OBJECT_UNKNOWN (-1)

struct map_task {
	s32 pid, tid; /* as guests know them */
	s32 host_tid;
	s32 here; /* the thread as /proc has it here, and as calls take it here */
	char command[16];
	struct key key[CONTEXTS];
	int object[CONTEXTS]; /* from 1 on in each column, or OBJECT_ */
};

struct map {
	struct map_task *task;
	size_t nr, room;
	int nr_objects[CONTEXTS];
	int *users[CONTEXTS]; /* of each object */
};

/* The colour of an object, of any number of colours, or -1: it has but one user, or is none. */
int object_colour(const struct map *map, const struct map_task *task, enum context c);
/* Is the column worth showing where room is scarce? The host's namespaces are where there is more than one. */
bool column_matters(const struct map *map, enum context c);

/* ---- the session (map/session.c) ---- */

struct session {
	bool inside; /* we are a guest of it */
	dev_t dev;   /* of the arena's memory */
	ino_t ino;
	const char *arena; /* mapped here; NULL inside, where it is where it always is */
	size_t size;
	s32 warden;
	struct pid_map *pids; /* a copy in which no index leads astray */
};
/* The one that `name` means: the number of a process of it, or a program's name; NULL: the only one there is, or the
 * one that we are in. Ends the command where there is none. */
void session_find(const char *name, struct session *out);
/* Says so when its warden is dead. */
void session_warn(const struct session *s);
/* Is that process, by its number here, of the session? */
bool session_has(const struct session *s, int pid);
/* Copies from the arena. */
bool session_read(const struct session *s, void *dst, const void *src, size_t len);

/* ---- processes (map/proc.c) ---- */

/* Calls `fn` for each number that is an entry of the directory, until it returns false. False: it cannot be read. */
bool for_each_number(const char *dir, bool (*fn)(int number, void *arg), void *arg);
/* "name" without what does not belong into a line; "?" when it is gone. */
void read_command(int pid, int tid, char out[16]);
/* The number in the brackets of such a link ("socket:[123]"); 0: there is none. */
u64 number_in_link(const char *path, const char *prefix);

/* ---- tasks and their contexts ---- */

/* Copies memory of a process, by its number here. */
bool peek(int pid, void *dst, const void *src, size_t len);
/* Adds the tasks of a process. (map/tasks.c) */
void read_process(const struct session *s, struct map *map, int pid);
/* What the runtimes know of tasks of one process (map/runtime.c). */
struct runtime;
struct runtime *runtime_open(int pid); /* NULL: it cannot be read; EFAULT: there is none */
void runtime_keys(const struct session *s, const struct runtime *r, struct map_task *task);
void runtime_close(struct runtime *r);
/* That of a namespace with its number there in the arena. (map/handles.c) */
struct key namespace_key(const struct session *s, const u64 *inum);
/* Of a process that cannot be read, from outside: its mnt, uts and user. */
void handle_keys(const struct session *s, int pid, struct map_task *task);
/* The keys that the host has, and which objects it says are one. (map/host.c) */
void host_keys(const struct session *s, int pid, struct map_task *task);
bool host_says_same(const struct map_task *a, const struct map_task *b, enum context c);
/* Makes numbers of objects out of keys. (map/objects.c) */
void number_objects(struct map *map);

/* ---- showing it ---- */

void print_table(const struct map *map, bool json); /* map/table.c */
void print_svg(const struct map *map);		    /* map/svg.c */

#endif
