/* SPDX-License-Identifier: MIT */
#ifndef SECEDE_ARCH_TRAP_H
#define SECEDE_ARCH_TRAP_H

#include "signal/signal.h"

/* SECCOMP_RET_DATA of our filter: tells our traps from those of a filter around or inside us. */
#define TRAP_DATA 0x5ec

/* The host's SIGSYS handler. */
void sigsys_entry(int sig, struct siginfo_raw *info, void *ucontext);

/* See entry.S. */
long arch_clone(u64 flags, struct task *child, u64 ptid, u64 ctid, u64 tls);
void clone_child(struct task *child) __attribute__((noreturn));
__attribute__((noreturn)) void arch_exit_thread(struct task *task, int status);
long arch_call_on_stack(struct task *task, long (*fn)(void *), void *arg);
void runtime_start(u64 *stack) __attribute__((noreturn));

#endif
