/* SPDX-License-Identifier: MIT */
/*
 * host_call_blocking: a host call that a signal for the guest ends. The test and the call are one
 * window to the signal handler: a signal that comes anywhere in it, up to and including the syscall
 * instruction (where the host also leaves the instruction pointer when it would restart the call),
 * is sent to blocking_eintr, so none can slip in between and leave the call waiting.
 */
#include "arch/x86_64/offsets.h"

	.text
	.globl host_call_blocking, blocking_begin, blocking_end, blocking_eintr
	.hidden host_call_blocking, blocking_begin, blocking_end, blocking_eintr
host_call_blocking:
	mov	%rdi, %rax
	mov	%rsi, %rdi
	mov	%rdx, %rsi
	mov	%rcx, %rdx
	mov	%r8, %r10
	mov	%r9, %r8
	mov	8(%rsp), %r9
	xor	%ecx, %ecx		/* not yet begun: frame_call_begun() */
	mov	%rsp, %r11
	and	$-ASM_BLOCK_SIZE, %r11
blocking_begin:
	cmpl	$0, TASK_SIG_DEFERRED(%r11)
	jne	1f
	syscall
blocking_end:
	ret
1:	movl	$ASM_NOT_BEGUN, TASK_RESTART(%r11)
blocking_eintr:
	mov	$-4, %rax
	ret

/*
 * long arch_seccomp_gate(const struct regs *regs): the guest's call, made where its own filters are asked (sys/secure.c).
 * That may wait for another process, so it is a window like the one above.
 */
	.globl arch_seccomp_gate, seccomp_gate_begin, seccomp_gate_end
	.hidden arch_seccomp_gate, seccomp_gate_begin, seccomp_gate_end
arch_seccomp_gate:
	mov	REG_ORIG_RAX(%rdi), %rax
	mov	REG_RSI(%rdi), %rsi
	mov	REG_RDX(%rdi), %rdx
	mov	REG_R10(%rdi), %r10
	mov	REG_R8(%rdi), %r8
	mov	REG_R9(%rdi), %r9
	mov	REG_RDI(%rdi), %rdi
	xor	%ecx, %ecx
	mov	%rsp, %r11
	and	$-ASM_BLOCK_SIZE, %r11
seccomp_gate_begin:
	cmpl	$0, TASK_SIG_DEFERRED(%r11)
	jne	1b
	syscall
seccomp_gate_end:
	ret

/* What the host's handlers return to. */
	.globl signal_restorer
	.hidden signal_restorer
signal_restorer:
	mov	$15, %eax
	syscall
	ud2

/* void arch_sigreturn(struct ucontext *uc): the host's rt_sigreturn from that context. */
	.globl arch_sigreturn
	.hidden arch_sigreturn
arch_sigreturn:
	mov	%rdi, %rsp
	mov	$15, %eax
	syscall
	ud2
	.section .note.GNU-stack, "", @progbits
