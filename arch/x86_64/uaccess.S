/* SPDX-License-Identifier: MIT */
/*
 * The instructions that may fault on guest memory, and the only ones that are allowed to: the
 * SIGSEGV and SIGBUS handler sends a fault between uaccess_begin and uaccess_end to
 * uaccess_fault. They keep nothing on the stack, so that a plain ret leaves from anywhere.
 */
	.text
	.globl uaccess_begin, uaccess_end, uaccess_fault
	.hidden uaccess_begin, uaccess_end, uaccess_fault
uaccess_begin:

/* int uaccess_copy(void *dst, const void *src, size_t n): 0 or -EFAULT */
	.globl uaccess_copy
	.hidden uaccess_copy
uaccess_copy:
	mov	%rdx, %rcx
	rep movsb
	xor	%eax, %eax
	ret

/* long uaccess_strncpy(char *dst, const char *src, size_t n): length, n if unterminated, -EFAULT */
	.globl uaccess_strncpy
	.hidden uaccess_strncpy
uaccess_strncpy:
	movabs	$0x0101010101010101, %r8
	mov	%r8, %r9
	shl	$7, %r9
	xor	%eax, %eax
	/* Eight bytes, if none of them is NUL or in the next page, and there is room. */
1:	lea	8(%rax), %r11
	cmp	%rdx, %r11
	ja	2f
	lea	(%rsi,%rax), %ecx
	and	$4095, %ecx
	cmp	$4088, %ecx
	ja	2f
	mov	(%rsi,%rax), %rcx
	mov	%rcx, %r10
	sub	%r8, %rcx
	test	%r9, %rcx		/* one is NUL, or none of ASCII */
	jnz	2f
	mov	%r10, (%rdi,%rax)
	mov	%r11, %rax
	jmp	1b
2:	cmp	%rdx, %rax
	je	3f
	movb	(%rsi,%rax), %cl
	movb	%cl, (%rdi,%rax)
	test	%cl, %cl
	jz	3f
	inc	%rax
	test	$7, %al
	jnz	2b
	jmp	1b
3:	ret

/* int uaccess_cmpxchg(u32 *at, u32 *old, u32 new): 0, and *old is what stood there, or -EFAULT */
	.globl uaccess_cmpxchg
	.hidden uaccess_cmpxchg
uaccess_cmpxchg:
	mov	(%rsi), %eax
	lock cmpxchg %edx, (%rdi)
	mov	%eax, (%rsi)
	xor	%eax, %eax
	ret

uaccess_end:
uaccess_fault:
	mov	$-14, %rax
	ret
	.section .note.GNU-stack, "", @progbits
