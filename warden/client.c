/* SPDX-License-Identifier: MIT */
/*
 * The guest's side of warden/proto.h. A request waits for its reply and for the warden's death at
 * the same time, so it never waits in vain. Guest signals arrive at any time and are deferred by
 * the runtime: -EINTR only ever means "again".
 */
#include <asm/errno.h>
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include "arena/arena.h"
#include "host/envelope.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/own_fds.h"
#include "host/socket.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/sleep.h"
#include "warden/client.h"

static long again(long nr, long a, long b, long c, long d)
{
	long ret;

	do
		ret = arch_syscall(nr, a, b, c, d, 0, 0);
	while (ret == -EINTR);
	return ret;
}

/* ---- building a request ---- */

static void init_from_cred(struct request *req, u32 op, const struct cred *cred)
{
	memset(req, 0, offsetof(struct request, data));
	req->op = op;
	req->uid = cred->euid;
	req->gid = cred->egid;
	req->caps = cred->cap_effective;
	req->pid = (s32)host_call0(__NR_getpid);
}

void request_init(struct request *req, u32 op, const struct task *task)
{
	init_from_cred(req, op, task->cred);
}

static size_t data_used(const struct request *req)
{
	size_t used = 0;

	for (u32 i = 0; i < req->nr; i++)
		used += req->len[i] + 1u;
	return used;
}

bool request_add(struct request *req, const char *s, size_t len)
{
	size_t used = data_used(req);

	if (req->nr == REQ_STRINGS || len >= REQ_DATA - used)
		return false;
	memcpy(req->data + used, s, len);
	req->data[used + len] = '\0';
	req->len[req->nr++] = (u16)len;
	return true;
}

/* ---- sending it ---- */

void warden_post(const struct task *task, struct request *req)
{
	arch_syscall(__NR_sendto, task->nsproxy->handle, (long)req,
		     (long)(offsetof(struct request, data) + data_used(req)), HOST_MSG_DONTWAIT | HOST_MSG_NOSIGNAL, 0,
		     0);
}

#define IN_FLIGHT_MS 5000

/* The host counts descriptors that are on their way, by user, against RLIMIT_NOFILE: when there are too many, the
 * warden will have taken some of them in a moment. */
static int send_patiently(int handle, const void *data, size_t len, int fd)
{
	struct pollfd end = {.fd = handle};
	u32 waited;
	int err;

	for (waited = 0;; waited++) {
		struct {
			s64 sec, nsec;
		} a_moment = {0, 1000000};

		err = host_send(handle, data, len, fd);
		if (err != -ETOOMANYREFS || waited == IN_FLIGHT_MS)
			return err;
		host_call5(__NR_ppoll, &end, 1, &a_moment, NULL, 0);
	}
}

/* Sends `req`, with descriptor `fd` unless it is -1. 0, or -errno: -EIO when nobody listens. */
static int send_request(int handle, struct request *req, int fd)
{
	int err = send_patiently(handle, req, offsetof(struct request, data) + data_used(req), fd);

	if (!err)
		return 0;
	return err == -ENOMEM || err == -ENOBUFS || err == -ETOOMANYREFS ? -ENOMEM : -EIO;
}

/* Waits for the one reply. A dead warden shows as the end of the reply socket, or, when some
 * process forked between still holds the other end of that, as a hang-up of the handle. */
static s64 receive_reply(int handle, int sock, u64 *value)
{
	struct pollfd fds[2] = {{.fd = sock, .events = POLLIN}, {.fd = handle}};
	struct reply reply;
	long n;

	again(__NR_ppoll, (long)fds, 2, 0, 0);
	n = arch_syscall(__NR_recvfrom, sock, (long)&reply, sizeof(reply), HOST_MSG_DONTWAIT, 0, 0);
	/* It was answered before a byte of ours could be read: that is told once, before the answer. */
	if (n == -ECONNRESET)
		n = arch_syscall(__NR_recvfrom, sock, (long)&reply, sizeof(reply), HOST_MSG_DONTWAIT, 0, 0);
	if (n != sizeof(reply))
		return -EIO;
	if (value)
		*value = reply.value;
	return reply.result;
}

static s64 call_on_pair(int handle, struct request *req, const s32 pair[2], u64 *value)
{
	s64 err = send_request(handle, req, pair[1]);

	host_close(pair[1]); /* the warden has it now, or nobody */
	return err ? err : receive_reply(handle, pair[0], value);
}

static u64 socket_inode(s32 fd)
{
	struct stat st;

	return host_call2(__NR_fstat, fd, &st) == 0 ? st.st_ino : 0;
}

static s64 new_pair(s32 pair[2])
{
	return host_own_pair(HOST_AF_UNIX, HOST_SOCK_SEQPACKET | HOST_SOCK_CLOEXEC, pair);
}

s64 warden_call(const struct task *task, struct request *req, u64 *value)
{
	s32 pair[2];
	s64 ret = new_pair(pair);

	if (ret < 0)
		return ret;
	ret = call_on_pair(task->nsproxy->handle, req, pair, value);
	host_close(pair[0]);
	return ret;
}

/* The same, but our end of the pair stays open: *held, of which the request tells the inode unless it names another. -1
 * when the result is negative. */
static s64 call_held(int via, struct request *req, s32 *held)
{
	s32 pair[2];
	s64 ret = new_pair(pair);

	*held = -1;
	if (ret < 0)
		return ret;
	if (!req->self_inode)
		req->self_inode = socket_inode(pair[0]);
	ret = call_on_pair(via, req, pair, NULL);
	if (ret < 0)
		host_close(pair[0]);
	else
		*held = pair[0];
	return ret;
}

s64 warden_call_held(const struct task *task, struct request *req, s32 *held)
{
	return call_held(task->nsproxy->handle, req, held);
}

void warden_let_go(const struct task *task, s32 held, bool wait)
{
	/* Closing is not enough: a child that another thread has forked meanwhile has a copy. */
	host_call2(__NR_shutdown, held, HOST_SHUT_WR);
	if (wait)
		receive_reply(task->nsproxy->handle, held, NULL);
	host_close(held);
}

s64 warden_show_tree(const struct task *task, int fd)
{
	struct request req;

	request_init(&req, REQ_SHOW_TREE, task);
	return send_request(task->nsproxy->handle, &req, fd);
}

#define TELL_MS 1000

s64 warden_tell(const struct task *task, struct request *req)
{
	static const s64 a_moment[2] = {0, 1000000};
	s64 ret = warden_call(task, req, NULL);

	for (u32 tried = 0; tried < TELL_MS && (ret == -ENOMEM || ret == -EMFILE || ret == -ENFILE); tried++) {
		host_call2(__NR_nanosleep, a_moment, NULL);
		ret = warden_call(task, req, NULL);
	}
	return ret;
}

s64 warden_call_interruptible(struct task *task, struct request *req)
{
	struct pollfd fds[2] = {{.events = POLLIN}, {.fd = task->nsproxy->handle}};
	s32 pair[2];
	s64 ret = new_pair(pair);

	if (ret < 0)
		return ret;
	ret = send_request(task->nsproxy->handle, req, pair[1]);
	host_close(pair[1]);
	fds[0].fd = pair[0];
	if (!ret && host_call_sleeping(task, __NR_ppoll, (u64[SYS_ARGS]){(u64)(uintptr_t)fds, 2}) == -EINTR) {
		host_send(pair[0], "", 1, -1);
		/* semop(2) is not started again, whatever the handler's flags. */
		task->restart = RESTART_NONE;
	}
	if (!ret)
		ret = receive_reply(task->nsproxy->handle, pair[0], NULL);
	host_close(pair[0]);
	return ret;
}

/* ---- requests that make a handle ---- */

/* Moves a descriptor to where guests do not look. Where the limits leave no room it stays at a number of the guest's.
 */
static s32 move_out_of_the_way(s32 fd, u64 inode)
{
	s64 moved = host_own_handle(fd, mm.fd_base, inode);

	if (moved < 0)
		moved = host_own_handle(fd, 0, inode);
	host_close(fd);
	return (s32)moved;
}

static s64 call_for_handle(int via, struct request *req, s32 *handle, u64 *inode)
{
	s32 held;
	s64 ret;

	*handle = -1;
	own_fds_reclaim();
	ret = call_held(via, req, &held);
	if (ret < 0)
		return ret;
	if (ret >= HANDLES_MAX) {
		host_close(held);
		return -EIO;
	}
	arena_see();
	*handle = move_out_of_the_way(held, req->self_inode);
	*inode = req->self_inode;
	return *handle < 0 ? *handle : ret;
}

s64 warden_call_handle(const struct task *task, struct request *req, s32 *handle, u64 *inode)
{
	return call_for_handle(task->nsproxy->handle, req, handle, inode);
}

s64 warden_open_context(const struct task *task, struct request *req, s32 *fd)
{
	s64 ret = warden_call_held(task, req, fd);

	if (ret < 0)
		return ret;
	ret = host_call3(__NR_fcntl, *fd, F_SETFL, O_NONBLOCK);
	if (ret < 0)
		host_close(*fd);
	else
		fd_give(*fd);
	return ret;
}

s64 warden_open_ns(const struct task *task, struct request *req, s32 *fd, u64 *inode)
{
	s32 held, envelope = envelope_new();
	s64 ret;

	if (envelope < 0)
		return envelope;
	req->self_inode = socket_inode(envelope);
	ret = warden_call_held(task, req, &held);
	if (ret >= 0) {
		ret = envelope_fill(envelope, held);
		host_close(held);
	}
	if (ret < 0) {
		host_close(envelope);
		return ret;
	}
	*fd = envelope;
	*inode = req->self_inode;
	return 0;
}

int warden_new_namespaces(struct nsproxy *old, const struct cred *cred, u64 flags, struct nsproxy **out)
{
	struct nsproxy *new = kzalloc(sizeof(*new));
	const struct handle *h;
	struct request req;
	s64 index;

	if (!new)
		return -ENOMEM;
	init_from_cred(&req, REQ_UNSHARE, cred);
	req.flags = (u32)flags;
	index = call_for_handle(old->handle, &req, &new->handle, &new->inode);
	if (index < 0) {
		kfree(new);
		return (int)index;
	}
	new->users = 1;
	h = handle_at((u32)index);
	new->mnt = h->mnt;
	new->uts = h->uts;
	new->user = h->user;
	*out = new;
	return 0;
}

void warden_close_handle(const struct nsproxy *ns, const struct files_struct *files)
{
	/* A vfork child's contexts are released by its parent, where the number is something else. */
	if (socket_inode(ns->handle) == ns->inode)
		own_fds_close_handle(files, ns->handle, ns->inode);
}

/* ---- the log ---- */

#define LOG_LINE 1024

void guest_log(const struct task *task, const char *format, ...)
{
	char line[LOG_LINE];
	struct request req;
	struct fmt out;
	va_list args;

	if (!arena()->logging)
		return;
	fmt_init(&out, line, sizeof(line));
	va_start(args, format);
	fmt_vprint(&out, format, args);
	va_end(args);
	request_init(&req, REQ_LOG, task);
	request_add(&req, line, MIN(out.len, sizeof(line) - 1));
	send_request(task->nsproxy->handle, &req, -1);
}
