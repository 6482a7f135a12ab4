/* SPDX-License-Identifier: MIT */
/* Process numbers in the arguments of system calls (sys/table.h, PID): which the host is told for which. */
#ifndef SECEDE_SYS_PIDS_H
#define SECEDE_SYS_PIDS_H

#include "sys/table.h"
#include "warden/proto.h"

/* No process has it, and none ever will: beyond Linux's PID_MAX_LIMIT. */
#define PID_NOBODY 0x7fffffff

/* Is that the number of a process that does not exist for guests, or of its group? */
bool pid_is_hidden(s32 nr);
/* The same for any process of the warden's, by asking the host; for /proc, where they have names. */
bool process_is_hidden(s32 pid);
/* The host's number for what the guest calls `nr`: PID_NOBODY for what is not there. */
s32 pid_for_host(s32 nr);
/* The same for one that stands for a group when it is negative. */
s32 pid_or_group_for_host(s32 nr);
/* Puts the host's numbers in the place of the guest's, in all arguments that the entry marks. */
void pids_for_host(const struct task *task, const struct sys_entry *entry, struct regs *regs);

/* Tells the warden of a step of a task that takes its number along. 0 or -errno. */
int warden_pid(const struct task *task, enum pid_op op, s32 guest, s32 host);

/* ioctl(2) with a pointer to a number: true when it is such a one, and *ret is the result. */
bool pids_ioctl(const struct regs *regs, s64 *ret);

/* The same of fcntl(2), for commands that give a number. */
bool pids_fcntl(const struct regs *regs, s64 *ret);

#endif
