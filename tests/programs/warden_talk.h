/* SPDX-License-Identifier: MIT */
/* Raw messages to a warden, well-formed and not, for tests that are linked with it. */
#ifndef SECEDE_TESTS_PROGRAMS_WARDEN_TALK_H
#define SECEDE_TESTS_PROGRAMS_WARDEN_TALK_H

#include <sys/socket.h>
#include <sys/stat.h>
#include "tests/spec/tap.h"
#include "warden/proto.h"

static struct request req;

static int send_bytes(int sock, const void *data, size_t size, const int *fds, unsigned nr)
{
	struct iovec iov = {(void *)data, size};
	char control[CMSG_SPACE(8 * sizeof(int))] = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c = (struct cmsghdr *)control;

	if (nr) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_LEN(nr * sizeof(int));
		c->cmsg_len = msg.msg_controllen;
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		memcpy(CMSG_DATA(c), fds, nr * sizeof(int));
	}
	return sendmsg(sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Sends `size` bytes of req with one end of a fresh pair, of which *kept is the other. -EIO: nobody answered. */
static struct reply ask(int sock, size_t size, int *kept)
{
	struct reply reply = {-EIO, 0};
	struct stat st;
	int pair[2], err;
	ssize_t n;

	CHECK_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	CHECK_OK(fstat(pair[0], &st));
	if (!req.self_inode)
		req.self_inode = st.st_ino;
	err = send_bytes(sock, &req, size, &pair[1], 1);
	close(pair[1]);
	if (!err) {
		n = recv(pair[0], &reply, sizeof(reply), 0);
		CHECK(n == 0 || n == sizeof(reply));
	}
	*kept = pair[0];
	return reply;
}

#endif
