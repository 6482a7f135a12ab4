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
 * Hands an address that the host gave, a->len bytes of it, to the guest as these calls do: with the room that it has at
 * `ulen`, where the true length goes. 0, -EFAULT, -EINVAL.
 */
s64 guest_addr_put(struct task *task, struct host_addr *a, u64 uaddr, u64 ulen);

/* Does it name a socket by a path? */
bool is_path_addr(const struct host_addr *a);

#endif
