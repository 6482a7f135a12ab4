/* SPDX-License-Identifier: MIT */
/*
 * A patched call site; there are two kinds. What libraries have for a system call, `mov $nr, %eax; syscall`, is 7
 * bytes, and so is `jmp *address` with an address below 4 GiB. The last two bytes of the address are those of the
 * syscall instruction:
 *
 *	b8 nr nr nr nr  0f 05		mov $nr, %eax ; syscall
 *	ff 24 25 xx xx  0f 05		jmp *0x050fxxxx
 *
 * So five bytes change, and whoever comes to the syscall instruction, as a thread does that stood between the two,
 * finds it. The words at 0x050f.... are the same in all processes, one for each stub in the runtime's text: a stub
 * knows by its number which site it stands for.
 *
 * Where something else stands before a syscall instruction, that becomes a short jump to padding, where there is some
 * (arch/x86_64/pad.h), and the long jump is there. Two bytes change, of one instruction:
 *
 *	0f 05				syscall
 *	eb pp				jmp 1f
 *	ff 24 25 xx xx 0f 05	     1:	jmp *0x050fxxxx
 *
 * The number of the call is whatever the program has in rax. So these have stubs, and words, of their own.
 *
 * A stub comes on the guest's stack with the guest's registers, of which rax, rcx and r11 may change. The task stands
 * in the thread's gs base, which hardly any program uses. If something else stands there, or the task of a thread with
 * another fs base, the stub goes back to the site's syscall instruction, and the call is trapped as ever.
 */
#ifndef SECEDE_ARCH_PATCH_H
#define SECEDE_ARCH_PATCH_H

#define PATCH_TABLE	0x050f0000
#define PATCH_SITES	2048
#define PATCH_TABLE_END (PATCH_TABLE + 2 * 8 * PATCH_SITES)
#define PATCH_STUB_SIZE 10
#define SHORT_STUB_SIZE 13
/* The upper half of a task's address, its bytes reversed: all blocks have the same. */
#define PATCH_GS_TAG 0x10550000

#ifndef __ASSEMBLER__

#include "kernel/mm.h"

/* patch.S: the first stub, where the last of them has left the guest's stack, and in between: the jump back, and where
 * the site's number is in r11 and not in rax. */
extern char patch_stubs[], patch_known[], patch_back[], patch_low_begin[], patch_low_end[];

/* short.S: the first of the other stubs, places where this and that is in the registers, and what patch_known is. */
extern char short_stubs[], short_entry[], short_packed[], short_low[], short_known[];

/* What the stubs know of their sites: the address of the syscall instruction, and the call's number (sys/patch.c). */
extern u64 patch_addr[PATCH_SITES];
extern u32 patch_nr[PATCH_SITES];
#define PATCH_ANY_NR UINT32_MAX /* the short kind */

/* What stands in the table for stub i, and PATCH_SITES words further for the short stub i. */
static inline u64 patch_stub(u32 i)
{
	return (u64)(uintptr_t)patch_stubs + (u64)i * PATCH_STUB_SIZE;
}
static inline u64 short_stub(u32 i)
{
	return (u64)(uintptr_t)short_stubs + (u64)i * SHORT_STUB_SIZE;
}

/* Both need a host that lets programs do this: AT_HWCAP2. */
#define HWCAP2_FSGSBASE 2
static inline u64 gs_base(void)
{
	u64 base;

	__asm__ volatile("rdgsbase %0" : "=r"(base));
	return base;
}
static inline void set_gs_base(u64 base)
{
	__asm__ volatile("wrgsbase %0" : : "r"(base));
}
static inline u64 fs_base(void)
{
	u64 base;

	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

/* A task of ours, in whatever thread. */
static inline bool gs_base_is_ours(u64 base)
{
	return base >> 32 == BLOCKS_BASE >> 32;
}

#endif
#endif
