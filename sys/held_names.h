/* SPDX-License-Identifier: MIT */
/*
 * Names that are about to change or go, and on which mounts depend: what is mounted at or below them, and what shows
 * what is there. The warden is told before, sees what has become of the names, and tells the mounts.
 */
#ifndef SECEDE_SYS_HELD_NAMES_H
#define SECEDE_SYS_HELD_NAMES_H

#include "vfs/namei.h"
#include "warden/proto.h"

/* Before the name nd->last in directory nd changes, and `other` (or NULL) with it. *held is names_let_go()'s. 0, or
 * -errno: it may not change, because the mounts could not be told. */
s64 names_hold(struct task *task, const struct nameidata *nd, const struct nameidata *other, s32 *held);
/* Afterwards; `err`: what came of it. When it returns the mounts have followed. */
void names_let_go(struct task *task, s32 held, s64 err);

/* Appends the host path of such a name to a request; false: it does not fit. */
bool request_add_name(struct request *req, const struct nameidata *nd);

#endif
