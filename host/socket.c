/* SPDX-License-Identifier: MIT */
/* Messages over the host's sockets (host/socket.h). */
#include "host/socket.h"

#include <asm/errno.h>
#include "host/host.h"

int host_send(s32 sock, const void *data, size_t len, s32 fd)
{
	struct host_iovec iov = {data, len};
	struct host_cmsg_fd control = {HOST_CMSG_FD_LEN, HOST_SOL_SOCKET, HOST_SCM_RIGHTS, fd};
	struct host_msghdr msg = {.iov = &iov, .iovlen = 1};
	long ret;

	if (fd >= 0) {
		msg.control = &control;
		msg.controllen = sizeof(control);
	}
	do
		ret = host_call3(__NR_sendmsg, sock, &msg, HOST_MSG_NOSIGNAL);
	while (ret == -EINTR);
	return ret < 0 ? (int)ret : 0;
}
