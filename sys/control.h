/* SPDX-License-Identifier: MIT */
/*
 * Files of /proc whose write(2) is ours: uid_map, gid_map, setgroups, hostname, domainname. While a thread
 * has one open, Syscall User Dispatch brings all of its system calls to the dispatcher.
 */
#ifndef SECEDE_SYS_CONTROL_H
#define SECEDE_SYS_CONTROL_H

#include "kernel/task.h"

/* What FD_MAP's `sub` says. The first three are REQ_ID_MAP's numbers. */
enum control_file { CONTROL_UID_MAP, CONTROL_GID_MAP, CONTROL_SETGROUPS, CONTROL_HOSTNAME, CONTROL_DOMAINNAME };

/* A bit of `sub`: whoever opened the file had CAP_SYS_ADMIN over its namespace, and gave that along with it. */
#define CONTROL_CAPABLE 0x80

/* Makes descriptor `fd` such a file, of process `pid`. 0, -ENOMEM, or -EPERM: the host cannot do it. */
int control_open(struct task *task, int fd, u8 sub, int pid);

/* A call while a control file is open: true when it was one on such a file, and is done. */
bool control_syscall(struct task *task, struct regs *regs);

/* Before the note of `fd`, a control file, goes. */
void control_close(struct task *task, int fd);

/* In a new thread, process or image, which may have inherited such a descriptor. */
void control_resume(struct task *task);

#endif
