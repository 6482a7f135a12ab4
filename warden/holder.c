/* SPDX-License-Identifier: MIT */
/*
 * The holder of a list of semaphore adjustments: a process whose own list at the host it is. It makes its guests'
 * operations with SEM_UNDO, each that has to wait in a thread of its own (threads share the list), and ends when the
 * warden closes the socket or has gone. A guest that gets a signal sends a byte, and one that dies closes its end: then
 * the thread is interrupted, and says what came of it.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "warden/warden.h"

#define CONTROL	 3 /* our end of the socket to the warden */
#define OPS_MAX	 500
#define AGAIN_MS 1 /* a signal may come just before the call that it is to interrupt */

struct operation {
	struct operation *next;
	int reply; /* descriptor of the guest's */
	pthread_t thread;
	bool interrupted;
	_Atomic bool done;
	int set;
	unsigned nr;
	bool timed;
	struct {
		s64 sec, nsec;
	} time;
	struct sembuf ops[OPS_MAX];
};
static struct operation *waiting;
static u32 nr_waiting;
static int done_event; /* some thread has done its operation */

/* ---- one operation ---- */

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static bool read_operation(const struct request *req, struct operation *o)
{
	size_t len = req->len[0] / 2;
	u8 *to = (u8 *)o->ops;

	if (len > sizeof(o->ops) || len % sizeof(*o->ops))
		return false;
	for (size_t i = 0; i < len; i++)
		to[i] = (u8)(digit(req->data[2 * i]) << 4 | digit(req->data[2 * i + 1]));
	o->nr = (unsigned)(len / sizeof(*o->ops));
	o->set = (int)req->src;
	o->timed = req->dst;
	o->time.sec = (s64)req->inode;
	o->time.nsec = (s64)req->self_inode;
	return true;
}

static s64 operate(struct operation *o)
{
	return syscall(SYS_semtimedop, o->set, o->ops, o->nr, o->timed ? &o->time : NULL) ? -errno : 0;
}

static void answer(int reply, s64 result)
{
	struct reply message = {.result = result};

	send(reply, &message, sizeof(message), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* As far as it can be done at once; -EAGAIN and *waits: else somebody would have to wait. */
static s64 operate_at_once(const struct operation *o, bool *waits)
{
	struct operation now = *o;

	*waits = false;
	for (unsigned i = 0; i < now.nr; i++) {
		*waits |= !(now.ops[i].sem_flg & IPC_NOWAIT);
		now.ops[i].sem_flg |= IPC_NOWAIT;
	}
	now.timed = false;
	return operate(&now);
}

/* ---- those that wait ---- */

static void *wait_for_it(void *arg)
{
	struct operation *o = arg;
	u64 one = 1;

	answer(o->reply, operate(o));
	atomic_store(&o->done, true);
	return write(done_event, &one, sizeof(one)) == sizeof(one) ? o : NULL;
}

static bool begin_waiting(struct operation *o)
{
	if (pthread_create(&o->thread, NULL, wait_for_it, o))
		return false;
	o->next = waiting;
	waiting = o;
	nr_waiting++;
	return true;
}

static void reap(void)
{
	for (struct operation **at = &waiting, *o; (o = *at);) {
		if (!atomic_load(&o->done)) {
			at = &o->next;
			continue;
		}
		pthread_join(o->thread, NULL);
		*at = o->next;
		nr_waiting--;
		close(o->reply);
		free(o);
	}
}

static void on_interrupt(int sig)
{
}

/* Returns for how long the loop may sleep: some must be told again. */
static int interrupt(void)
{
	int again = -1;

	for (struct operation *o = waiting; o; o = o->next) {
		if (!o->interrupted || atomic_load(&o->done))
			continue;
		pthread_kill(o->thread, SIGUSR1);
		again = AGAIN_MS;
	}
	return again;
}

/* ---- the loop ---- */

/* The message that came with a descriptor for the answer. */
static void serve(const struct request *req, int reply)
{
	struct operation *o = calloc(1, sizeof(*o));
	bool waits;
	s64 result;

	if (!o || !read_operation(req, o)) {
		result = o ? -EINVAL : -ENOMEM;
	} else {
		o->reply = reply;
		result = operate_at_once(o, &waits);
		if (result == -EAGAIN && waits) {
			if (begin_waiting(o))
				return;
			result = -ENOMEM;
		}
	}
	answer(reply, result);
	close(reply);
	free(o);
}

static void receive(void)
{
	static struct request req;
	struct iovec iov = {&req, sizeof(req)};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr msg = {
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control),
	};
	int reply;

	if (recvmsg(CONTROL, &msg, MSG_CMSG_CLOEXEC) <= 0)
		_exit(0);
	if (!CMSG_FIRSTHDR(&msg))
		return;
	memcpy(&reply, CMSG_DATA(&control.header), sizeof(reply));
	serve(&req, reply);
}

/* Sleeps until there is something to do; notes who is to be interrupted. True: the warden has something. */
static bool look_around(int sleep_ms)
{
	struct pollfd *fds = calloc(nr_waiting + 2, sizeof(*fds));
	u32 i = 2;
	bool message;
	u64 done;

	if (!fds)
		_exit(1);
	fds[0] = (struct pollfd){.fd = CONTROL, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = done_event, .events = POLLIN};
	for (struct operation *o = waiting; o; o = o->next)
		fds[i++] = (struct pollfd){.fd = o->interrupted ? -1 : o->reply, .events = POLLIN | POLLRDHUP};
	poll(fds, i, sleep_ms);
	i = 2;
	for (struct operation *o = waiting; o; o = o->next)
		o->interrupted |= fds[i++].revents != 0;
	if (fds[1].revents && read(done_event, &done, sizeof(done)) < 0)
		_exit(1);
	message = fds[0].revents;
	free(fds);
	return message;
}

void holder_run(int control)
{
	struct sigaction action = {.sa_handler = on_interrupt};

	dup2(control, CONTROL);
	close_from(CONTROL + 1);
	munmap((void *)ARENA_BASE, arena()->size);
	prctl(PR_SET_NAME, "secede-undo");
	sigaction(SIGUSR1, &action, NULL);
	done_event = eventfd(0, EFD_CLOEXEC);
	if (done_event < 0)
		_exit(1);
	for (;;) {
		bool message = look_around(interrupt());

		reap();
		if (message)
			receive();
	}
}
