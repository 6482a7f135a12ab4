/* SPDX-License-Identifier: MIT */
/*
 * Open files of /proc of which read(2) or write(2) is ours: those that are written to (uid_map, hostname ...), and
 * those whose text is made anew when they are read again (status, maps ...). While a thread has one open, Syscall User
 * Dispatch brings all of its system calls to the dispatcher.
 */
#ifndef SECEDE_SYS_CONTROL_H
#define SECEDE_SYS_CONTROL_H

#include "kernel/task.h"

/* The files that can be written. The first three are REQ_ID_MAP's numbers. */
enum control_file {
	CONTROL_NONE = -1,
	CONTROL_UID_MAP,
	CONTROL_GID_MAP,
	CONTROL_SETGROUPS,
	CONTROL_HOSTNAME,
	CONTROL_DOMAINNAME,
	CONTROL_UCOUNT, /* and the next NS_TYPES - 1: of each enum ns_type */
};

/*
 * Notes an emulated file, all of whose note but dev and ino is in `info`. 0, -ENOMEM, or -EPERM: the host cannot bring
 * its writes to us. (Without reads it stays as it was when it was opened.)
 */
int control_open(struct task *task, struct fd_info *info);

/* A call while such a file is open: true when it was one on such a file, and is done. */
bool control_syscall(struct task *task, struct regs *regs);

/* Is it the note of such a file? Before that goes, control_close(). */
bool control_is(const struct fd_info *note);
void control_close(struct task *task, int fd);

/* In a new thread, process or image, which may have inherited such a descriptor. */
void control_resume(struct task *task);

#endif
