/* SPDX-License-Identifier: MIT */
/* The host kernel's socket interface, which has no header of its own for programs without a C library. */
#ifndef SECEDE_HOST_SOCKET_H
#define SECEDE_HOST_SOCKET_H

#include "lib/types.h"

#define HOST_AF_UNIX	    1
#define HOST_SOCK_STREAM    1
#define HOST_SOCK_SEQPACKET 5
#define HOST_SOCK_CLOEXEC   02000000
#define HOST_SOL_SOCKET	    1
#define HOST_SO_PEEK_OFF    42
#define HOST_SCM_RIGHTS	    1
#define HOST_SHUT_WR	    1
#define HOST_MSG_PEEK	    0x2
#define HOST_MSG_TRUNC	    0x20
#define HOST_MSG_DONTWAIT   0x40
#define HOST_MSG_NOSIGNAL   0x4000

struct host_iovec {
	const void *base;
	size_t len;
};
struct host_msghdr {
	void *name;
	u32 namelen;
	struct host_iovec *iov;
	size_t iovlen;
	void *control;
	size_t controllen;
	u32 flags;
};
struct host_cmsg_fd { /* struct cmsghdr with one descriptor behind it */
	size_t len;
	s32 level, type;
	s32 fd;
};
#define HOST_CMSG_FD_LEN (offsetof(struct host_cmsg_fd, fd) + sizeof(s32))

/* Sends one message over `sock`, with descriptor `fd` unless that is -1. Again after signals: 0 or -errno. */
int host_send(s32 sock, const void *data, size_t len, s32 fd);

#endif
