/* SPDX-License-Identifier: MIT */
/* What the program that holds the model against the host's kernel is made of. */
#ifndef SECEDE_TESTS_FUZZ_NATIVE_H
#define SECEDE_TESTS_FUZZ_NATIVE_H

#include <stdbool.h>
#include <sys/types.h>
#include "model.h"

/* ---- native_task.c: the tasks, each a process ---- */

/* Starts the first, in a namespace whose root is a fresh tmpfs with the model's disk. False: it cannot. */
bool tasks_begin(const char *scratch);
/* Ends all. */
void tasks_end(void);
/* Has the step's task do it. 0 or -errno; -EXFULL: what was found is elsewhere than the model says. */
long task_step(const struct step *s, const struct expect *e);
/* The process of a task; 0: there is none. */
pid_t task_pid(int task);

/* ---- native_tree.c ---- */

/* Before the first tree of all that are compared after a step. */
void trees_begin(void);
/* Are the task's mounts, as far as it sees them from its root, what the model says? If not, says how. */
bool tree_agrees(int task);

#endif
