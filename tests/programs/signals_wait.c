/* SPDX-License-Identifier: MIT */
/* Signals that meet system calls: interruption, restart, waiting under a mask, waiting for signals. */
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/programs/asleep.h"
#include "tests/programs/signals.h"

/* What on_signal_look saw. */
sigset_t mask_inside, mask_saved;
static volatile sig_atomic_t count_other;

static void on_other(int sig)
{
	count_other++;
}

static void on_signal_look(int sig, siginfo_t *info, void *uc)
{
	on_signal(sig);
	mask_saved = ((ucontext_t *)uc)->uc_sigmask;
	sigprocmask(SIG_BLOCK, NULL, &mask_inside);
}

/* ---- interruption and restart ---- */

static int pipe_fds[2];

static void ring_and_write(void)
{
	ring_parent();
	until_asleep(getppid());
	CHECK(write(pipe_fds[1], "x", 1) == 1);
}

static void test_read(void)
{
	char byte;
	pid_t pid;

	CHECK_OK(pipe(pipe_fds));
	handle(SIGALRM, on_signal, 0);
	pid = when_asleep(ring_parent);
	CHECK_FAILS(read(pipe_fds[0], &byte, 1), EINTR);
	CHECK(count == 1);
	join(pid);
	handle(SIGALRM, on_signal, SA_RESTART);
	pid = when_asleep(ring_and_write);
	CHECK(read(pipe_fds[0], &byte, 1) == 1 && count == 2);
	join(pid);
}

static void open_fifo(void)
{
	CHECK_OK(open("fifo", O_WRONLY));
}

/* Each time when it sleeps again. */
static void ring_three_times(void)
{
	for (int i = 0; i < 3; i++) {
		ring_parent();
		until_asleep(getppid());
	}
}

static void ring_and_open(void)
{
	ring_three_times();
	open_fifo();
}

/* open(2) of a FIFO sleeps until somebody opens the other end. */
static void test_open(void)
{
	pid_t pid;
	int fd;

	CHECK_OK(mkfifo("fifo", 0600));
	handle(SIGALRM, on_signal, 0);
	pid = when_asleep(ring_parent);
	CHECK_FAILS(open("fifo", O_RDONLY), EINTR);
	CHECK(count == 1);
	join(pid);
	handle(SIGALRM, on_signal, SA_RESTART);
	pid = when_asleep(ring_and_open);
	fd = (int)CHECK_OK(open("fifo", O_RDONLY));
	CHECK(count == 4);
	CHECK_OK(close(fd));
	join(pid);
}

static void stop_and_continue(void)
{
	kill(getppid(), SIGSTOP);
	until_state(getppid(), "T");
	kill(getppid(), SIGCONT);
	until_asleep(getppid());
	open_fifo();
}

static void test_stop(void)
{
	pid_t pid;

	unlink("fifo");
	CHECK_OK(mkfifo("fifo", 0600));
	signal(SIGWINCH, SIG_IGN);
	pid = when_asleep(stop_and_continue);
	CHECK_OK(open("fifo", O_RDONLY));
	join(pid);
}

static double in_seconds(const struct timespec *ts)
{
	return (double)ts->tv_sec + (double)ts->tv_nsec / 1e9;
}

static double now(void)
{
	struct timespec ts;

	CHECK_OK(clock_gettime(CLOCK_MONOTONIC, &ts));
	return in_seconds(&ts);
}

static void ring_later(void)
{
	usleep(50000);
	ring_parent();
}

static void test_sleep(void)
{
	struct timespec wanted = {100, 0}, left;
	double begun = now(), slept;
	pid_t pid;

	handle(SIGALRM, on_signal, SA_RESTART);
	pid = when_asleep(ring_later);
	CHECK_FAILS(nanosleep(&wanted, &left), EINTR);
	slept = in_seconds(&wanted) - in_seconds(&left);
	CHECK(slept >= 0.05 && slept <= now() - begun);
	join(pid);
	pid = when_asleep(ring_parent);
	CHECK_FAILS(pause(), EINTR);
	join(pid);
	pid = when_asleep(ring_parent);
	CHECK_FAILS(poll(NULL, 0, -1), EINTR);
	join(pid);
}

static void ring_and_end(void)
{
	ring_three_times();
	_exit(5);
}

static void test_wait(void)
{
	int status;
	pid_t pid;

	handle(SIGALRM, on_signal, SA_RESTART);
	pid = when_asleep(ring_and_end);
	CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5 && count == 3);
	handle(SIGALRM, on_signal, 0);
	pid = when_asleep(ring_three_times);
	for (int i = 0; i < 3; i++)
		CHECK_FAILS(waitpid(pid, &status, 0), EINTR);
	CHECK(waitpid(pid, &status, 0) == pid);
}

/* ---- waiting under a mask of one's own ---- */

static void tell_parent(void)
{
	kill(getppid(), SIGUSR1);
}

/* Checks what a handler saw that ran under `with`, with SIGUSR1 blocked outside. */
static void check_masks(int with)
{
	sigset_t outside;

	CHECK(count == 1 && last == SIGUSR1);
	CHECK(sigismember(&mask_inside, SIGUSR1) == 1 && sigismember(&mask_inside, with) == 1);
	CHECK(sigismember(&mask_inside, SIGHUP) == 0);
	CHECK(sigismember(&mask_saved, SIGUSR1) == 1 && sigismember(&mask_saved, SIGHUP) == 1);
	CHECK(sigismember(&mask_saved, with) == 0);
	CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &outside));
	CHECK(sigismember(&outside, SIGUSR1) == 1 && sigismember(&outside, SIGHUP) == 1 &&
	      sigismember(&outside, with) == 0);
	count = 0;
}

static int suspend(const sigset_t *set)
{
	return sigsuspend(set);
}

static int wait_pselect(const sigset_t *set)
{
	struct timespec timeout = {100, 0};

	return pselect(0, NULL, NULL, NULL, &timeout, set);
}

static int wait_ppoll(const sigset_t *set)
{
	struct timespec timeout = {100, 0};
	struct pollfd fd = {.fd = pipe_fds[0], .events = POLLIN};

	return ppoll(&fd, 1, &timeout, set);
}

static int wait_epoll(const sigset_t *set)
{
	struct epoll_event event;
	int fd = epoll_create1(EPOLL_CLOEXEC), n;

	n = epoll_pwait(fd, &event, 1, 100000, set);
	close(fd);
	return n;
}

static int wait_epoll2(const sigset_t *set)
{
	struct timespec timeout = {100, 0};
	struct epoll_event event;
	int fd = epoll_create1(EPOLL_CLOEXEC), n, err;

	n = (int)syscall(SYS_epoll_pwait2, fd, &event, 1, &timeout, set, 8);
	err = errno;
	close(fd);
	errno = err;
	return n;
}

typedef int wait_fn(const sigset_t *set);
static wait_fn *const waits[] = {suspend, wait_pselect, wait_ppoll, wait_epoll, wait_epoll2};
#define WAITS (sizeof(waits) / sizeof(waits[0]))

/* The handler runs under the call's mask, the call fails with EINTR whatever SA_RESTART says, then the
 * old mask is back. */
static void test_own_mask(void)
{
	struct sigaction action = {.sa_sigaction = on_signal_look, .sa_flags = SA_SIGINFO | SA_RESTART};
	size_t i;

	CHECK_OK(pipe(pipe_fds));
	CHECK_OK(sigaction(SIGUSR1, &action, NULL));
	mask(SIG_BLOCK, SIGUSR1);
	mask(SIG_BLOCK, SIGHUP);
	for (i = 0; i < 2 * WAITS; i++) {
		int with = i % 2 ? SIGSEGV : SIGUSR2; /* one of those that an emulation needs itself */
		sigset_t set = set_of(with);
		pid_t pid = when_asleep(tell_parent);

		CHECK_FAILS(waits[i / 2](&set), EINTR);
		check_masks(with);
		join(pid);
		raise(SIGUSR1); /* pending already */
		CHECK_FAILS(waits[i / 2](&set), EINTR);
		check_masks(with);
	}
}

/* A ball game in which each signal must be seen: one that was lost ends it. */
static void catch_ball(wait_fn *wait, int seen)
{
	sigset_t none = set_of(0);

	while (count == seen)
		CHECK_FAILS(wait(&none), EINTR);
}

static void test_ball(void)
{
	enum { ROUNDS = 1000 };
	pid_t pid, parent = getpid();
	size_t i;
	int n;

	CHECK_OK(pipe(pipe_fds));
	handle(SIGUSR1, on_signal, SA_RESTART);
	handle(SIGALRM, on_other, SA_RESTART);
	mask(SIG_BLOCK, SIGUSR1);
	for (i = 0; i < WAITS; i++) {
		count = 0;
		pid = (pid_t)CHECK_OK(fork());
		ring(500, 500);
		for (n = 0; n < ROUNDS; n++) {
			if (pid)
				CHECK_OK(kill(pid, SIGUSR1));
			catch_ball(waits[i], n);
			if (!pid)
				CHECK_OK(kill(parent, SIGUSR1));
		}
		if (!pid)
			_exit(0);
		quiet();
		join(pid);
	}
}

/* What the mask lets through, but was not needed to end the call, waits again. */
static void test_own_mask_ready(void)
{
	sigset_t none = set_of(0), pending;
	struct pollfd fd = {.events = POLLOUT};

	CHECK_OK(pipe(pipe_fds));
	fd.fd = pipe_fds[1];
	handle(SIGUSR1, on_signal, 0);
	mask(SIG_BLOCK, SIGUSR1);
	CHECK(ppoll(&fd, 1, NULL, &none) == 1);
	CHECK(count == 0);
	raise(SIGUSR1);
	CHECK_OK(sigpending(&pending));
	CHECK(sigismember(&pending, SIGUSR1) == 1);
	mask(SIG_UNBLOCK, SIGUSR1);
	CHECK(count == 1);
}

/* Two signals: one that the call lets through, one that is let through always. */
static void test_own_mask_two(void)
{
	size_t i;

	CHECK_OK(pipe(pipe_fds));
	handle(SIGUSR1, on_signal, 0);
	handle(SIGUSR2, on_other, SA_RESTART);
	mask(SIG_BLOCK, SIGUSR1);
	for (i = 0; i < WAITS; i++) {
		sigset_t none = set_of(0);

		count = count_other = 0;
		raise(SIGUSR1);
		raise(SIGUSR2);
		CHECK(count_other == 1);
		CHECK_FAILS(waits[i](&none), EINTR);
		CHECK(count == 1);
	}
}

static void test_wait_errors(void)
{
	struct timespec none = {0, 0};
	struct pollfd fd = {.fd = -1};
	sigset_t set = set_of(SIGUSR1);

	CHECK_FAILS(syscall(SYS_rt_sigsuspend, &set, 4), EINVAL);
	CHECK_FAILS(syscall(SYS_rt_sigsuspend, 8, 8), EFAULT);
	CHECK_FAILS(syscall(SYS_ppoll, &fd, 1, &none, &set, 4), EINVAL);
	CHECK_FAILS(syscall(SYS_ppoll, &fd, 1, &none, 8, 8), EFAULT);
	CHECK_FAILS(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &none, 8), EFAULT);
	CHECK_FAILS(syscall(SYS_rt_sigtimedwait, &set, NULL, &none, 4), EINVAL);
	CHECK_FAILS(syscall(SYS_rt_sigtimedwait, 8, NULL, &none, 8), EFAULT);
	CHECK_FAILS(syscall(SYS_rt_sigpending, &set, 16), EINVAL);
	CHECK_FAILS(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL);
	CHECK_FAILS(syscall(SYS_signalfd4, 1000, &set, 8, 0), EBADF);
	CHECK(ppoll(&fd, 1, &none, NULL) == 0);
	CHECK(pselect(0, NULL, NULL, NULL, &none, NULL) == 0);
}

/* ---- taking signals without a handler ---- */

static void test_sigwait(void)
{
	static const int sigs[] = {SIGUSR1, SIGSEGV, SIGBUS, SIGSYS, SIGALRM};
	struct timespec none = {0, 0}, short_while = {0, 20000000};
	siginfo_t info;
	sigset_t set;
	size_t i;
	pid_t pid;

	sigfillset(&set);
	CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		CHECK_OK(kill(getpid(), sigs[i]));
		CHECK(sigwaitinfo(&set, &info) == sigs[i]);
		CHECK(info.si_signo == sigs[i] && info.si_code == SI_USER && info.si_pid == getpid());
		CHECK(info.si_uid == getuid());
	}
	CHECK_FAILS(sigtimedwait(&set, &info, &none), EAGAIN);
	CHECK_FAILS(sigtimedwait(&set, &info, &short_while), EAGAIN);
	handle(SIGALRM, on_signal, SA_RESTART);
	mask(SIG_UNBLOCK, SIGALRM);
	set = set_of(SIGUSR1);
	pid = when_asleep(ring_parent);
	CHECK_FAILS(sigwaitinfo(&set, &info), EINTR);
	CHECK(count == 1);
	join(pid);
}

static void test_signalfd(void)
{
	struct signalfd_siginfo info;
	sigset_t set = set_of(SIGUSR1);
	int fd;

	mask(SIG_BLOCK, SIGUSR1);
	sigaddset(&set, SIGSYS);
	fd = (int)CHECK_OK(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	CHECK_FAILS(read(fd, &info, sizeof(info)), EAGAIN);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK(read(fd, &info, sizeof(info)) == sizeof(info));
	CHECK(info.ssi_signo == SIGUSR1 && info.ssi_pid == (uint32_t)getpid());
	set = set_of(SIGUSR2);
	CHECK(signalfd(fd, &set, 0) == fd);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_FAILS(read(fd, &info, sizeof(info)), EAGAIN);
}

static const struct test tests[] = {
    {"read is interrupted or restarted", test_read},
    {"open is interrupted or restarted", test_open},
    {"stopped and continued in open", test_stop},
    {"nanosleep, pause and poll are interrupted", test_sleep},
    {"waitpid is interrupted or restarted", test_wait},
    {"sigsuspend, pselect, ppoll, epoll_pwait: masks", test_own_mask},
    {"ppoll with something ready", test_own_mask_ready},
    {"two signals and a mask", test_own_mask_two},
    {"errors of waiting calls", test_wait_errors},
    {"sigwaitinfo and sigtimedwait", test_sigwait},
    {"signalfd", test_signalfd},
    {"no signal is lost", test_ball},
};

int main(void)
{
	return RUN_TESTS(tests);
}
