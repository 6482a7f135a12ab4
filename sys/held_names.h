/* SPDX-License-Identifier: MIT */
/*
 * Names that are about to change or go, and on which mounts depend: what is mounted at or below them, and what shows
 * what is there. The warden is told before, sees what has become of the names, and tells the mounts.
 */
#ifndef SECEDE_SYS_HELD_NAMES_H
#define SECEDE_SYS_HELD_NAMES_H

#include "arena/arena.h"
#include "vfs/namei.h"
#include "warden/proto.h"

/* How often mounts have followed names so far. Who has looked at it before he found a path knows afterwards whether
 * that may be another one by now. */
static inline u64 names_moved(void)
{
	return atomic_load(&arena()->names_moved);
}

/*
 * Before the name nd->last in directory nd changes, and `other` (or NULL) with it. `since`: names_moved() before they
 * were looked up; should directories have been renamed since, their paths in nd and other are the new ones. *held is
 * names_let_go()'s. 0, or -errno: it may not change, because the mounts could not be told; -ENAMETOOLONG: they would
 * depend on a path that is too long to be walked.
 */
s64 names_hold(struct task *task, struct nameidata *nd, struct nameidata *other, u64 since, s32 *held);
/* Afterwards; `err`: what came of it. When it returns the mounts have followed. */
void names_let_go(struct task *task, s32 held, s64 err);

/* Before mounts are looked up that are to be changed: they have followed the names that others have changed so far. */
void names_follow(struct task *task);

/* Appends the host path of such a name to a request; false: it does not fit. */
bool request_add_name(struct request *req, const struct nameidata *nd);

#endif
