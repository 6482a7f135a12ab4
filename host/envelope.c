/* SPDX-License-Identifier: MIT */
/* A descriptor that keeps another one open and can do nothing else (host/envelope.h). */
#include "host/envelope.h"

#include <asm/errno.h>
#include "host/host.h"
#include "host/limit.h"
#include "host/socket.h"

#define BACKLOG 1

struct address {
	u16 family;
	char name[126];
};

s32 envelope_new(void)
{
	struct address any = {.family = HOST_AF_UNIX};
	long sock = host_call3(__NR_socket, HOST_AF_UNIX, HOST_SOCK_STREAM | HOST_SOCK_CLOEXEC, 0), err;

	if (sock < 0)
		return (s32)sock;
	/* Nothing but the family: the kernel picks a name that is free. */
	err = host_call3(__NR_bind, sock, &any, sizeof(any.family));
	if (!err)
		err = host_call2(__NR_listen, sock, BACKLOG);
	if (!err)
		return (s32)sock;
	host_close((int)sock);
	return (s32)err;
}

/* Its name is the way in. */
static long connect_to(s32 envelope, s32 sock)
{
	struct address name;
	u32 len = sizeof(name);
	long err = host_call3(__NR_getsockname, envelope, &name, &len);

	if (err)
		return err;
	do
		err = host_call3(__NR_connect, sock, &name, len);
	while (err == -EINTR);
	return err;
}

int envelope_fill(s32 envelope, s32 fd)
{
	long sock = host_own_fd(__NR_socket, HOST_AF_UNIX, HOST_SOCK_STREAM | HOST_SOCK_CLOEXEC, 0, 0), err;

	if (sock < 0)
		return (int)sock;
	err = connect_to(envelope, (s32)sock);
	if (!err)
		err = host_send((s32)sock, "", 1, fd);
	host_close((int)sock);
	return (int)err;
}
