/* SPDX-License-Identifier: MIT */
/*
 * The parts of /proc that are the guest's own (proc(5)): everything else there is the host's.
 * `rel` is a path below proc's root, without a leading slash and with pids as numbers, e.g.
 * "1234/ns/mnt" or "sys/kernel/hostname"; the walk has resolved "self" and "thread-self".
 */
#ifndef SECEDE_VFS_PROC_H
#define SECEDE_VFS_PROC_H

#include "vfs/namei.h"

/* Is `rel` a magic link of ours, and where does it lead? For exe, cwd, root, fd/N, ns/X:
 *   0: `nd`'s mnt, host and len are set to the place (no fd)
 *   1: not ours, ask the host
 *   -errno otherwise. */
int proc_follow_link(struct task *task, const char *rel, struct nameidata *nd);
/* readlink(2) of the same: length, -EAGAIN when it is not ours, or -errno. */
int proc_readlink(struct task *task, const char *rel, char *buf, size_t size);
/* open(2) of an emulated file: descriptor, -EAGAIN when it is not ours, or -errno. */
int proc_open(struct task *task, const char *rel, u64 oflags);
/* stat(2) of an emulated ns file (followed): 0 and the numbers, -EAGAIN, or -errno. */
int proc_ns_stat(struct task *task, const char *rel, u64 *dev, u64 *ino);
/* fstat(2) of a descriptor with an FD_NS note: the same numbers. 0 or -EBADF (its handle is gone). */
int proc_ns_fstat(const struct fd_info *info, u64 *dev, u64 *ino);

/* Does that name below proc's root belong to a process that is not there for guests? */
bool proc_hides(const char *rel);

/* The signals that the host holds for the calling thread itself, and not for its process; none without a proc. */
u64 proc_own_pending(void);

/* The handle entry of the arena that a process stands in; NULL when it is no guest of this
 * session. Reads the host's /proc/PID/fd. */
const struct handle *handle_of_pid(int pid);
/* The handle entry with that socket inode, or NULL. */
const struct handle *handle_by_inode(u64 inode);

#endif
