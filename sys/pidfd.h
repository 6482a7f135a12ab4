/* SPDX-License-Identifier: MIT */
#ifndef SECEDE_SYS_PIDFD_H
#define SECEDE_SYS_PIDFD_H

#include "kernel/task.h"

/* _IOWR(PIDFS_IOCTL_MAGIC, 11, struct pidfd_info), whatever size that has */
#define PIDFD_GET_INFO	    0xc000ff0bu
#define PIDFD_INFO_SIZEMASK 0x3fff0000u
/* _IO(PIDFS_IOCTL_MAGIC, nr): the first, the last, and those of namespaces that are ours */
#define PIDFD_GET_CGROUP_NAMESPACE 0xff01u
#define PIDFD_GET_MNT_NAMESPACE	   0xff03u
#define PIDFD_GET_USER_NAMESPACE   0xff09u
#define PIDFD_GET_UTS_NAMESPACE	   0xff0au

/* The process behind a pidfd: the host's number, 0 when it has gone; -EINVAL: it is no pidfd. */
int pid_of_pidfd(int fd);
s64 pidfd_get_info(const struct task *task, int fd, u32 cmd, u64 uinfo);
/* Is it ioctl(2)'s PIDFD_GET_X_NAMESPACE? Then *ret: a descriptor on the namespace that the process is in, or -errno:
 * EOPNOTSUPP, as where the kernel lacks the kind, for those that are not built. */
bool pidfd_get_ns(struct task *task, int fd, u32 cmd, u64 arg, s64 *ret);

#endif
