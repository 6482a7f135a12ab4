/* SPDX-License-Identifier: MIT */
/*
 * How the command becomes a guest of a session that runs already. What a guest is born with it has to get otherwise:
 * the arena is opened through /proc, which lets the same user do so (ptrace(2), "access mode checking": it takes no
 * more than reading), and the handle is asked for at the warden's door.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "cli/attach.h"
#include "cli/cli.h"
#include "cli/join.h"
#include "warden/proto.h"

/* ---- at the door (warden/door.c) ---- */

static void must(int ret)
{
	if (ret < 0)
		die_errno("cannot ask the session's warden");
}

/* Sends the request with one end of the pair. False: nobody is there. */
static bool knock(u32 door, u64 inode, int end)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct request req = {.op = REQ_JOIN, .self_inode = inode, .pid = getpid()};
	struct iovec iov = {&req, offsetof(struct request, data)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
	struct msghdr msg = {
	    .msg_name = &name,
	    .msg_namelen = offsetof(struct sockaddr_un, sun_path) + sizeof("12345"),
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t n;

	must(sock);
	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "%05x", door - 1);
	memcpy(CMSG_DATA(&control.header), &end, sizeof(end));
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	close(sock);
	if (n < 0 && errno != ECONNREFUSED)
		die_errno("cannot ask the session's warden");
	return n >= 0;
}

/* The one answer; the host says whose it is. False: there is none. */
static bool hear(int sock, struct reply *reply, struct ucred *from)
{
	struct iovec iov = {reply, sizeof(*reply)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(*from))];
	} control;
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	c = n == sizeof(*reply) ? CMSG_FIRSTHDR(&msg) : NULL;
	if (!c || c->cmsg_type != SCM_CREDENTIALS || c->cmsg_len != CMSG_LEN(sizeof(*from)))
		return false;
	memcpy(from, CMSG_DATA(c), sizeof(*from));
	return true;
}

/* Our end of a new handle. Where the warden is dead, somebody else may have got its name: that is nobody to trust. */
static int new_handle(u32 door, u64 *inode)
{
	int pair[2], on = 1, off = 0;
	struct reply reply = {0};
	struct ucred from;
	struct stat st;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	must(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	must(fstat(pair[0], &st));
	if (!knock(door, st.st_ino, pair[1]))
		die("the session's warden is not there: it is dead, or in another network namespace of the host");
	close(pair[1]);
	if (!hear(pair[0], &reply, &from) || from.uid != geteuid())
		die("the session's warden does not answer (has the session just ended?)");
	if (reply.result < 0) {
		errno = (int)-reply.result;
		die_errno("the session's warden lets nobody in");
	}
	must(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &off, sizeof(off)));
	*inode = st.st_ino;
	return pair[0];
}

/* ---- the session ---- */

/* Whoever has a descriptor on it counts as one of the session: from here on that is right. */
static int open_arena(const struct session *s)
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_ino != s->ino || st.st_dev != s->dev)
		die("the session of process %d has just ended", s->guest);
	return fd;
}

/* The runtime that the session was started with. */
static int open_its_runtime(const struct session *s)
{
	char path[sizeof(arena()->runtime)];
	int fd;

	if (!session_read(s, path, arena()->runtime, sizeof(path)))
		die("cannot read the session");
	path[sizeof(path) - 1] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die_errno("cannot open the session's runtime, %s", path);
	return fd;
}

/* Host paths and numbers in the session's memory mean what they mean for its guests. */
static void check_view(const struct session *s)
{
	static const struct {
		const char *name, *what;
	} views[] = {
	    {"ns/mnt", "another mount namespace"},
	    {"ns/pid", "another pid namespace"},
	    {"ns/user", "another user namespace"},
	    {"root", "another root directory"},
	};
	char path[64];
	struct stat ours, theirs;

	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		snprintf(path, sizeof(path), "/proc/self/%s", views[i].name);
		if (stat(path, &ours) != 0)
			continue; /* a kernel without them */
		snprintf(path, sizeof(path), "/proc/%d/%s", s->guest, views[i].name);
		if (stat(path, &theirs) != 0)
			die_errno("cannot look at process %d", s->guest);
		if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev)
			die("process %d has %s of the host's: join it from in there", s->guest, views[i].what);
	}
}

#define START_MS 3000

/* A session that is being started has no door yet. */
static u32 wait_for_door(struct session *s)
{
	u32 door;

	for (int waited = 0;; waited++) {
		if (!session_read(s, &door, &arena()->door, sizeof(door)) ||
		    !session_read(s, &s->warden, &arena()->warden, sizeof(s->warden)))
			die("cannot read the session");
		if (!session_is_kept(s))
			die("the warden of this session is dead: nobody can join it any more");
		if (s->warden && door)
			break;
		if (waited == START_MS)
			die("the session of process %d does not get started", s->guest);
		usleep(1000);
	}
	if (door == DOOR_NONE)
		die("this session cannot be joined: the host gave its warden no socket");
	return door;
}

void join_session(struct session *s)
{
	struct attach_args args;
	u32 door, patch_after;
	int runtime;

	/* Its memory would say what we execute. */
	if (s->owner != geteuid())
		die("the session of process %d is another user's", s->guest);
	check_view(s);
	door = wait_for_door(s);
	if (!session_read(s, &patch_after, &arena()->patch_after, sizeof(patch_after)))
		die("cannot read the session");
	attach_begin(&args);
	args.patches = patch_after;
	args.handle = move_up(new_handle(door, &args.handle_inode), args.fd_base);
	args.arena_fd = move_up(open_arena(s), args.fd_base);
	runtime = open_its_runtime(s);
	attach_end(runtime, &args);
}
