/* SPDX-License-Identifier: MIT */
/* What the calls that make mounts by descriptors share (sys/fsopen.c, sys/open_tree.c, sys/mount_setattr.c). */
#ifndef SECEDE_SYS_MOUNT_FDS_H
#define SECEDE_SYS_MOUNT_FDS_H

#include <linux/mount.h>
#include "sys/mount.h"

/* A request that makes a HANDLE_TREE: the descriptor or -errno. */
s64 open_tree_fd(struct task *task, struct request *req, bool cloexec);

/* Those of MOUNT_ATTR_ that are flags of a mount. */
#define MOUNT_ATTRS                                                                                                    \
	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR__ATIME |            \
	 MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW)
/* What mount_setattr(2) asks for. */
struct attr_change {
	u32 set, clear; /* MS_ flags of a mount */
	bool idmap;	/* MOUNT_ATTR_IDMAP */
	bool nothing;
	bool replaces; /* open_tree_attr(2) of a copy, which may take a mapping of ids away */
};
/* The guest's struct mount_attr of that size into `change`, of which the caller has said whether it replaces. 0, or
 * -errno as mount_setattr(2) says it before it looks at the path. */
s64 get_mount_attr(struct task *task, u64 uattr, u64 size, struct attr_change *change);
/* -EINVAL: the place is no root of a mount, or ids are to be mapped; and what the warden says. */
s64 set_mount_attr(struct task *task, const struct nameidata *nd, const struct attr_change *change, bool rec);
/* As MS_ flags. False: times of access are asked for in more than one way. And back. */
bool attr_to_mount_flags(u64 attr, u32 *flags);
u64 mount_flags_to_attr(u32 flags);

#endif
