/* SPDX-License-Identifier: MIT */
/*
 * The warden by itself: sessions without a runtime, and raw messages, well-formed and not, for tests that are linked
 * with warden/, kernel/ns/ and arena/. Each test has a session of its own.
 */
#ifndef SECEDE_TESTS_PROGRAMS_WARDEN_TALK_H
#define SECEDE_TESTS_PROGRAMS_WARDEN_TALK_H

#include <sys/socket.h>
#include <sys/stat.h>
#include "arena/arena.h"
#include "tests/spec/tap.h"
#include "warden/proto.h"
#include "warden/session.h"

static struct session session;
static struct request req;
static u64 value; /* of the last reply */

/* `fails`: REQ_FAIL works (lib/prctl.h). */
static inline void start_session(int log_fd, bool fails)
{
	static char *no_arguments[] = {NULL};
	const struct session_config config = {
	    .arena_size = ARENA_SIZE,
	    .runtime = "/nowhere/secede-runtime",
	    .log_fd = log_fd,
	    .fails = fails,
	    .argv = no_arguments,
	};
	const char *what;
	int err = session_start(&config, &session, &what);

	if (!err)
		err = session_wait(session.handle, &what);
	if (err) {
		printf("# %s: %s\n", what, strerror(-err));
		_exit(1);
	}
}

static inline void start(int log_fd)
{
	start_session(log_fd, false);
}

static inline int send_bytes(int sock, const void *data, size_t size, const int *fds, unsigned nr)
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
static inline struct reply ask(int sock, size_t size, int *kept)
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
		/* The reply and the end may come between two looks of the kernel's: then it tells of the end first. */
		if (!n)
			n = recv(pair[0], &reply, sizeof(reply), 0);
		CHECK(n == 0 || n == sizeof(reply));
	}
	*kept = pair[0];
	return reply;
}

static inline void begin(u32 op)
{
	memset(&req, 0, sizeof(req));
	req.op = op;
	req.uid = geteuid();
	req.gid = getegid();
	req.caps = CAP_FULL_SET;
	req.pid = getpid();
}

static inline size_t used(void)
{
	size_t n = offsetof(struct request, data);

	for (u32 i = 0; i < req.nr; i++)
		n += req.len[i] + 1u;
	return n;
}

static inline bool uts_is(const struct uts_ns *ns, const char *name)
{
	char nodename[UTS_LEN + 1];

	uts_read(ns, nodename, NULL);
	return !strcmp(nodename, name);
}

static inline void add(const char *s)
{
	size_t at = used() - offsetof(struct request, data);

	strcpy(req.data + at, s);
	req.len[req.nr++] = (u16)strlen(s);
}

/* Sends `size` bytes of req; *kept (may be NULL) is our end of the pair afterwards. */
static inline s64 call_sized(int handle, size_t size, int *kept)
{
	int end;
	struct reply reply = ask(handle, size, &end);

	value = reply.value;
	if (kept)
		*kept = end;
	else
		close(end);
	return reply.result;
}

static inline s64 call(void)
{
	return call_sized(session.handle, used(), NULL);
}

static inline void check_result(s64 got, s64 wanted, const char *text, int line)
{
	if (got == wanted)
		return;
	printf("# line %d: %s: got %lld, wanted %lld\n", line, text, (long long)got, (long long)wanted);
	fflush(stdout);
	_exit(1);
}
#define IS(got, wanted) check_result((got), (wanted), #got, __LINE__)

static inline const struct mount *find(const struct mnt_ns *ns, u64 parent, const char *path)
{
	return mnt_child(ns, parent, path, strlen(path));
}

/* Waits up to forty seconds for something that the warden does in its own time. */
#define SOON(condition)                                                                                                \
	do {                                                                                                           \
		for (int turn_ = 0; turn_ < 4000 && !(condition); turn_++)                                             \
			usleep(10000);                                                                                 \
		CHECK(condition);                                                                                      \
	} while (0)

static inline s64 mount_tmpfs(const char *options, const char *point)
{
	begin(REQ_MOUNT_NEW);
	req.dst = arena()->init_mnt->root;
	req.arg = 1;
	add("tmpfs");
	add("none");
	add(options);
	add(point);
	return call();
}

#endif
