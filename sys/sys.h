/* SPDX-License-Identifier: MIT */
/* Every system call function, one line each: s64 sys_X(task, regs), >= 0 or -errno. */
#ifndef SECEDE_SYS_SYS_H
#define SECEDE_SYS_SYS_H

#include "sys/table.h"

#define SYSCALL(name) s64 sys_##name(struct task *task, struct regs *regs)

#include "sys/calls.h"

#endif
