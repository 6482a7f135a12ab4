/* SPDX-License-Identifier: MIT */
/* Building and looking at mount namespaces in tests. */
#ifndef SECEDE_TESTS_MOUNTS_H
#define SECEDE_TESTS_MOUNTS_H

#include "kernel/ns/mnt_tree.h"
#include "unit.h"

/* A namespace owned by a user namespace of its own, with a root mount of the host's "/". */
struct mnt_ns *new_ns(void);
/* A second namespace that owns nothing yet; the caller puts it. */
struct user_ns *new_user_ns(struct user_ns *parent);

/* Mounts `host` (a file system of its own) at (parent, point). */
u64 attach(struct mnt_ns *ns, u64 parent, const char *point, const char *host);
u64 attach_flags(struct mnt_ns *ns, u64 parent, const char *point, const char *host, u32 flags, bool locked);

const struct mount *child(const struct mnt_ns *ns, u64 parent, const char *path);

/*
 * A line a mount, "id parent point host fsroot flags locks groups", after checks that the tries tell
 * one story. In a static buffer of which there are two, used in turn.
 */
const char *dump(const struct mnt_ns *ns);

/*
 * Runs op(arg) with each allocation failing in turn until it comes through: each time it must say
 * -ENOMEM and leave ns and the arena as they were. Returns what it says at last.
 */
s64 every_failure(struct mnt_ns *ns, s64 (*op)(void *arg), void *arg);

#endif
