/* SPDX-License-Identifier: MIT */
/* A call site between what sets all registers and what looks at them: once for each program. */
#ifndef SECEDE_TESTS_PROGRAMS_PATCH_REGS_H
#define SECEDE_TESTS_PROGRAMS_PATCH_REGS_H

#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include "tests/spec/tap.h"

#define CF 0x001
#define PF 0x004
#define ZF 0x040
#define SF 0x080
#define DF 0x400
#define OF 0x800

/* Before the call and behind it; what is compared with memory needs no register. */
uint64_t regs_in[16], regs_out[16];
uint64_t xmm_in[32], xmm_out[32];
uint64_t flags_in, flags_out, stack_before, stack_behind, red_zone;

void call_with_registers(void);
extern unsigned char regs_site[], regs_behind[];

/* `site`: instructions that end with a call of getuid. In the order rbx rdx rsi rdi rbp r8 r9 r10 r12 r13 r14 r15;
 * behind the call also rax rcx r11. */
#define REGISTERS_SITE(site)                                                                                           \
	__asm__(".text\n"                                                                                              \
		".globl call_with_registers, regs_site, regs_behind\n"                                                 \
		"call_with_registers:\n"                                                                               \
		"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"                                  \
		"	.set n, 0\n"                                                                                         \
		"	.irp r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"                                                     \
		"	movups xmm_in+16*\\r(%rip), %xmm\\r\n"                                                               \
		"	.endr\n"                                                                                             \
		"	mov regs_in(%rip), %rbx; mov regs_in+8(%rip), %rdx; mov regs_in+16(%rip), %rsi\n"                    \
		"	mov regs_in+24(%rip), %rdi; mov regs_in+32(%rip), %rbp; mov regs_in+40(%rip), %r8\n"                 \
		"	mov regs_in+48(%rip), %r9; mov regs_in+56(%rip), %r10; mov regs_in+64(%rip), %r12\n"                 \
		"	mov regs_in+72(%rip), %r13; mov regs_in+80(%rip), %r14; mov regs_in+88(%rip), %r15\n"                \
		"	mov %rsp, stack_before(%rip)\n"                                                                      \
		"	push flags_in(%rip); popf\n"                                                                         \
		"	movq $0x5ead, -8(%rsp)\n"                                                                            \
		"	movq $0x5eaf, -128(%rsp)\n"                                                                          \
		"	nop\n"                                                                                               \
		"regs_site:\n" site "regs_behind:\n"                                                                   \
		"	mov %rsp, stack_behind(%rip)\n"                                                                      \
		"	mov %rbx, regs_out(%rip); mov %rdx, regs_out+8(%rip); mov %rsi, regs_out+16(%rip)\n"                 \
		"	mov %rdi, regs_out+24(%rip); mov %rbp, regs_out+32(%rip); mov %r8, regs_out+40(%rip)\n"              \
		"	mov %r9, regs_out+48(%rip); mov %r10, regs_out+56(%rip); mov %r12, regs_out+64(%rip)\n"              \
		"	mov %r13, regs_out+72(%rip); mov %r14, regs_out+80(%rip); mov %r15, regs_out+88(%rip)\n"             \
		"	mov %rax, regs_out+96(%rip); mov %rcx, regs_out+104(%rip); mov %r11, regs_out+112(%rip)\n"           \
		"	mov -8(%rsp), %rax\n"                                                                                \
		"	mov -128(%rsp), %rcx\n"                                                                              \
		"	lea (%rax,%rcx), %rax\n"                                                                             \
		"	mov %rax, red_zone(%rip)\n"                                                                          \
		"	pushf; pop flags_out(%rip)\n"                                                                        \
		"	cld\n"                                                                                               \
		"	.irp r, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"                                                     \
		"	movups %xmm\\r, xmm_out+16*\\r(%rip)\n"                                                              \
		"	.endr\n"                                                                                             \
		"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"                                        \
		"	ret\n")

static void check_registers(int rounds)
{
	static const uint64_t flags[] = {0x202, 0x202 | CF | OF, 0x202 | ZF | PF, 0x202 | SF | DF,
					 0x202 | OF | DF | SF};
	int round, i;

	for (round = 0; round < rounds; round++) {
		for (i = 0; i < 12; i++)
			regs_in[i] = 0x1234567800000000u * (unsigned)(i + 1) + (unsigned)round;
		for (i = 0; i < 32; i++)
			xmm_in[i] = 0x0102030405060708u * (unsigned)(i + 1) + (unsigned)round;
		flags_in = flags[round % 5];
		call_with_registers();
		CHECK(!memcmp(regs_in, regs_out, 12 * sizeof(regs_in[0])));
		CHECK(!memcmp(xmm_in, xmm_out, sizeof(xmm_in)));
		CHECK(regs_out[12] == getuid());
		CHECK(regs_out[13] == (uintptr_t)regs_behind);
		CHECK(regs_out[14] == flags_in);
		CHECK(flags_out == flags_in);
		CHECK(stack_before == stack_behind);
		CHECK(red_zone == 0x5ead + 0x5eaf);
	}
}

#endif
