/* SPDX-License-Identifier: MIT */
/* Call sites as C libraries have them, each a function. */
#ifndef SECEDE_TESTS_PROGRAMS_PATCH_H
#define SECEDE_TESTS_PROGRAMS_PATCH_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

/* A function that makes call `nr` and returns what the kernel returns. */
#define SITE(name, nr)                                                                                                 \
	long name(long, long, long, long);                                                                             \
	__asm__(".text\n.balign 64\n.globl " #name "\n" #name ":\n"                                                    \
		"	mov %rcx, %r10\n"                                                                                    \
		"	mov $" #nr ", %eax\n"                                                                          \
		"	syscall\n"                                                                                           \
		"	ret\n")
/* Where the mov of the number is. */
#define CODE(name) ((const unsigned char *)(name) + 3)

/* Does secede patch here? Not where SECEDE_PATCH_AFTER says 0, or processors have no FSGSBASE. */
static inline bool patches_are_made(bool under_secede)
{
	const char *after = getenv("SECEDE_PATCH_AFTER");

	return under_secede && (getauxval(AT_HWCAP2) & 2) && (!after || strcmp(after, "0") != 0);
}

#endif
