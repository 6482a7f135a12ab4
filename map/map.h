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
#include "map/session.h"

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

/* ---- tasks and their contexts ---- */

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
