/* SPDX-License-Identifier: MIT */
/* What assembly takes for granted of C's structures. */
#include "arch/x86_64/offsets.h"
#include "arch/x86_64/patch.h"
#include "kernel/mm.h"

_Static_assert(offsetof(struct task, regs) == 0, "entry.S");
_Static_assert(offsetof(struct regs, eflags) == REG_EFLAGS, "entry.S");
_Static_assert(offsetof(struct regs, rsp) == REG_RSP, "entry.S");
_Static_assert(offsetof(struct regs, orig_rax) == REG_ORIG_RAX, "entry.S");
_Static_assert(offsetof(struct task, sig_deferred) == TASK_SIG_DEFERRED, "entry.S");
_Static_assert(offsetof(struct task, sig_mask) == TASK_SIG_MASK, "entry.S");
_Static_assert(offsetof(struct task, state) == TASK_STATE, "entry.S");
_Static_assert(KSTACK_TOP == ASM_KSTACK_TOP, "entry.S");
_Static_assert(BLOCK_SIZE == ASM_BLOCK_SIZE, "entry.S");
_Static_assert(TASK_FREE == 0, "entry.S");
_Static_assert(offsetof(struct task, restart) == TASK_RESTART, "blocking.S");
_Static_assert(RESTART_NOT_BEGUN == ASM_NOT_BEGUN, "blocking.S");
_Static_assert(offsetof(struct task, fs_negated) == TASK_FS_NEGATED, "patch.S");
_Static_assert(PATCH_SITES <= 65536 && BLOCK_SIZE % 65536 == 0, "patch.S");
_Static_assert((BLOCKS_BASE >> 32) == ((BLOCKS_END - 1) >> 32), "patch.S");
_Static_assert(__builtin_bswap32(BLOCKS_BASE >> 32) == PATCH_GS_TAG, "patch.S");
