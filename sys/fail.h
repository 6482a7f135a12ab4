/* SPDX-License-Identifier: MIT */
/* prctl(PR_SECEDE_FAIL): see lib/prctl.h. */
#ifndef SECEDE_SYS_FAIL_H
#define SECEDE_SYS_FAIL_H

#include "kernel/task.h"

s64 prctl_fail(const struct task *task, u64 where, u64 in);

#endif
