/* SPDX-License-Identifier: MIT */
/* ptrace(2) beyond its calls; see sys/ptrace.c. */
#ifndef SECEDE_SYS_PTRACE_H
#define SECEDE_SYS_PTRACE_H

#include "kernel/task.h"

/* The task is about to execute a program: a PTRACE_TRACEME that was put off comes into force. */
void ptrace_exec(struct task *task);
/* The task ends, or is a copy that traces nobody. */
void ptrace_release(struct task *task);

#endif
