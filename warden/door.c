/* SPDX-License-Identifier: MIT */
/*
 * The door: how somebody comes into the session who is no descendant of its guests (secede enter). It is a datagram
 * socket with a name that the host chose, which stands in the arena. On it a process asks for a handle (REQ_JOIN); the
 * host says with each message whose it is, so nobody needs to be believed. There are no connections, so nothing
 * stays of somebody who is refused, or goes away.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "warden/warden.h"

static int door = -1;

/* Binds to a name that nobody else has: five hexadecimal digits in the abstract namespace (unix(7)). */
static bool bind_to_any(int fd, u32 *number)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(name);

	if (bind(fd, (struct sockaddr *)&name, sizeof(name.sun_family)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&name, &len) != 0)
		return false;
	name.sun_path[sizeof(name.sun_path) - 1] = '\0';
	*number = (u32)strtoul(name.sun_path + 1, NULL, 16);
	return len == offsetof(struct sockaddr_un, sun_path) + sizeof("12345");
}

int door_open(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
	u32 number = 0;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0 && bind_to_any(fd, &number))
		door = fd;
	else if (fd >= 0)
		close(fd);
	atomic_store(&arena()->door, door >= 0 ? 1 + number : DOOR_NONE);
	return door;
}

void door_close(void)
{
	if (door >= 0)
		close(door);
	door = -1;
}

/* One message, with the descriptor that came with it (-1: none), and whose it is. */
static ssize_t receive(struct request *req, int *fd, struct ucred *from)
{
	struct iovec iov = {req, sizeof(*req)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(*from)) + CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(sizeof(*from)) + CMSG_LEN(sizeof(int)),
	};
	ssize_t n = recvmsg(door, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*fd = -1;
	*from = (struct ucred){.uid = (uid_t)-1};
	if (n < 0)
		return n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
			memcpy(fd, CMSG_DATA(c), sizeof(int));
		if (c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len == CMSG_LEN(sizeof(*from)))
			memcpy(from, CMSG_DATA(c), sizeof(*from));
	}
	return n;
}

/* The handle that everybody comes in with is on the session's first namespaces. The index, or -errno. */
static s64 admit(struct call *call, ssize_t len, const struct ucred *from)
{
	struct ns_set set;

	if (from->uid != arena()->uid)
		return -EPERM;
	if (len != offsetof(struct request, data) || call->req->op != REQ_JOIN)
		return -EINVAL;
	set = (struct ns_set){
	    .mnt = mnt_ns_get(arena()->init_mnt),
	    .uts = uts_ns_get(arena()->init_uts),
	    .user = user_ns_get(arena()->init_user),
	};
	return call_publish(call, &set);
}

void door_serve(void)
{
	static struct request req;
	struct call call = {.req = &req};
	struct reply reply = {0};
	struct ucred from;
	ssize_t len = receive(&req, &call.fd, &from);

	/* Who wants no answer gets no handle. */
	if (call.fd < 0)
		return;
	reply.result = admit(&call, len, &from);
	send(call.fd, &reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!call.fd_taken)
		close(call.fd);
}
