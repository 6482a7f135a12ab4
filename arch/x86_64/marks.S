/* SPDX-License-Identifier: MIT */
/*
 * Marks (sys/runtime.h): a tracer in the session, which lets the host stop its tracee at system calls, knows these
 * three by their addresses. The call itself is one that means nothing.
 */
#define MARK_CALL 39 /* getpid */

	.text
.macro mark name
	.globl \name, \name\()_call, \name\()_done
	.hidden \name, \name\()_call, \name\()_done
\name:
	mov	$MARK_CALL, %eax
\name\()_call:
	syscall
\name\()_done:
	ret
.endm

	mark	arch_end_mark
	mark	arch_entry_mark
	mark	arch_exec_mark
	.section .note.GNU-stack, "", @progbits
