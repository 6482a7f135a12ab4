/* SPDX-License-Identifier: MIT */
/* Offsets into struct task and sizes that assembly knows; arch/x86_64/offsets.c asserts them. */
#ifndef SECEDE_ARCH_OFFSETS_H
#define SECEDE_ARCH_OFFSETS_H

#define REG_R8		  0
#define REG_R9		  8
#define REG_R10		  16
#define REG_R11		  24
#define REG_R12		  32
#define REG_R13		  40
#define REG_R14		  48
#define REG_R15		  56
#define REG_RDI		  64
#define REG_RSI		  72
#define REG_RBP		  80
#define REG_RBX		  88
#define REG_RDX		  96
#define REG_RAX		  104
#define REG_RCX		  112
#define REG_RSP		  120
#define REG_RIP		  128
#define REG_EFLAGS	  136
#define REG_ORIG_RAX	  144
#define TASK_SIG_DEFERRED 152
#define TASK_SIG_MASK	  160
#define TASK_STATE	  168
#define TASK_RESTART	  172
#define TASK_FS_NEGATED	  192
#define ASM_NOT_BEGUN	  1
#define ASM_KSTACK_TOP	  0x18000
#define ASM_BLOCK_SIZE	  0x20000

/* The host's signal frame: siginfo, ucontext, and the extended state that the latter points to. */
#define SI_ERRNO	 4
#define SI_CODE		 8
#define SI_PAD		 12
#define SI_ARCH		 28 /* of a SIGSYS */
#define UC_GREGS	 40 /* in the order of struct regs */
#define UC_FPSTATE	 224
#define FP_MAGIC1	 464
#define FP_XFEATURES	 472
#define FP_XSTATE_MAGIC1 0x46505853

#define EFLAGS_TF 0x100
#define EFLAGS_AC 0x40000

/* si_code of SIGSYS, and the SECCOMP_RET_DATA by which our filter's traps are told from those of
 * a filter around or inside us. */
#define SYS_SECCOMP	  1
#define SYS_USER_DISPATCH 2
#define TRAP_DATA	  0x5ec
#define ARCH_X86_64	  0xc000003e

#endif
