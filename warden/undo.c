/* SPDX-License-Identifier: MIT */
/*
 * Lists of semaphore adjustments that the host cannot keep for their tasks (sys/sem.h). Each has a holder
 * (warden/holder.c), and processes that use it, watched by pidfds: they may end in any way. When the last one has gone,
 * the holder is told to end, and nobody is served before it has: then the adjustments are in force.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "warden/warden.h"

struct user {
	struct user *next;
	s32 pid; /* the host's */
	int pidfd;
	u32 nr; /* for the loop: unlike those of all others */
};

struct list {
	struct list *next;
	u32 id;
	int holder; /* our end of its socket */
	struct user *users;
};
static struct list *all;
static u32 last_id, last_user;

static struct list *list_find(u32 id)
{
	struct list *l = all;

	while (l && l->id != id)
		l = l->next;
	return l;
}

/* ---- the holder ---- */

/* 0 or -errno. */
static int holder_start(struct list *l)
{
	int pair[2];
	pid_t pid;

	if (allocation_fails() || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return -ENOMEM;
	pid = fork();
	if (pid == 0)
		holder_run(pair[1]);
	close(pair[1]);
	if (pid < 0)
		close(pair[0]);
	l->holder = pair[0];
	return pid < 0 ? -ENOMEM : 0;
}

#define END_MS 1000 /* for a holder that somebody has stopped */

/* The host closes what a process had open after it has applied its adjustments. */
static void holder_end(const struct list *l)
{
	struct pollfd end = {.fd = l->holder, .events = POLLIN};

	shutdown(l->holder, SHUT_WR);
	poll(&end, 1, END_MS);
	close(l->holder);
}

/* ---- who uses it ---- */

static s64 user_add(struct list *l, s32 pid)
{
	struct user *u;
	int err;

	for (u = l->users; u; u = u->next)
		if (u->pid == pid)
			return 0;
	u = allocation_fails() ? NULL : calloc(1, sizeof(*u));
	if (!u)
		return -ENOMEM;
	*u = (struct user){l->users, pid, (int)syscall(SYS_pidfd_open, pid, 0), ++last_user};
	err = u->pidfd < 0 ? -errno : loop_watch_pidfd(u->pidfd, PIDFD_OF_LIST, u->nr);
	if (err) {
		if (u->pidfd >= 0)
			close(u->pidfd);
		free(u);
		return err == -ESRCH ? err : -ENOMEM;
	}
	l->users = u;
	return 0;
}

static void user_free(struct user **at)
{
	struct user *u = *at;

	*at = u->next;
	loop_forget_pidfd(u->pidfd);
	close(u->pidfd);
	free(u);
}

static bool has_ended(const struct user *u)
{
	struct pollfd pidfd = {.fd = u->pidfd, .events = POLLIN};

	return poll(&pidfd, 1, 0) == 1;
}

/* Of each list, strikes those users out whom `goes` names, and ends it if nobody is left. */
static void strike_out(bool (*goes)(const struct list *l, const struct user *u, u64 arg), u64 arg)
{
	for (struct list **at = &all, *l; (l = *at);) {
		for (struct user **u = &l->users; *u;) {
			if (goes(l, *u, arg))
				user_free(u);
			else
				u = &(*u)->next;
		}
		if (l->users) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		holder_end(l);
		free(l);
		atomic_fetch_sub(&arena()->sem_lists, 1);
	}
}

static bool is_user(const struct list *l, const struct user *u, u64 nr)
{
	return u->nr == nr;
}

void undo_event(u32 user)
{
	strike_out(is_user, user);
}

static bool is_dead(const struct list *l, const struct user *u, u64 none)
{
	return has_ended(u);
}

static bool is_any(const struct list *l, const struct user *u, u64 none)
{
	return true;
}

void undo_end(void)
{
	strike_out(is_any, 0);
}

/* `arg`: the list, and above it the process. */
static bool leaves(const struct list *l, const struct user *u, u64 arg)
{
	return l->id == (u32)arg && u->pid == (s32)(arg >> 32);
}

static bool left_behind(const struct list *l, const struct user *u, u64 arg)
{
	return l->id != (u32)arg && u->pid == (s32)(arg >> 32);
}

/* ---- requests ---- */

static s64 list_new(s32 pid)
{
	struct list *l = allocation_fails() ? NULL : calloc(1, sizeof(*l));
	s64 err;

	if (!l)
		return -ENOMEM;
	err = holder_start(l);
	if (!err) {
		err = user_add(l, pid);
		if (err)
			holder_end(l);
	}
	if (err) {
		free(l);
		return err;
	}
	l->id = ++last_id;
	l->next = all;
	all = l;
	atomic_fetch_add(&arena()->sem_lists, 1);
	return l->id;
}

/* The holder gets the message as it came, and answers it. */
static s64 pass_on(struct call *call, const struct list *l)
{
	struct iovec iov = {(void *)call->req, offsetof(struct request, data) + call->req->len[0] + 1u};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_LEN(sizeof(int)),
	};

	if (call->req->nr != 1 || call->fd < 0)
		return -EINVAL;
	memcpy(CMSG_DATA(&control.header), &call->fd, sizeof(int));
	if (sendmsg(l->holder, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS ? -ENOMEM : -EIO;
	call->answered = true;
	return 0;
}

s64 do_sem(struct call *call)
{
	u32 id = (u32)call->req->arg;
	u64 who = id | (call->req->src & UINT32_MAX) << 32;
	struct list *l = list_find(id);

	switch (call->req->flags) {
	case SEM_NEW:
		return list_new((s32)call->req->src);
	case SEM_JOIN:
		return l ? user_add(l, (s32)call->req->src) : -ESRCH;
	case SEM_LEAVE:
		strike_out(leaves, who);
		return 0;
	case SEM_KEEP:
		strike_out(left_behind, who);
		return 0;
	case SEM_SETTLE:
		strike_out(is_dead, 0);
		return 0;
	case SEM_OPERATE:
		return l ? pass_on(call, l) : -EIO;
	default:
		return -EINVAL;
	}
}
