/* SPDX-License-Identifier: MIT */
/* What the fuzzed program's parts have of each other. */
#ifndef SECEDE_TESTS_FUZZ_WALK_H
#define SECEDE_TESTS_FUZZ_WALK_H

#include "host.h"
#include "kernel/task.h"
#include "model.h"

/* ---- walk.c: the world, and steps in it ---- */

/* secede's half of the model's tasks. */
struct walk_task {
	struct task *task; /* NULL: there is none */
	struct host_thread thread;
	int trees[STEP_TREES]; /* descriptors; 0: none */
};
extern struct walk_task tasks[MODEL_TASKS];

#define CHECK(cond, ...)                                                                                               \
	do {                                                                                                           \
		if (!(cond))                                                                                           \
			disagree(__VA_ARGS__);                                                                         \
	} while (0)
/* Says how, and in which step; that is the end. */
__attribute__((noreturn, format(printf, 1, 2))) void disagree(const char *format, ...);

/* That is what runs as task t from now on. */
void walk_new_task(int t, struct task *task);
/* Takes a task away, and closes one of its descriptors. */
void walk_end_task(int t);
void walk_close_tree(int t, int tree);
/* Is it the place that the model says? */
void check_place(const char *what, u64 mnt, const char *host, const struct place *want);

/* ---- walk_trees.c ---- */

/* Before the first step: nothing is known of the model's groups. */
void trees_begin(void);
/* Compares all trees of mounts. */
void check_trees(void);
/* secede's number of that group of the model's. */
unsigned trees_group(unsigned group);
/* How many descriptors on trees there are. */
unsigned trees_open(void);

/* ---- walk_calls.c ---- */

/* secede's calls that the step is, with what they found judged where errno agrees. 0 or -errno. */
s64 walk_call(int t, const struct step *s, const struct expect *e);

/* ---- walk_proc.c ---- */

/* STEP_PROC. */
s64 walk_proc(int t, const struct step *s, const struct expect *e);

/* st_dev of what the host has, and of a tmpfs as the guest is told. */
#define WALK_HOST_DEV  5
#define WALK_TMPFS_DEV 0x1000

/* ---- fakes.c ---- */

/* Blocks of kzalloc() that are in use. */
extern long heap_blocks;
/* The task that runs. */
struct task *walk_current(void);
/* A handle on the namespaces. */
void walk_publish(struct nsproxy *ns);
/* The host path of the directory for a new tmpfs, and its number. (walk_calls.c) */
u32 walk_tmpfs(char *host);
/* The directory cache has that directory from now on. */
void walk_know_directory(const char *path);

#endif
