/* SPDX-License-Identifier: MIT */
/* A guest's own seccomp filters; see sys/seccomp.c. */
#ifndef SECEDE_SYS_SECCOMP_H
#define SECEDE_SYS_SECCOMP_H

#include "kernel/task.h"

/*
 * A guest's filter answers SECCOMP_RET_TRAP with this bit and an errno where its author wrote
 * SECCOMP_RET_ERRNO: si_errno of the SIGSYS tells the handler, which gives the call that errno.
 */
#define SECCOMP_GUEST_ERRNO 0x8000
#define SECCOMP_GUEST_ERRNO_MASK 0x0fff

/* prctl(PR_SET_SECCOMP, mode, program). */
s64 prctl_set_seccomp(struct task *task, u64 mode, u64 uprogram);

#endif
