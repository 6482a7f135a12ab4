/* SPDX-License-Identifier: MIT */
/* In place of the real one, and so under its name: here the host's kernel is tests/fuzz/host.c. Every file begins with
 * it (-include). */
#ifndef SECEDE_ARCH_SYSCALL_H
#define SECEDE_ARCH_SYSCALL_H

long arch_syscall(long nr, long a, long b, long c, long d, long e, long f);

#endif
