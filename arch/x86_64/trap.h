/* SPDX-License-Identifier: MIT */
#ifndef SECEDE_ARCH_TRAP_H
#define SECEDE_ARCH_TRAP_H

/* What entry.S offers to C. */
#include "arch/x86_64/offsets.h"
#include "signal/signal.h"

/* The host's SIGSYS handler; to be installed with SA_NODEFER and an empty mask. */
void sigsys_entry(int sig, struct siginfo_raw *info, struct ucontext *uc);

/* The handler of the others: signal_entry, entered in a known state. */
void signal_trap(int sig, struct siginfo_raw *info, struct ucontext *uc);

/* See entry.S. */
long arch_clone(u64 flags, struct task *child, u64 ptid, u64 ctid, u64 tls);
void clone_child(struct task *child) __attribute__((noreturn));
__attribute__((noreturn)) void arch_exit_thread(struct task *task, int status);
long arch_call_on_stack(struct task *task, long (*fn)(void *), void *arg);
/* blocking.S: the guest's call, made on the host where the guest's filters are asked; sys/secure.c says what for. */
long arch_seccomp_gate(const struct regs *regs);
extern char seccomp_gate_begin[], seccomp_gate_end[]; /* the latter is what filters see as instruction pointer */
/* A result of that call: "go on". What no call returns. */
#define GATE_CONTINUE 0x7365636564650001UL
void runtime_start(u64 *stack) __attribute__((noreturn));

#endif
