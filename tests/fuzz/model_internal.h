/* SPDX-License-Identifier: MIT */
/* What the model's two halves have of each other. */
#ifndef SECEDE_TESTS_FUZZ_MODEL_INTERNAL_H
#define SECEDE_TESTS_FUZZ_MODEL_INTERNAL_H

#include "model.h"

/* ---- model.c ---- */

/* Walks relative to the working directory; flags are the walk's own. e->at becomes the place. 0 or -errno. */
int model_walk(struct m_task *task, const char *name, unsigned flags, struct expect *e);

/* ---- model_mounts.c ---- */

void model_mount_step(struct m_task *task, const struct step *s, struct expect *e);
/* Is something mounted on the node, through whichever mount, in the task's namespace? */
bool model_is_mountpoint(const struct m_task *task, const struct node *n);
/* Has a mount in it its point below the node, or its root at or below it? */
bool model_pins(const struct m_task *task, const struct node *n);
/* Does anything need that node, which is to be removed: a mount's root, a task's place, another namespace's point? */
bool model_stands_on(const struct m_task *task, const struct node *n);
/* The same, with all that is below it, of a node that is to be moved; but mounts in the task's own namespace. */
bool model_depends_on(const struct m_task *task, const struct node *n);

#endif
