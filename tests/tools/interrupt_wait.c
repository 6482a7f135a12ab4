/* SPDX-License-Identifier: MIT */
/* Signals that meet calls which wait for time, descriptors or children. */
#include "tests/tools/interrupt.h"

#include <linux/aio_abi.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>

#define LONG_S 20 /* what is woken waits this long at most */

static int in, out;

static void a_pipe(void)
{
	int fds[2];

	MUST(pipe(fds));
	in = fds[0];
	out = fds[1];
}

static void feed(void)
{
	MUST(write(out, "x", 1));
}

/* ---- time ---- */

static void tell_rest(const struct timespec *rest, int ms)
{
	long left = rest->tv_sec * 1000 + rest->tv_nsec / 1000000;

	snprintf(outcome->more, sizeof(outcome->more), "time left: %s",
		 left == 777000 ? "untouched"
		 : left <= 0	? "none"
		 : left < ms	? "some"
				: "all");
}

/* As long as asked for, at least? */
static void tell_time(const struct timespec *start)
{
	int ms = ms_since(start);

	if (!*outcome->more)
		snprintf(outcome->more, sizeof(outcome->more), ms >= nap_ms ? "slept long enough" : "slept less");
}

static const struct timespec untouched = {777, 0};

static long timed(long (*call)(void))
{
	struct timespec start;
	long result;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &start);
	result = call();
	err = errno;
	tell_time(&start);
	errno = err;
	return result;
}

static long do_nanosleep(void)
{
	struct timespec nap = nap_time(), rest = untouched;
	int result = nanosleep(&nap, &rest), err = errno;

	tell_rest(&rest, nap_ms);
	errno = err;
	return result;
}

static long clock_sleep(clockid_t clock)
{
	struct timespec nap = nap_time(), rest = untouched;
	long result = syscall(SYS_clock_nanosleep, clock, 0, &nap, &rest);
	int err = errno;

	tell_rest(&rest, nap_ms);
	errno = err;
	return result;
}

static long do_clock_realtime(void)
{
	return clock_sleep(CLOCK_REALTIME);
}

static long do_clock_monotonic(void)
{
	return clock_sleep(CLOCK_MONOTONIC);
}

static long sleep_until(void)
{
	struct timespec nap = nap_time(), end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += nap.tv_nsec;
	end.tv_sec += nap.tv_sec + end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
}

static long do_clock_absolute(void)
{
	return timed(sleep_until);
}

/* ---- descriptors ---- */

static long do_poll(void)
{
	struct pollfd fd = {.fd = in, .events = POLLIN};

	return poll(&fd, 1, -1);
}

static long poll_nothing(void)
{
	return poll(NULL, 0, nap_ms);
}

static long do_poll_time(void)
{
	return timed(poll_nothing);
}

static long ppoll_with(const struct timespec *time, const sigset_t *set)
{
	struct pollfd fd = {.fd = in, .events = POLLIN};

	return ppoll(&fd, 1, time, set);
}

static long do_ppoll(void)
{
	return ppoll_with(NULL, NULL);
}

static long do_ppoll_mask(void)
{
	sigset_t none;

	sigemptyset(&none);
	return ppoll_with(NULL, &none);
}

/* The kernel writes the time that is left; the C library hides that. */
static long do_ppoll_time(void)
{
	struct timespec left = nap_time();
	uint64_t mask = 0;
	long result = syscall(SYS_ppoll, NULL, 0, &left, &mask, 8);
	int err = errno;

	tell_rest(&left, nap_ms);
	errno = err;
	return result;
}

static long do_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(in, &set);
	return select(in + 1, &set, NULL, NULL, NULL);
}

static long do_select_time(void)
{
	struct timeval left = {nap_ms / 1000, nap_ms % 1000 * 1000};
	long result = syscall(SYS_select, 0, NULL, NULL, NULL, &left);
	int err = errno;
	struct timespec rest = {left.tv_sec, left.tv_usec * 1000};

	tell_rest(&rest, nap_ms);
	errno = err;
	return result;
}

static long do_pselect_mask(void)
{
	sigset_t none;
	fd_set set;

	FD_ZERO(&set);
	FD_SET(in, &set);
	sigemptyset(&none);
	return pselect(in + 1, &set, NULL, NULL, NULL, &none);
}

static long do_pselect_time(void)
{
	struct timespec left = nap_time();
	uint64_t mask = 0;
	struct {
		uint64_t *mask;
		size_t size;
	} pair = {&mask, 8};
	long result = syscall(SYS_pselect6, 0, NULL, NULL, NULL, &left, &pair);
	int err = errno;

	tell_rest(&left, nap_ms);
	errno = err;
	return result;
}

static int epoll;

static void an_epoll(void)
{
	struct epoll_event event = {.events = EPOLLIN};

	a_pipe();
	epoll = (int)MUST(epoll_create1(0));
	MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, in, &event));
}

static long do_epoll_wait(void)
{
	struct epoll_event event;

	return syscall(SYS_epoll_wait, epoll, &event, 1, -1);
}

static long do_epoll_pwait(void)
{
	struct epoll_event event;
	sigset_t none;

	sigemptyset(&none);
	return epoll_pwait(epoll, &event, 1, -1, &none);
}

static long do_epoll_pwait2(void)
{
	struct timespec time = {LONG_S, 0};
	struct epoll_event event;
	uint64_t none = 0;

	return syscall(SYS_epoll_pwait2, epoll, &event, 1, &time, &none, 8);
}

static long do_epoll_pwait2_plain(void)
{
	struct epoll_event event;

	return syscall(SYS_epoll_pwait2, epoll, &event, 1, NULL, NULL, 8);
}

static aio_context_t aio;

/* A child does not get it: it is for the one that waits to make. */
static void make_aio_context(void)
{
	MUST(syscall(SYS_io_setup, 1, &aio));
}

static long do_io_getevents(void)
{
	struct timespec time = nap_time();
	struct io_event event;

	make_aio_context();
	return syscall(SYS_io_getevents, aio, 1, 1, &event, &time);
}

static long do_io_pgetevents(void)
{
	struct timespec time = nap_time();
	struct io_event event;
	uint64_t mask = 0;
	struct {
		uint64_t *mask;
		size_t size;
	} pair = {&mask, 8};

	make_aio_context();
	return syscall(SYS_io_pgetevents, aio, 1, 1, &event, &time, &pair);
}

/* ---- children ---- */

static void nap_and_exit(void)
{
	pause_ms(nap_ms);
	_exit(3);
}

static long do_wait4(void)
{
	int status = 0;
	pid_t pid = fork();
	long result;

	if (pid == 0)
		nap_and_exit();
	result = waitpid(pid, &status, 0);
	return result == pid ? WEXITSTATUS(status) : result;
}

static long do_waitid(void)
{
	siginfo_t info = {0};
	pid_t pid = fork();
	long result;

	if (pid == 0)
		nap_and_exit();
	result = waitid(P_PID, (id_t)pid, &info, WEXITED);
	return result == 0 ? info.si_status : result;
}

static void sleep_deeper(void)
{
	uninterruptible = 1;
}

static long do_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		pause_ms(nap_ms);
		_exit(0);
	}
	return some(pid);
}

static const struct sleeper sleepers[] = {
    {"nanosleep", NULL, do_nanosleep, NULL},
    {"clock_nanosleep, realtime", NULL, do_clock_realtime, NULL},
    {"clock_nanosleep, monotonic", NULL, do_clock_monotonic, NULL},
    {"clock_nanosleep, absolute", NULL, do_clock_absolute, NULL},
    {"poll", a_pipe, do_poll, feed},
    {"poll, timeout", NULL, do_poll_time, NULL},
    {"ppoll", a_pipe, do_ppoll, feed},
    {"ppoll, mask", a_pipe, do_ppoll_mask, feed},
    {"ppoll, timeout", NULL, do_ppoll_time, NULL},
    {"select", a_pipe, do_select, feed},
    {"select, timeout", NULL, do_select_time, NULL},
    {"pselect, mask", a_pipe, do_pselect_mask, feed},
    {"pselect, timeout", NULL, do_pselect_time, NULL},
    {"epoll_wait", an_epoll, do_epoll_wait, feed},
    {"epoll_pwait", an_epoll, do_epoll_pwait, feed},
    {"epoll_pwait2", an_epoll, do_epoll_pwait2, feed},
    {"epoll_pwait2, no mask", an_epoll, do_epoll_pwait2_plain, feed},
    {"io_getevents", NULL, do_io_getevents, NULL},
    {"io_pgetevents", NULL, do_io_pgetevents, NULL},
    {"wait4", NULL, do_wait4, NULL},
    {"waitid", NULL, do_waitid, NULL},
    {"vfork", sleep_deeper, do_vfork, NULL},
};

int main(int argc, char **argv)
{
	if (argc == 2)
		subject = atoi(argv[1]);
	return interrupt_all(sleepers, sizeof(sleepers) / sizeof(sleepers[0]));
}
