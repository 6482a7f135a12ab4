/* SPDX-License-Identifier: MIT */
/* seccomp(2) and no_new_privs; see sys/seccomp.c and sys/secure.c. */
#ifndef SECEDE_SYS_SECCOMP_H
#define SECEDE_SYS_SECCOMP_H

#include "kernel/task.h"

/* The options of prctl(2) that are about them. */
s64 prctl_set_seccomp(struct task *task, u64 mode, u64 uprogram);
s64 prctl_get_seccomp(const struct task *task);
s64 prctl_set_no_new_privs(struct task *task, const struct regs *regs);
s64 prctl_get_no_new_privs(const struct task *task, const struct regs *regs);

/* clone, in the same memory: the child has its parent's filters. A thread (tgid is set) is kept in step from here on.
 */
void copy_seccomp(struct task *parent, struct task *child);

/* Is the call in regs->orig_rax allowed? If not, *ret is what it returns. */
bool secure_computing(struct task *task, struct regs *regs, s64 *ret);

/* ioctl(2) on the descriptor that tells of calls (seccomp_unotify(2)). False: it is none of ours. */
bool seccomp_ioctl(struct task *task, const struct regs *regs, s64 *ret);

#endif
