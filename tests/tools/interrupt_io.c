/* SPDX-License-Identifier: MIT */
/* Signals that meet calls which move data: pipes, terminals, sockets, queues, descriptors that are read. */
#include "tests/tools/interrupt.h"

#include <mqueue.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>

static int in, out, in2, out2; /* ends of what is waited for: one reads from `in` what was written to `out` */
static char buffer[1 << 16];
static struct iovec one = {buffer, 1};

static void fill(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, buffer, 4096) > 0)
		;
	fcntl(fd, F_SETFL, flags);
}

static void drain(void)
{
	/* What waits is woken when there is room; how much that takes is the kernel's affair. */
	fcntl(in, F_SETFL, O_NONBLOCK);
	while (state_of(sleeping) != 'Z') {
		while (read(in, buffer, sizeof(buffer)) > 0)
			;
		pause_ms(1);
	}
}

static void feed(void)
{
	MUST(write(out, "x", 1));
}

/* ---- pipes ---- */

static void a_pipe(void)
{
	int fds[2];

	MUST(pipe(fds));
	in = fds[0];
	out = fds[1];
}

static void a_full_pipe(void)
{
	a_pipe();
	fill(out);
}

static void two_pipes(void)
{
	int fds[2];

	a_pipe();
	MUST(pipe(fds));
	in2 = fds[0];
	out2 = fds[1];
}

static long do_read(void)
{
	return read(in, buffer, 1);
}

static long do_readv(void)
{
	return readv(in, &one, 1);
}

static long do_preadv2(void)
{
	return preadv2(in, &one, 1, -1, 0);
}

static long do_write(void)
{
	return write(out, buffer, 1);
}

/* More than there will be room for at once: a part of it may have gone. */
static long do_write_much(void)
{
	return some(write(out, buffer, sizeof(buffer)));
}

static long do_writev(void)
{
	return writev(out, &one, 1);
}

static long do_vmsplice(void)
{
	return vmsplice(out, &one, 1, 0);
}

static long do_splice(void)
{
	return splice(in, NULL, out2, NULL, 1, 0);
}

static long do_tee(void)
{
	return tee(in, out2, 1, 0);
}

static long do_sendfile(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	off_t at = 0;

	return sendfile(out, fd, &at, 1);
}

/* ---- terminals ---- */

static void a_terminal(void)
{
	struct termios mode;

	out = (int)MUST(posix_openpt(O_RDWR | O_NOCTTY));
	grantpt(out);
	unlockpt(out);
	in = (int)MUST(open(ptsname(out), O_RDWR | O_NOCTTY));
	tcgetattr(in, &mode);
	cfmakeraw(&mode);
	tcsetattr(in, TCSANOW, &mode);
}

/* So many bytes wait to be read from a terminal at most; others wait to get there. */
#define HELD_BY_TERMINAL 4095

static void a_held_terminal(void)
{
	int slave, held;

	a_terminal();
	slave = in;
	in = out;
	out = slave;
	/* What is written moves on by and by, and makes room. */
	do {
		pause_ms(1);
		MUST(ioctl(in, FIONREAD, &held));
		fill(out);
	} while (held < HELD_BY_TERMINAL);
}

/* ---- sockets ---- */

static void stream_pair(void)
{
	int fds[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	in = fds[0];
	out = fds[1];
}

static void full_stream(void)
{
	stream_pair();
	fill(out);
}

static void impatient_pair(void)
{
	struct timeval time = {20, 0};

	stream_pair();
	setsockopt(in, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}

static long do_recv(void)
{
	return recv(in, buffer, 1, 0);
}

static long do_recvmsg(void)
{
	struct msghdr msg = {.msg_iov = &one, .msg_iovlen = 1};

	return recvmsg(in, &msg, 0);
}

static long recvmmsg_within(struct timespec *time)
{
	struct mmsghdr msgs[2] = {{.msg_hdr = {.msg_iov = &one, .msg_iovlen = 1}},
				  {.msg_hdr = {.msg_iov = &one, .msg_iovlen = 1}}};

	return recvmmsg(in, msgs, 2, MSG_WAITFORONE, time);
}

static long do_recvmmsg(void)
{
	return recvmmsg_within(NULL);
}

static long do_recvmmsg_time(void)
{
	struct timespec time = {20, 0};

	return recvmmsg_within(&time);
}

static long do_send(void)
{
	return send(out, buffer, 1, 0);
}

static long do_sendmsg(void)
{
	struct msghdr msg = {.msg_iov = &one, .msg_iovlen = 1};

	return sendmsg(out, &msg, 0);
}

static long do_sendmmsg(void)
{
	struct mmsghdr msgs[1] = {{.msg_hdr = {.msg_iov = &one, .msg_iovlen = 1}}};

	return sendmmsg(out, msgs, 1, 0);
}

static struct sockaddr_un address;

static void name_socket(int type)
{
	address.sun_family = AF_UNIX;
	snprintf(address.sun_path, sizeof(address.sun_path), "socket-%d", (int)getpid());
	in = (int)MUST(socket(AF_UNIX, type, 0));
	MUST(bind(in, (struct sockaddr *)&address, sizeof(address)));
}

static void listening(void)
{
	name_socket(SOCK_STREAM);
	MUST(listen(in, 0));
}

static void full_backlog(void)
{
	listening();
	out = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	MUST(connect(out, (struct sockaddr *)&address, sizeof(address)));
}

static void named_datagrams(void)
{
	name_socket(SOCK_DGRAM);
	out = (int)MUST(socket(AF_UNIX, SOCK_DGRAM, 0));
	fcntl(out, F_SETFL, O_NONBLOCK);
	while (sendto(out, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)) == 1)
		;
	fcntl(out, F_SETFL, 0);
}

static long do_accept(void)
{
	return some(accept(in, NULL, NULL));
}

static long do_connect(void)
{
	return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address));
}

static long do_sendto(void)
{
	return sendto(out, "x", 1, 0, (struct sockaddr *)&address, sizeof(address));
}

static void knock(void)
{
	MUST(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)));
}

static void answer(void)
{
	fcntl(in, F_SETFL, O_NONBLOCK);
	while (accept(in, NULL, NULL) >= 0)
		;
}

/* ---- queues ---- */

static mqd_t posix_queue;
static int sysv_queue;
static struct {
	long type;
	char text[1];
} message = {1, {'x'}};

static void a_posix_queue(void)
{
	struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 1};
	char name[32];

	snprintf(name, sizeof(name), "/secede-%d", (int)getpid());
	posix_queue = mq_open(name, O_CREAT | O_RDWR, 0600, &attr);
	MUST(posix_queue);
	mq_unlink(name);
}

static void put_posix(void)
{
	MUST(mq_send(posix_queue, "x", 1, 0));
}

static void a_full_posix_queue(void)
{
	a_posix_queue();
	put_posix();
}

static void take_posix(void)
{
	MUST(mq_receive(posix_queue, buffer, 1, NULL));
}

static long do_mq_receive(void)
{
	return mq_receive(posix_queue, buffer, 1, NULL);
}

static long do_mq_send(void)
{
	return mq_send(posix_queue, "x", 1, 0);
}

static long do_mq_timedreceive(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 20;
	return mq_timedreceive(posix_queue, buffer, 1, NULL, &end);
}

static void a_sysv_queue(void)
{
	sysv_queue = (int)MUST(msgget(IPC_PRIVATE, 0600));
}

static void put_sysv(void)
{
	msgsnd(sysv_queue, &message, 1, 0);
	until_asleep(sleeping);
	msgctl(sysv_queue, IPC_RMID, NULL);
}

static void a_full_sysv_queue(void)
{
	a_sysv_queue();
	while (msgsnd(sysv_queue, &message, 1, IPC_NOWAIT) == 0)
		;
}

static void take_sysv(void)
{
	msgrcv(sysv_queue, &message, 1, 0, 0);
	until_asleep(sleeping);
	msgctl(sysv_queue, IPC_RMID, NULL);
}

static long do_msgrcv(void)
{
	return msgrcv(sysv_queue, &message, 1, 0, 0);
}

static long do_msgsnd(void)
{
	return msgsnd(sysv_queue, &message, 1, 0);
}

/* ---- descriptors that tell ---- */

static void a_counter(void)
{
	in = out = (int)MUST(eventfd(0, 0));
}

static long read_whole(void)
{
	return some(read(in, buffer, 128));
}

static void count_one(void)
{
	uint64_t value = 1;

	MUST(write(out, &value, sizeof(value)));
}

static void a_full_counter(void)
{
	in = out = (int)MUST(eventfd(0, 0));
	MUST(write(out, &(uint64_t){UINT64_MAX - 1}, sizeof(uint64_t)));
}

static long write_counter(void)
{
	return write(out, &(uint64_t){5}, sizeof(uint64_t));
}

static void read_counter(void)
{
	MUST(read(in, buffer, sizeof(uint64_t)));
}

static void a_timer(void)
{
	struct itimerspec once = {.it_value = nap_time()};

	in = (int)MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	MUST(timerfd_settime(in, 0, &once, NULL));
}

/* The event must come from us alone. */
static void own_directory(void)
{
	char name[32];

	snprintf(name, sizeof(name), "dir-%d", (int)getpid());
	MUST(mkdir(name, 0700));
	MUST(chdir(name));
}

static void a_watch(void)
{
	own_directory();
	in = (int)MUST(inotify_init());
	MUST(inotify_add_watch(in, ".", IN_CREATE));
}

static void a_mark(void)
{
	own_directory();
	in = (int)MUST(fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, 0));
	MUST(fanotify_mark(in, FAN_MARK_ADD, FAN_CREATE | FAN_ONDIR | FAN_EVENT_ON_CHILD, AT_FDCWD, "."));
}

static void make_file(void)
{
	MUST(open("new", O_CREAT | O_EXCL | O_RDWR, 0600));
}

static void signal_descriptor(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	in = (int)MUST(signalfd(-1, &set, 0));
}

static void send_usr2(void)
{
	kill(sleeping, SIGUSR2);
}

static const struct sleeper sleepers[] = {
    {"read, pipe", a_pipe, do_read, feed},
    {"readv, pipe", a_pipe, do_readv, feed},
    {"preadv2, pipe", a_pipe, do_preadv2, feed},
    {"write, pipe", a_full_pipe, do_write, drain},
    {"write of much, pipe", a_full_pipe, do_write_much, drain},
    {"writev, pipe", a_full_pipe, do_writev, drain},
    {"vmsplice", a_full_pipe, do_vmsplice, drain},
    {"splice", two_pipes, do_splice, feed},
    {"tee", two_pipes, do_tee, feed},
    {"sendfile", a_full_pipe, do_sendfile, drain},
    {"read, terminal", a_terminal, do_read, feed},
    {"write, terminal", a_held_terminal, do_write, drain},
    {"read, socket", stream_pair, do_read, feed},
    {"write, socket", full_stream, do_write, drain},
    {"recv", stream_pair, do_recv, feed},
    {"recv with SO_RCVTIMEO", impatient_pair, do_recv, feed},
    {"recvmsg", stream_pair, do_recvmsg, feed},
    {"recvmmsg", stream_pair, do_recvmmsg, feed},
    {"recvmmsg with a time", stream_pair, do_recvmmsg_time, feed},
    {"send", full_stream, do_send, drain},
    {"sendmsg", full_stream, do_sendmsg, drain},
    {"sendmmsg", full_stream, do_sendmmsg, drain},
    {"sendto", named_datagrams, do_sendto, drain},
    {"accept", listening, do_accept, knock},
    {"connect", full_backlog, do_connect, answer},
    {"mq_receive", a_posix_queue, do_mq_receive, put_posix},
    {"mq_timedreceive", a_posix_queue, do_mq_timedreceive, put_posix},
    {"mq_send", a_full_posix_queue, do_mq_send, take_posix},
    {"msgrcv", a_sysv_queue, do_msgrcv, put_sysv},
    {"msgsnd", a_full_sysv_queue, do_msgsnd, take_sysv},
    {"read, eventfd", a_counter, read_whole, count_one},
    {"write, eventfd", a_full_counter, write_counter, read_counter},
    {"read, timerfd", a_timer, read_whole, NULL},
    {"read, inotify", a_watch, read_whole, make_file},
    {"read, fanotify", a_mark, read_whole, make_file},
    {"read, signalfd", signal_descriptor, read_whole, send_usr2},
};

int main(int argc, char **argv)
{
	if (argc == 2)
		subject = atoi(argv[1]);
	return interrupt_all(sleepers, sizeof(sleepers) / sizeof(sleepers[0]));
}
