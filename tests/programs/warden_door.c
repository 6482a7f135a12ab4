/* SPDX-License-Identifier: MIT */
/*
 * The warden's door by itself: who is let in, who is not, and that nobody who knocks does harm. Linked with the warden,
 * like warden_proto.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "tests/programs/warden_talk.h"

#define HEAD offsetof(struct request, data)

static int door;

/* A session, and a socket that sends to its door. */
static void start_at_door(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	start(-1);
	while (!atomic_load(&arena()->door))
		usleep(1000);
	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "%05x", atomic_load(&arena()->door) - 1);
	door = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK_OK(connect(door, (struct sockaddr *)&name, offsetof(struct sockaddr_un, sun_path) + sizeof("12345")));
}

static s64 knock(u32 op, size_t size)
{
	s64 result;
	int kept;

	req = (struct request){.op = op, .pid = getpid()};
	result = ask(door, size, &kept).result;
	close(kept);
	return result;
}

static void what_one_gets(void)
{
	const struct handle *h;
	s64 index;
	int kept;

	start_at_door();
	req = (struct request){.op = REQ_JOIN};
	index = ask(door, HEAD, &kept).result;
	CHECK(index >= 0);
	h = handle_at((u32)index);
	CHECK(h->kind == 0 && h->mnt == arena()->init_mnt && h->uts == arena()->init_uts &&
	      h->user == arena()->init_user);
	/* It is a handle like any other, and keeps the session when the first one has gone. */
	close(session.handle);
	req = (struct request){.op = REQ_SETNAME, .caps = CAP_FULL_SET, .uid = geteuid(), .nr = 1, .len = {3}};
	strcpy(req.data, "box");
	CHECK(ask(kept, HEAD + 4, &door).result == 0);
	close(kept);
	for (int i = 0; i < 4000 && kill((pid_t)arena()->warden, 0) == 0; i++)
		usleep(10000);
	CHECK(kill((pid_t)arena()->warden, 0) < 0);
}

static void nonsense(void)
{
	int fds[8], other;

	start_at_door();
	for (u32 op = 0; op < 64; op++)
		CHECK(op == REQ_JOIN || knock(op, HEAD) == -EINVAL);
	CHECK(knock(REQ_JOIN, HEAD - 1) == -EINVAL);
	CHECK(knock(REQ_JOIN, HEAD + 1) == -EINVAL);
	CHECK(knock(REQ_JOIN, 0) == -EINVAL);
	/* An inode that is known already; a descriptor that is none of a socket, or several, or none. */
	req = (struct request){.op = REQ_JOIN, .self_inode = session.handle_inode};
	CHECK(ask(door, HEAD, &other).result == -EINVAL);
	req = (struct request){.op = REQ_JOIN, .self_inode = 4711};
	for (int i = 0; i < 8; i++)
		fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
	CHECK_OK(send_bytes(door, &req, HEAD, fds, 1));
	CHECK_OK(send_bytes(door, &req, HEAD, fds, 8));
	CHECK_OK(send_bytes(door, &req, HEAD, NULL, 0));
	CHECK(knock(REQ_JOIN, HEAD) >= 0);
}

static void random_messages(void)
{
	struct rlimit few = {64, 64};
	int pair[2];

	start_at_door();
	CHECK_OK(prlimit((pid_t)arena()->warden, RLIMIT_NOFILE, &few, NULL));
	CHECK_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	srandom(1);
	for (int round = 0; round < 3000; round++) {
		for (size_t i = 0; i < HEAD / sizeof(int); i++)
			((int *)&req)[i] = (int)random();
		req.op = round % 2 ? REQ_JOIN : (u32)random() % 32;
		CHECK_OK(send_bytes(door, &req, (size_t)random() % (HEAD + 100), pair, (unsigned)random() % 3));
	}
	CHECK(knock(REQ_JOIN, HEAD) >= 0);
}

static void thousands(void)
{
	start_at_door();
	for (int i = 0; i < 3000; i++)
		CHECK(knock(REQ_JOIN, HEAD) >= 0);
	CHECK(arena()->nr_handles < 100);
}

static void another_user(void)
{
	struct ucred lie = {.pid = getpid(), .uid = 0, .gid = 0};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(lie))];
	} control = {
	    .header = {.cmsg_len = CMSG_LEN(sizeof(lie)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS}};
	struct iovec iov = {&req, HEAD};
	struct msghdr msg = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	int status;

	start_at_door();
	if (geteuid() != 0) {
		printf("# not run by root: nobody else is there to knock\n");
		return;
	}
	if (fork() == 0) {
		if (setgid(54321) != 0 || setuid(54321) != 0)
			_exit(2);
		memcpy(CMSG_DATA(&control.header), &lie, sizeof(lie));
		_exit(knock(REQ_JOIN, HEAD) == -EPERM && sendmsg(door, &msg, 0) < 0 && errno == EPERM ? 0 : 1);
	}
	CHECK(wait(&status) > 0 && status == 0);
	CHECK(knock(REQ_JOIN, HEAD) >= 0);
}

static void nobody_there(void)
{
	start_at_door();
	kill((pid_t)arena()->warden, SIGKILL);
	while (knock(REQ_JOIN, HEAD) != -EIO)
		;
}

static const struct test tests[] = {
    {"one gets a handle on the first namespaces, which keeps the session", what_one_gets},
    {"nonsense is EINVAL", nonsense},
    {"random messages do no harm", random_messages},
    {"handles of those who have left are free again", thousands},
    {"another user gets none, whatever he says", another_user},
    {"who knocks where the warden is dead waits for nothing", nobody_there},
};

int main(void)
{
	return RUN_TESTS(tests);
}
