/* SPDX-License-Identifier: MIT */
/*
 * The ways in and out of the runtime that C cannot say. Throughout: a signal may arrive at any
 * instruction; its handler runs on the task's signal stack and finds the task from there, so the
 * stack pointer may hold anything here.
 */
#include "arch/x86_64/offsets.h"
#include "arch/x86_64/ac.inc"

	.text

/* What the host starts after execve: rsp points at argc. */
	.globl _start
_start:
	xor	%ebp, %ebp
	mov	%rsp, %rdi
	and	$-16, %rsp
	call	runtime_start
	ud2

/*
 * The host's SIGSYS handler: void sigsys_entry(int sig, siginfo *, ucontext *), on the task's
 * signal stack. A trapped call of the guest goes straight on to the runtime on the kernel stack: the
 * handler is entered with the guest's own mask (SA_NODEFER, nothing in sa_mask), so the only thing
 * that rt_sigreturn would still have to bring back are the vector registers, and one instruction does that
 * without asking the host. The signal frame is simply left behind.
 */
	.globl sigsys_entry, signal_trap
	.hidden sigsys_entry, signal_trap
sigsys_entry:
	mov	SI_CODE(%rsi), %eax
	cmp	$SYS_USER_DISPATCH, %eax
	je	6f
	/* Another filter's trap, or a SIGSYS that somebody sent, is the guest's own. */
	cmp	$SYS_SECCOMP, %eax
	jne	signal_trap
	mov	SI_ERRNO(%rsi), %eax
	cmp	$TRAP_DATA, %eax
	jne	signal_trap
	/* So is one that we sent on, whatever mark it has (signal_requeue). */
7:	cmpl	$0, SI_PAD(%rsi)
	jne	signal_trap
	cld
	testl	$EFLAGS_AC, UC_GREGS+REG_EFLAGS(%rdx)
	jnz	4f
5:	mov	%rsp, %rbx
	and	$-ASM_BLOCK_SIZE, %rbx
	lea	UC_GREGS(%rdx), %rsi
	mov	%rbx, %rdi
	mov	$18, %ecx
	rep movsq
	movslq	REG_RAX(%rbx), %rax	/* for the kernel, too, the number has 32 bits */
	mov	%rax, REG_ORIG_RAX(%rbx)
	mov	UC_FPSTATE(%rdx), %rdi
	test	%rdi, %rdi
	jz	3f
	cmpl	$FP_XSTATE_MAGIC1, FP_MAGIC1(%rdi)
	jne	2f
	mov	FP_XFEATURES(%rdi), %eax
	mov	FP_XFEATURES+4(%rdi), %edx
	xrstor64 (%rdi)
	jmp	3f
2:	fxrstor64 (%rdi)
	/* Comes here, too, when the handler of another signal has found a call to be made: rbx is the task. */
	.globl arch_trapped
	.hidden arch_trapped
arch_trapped:
3:	xor	%ebp, %ebp
	lea	ASM_KSTACK_TOP(%rbx), %rsp
	mov	%rbx, %rdi
	call	trapped_call
	mov	%rbx, %rdi
	jmp	arch_return_to_guest
4:	clear_ac
	jmp	5b
	/* The end of a child whose exit signal is SIGSYS has that code, too (frame_is_forced). */
6:	mov	SI_ARCH(%rsi), %eax
	cmp	$ARCH_X86_64, %eax
	je	7b
	jmp	signal_trap

/* The host's handler for all other signals. */
signal_trap:
	testl	$EFLAGS_AC, UC_GREGS+REG_EFLAGS(%rdx)
	jz	signal_entry
	clear_ac
	jmp	signal_entry

/*
 * void arch_return_to_guest(struct task *task): leaves with task->regs. rcx and r11 are lost, as
 * the syscall instruction loses them. From arch_exit_begin on a signal counts as having come in guest code: the
 * handler takes the registers from task->regs, so nothing here may change those. That also makes
 * sure that no signal slips in between the test of sig_deferred and the jump.
 */
	.globl arch_return_to_guest, arch_exit_begin, arch_exit_jump, arch_exit_end
	.hidden arch_return_to_guest, arch_exit_begin, arch_exit_jump, arch_exit_end
arch_return_to_guest:
	/* a fresh stack pointer: popf below needs a stack, and we may have been called from deep */
	lea	ASM_KSTACK_TOP(%rdi), %rsp
arch_exit_begin:
	cmpl	$0, TASK_SIG_DEFERRED(%rdi)
	jne	leave
	pushq	REG_EFLAGS(%rdi)
	popfq
	mov	REG_R8(%rdi), %r8
	mov	REG_R9(%rdi), %r9
	mov	REG_R10(%rdi), %r10
	mov	REG_R12(%rdi), %r12
	mov	REG_R13(%rdi), %r13
	mov	REG_R14(%rdi), %r14
	mov	REG_R15(%rdi), %r15
	mov	REG_RBP(%rdi), %rbp
	mov	REG_RBX(%rdi), %rbx
	mov	REG_RDX(%rdi), %rdx
	mov	REG_RAX(%rdi), %rax
	mov	REG_RSI(%rdi), %rsi
	mov	REG_EFLAGS(%rdi), %r11
	mov	REG_RIP(%rdi), %rcx
	mov	REG_RSP(%rdi), %rsp
	mov	REG_RDI(%rdi), %rdi
arch_exit_jump:
	jmp	*%rcx
set_mask:
	lea	TASK_SIG_MASK(%rbx), %rsi
	mov	$14, %eax		/* rt_sigprocmask */
	mov	$2, %edi		/* SIG_SETMASK */
	xor	%edx, %edx
	mov	$8, %r10d
	syscall
	mov	%rbx, %rdi
	jmp	arch_exit_begin
arch_exit_end:
	/* Signals waited for us to leave, or the guest has a new mask: the host sets it, and delivers at
	 * the end of that very call. */
leave:	mov	%rdi, %rbx
	call	signal_leave
	jmp	set_mask

/* void arch_switch_stack(task, fn, arg): runs fn(arg) on the task's kernel stack, for good. */
	.globl arch_switch_stack
	.hidden arch_switch_stack
arch_switch_stack:
	lea	ASM_KSTACK_TOP(%rdi), %rsp
	xor	%ebp, %ebp
	mov	%rdx, %rdi
	call	*%rsi
	ud2

/* long arch_call_on_stack(task, fn, arg): runs fn(arg) there and comes back. */
	.globl arch_call_on_stack
	.hidden arch_call_on_stack
arch_call_on_stack:
	push	%rbp
	mov	%rsp, %rbp
	lea	ASM_KSTACK_TOP(%rdi), %rsp
	mov	%rdx, %rdi
	call	*%rsi
	mov	%rbp, %rsp
	pop	%rbp
	ret

/*
 * long arch_clone(flags, child, ptid, ctid, tls): clone(2) into the child task's kernel stack;
 * there clone_child(child) runs, never to return. In the parent: the tid or -errno.
 */
	.globl arch_clone
	.hidden arch_clone
arch_clone:
	mov	%rsi, %r9
	lea	ASM_KSTACK_TOP(%rsi), %rsi
	mov	%rcx, %r10
	mov	$56, %eax
	syscall
	test	%rax, %rax
	jz	1f
	ret
1:	xor	%ebp, %ebp
	mov	%r9, %rdi
	call	clone_child
	ud2

/*
 * void arch_exit_thread(task, status): gives the task's block back and ends the thread. Every
 * signal is blocked. After the store another thread may own the block, so no stack from there.
 */
	.globl arch_exit_thread
	.hidden arch_exit_thread
arch_exit_thread:
	mov	%rdi, %rbx
	mov	%esi, %edi
	mov	$60, %eax
	movl	$0, TASK_STATE(%rbx)
	syscall
	ud2

	.section .note.GNU-stack, "", @progbits
