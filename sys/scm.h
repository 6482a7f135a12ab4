/* SPDX-License-Identifier: MIT */
/* Messages with control data: what sys/socket.c and sys/scm.c share. */
#ifndef SECEDE_SYS_SCM_H
#define SECEDE_SYS_SCM_H

#include "kernel/task.h"

/* struct user_msghdr, struct mmsghdr */
struct msghdr {
	u64 name;
	s32 namelen, pad;
	u64 iov, iovlen, control, controllen;
	u32 flags, pad2;
};
struct mmsghdr {
	struct msghdr hdr;
	u32 len, pad;
};

struct ucred {
	s32 pid;
	u32 uid, gid;
};

/* Replaces the control data of a message that is to be sent by a copy that the host may have. The caller frees the
 * copy, whatever this returns. -EFAULT, -ENOBUFS, -EINVAL for ids that the sender's namespace does not map, and -EBADF
 * for descriptors that are ours. */
int scm_to_host(struct task *task, struct msghdr *msg, void **copy);
/* The control data of a message that was received, in the guest's memory. */
void scm_to_guest(const struct task *task, const struct msghdr *msg);

#endif
