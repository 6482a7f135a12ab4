/* SPDX-License-Identifier: MIT */
/*
 * The limits of a tmpfs (tmpfs(5): size=, nr_inodes=). Its files are the host's, which knows of no limits of ours, and
 * write(2) does not come to us. So they hold where a call does: what is made or opened to be written when the file
 * system is full fails with ENOSPC. What is written in between may exceed them. A tmpfs that was given none shows
 * Linux's, half of the memory, and holds what the storage does.
 */
#ifndef SECEDE_VFS_TMPFS_H
#define SECEDE_VFS_TMPFS_H

#include "kernel/task.h"

struct tmpfs {
	u32 storage;		   /* number of its directory */
	u64 magic;		   /* statfs(2)'s f_type */
	u64 max_bytes, max_inodes; /* 0: none was given; SUPER_NO_LIMIT */
};
/* False: the mount shows something else. */
bool tmpfs_of_mount(struct task *task, u64 mnt, struct tmpfs *out);

/* Does the mount show a file that has lost its name (warden/graves.c)? It has one in the grave. */
bool tmpfs_buried(struct task *task, u64 mnt);

/* May another name be made there, with `bytes` behind it? 0 or -ENOSPC. */
int tmpfs_may_create(struct task *task, u64 mnt, u64 bytes);
/* May anything be written behind what there is, and is there room for so many bytes more? 0 or -ENOSPC. */
int tmpfs_may_append(struct task *task, u64 mnt);
int tmpfs_may_allocate(struct task *task, u64 mnt, u64 bytes);

/* Replaces what the host says of its own file system. */
struct statfs;
void tmpfs_statfs(const struct tmpfs *fs, struct statfs *st);

/* ---- tmpfs_usage.c ---- */

struct tmpfs_usage {
	u64 bytes, inodes;
};
#define TMPFS_ALL UINT64_MAX
/* Counts what is there now. 0, -E2BIG: more than `most` inodes, or -errno: it cannot be told. */
int tmpfs_measure(const struct tmpfs *fs, u64 most, struct tmpfs_usage *out);

#endif
