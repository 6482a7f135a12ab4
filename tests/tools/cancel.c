/* SPDX-License-Identifier: MIT */
/*
 * Threads that are cancelled while they sleep in a call, and what else C libraries do with signals of their own. Built
 * with both C libraries: they find out in different ways whether a call had begun.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>

#include "tests/tools/lines.h"

static int fds[2], sockets[2], listener, queue_id;
static sem_t semaphore;
static volatile int cleaned, started;

/* ---- sleepers ---- */

static void in_read(void)
{
	char byte;

	CHECK_RESULT(read(fds[0], &byte, 1));
}

static void in_open(void)
{
	open("fifo", O_RDONLY);
}

static void in_accept(void)
{
	accept(listener, NULL, NULL);
}

static void in_recvmsg(void)
{
	char byte;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	CHECK_RESULT(recvmsg(sockets[0], &msg, 0));
}

static void in_sendmsg(void)
{
	static char much[1 << 20];
	struct iovec iov = {much, sizeof(much)};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	for (;;)
		sendmsg(sockets[1], &msg, 0);
}

static void in_wait(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		usleep(500000);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void in_sigsuspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigsuspend(&none);
}

static void in_sigwait(void)
{
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigwait(&set, &sig);
}

static void in_ppoll(void)
{
	struct pollfd fd = {.fd = fds[0], .events = POLLIN};
	sigset_t none;

	sigemptyset(&none);
	ppoll(&fd, 1, NULL, &none);
}

static void in_pselect(void)
{
	sigset_t none;

	sigemptyset(&none);
	pselect(0, NULL, NULL, NULL, NULL, &none);
}

static void in_poll(void)
{
	poll(NULL, 0, -1);
}

static void in_nanosleep(void)
{
	nanosleep(&(struct timespec){1000, 0}, NULL);
}

static void in_pause(void)
{
	pause();
}

static void in_sem_wait(void)
{
	sem_wait(&semaphore);
}

static void in_msgrcv(void)
{
	struct {
		long type;
		char text[1];
	} message;

	msgrcv(queue_id, &message, 1, 0, 0);
}

static void in_setlkw(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	fcntl(open("locked", O_RDWR), F_SETLKW, &lock);
}

static void in_join(void)
{
	static pthread_t first;

	if (!first) {
		first = pthread_self();
		pause();
	}
	pthread_join(first, NULL);
}

static const struct {
	const char *name;
	void (*fn)(void);
} sleepers[] = {
    {"read", in_read},	       {"open", in_open},	  {"accept", in_accept},   {"recvmsg", in_recvmsg},
    {"sendmsg", in_sendmsg},   {"wait", in_wait},	  {"sigwait", in_sigwait}, {"sigsuspend", in_sigsuspend},
    {"ppoll", in_ppoll},       {"pselect", in_pselect},	  {"poll", in_poll},	   {"nanosleep", in_nanosleep},
    {"pause", in_pause},       {"sem_wait", in_sem_wait}, {"msgrcv", in_msgrcv},   {"F_SETLKW", in_setlkw},
    {"pthread_join", in_join},
};

static void prepare(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int ready[2];
	char byte;

	CHECK_RESULT(pipe(fds));
	CHECK_RESULT(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	unlink("socket");
	CHECK_RESULT(bind(listener, (struct sockaddr *)&address, sizeof(address)));
	CHECK_RESULT(listen(listener, 1));
	queue_id = msgget(IPC_PRIVATE, 0600);
	sem_init(&semaphore, 0, 0);
	mkfifo("fifo", 0600);
	CHECK_RESULT(pipe(ready));
	if (fork() == 0) {
		CHECK_RESULT(fcntl(open("locked", O_CREAT | O_RDWR, 0600), F_SETLKW, &lock));
		CHECK_RESULT(write(ready[1], "x", 1));
		close(fds[1]);
		CHECK_RESULT(read(fds[0], &lock, 1)); /* until the parent has gone */
		_exit(0);
	}
	CHECK_RESULT(read(ready[0], &byte, 1));
}

/* ---- cancelling ---- */

static void clean(void *arg)
{
	cleaned++;
}

static void *sleep_in(void *arg)
{
	size_t i = (size_t)arg;

	pthread_cleanup_push(clean, NULL);
	started = 1;
	for (;;)
		sleepers[i].fn();
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancel_after(int us)
{
	size_t i;

	prepare();
	for (i = 0; i < sizeof(sleepers) / sizeof(sleepers[0]); i++) {
		pthread_t thread;
		void *result = NULL;

		cleaned = started = 0;
		pthread_create(&thread, NULL, sleep_in, (void *)i);
		while (us && !started)
			usleep(100);
		usleep((useconds_t)us);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		printf("%s%s%s, ", sleepers[i].name, result == PTHREAD_CANCELED ? "" : " NOT CANCELLED",
		       us && cleaned != 1 ? " NOT CLEANED" : "");
		fflush(stdout);
	}
	msgctl(queue_id, IPC_RMID, NULL);
}

static void asleep(void)
{
	cancel_after(20000);
}

static void at_once(void)
{
	cancel_after(0);
}

static void *work(void *arg)
{
	struct stat st;
	int old;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
	started = 1;
	for (;;) {
		stat("/nowhere", &st);
		stat("/etc/passwd", &st);
	}
	return NULL;
}

/* At any instruction, also within calls. */
static void asynchronous(void)
{
	int i, good = 0;

	for (i = 0; i < 200; i++) {
		pthread_t thread;
		void *result = NULL;

		started = 0;
		pthread_create(&thread, NULL, work, NULL);
		while (!started)
			usleep(10);
		usleep((useconds_t)i % 50);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		good += result == PTHREAD_CANCELED;
	}
	printf("%d cancelled; ", good);
}

static void *be_deaf(void *arg)
{
	int old;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	started = 1;
	usleep(50000);
	open("/etc/passwd", O_RDONLY);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	cleaned = 1;
	pthread_testcancel();
	return NULL;
}

static void disabled(void)
{
	pthread_t thread;
	void *result = NULL;

	pthread_create(&thread, NULL, be_deaf, NULL);
	while (!started)
		usleep(100);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("%s, %s; ", cleaned ? "after it was enabled" : "too early",
	       result == PTHREAD_CANCELED ? "cancelled" : "not");
}

/* ---- set*id in all threads ---- */

static volatile int finish;

static void *use_files(void *arg)
{
	struct stat st;

	while (!finish)
		stat((size_t)arg % 2 ? "/nowhere" : "/etc/passwd", &st);
	return NULL;
}

static void set_ids(void)
{
	pthread_t threads[8];
	size_t i;
	int n, bad = 0;

	prepare();
	for (i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, i < 4 ? use_files : sleep_in, (void *)(i < 4 ? i : i - 4));
	usleep(20000);
	for (n = 0; n < 50; n++)
		bad += setresuid(getuid(), getuid(), getuid()) != 0 || setgid(getgid()) != 0;
	finish = 1;
	for (i = 0; i < 8; i++) {
		if (i >= 4)
			pthread_cancel(threads[i]);
		pthread_join(threads[i], NULL);
	}
	msgctl(queue_id, IPC_RMID, NULL);
	printf("%d failed; ", bad);
}

static const struct line lines[] = {
    {"cancelled asleep", asleep},	    {"cancelled at once", at_once}, {"cancelled anywhere", asynchronous},
    {"cancelled when it may be", disabled}, {"set*id in threads", set_ids},
};

int main(void)
{
	SHOW_LINES(lines);
	return 0;
}
