/* SPDX-License-Identifier: MIT */
/*
 * Socket addresses that are paths (unix(7)). Addresses are copied once: what is translated and what the host reads
 * is the same memory, whatever other threads write.
 */
#ifndef SECEDE_SYS_SOCKADDR_H
#define SECEDE_SYS_SOCKADDR_H

#include "kernel/task.h"

#define SOCKADDR_MAX 128 /* struct sockaddr_storage */
#define AF_UNIX	     1

/* An address as the host is to see it. */
struct host_addr {
	u32 len;
	int fd;	 /* keeps open what the address leads through; -1: nothing */
	s64 err; /* the walk failed: the address is one that is missing, see host_addr_result() */
	union {
		u16 family;
		char bytes[SOCKADDR_MAX];
	};
};

/* Copies and translates an address to connect or send to. 0, or -EINVAL, -EFAULT: nothing to release then. */
s64 host_addr_get(struct task *task, u64 uaddr, int len, struct host_addr *a);
/* The same for bind(2). */
s64 host_addr_get_new(struct task *task, u64 uaddr, int len, struct host_addr *a);
/* Ends it. What the host objected to before it looked at the path wins over the walk's error. */
s64 host_addr_result(struct host_addr *a, s64 result);

/*
 * An address that the host gave (getsockname(2)), as the guest knows it; `len` is the host's. Returns the length
 * of what is in `a` then.
 */
u32 guest_addr(struct task *task, struct host_addr *a, u32 len);

#endif
