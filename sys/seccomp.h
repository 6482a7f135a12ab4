/* SPDX-License-Identifier: MIT */
/* A guest's own seccomp filters; see sys/seccomp.c. */
#ifndef SECEDE_SYS_SECCOMP_H
#define SECEDE_SYS_SECCOMP_H

#include "kernel/task.h"

/* prctl(PR_SET_SECCOMP, mode, program). */
s64 prctl_set_seccomp(struct task *task, u64 mode, u64 uprogram);

#endif
