/* SPDX-License-Identifier: MIT */
/*
 * Where patched call sites come in (arch/x86_64/patch.h). Up to patch_known nothing of the guest's is lost: no flag is
 * touched, and its stack is not. So a signal that comes in there is taken as if it had come at the site's syscall
 * instruction (frame_leave_stub). What comes later finds the runtime at work.
 */
#include "arch/x86_64/offsets.h"
#include "arch/x86_64/ac.inc"
#include "arch/x86_64/patch.h"
#include "arch/x86_64/gs.inc"

	.text
	.globl patch_stubs, patch_known, patch_back, patch_low_begin, patch_low_end
	.hidden patch_stubs, patch_known, patch_back, patch_low_begin, patch_low_end, patch_addr, patch_nr
	.balign 64
patch_stubs:
	.set site, 0
	.rept PATCH_SITES
	mov	$site, %eax
	.byte	0xe9			/* jmp, always the long one: all stubs have one size */
	.long	patch_entry - . - 4
	.set site, site + 1
	.endr

	/* eax is the site's number until the end but one of either way; no instruction here changes a flag. */
	.balign 64
patch_entry:
	take_task_of_gs 2f
	/* There is no task of ours, or another thread's. */
1:	lea	patch_addr(%rip), %r11
	mov	(%r11,%rax,8), %rcx
	lea	patch_nr(%rip), %r11
	mov	(%r11,%rax,4), %eax
patch_back:
	jmp	*%rcx
	/* Is it this thread's? The sum of fs and what the task has of it is zero. Meanwhile the number is kept in the
	 * low bits of the task's address. */
2:	mov	TASK_FS_NEGATED(%r11), %rcx
	lea	(%r11,%rax), %r11
patch_low_begin:
	rdfsbase %rax
	lea	(%rcx,%rax), %rcx
	movzwl	%r11w, %eax
patch_low_end:
	jrcxz	3f
	jmp	1b
3:	mov	%rax, %rcx
	not	%rcx
	lea	1(%r11,%rcx), %r11

patch_known:
	mov	%rsp, REG_RSP(%r11)
	lea	ASM_KSTACK_TOP(%r11), %rsp
	pushfq
	popq	REG_EFLAGS(%r11)
	mov	%r8, REG_R8(%r11)
	mov	%r9, REG_R9(%r11)
	mov	%r10, REG_R10(%r11)
	mov	%r12, REG_R12(%r11)
	mov	%r13, REG_R13(%r11)
	mov	%r14, REG_R14(%r11)
	mov	%r15, REG_R15(%r11)
	mov	%rdi, REG_RDI(%r11)
	mov	%rsi, REG_RSI(%r11)
	mov	%rbp, REG_RBP(%r11)
	mov	%rbx, REG_RBX(%r11)
	mov	%rdx, REG_RDX(%r11)
	cld
	testl	$EFLAGS_AC, REG_EFLAGS(%r11)
	jnz	2f
1:	mov	%r11, %rbx
	xor	%ebp, %ebp
	mov	%r11, %rdi
	mov	%eax, %esi
	call	patched_call
	mov	%rbx, %rdi
	jmp	arch_return_to_guest
2:	clear_ac
	jmp	1b
	.section .note.GNU-stack, "", @progbits
