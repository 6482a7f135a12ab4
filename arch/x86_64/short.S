/* SPDX-License-Identifier: MIT */
/*
 * Where patched sites of the short kind come in (arch/x86_64/patch.h): a syscall instruction that is a short jump now.
 * As in patch.S nothing of the guest's is lost up to short_known, with one register more to keep: rax is the call's
 * number. There is no syscall instruction to go back to; who cannot be known stops at a hlt, and the handler has the
 * call made as if it had trapped (patch_trap).
 *
 * The number is 32 bits for the kernel as well. It is kept with the site's in one register, the site's in the upper
 * half; where (frame_leave_stub):
 */
#include "arch/x86_64/offsets.h"
#include "arch/x86_64/patch.h"
#include "arch/x86_64/gs.inc"

	.text
	.globl short_stubs, short_entry, short_packed, short_low, short_known
	.hidden short_stubs, short_entry, short_packed, short_low, short_known
	.balign 64
short_stubs:				/* the stub tells which site, rax is the number */
	.set site, 0
	.rept PATCH_SITES
	mov	$((site & 0xff) << 24 | (site >> 8) << 16), %ecx
	bswap	%rcx
	.byte	0xe9
	.long	short_entry - . - 4
	.set site, site + 1
	.endr

	.balign 64
short_entry:				/* rcx has the site, rax is the number */
	mov	%eax, %eax
	lea	(%rcx,%rax), %rax
short_packed:				/* rax has both */
	take_task_of_gs 2f
1:	hlt
	/* So many bits of the number have room in what follows. */
2:	mov	%eax, %ecx
	bswap	%ecx
	movzwl	%cx, %ecx
	jrcxz	3f
	jmp	1b
3:	mov	TASK_FS_NEGATED(%r11), %rcx
	mov	%r11d, %r11d
	lea	(%r11,%rax), %r11
short_low:				/* r11 has both, and in the middle what distinguishes tasks */
	rdfsbase %rax
	lea	(%rcx,%rax), %rcx
	movzwl	%r11w, %eax
	jrcxz	short_known
	hlt

short_known:
	rdgsbase %rcx
	mov	%rax, REG_RAX(%rcx)
	mov	%r11, %rax
	bswap	%rax
	bswap	%eax
	lea	PATCH_SITES(%rax), %eax
	mov	%rcx, %r11
	jmp	patch_known
	.section .note.GNU-stack, "", @progbits
