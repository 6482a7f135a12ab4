/* SPDX-License-Identifier: MIT */
/* What the model's parts have of each other. */
#ifndef SECEDE_TESTS_FUZZ_MODEL_INTERNAL_H
#define SECEDE_TESTS_FUZZ_MODEL_INTERNAL_H

#include "model.h"

/* ---- model.c ---- */

/* Walks relative to the working directory; flags are the walk's own. e->at becomes the place. 0 or -errno. */
int model_walk(struct m_task *task, const char *name, unsigned flags, struct expect *e);
/* The same from the root of that mount, of which the name may be empty. */
int model_walk_from(struct m_task *task, struct m_mount *m, const char *name, unsigned flags, struct expect *e);
/* Is the place in proc, but not its root? */
bool model_in_proc(const struct place *at);
/* What is known of a further walk of the step is known of the step. */
void model_merge(struct expect *e, const struct expect *other);

/* Is something mounted over the place, or over one on the way to it? */
bool model_is_hidden(struct place at);

/* ---- model_list.c ---- */

#define MODEL_POOL 8192

/* All that there ever were in this run. */
extern struct m_mount model_pool[MODEL_POOL];
extern struct m_mount *model_end; /* behind the last */
extern unsigned model_groups;

/* The number of the task's namespace. */
int model_ns(const struct m_task *task);
struct m_mount *model_mount_add(int ns, struct node *root, struct m_super *sb);
struct m_super *model_super_add(const struct m_super *sb);
/* Keeps what model_restore() brings back. */
void model_save(void);
/* Since then: does a namespace have more than there may be? */
bool model_too_many(void);
/* Down into what is mounted there. */
void model_topmost(struct place *at);
/* Is `m` the mount `top`, or below it? */
bool model_below(const struct m_mount *m, const struct m_mount *top);

/* Calls fn for the mount alone, as model_each_below() does for it and all below. */
void model_alone(struct m_mount *m, void (*fn)(struct m_mount *m, void *arg), void *arg);

/* Is something mounted on the node, through whichever mount, in the task's namespace? */
bool model_is_mountpoint(const struct m_task *task, const struct node *n);
/* Is that node, which is to be removed, a mount's root or a task's place? */
bool model_stands_on(const struct node *n);
/* Has the task a descriptor on the mount? */
bool model_has_tree(const struct m_task *task, const struct m_mount *m);
/* Has a task its root, working directory or a descriptor in the mount? */
bool model_stands_in(const struct m_mount *m);

/* ---- model_mounts.c ---- */

/* Is it in the task's namespace? */
bool model_is_mine(const struct m_task *task, const struct m_mount *m);
void model_mount_step(struct m_task *task, const struct step *s, struct expect *e);
/* The place on which something is about to be mounted: on top of what is there. 0 or -EINVAL. */
int model_target(struct m_task *task, struct place *at, struct expect *e);
/* A new tmpfs that shows nowhere yet. */
struct m_mount *model_new_tmpfs(struct m_task *task, int ns, unsigned flags, struct m_super sb);
/* Is something mounted there or below that came with it from other users, who hid what is under it? */
bool model_locked_children(const struct place *at);
/* May the place be bound? */
int model_may_bind(struct m_task *task, const struct place *src, bool rec);
/* A copy of what is there, and with `rec` of all below, which is mounted nowhere yet. */
struct m_mount *model_bind(const struct place *src, int ns, bool rec);
/* May what is mounted at `src` be moved to `at`? */
int model_may_move(struct m_task *task, const struct place *src, struct place *at, struct expect *e);
/* A copy of the mount alone, which old->copy is from then on. */
struct m_mount *model_copy(struct m_mount *old, int ns, struct m_mount *parent);

/* ---- model_propagate.c ---- */

/* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE. */
void model_set_type(struct m_mount *m, unsigned type);
/* Other users, who get the mount, may not loosen it; nor take it off, when it is not the top of what they get. */
void model_lock(struct m_mount *m, bool top);
/*
 * Mounts the tree in that place, which nothing covers, and wherever that is passed on to: in those of the first `upto`
 * mounts that receive it.
 */
void model_attach(const struct m_task *task, struct m_mount *top, const struct place *at, const struct m_mount *upto);
/* Takes the mount off, with all below it or not, and what that is passed on to. */
void model_unmount(struct m_mount *top, bool below);
/* Would that hit a mount elsewhere that somebody stands in? */
bool model_counterpart_busy(const struct m_mount *m);
/* Takes the whole tree off, which is passed on to nobody: its namespace ends. */
void model_take_off_all(struct m_mount *top);
/* Likewise what is mounted on the node, which goes, in all namespaces. */
void model_uncover(const struct node *n);

/* ---- model_detached.c ---- */

/* Steps with descriptors on trees of mounts, and mount_setattr(2). */
void model_detached_step(struct m_task *task, const struct step *s, struct expect *e);
/* Whoever has descriptors closes them. */
void model_close_trees(struct m_task *task);

/* ---- model_proc.c ---- */

/* Whose directory of proc it is, or is in. */
const struct m_task *model_proc_task(const struct node *n);
void model_proc_step(struct m_task *task, const struct step *s, struct expect *e);

#endif
