/* SPDX-License-Identifier: MIT */
/* ptrace(2) beyond its calls; see sys/ptrace.c. */
#ifndef SECEDE_SYS_PTRACE_H
#define SECEDE_SYS_PTRACE_H

#include "kernel/task.h"

/* The task is about to execute a program: a PTRACE_TRACEME that was put off comes into force. */
void ptrace_exec(struct task *task);
/* The task ends, or is a copy that traces nobody. */
void ptrace_release(struct task *task);
/*
 * Judges what a wait brought of a process that the task may be tracing. False: there is nothing to report, wait again.
 * The status can become another one.
 */
bool ptrace_report(struct task *task, s32 tid, s32 *status);
/* That one has ended. True: it was a tracee that had left its memory, and goes on as another. */
bool ptrace_forget(struct task *task, s32 tid);

/* ---- statuses of wait4(2) ---- */

#define SYSGOOD 0x80 /* PTRACE_O_TRACESYSGOOD adds it to SIGTRAP */

static inline bool is_stop(s32 status)
{
	return (status & 0xff) == 0x7f;
}
static inline int stop_signal(s32 status)
{
	return status >> 8 & 0xff;
}
static inline u32 stop_event(s32 status)
{
	return (u32)status >> 16;
}

#endif
