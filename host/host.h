/* SPDX-License-Identifier: MIT */
/*
 * The only way out of the runtime: calls to the host kernel. All return the result or -errno.
 * Pointers are the runtime's own memory unless a name says `guest`.
 */
#ifndef SECEDE_HOST_HOST_H
#define SECEDE_HOST_HOST_H

#include <asm/unistd.h>
#include "arch/x86_64/syscall.h"
#include "lib/types.h"

#define host_call0(nr)		      arch_syscall(nr, 0, 0, 0, 0, 0, 0)
#define host_call1(nr, a)	      arch_syscall(nr, (long)(a), 0, 0, 0, 0, 0)
#define host_call2(nr, a, b)	      arch_syscall(nr, (long)(a), (long)(b), 0, 0, 0, 0)
#define host_call3(nr, a, b, c)	      arch_syscall(nr, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define host_call4(nr, a, b, c, d)    arch_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define host_call5(nr, a, b, c, d, e) arch_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define host_call6(nr, a, b, c, d, e, f)                                                                               \
	arch_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/*
 * A call that may sleep until a signal comes. Unlike the others it is interruptible: when a
 * signal for the guest is waiting or arrives, it returns -EINTR (and notes in task->restart whether the
 * guest's SA_RESTART asks for a restart). See signal/signal.h. The current task is found by the stack.
 */
long host_call_blocking(long nr, long a, long b, long c, long d, long e, long f);

/* close(2), and a note of host/own_fds.h is struck out. */
int host_close(int fd);
static inline int host_gettid(void)
{
	return (int)host_call0(__NR_gettid);
}
static inline long host_readlinkat(int dfd, const char *path, char *buf, size_t size)
{
	return host_call4(__NR_readlinkat, dfd, path, buf, size);
}

#define HOST_RESOLVE_NO_XDEV	   0x01
#define HOST_RESOLVE_NO_MAGICLINKS 0x02
#define HOST_RESOLVE_NO_SYMLINKS   0x04
#define HOST_RESOLVE_BENEATH	   0x08
#define HOST_RESOLVE_IN_ROOT	   0x10
/* openat2(2) for ourselves (host/limit.h); -ENOSYS where the host has none. */
long host_openat2(int dfd, const char *path, u64 flags, u64 mode, u64 resolve);

__attribute__((noreturn)) void host_exit_group(int status);
/* A message on descriptor 2 and the end: for states that cannot be. */
__attribute__((noreturn)) void panic(const char *message);

#endif
