/* SPDX-License-Identifier: MIT */
/*
 * Descriptors of the runtime in a table that others than threads share (CLONE_FILES without CLONE_THREAD). Such a
 * process can be killed, or execute a program, and what it had open for its own ends stays behind in the others'
 * table. So there, and only there, each of these descriptors is noted with its owner, in memory that all who share
 * the table have, and the living close what the dead have left. The notes begin with a number that no other table's
 * have, for those who ask from outside who shares one (secede map).
 */
#ifndef SECEDE_HOST_OWN_FDS_H
#define SECEDE_HOST_OWN_FDS_H

#include "kernel/task.h"

/* From now on somebody else is to share the task's table. 0 or -ENOMEM. */
int own_fds_begin(struct task *task);
/*
 * A child is to be made that shares the table and not the memory: it stands on that handle as well. `id` is its mm.id.
 * Then both it and its parent say which process it is (0: there is none).
 */
struct own_fd *own_fds_unborn(const struct nsproxy *ns, u64 id);
void own_fds_born(struct own_fd *note, s32 tgid);

/*
 * The task is about to open something for itself: a note for it, so that nothing but one store is left to be done
 * when it is open. NULL: none is needed. Then fd_own() says which descriptor it is, until host_close(), or that there
 * is none (fd < 0). What has an inode is a handle, and belongs to the whole address space.
 */
struct own_fd *fd_expect(u64 inode);
void fd_own(struct own_fd *note, long fd);
/* The same for socketpair(2), whose result it is. The host writes the numbers into a note before it returns: whoever is
 * killed in there leaves nothing. */
long fd_own_pair(int domain, int type, s32 pair[2]);
/* From now on it is the guest's. */
void fd_give(int fd);

/* The lowest noted handle that is not below `from`; UINT32_MAX: there is none. */
u32 own_fds_next(const struct files_struct *files, u32 from);

/* Our address space has no use for that handle any more: closes it, unless a process in other memory that shares the
 * table stands on it as well. `files`: whose table it is in; NULL: one that nobody else has. */
void own_fds_close_handle(const struct files_struct *files, int fd, u64 inode);

/* Closes what the dead have left in the table of the current task. */
void own_fds_reclaim(void);
/* The current task's table has become its own: closes what the others had in it. `own`: the notes of before; `new`:
 * what the task is about to stand on (NULL: what it stands on already). */
void own_fds_leave(struct own_fds *own, const struct nsproxy *new);

#endif
