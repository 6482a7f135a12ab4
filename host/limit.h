/* SPDX-License-Identifier: MIT */
/*
 * RLIMIT_NOFILE. The host's hard limit is the guests' and a few more, which are the runtime's; so a guest can fill
 * its table, and its runtime still has descriptors for what needs them. What the runtime keeps open stands at
 * mm.fd_base and above: where the guest's soft limit is no higher than that, none of it counts; where it is, the host's
 * soft limit is higher by what does. Nothing of this is kept anywhere: a guest's limits follow from the host's.
 */
#ifndef SECEDE_HOST_LIMIT_H
#define SECEDE_HOST_LIMIT_H

#include <linux/resource.h>
#include "lib/types.h"

#define OWN_FDS 2 /* the arena and a handle */

/* The guest's limits of what the host says, and the other way. */
struct rlimit64 limit_for_guest(struct rlimit64 host);
struct rlimit64 limit_for_host(struct rlimit64 guest);
/* prlimit(2) with RLIMIT_NOFILE for the calling process itself, in the guest's numbers; each may be NULL. 0 or -errno.
 */
int limit_change(const struct rlimit64 *new, struct rlimit64 *old);
/* The guest's soft limit. */
u64 limit_files(void);

/*
 * A call that makes a descriptor which the runtime itself needs: a full table does not matter. The descriptor is noted
 * (host/own_fds.h). For fcntl(2), openat(2) and the like; and for socketpair(2).
 */
long host_own_fd(long nr, long a, long b, long c, long d);
/* A copy of a handle, at that number or above. */
long host_own_handle(int fd, int from, u64 inode);
long host_own_pair(int domain, int type, s32 pair[2]);

/* ---- processes that come to be while another thread has the limit raised ---- */

/* Around the copying of memory. */
void limit_lock(void);
void limit_unlock(void);
/* Where memory is not copied: before, and then in the child. */
u32 limit_seq(void);
void limit_inherited(u32 seq);
/* The host's soft limit as it should be, before execve(2), and after it. */
u64 limit_soft(void);
void limit_settle(u64 soft);

#endif
