/* SPDX-License-Identifier: MIT */
/*
 * What the calls with a path argument share: from the AT_* flags of a call to a walked place, and from
 * the place to something that the host takes.
 */
#ifndef SECEDE_SYS_PLACE_H
#define SECEDE_SYS_PLACE_H

#include "vfs/namei.h"

/*
 * A path that the host surely answers with ENOENT. Where the walk failed but the call has other
 * arguments that the kernel looks at first, the host is asked with this path: whatever else it says wins.
 */
#define PATH_MISSING "/proc/self/fd/-"

/*
 * user_path with AT_SYMLINK_NOFOLLOW, AT_SYMLINK_FOLLOW and AT_EMPTY_PATH as in `at_flags`.
 * `how`: LOOKUP_FOLLOW when the call follows unless told otherwise, LOOKUP_LAZY.
 */
int user_path_at(struct task *task, int dfd, u64 uname, u64 at_flags, unsigned how, struct nameidata *nd);

static inline bool place_readonly(const struct nameidata *nd)
{
	return nd->mnt_flags & MS_RDONLY;
}

/* May the call write to attributes by that descriptor, which is not ours? 0, -EROFS, or -EBADF: with O_PATH it is
 * nothing to write by. */
int fd_may_write(struct task *task, int fd);

/* What is noted of a guest's descriptor, if the number still stands for the same file. */
bool fd_note(struct task *task, int fd, struct fd_info *note);

#endif
