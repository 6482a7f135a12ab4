/* SPDX-License-Identifier: MIT */
/*
 * Syscall User Dispatch: the host sends a SIGSYS for system calls from outside the runtime, as long as a byte says so.
 * It is used for two ends. A guest may ask for it itself, to emulate another system (prctl(2)): then the
 * SIGSYS goes on to its handler, unless the call came from the guest's range. And while a control file is open
 * (sys/control.h), every call has to come to the dispatcher. The host does it a thread, and hands it on to nobody.
 */
#ifndef SECEDE_SYS_USER_DISPATCH_H
#define SECEDE_SYS_USER_DISPATCH_H

#include "kernel/task.h"

/* Every call comes to the dispatcher, or does no longer. -errno: the host has no such thing. */
int user_dispatch_all(struct task *task, bool all);

/* prctl(PR_SET_SYSCALL_USER_DISPATCH) */
s64 prctl_set_user_dispatch(struct task *task, const struct regs *regs);

/* A call while the guest has it switched on: true when it is stopped, and the guest's SIGSYS under way. */
bool user_dispatch_stops(struct task *task, struct regs *regs);

#endif
