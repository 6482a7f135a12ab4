/* SPDX-License-Identifier: MIT */
/* Offsets into struct task and sizes that assembly knows; arch/x86_64/trap.c asserts them. */
#ifndef SECEDE_ARCH_OFFSETS_H
#define SECEDE_ARCH_OFFSETS_H

#define REG_R8 0
#define REG_R9 8
#define REG_R10 16
#define REG_R11 24
#define REG_R12 32
#define REG_R13 40
#define REG_R14 48
#define REG_R15 56
#define REG_RDI 64
#define REG_RSI 72
#define REG_RBP 80
#define REG_RBX 88
#define REG_RDX 96
#define REG_RAX 104
#define REG_RCX 112
#define REG_RSP 120
#define REG_RIP 128
#define REG_EFLAGS 136
#define TASK_SIG_DEFERRED 152
#define TASK_SIG_MASK 160
#define TASK_STATE 168
#define ASM_KSTACK_TOP 0x18000

#endif
