/* SPDX-License-Identifier: MIT */
/*
 * The event loop: one socket a handle. A hang-up means that the last process which held the
 * handle has gone, however it went.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "warden/warden.h"

static int epoll_fd;
static int *sockets; /* of each handle in use, our end */
static u32 nr_sockets, sockets_max, sockets_cap;

/* Descriptors that handles must leave: the loop's own, one that comes with a message, those of storage. */
#define SPARE 16

static u32 descriptors_for_handles(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= HANDLES_MAX + SPARE)
		return HANDLES_MAX;
	return limit.rlim_cur > 2 * SPARE ? (u32)limit.rlim_cur - SPARE : (u32)limit.rlim_cur / 2;
}

/* Makes room for that index. */
static bool sockets_grow(u32 index)
{
	u32 cap = ALIGN_UP(index + 1, HANDLES_CHUNK);
	int *more = index < sockets_cap ? sockets : warden_realloc(sockets, cap * sizeof(*sockets));

	if (!more)
		return false;
	sockets = more;
	sockets_cap = MAX(sockets_cap, cap);
	return true;
}

int loop_watch(int fd, u32 index)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = index};

	if (nr_sockets >= sockets_max || !sockets_grow(index))
		return -ENOSPC;
	if (allocation_fails())
		return -ENOMEM;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return -errno;
	sockets[index] = fd;
	nr_sockets++;
	return 0;
}

/* The epoll data of a pidfd: the number, and above it what it is of. */
#define USE_SHIFT	   32
#define USE_OF_DOOR	   255
#define USE_OF_INOTIFY	   254
#define USE_OF_HOST_MOUNTS 253

int loop_watch_pidfd(int pidfd, enum pidfd_use use, u32 nr)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (u64)use << USE_SHIFT | nr};

	if (allocation_fails())
		return -ENOMEM;
	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pidfd, &event) == 0 ? 0 : -errno;
}

void loop_forget_pidfd(int pidfd)
{
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, pidfd, NULL);
}

int loop_watch_dcache(int inotify, int mounts)
{
	struct epoll_event changes = {.events = EPOLLIN, .data.u64 = (u64)USE_OF_INOTIFY << USE_SHIFT};
	struct epoll_event remounts = {.events = EPOLLPRI, .data.u64 = (u64)USE_OF_HOST_MOUNTS << USE_SHIFT};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, inotify, &changes) != 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, mounts, &remounts) != 0)
		return -errno;
	return 0;
}

/* Without one the session goes on as well. */
static void watch_door(void)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (u64)USE_OF_DOOR << USE_SHIFT};
	int fd = door_open();

	if (fd >= 0)
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

void loop_tell(const struct handle *h, const char *text)
{
	for (u32 i = 0; i < arena()->nr_handles; i++) {
		if (handle_at(i) == h)
			send(sockets[i], text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

bool loop_hung_up(u32 index)
{
	struct pollfd end = {.fd = sockets[index]};

	return poll(&end, 1, 0) == 1 && (end.revents & POLLHUP);
}

static void forget(u32 index)
{
	int sock = sockets[index];

	/* Closing is not enough: a child that removes storage has a copy, and epoll watches what both stand for. */
	epoll_ctl(epoll_fd, EPOLL_CTL_DEL, sock, NULL);
	nr_sockets--;
	handle_release(index);
	/* Last: by that the guest may see that all of it has been done. */
	shutdown(sock, SHUT_RDWR);
	close(sock);
}

/* One message with the one descriptor that there is room for (the kernel drops further ones);
 * *fd is -1 when there is none. Length, 0 at the end, -1 when nothing is there. */
static ssize_t receive(int sock, struct request *req, int *fd)
{
	struct iovec iov = {req, sizeof(*req)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_LEN(sizeof(int)),
	};
	struct cmsghdr *c;
	ssize_t n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	*fd = -1;
	/* The guest died before it had read all: that is told once, before what it had sent. */
	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -1;
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd, CMSG_DATA(c), sizeof(int));
	return n;
}

/* Serves one message; false when there was none. */
static bool serve_one(u32 index)
{
	static struct request req;
	int fd;
	ssize_t n = receive(sockets[index], &req, &fd);
	bool kept = n > 0 && request_serve(index, &req, (size_t)n, fd);

	if (fd >= 0 && !kept)
		close(fd);
	return n > 0;
}

static void serve(const struct epoll_event *event)
{
	u32 index = event->data.u32;

	switch (event->data.u64 >> USE_SHIFT) {
	case PIDFD_OF_NUMBER:
		pids_event((s32)index);
		return;
	case PIDFD_OF_LIST:
		undo_event(index);
		return;
	case USE_OF_DOOR:
		door_serve();
		return;
	case USE_OF_INOTIFY:
		dcache_settle();
		return;
	case USE_OF_HOST_MOUNTS:
		dcache_host_mounts_changed();
		return;
	}
	/* A guest that shuts its own handle down has ended it as well. */
	if (!(event->events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR))) {
		serve_one(index);
		return;
	}
	/* What was said before the end still counts (a line for the log). */
	while (serve_one(index))
		;
	forget(index);
}

/* Of two times from now in milliseconds, of which -1 is never. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

void warden_run(int first_socket, u32 first_handle)
{
	struct epoll_event events[64];
	int n;

	arena_reserve();
	sockets_max = descriptors_for_handles();
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd >= 0)
		loop_watch(first_socket, first_handle);
	watch_door();
	dcache_start();
	while (nr_sockets) {
		n = epoll_wait(epoll_fd, events, ARRAY_SIZE(events), sooner(pids_tick(), dcache_tick()));
		for (int i = 0; i < n; i++)
			serve(&events[i]);
	}
	door_close();
	undo_end();
	storage_end();
	log_stats();
	_exit(0);
}
