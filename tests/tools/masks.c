/* SPDX-License-Identifier: MIT */
/*
 * Every place in which a program can say which signals are blocked, and every place in which it can ask: what it asked
 * for is what it is told, also about signals that somebody below it may need, and its calls work meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define ALL	 UINT64_MAX
#define BIT(sig) (1UL << ((sig)-1))

/* The kernel's sets: the C library's functions leave some signals out. */
static uint64_t get_mask(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	return mask;
}

static void set_mask(uint64_t mask)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8);
}

/* The C library's raise(3) blocks everything meanwhile. */
static void send(int sig)
{
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

/* A line of a status file of proc, as a number. */
static uint64_t status_line(const char *file, const char *label)
{
	static char text[8192];
	int fd = open(file, O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	const char *at;

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, label);
	return at ? strtoull(at + strlen(label), NULL, 16) : 0xbad;
}

/* What the handler found. */
static struct {
	int runs, works;
	uint64_t mask, saved, status, thread_status;
} found;

static uint64_t leave_with; /* for uc_sigmask, if `leave` */
static int leave;

static void look(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	struct stat st;

	found.runs++;
	found.works = stat("/", &st) == 0 && stat("/nowhere", &st) < 0;
	found.mask = get_mask();
	memcpy(&found.saved, &uc->uc_sigmask, 8);
	found.status = status_line("/proc/self/status", "SigBlk:");
	found.thread_status = status_line("/proc/thread-self/status", "SigBlk:");
	if (leave)
		memcpy(&uc->uc_sigmask, &leave_with, 8);
}

static void handle(int sig, uint64_t mask, int flags)
{
	struct sigaction action = {.sa_sigaction = look, .sa_flags = SA_SIGINFO | flags};

	memcpy(&action.sa_mask, &mask, 8);
	sigaction(sig, &action, NULL);
}

static void tell(const char *place, uint64_t mask)
{
	struct stat st;

	printf("%-14s %016lx: ", place, (unsigned long)mask);
	if (found.runs)
		printf("in handler (%d) %016lx, saved %016lx, status %016lx %016lx, calls %s; ", found.runs,
		       (unsigned long)found.mask, (unsigned long)found.saved, (unsigned long)found.status,
		       (unsigned long)found.thread_status, found.works ? "work" : "fail");
	printf("after %016lx, status %016lx, calls %s\n", (unsigned long)get_mask(),
	       (unsigned long)status_line("/proc/self/status", "SigBlk:"), stat("/", &st) ? "fail" : "work");
	memset(&found, 0, sizeof(found));
	set_mask(0);
}

/* ---- the places ---- */

static void in_sigprocmask(uint64_t mask)
{
	set_mask(mask);
}

static void in_sigaction(uint64_t mask)
{
	struct sigaction got;
	uint64_t kept;

	handle(SIGUSR1, mask, 0);
	sigaction(SIGUSR1, NULL, &got);
	memcpy(&kept, &got.sa_mask, 8);
	printf("sa_mask kept as %016lx: ", (unsigned long)kept);
	send(SIGUSR1);
}

static void in_frame(uint64_t mask)
{
	handle(SIGUSR1, 0, 0);
	leave = 1;
	leave_with = mask;
	send(SIGUSR1);
	leave = 0;
}

/* The waiting calls: SIGUSR1 is pending, and blocked but in the call. */
static void in_wait(uint64_t mask, long (*wait)(const uint64_t *))
{
	long result;
	int err;

	mask &= ~BIT(SIGUSR1);
	handle(SIGUSR1, 0, SA_RESTART);
	set_mask(BIT(SIGUSR1) | BIT(SIGHUP));
	send(SIGUSR1);
	result = wait(&mask);
	err = errno;
	printf("%ld %s: ", result, result < 0 ? strerrorname_np(err) : "");
}

static long do_sigsuspend(const uint64_t *mask)
{
	return syscall(SYS_rt_sigsuspend, mask, 8);
}

static long do_ppoll(const uint64_t *mask)
{
	return syscall(SYS_ppoll, NULL, 0, NULL, mask, 8);
}

static long do_pselect(const uint64_t *mask)
{
	struct {
		const uint64_t *mask;
		size_t size;
	} pair = {mask, 8};

	return syscall(SYS_pselect6, 0, NULL, NULL, NULL, NULL, &pair);
}

static long do_epoll_pwait(const uint64_t *mask)
{
	struct epoll_event event;
	int fd = epoll_create1(0);
	long result = syscall(SYS_epoll_pwait, fd, &event, 1, -1, mask, 8);

	close(fd);
	return result;
}

static long do_epoll_pwait2(const uint64_t *mask)
{
	struct epoll_event event;
	int fd = epoll_create1(0);
	long result = syscall(SYS_epoll_pwait2, fd, &event, 1, NULL, mask, 8);

	close(fd);
	return result;
}

static long do_io_pgetevents(const uint64_t *mask)
{
	struct {
		const uint64_t *mask;
		size_t size;
	} pair = {mask, 8};
	struct io_event event;
	static aio_context_t aio;

	if (!aio)
		syscall(SYS_io_setup, 1, &aio);
	return syscall(SYS_io_pgetevents, aio, 1, 1, &event, NULL, &pair);
}

static void in_sigsuspend(uint64_t mask)
{
	in_wait(mask, do_sigsuspend);
}

static void in_ppoll(uint64_t mask)
{
	in_wait(mask, do_ppoll);
}

static void in_pselect(uint64_t mask)
{
	in_wait(mask, do_pselect);
}

static void in_epoll_pwait(uint64_t mask)
{
	in_wait(mask, do_epoll_pwait);
}

static void in_epoll_pwait2(uint64_t mask)
{
	in_wait(mask, do_epoll_pwait2);
}

static void in_io_pgetevents(uint64_t mask)
{
	in_wait(mask, do_io_pgetevents);
}

static void forget_pending(void)
{
	struct timespec none = {0, 0};
	uint64_t all = ALL;

	while (syscall(SYS_rt_sigtimedwait, &all, NULL, &none, 8) > 0)
		;
}

/* Those that take signals rather than let them through. */
static void in_sigtimedwait(uint64_t mask)
{
	struct timespec none = {0, 0};
	siginfo_t info;
	long sig;

	set_mask(ALL);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGSYS);
	while ((sig = syscall(SYS_rt_sigtimedwait, &mask, &info, &none, 8)) > 0)
		printf("took %ld, ", sig);
	forget_pending();
}

static void in_signalfd(uint64_t mask)
{
	int fd = (int)syscall(SYS_signalfd4, -1, &mask, 8, SFD_NONBLOCK);
	struct signalfd_siginfo info;

	set_mask(ALL);
	kill(getpid(), SIGUSR1);
	while (read(fd, &info, sizeof(info)) == sizeof(info))
		printf("read %u, ", info.ssi_signo);
	close(fd);
	forget_pending();
}

static void *in_new_thread(void *arg)
{
	printf("thread has %016lx, status %016lx: ", (unsigned long)get_mask(),
	       (unsigned long)status_line("/proc/thread-self/status", "SigBlk:"));
	return NULL;
}

static void in_thread(uint64_t mask)
{
	pthread_t thread;

	set_mask(mask);
	pthread_create(&thread, NULL, in_new_thread, NULL);
	pthread_join(thread, NULL);
}

static void in_fork(uint64_t mask)
{
	set_mask(mask);
	fflush(stdout);
	if (fork() == 0) {
		in_new_thread(NULL);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

static void in_exec(uint64_t mask)
{
	set_mask(mask);
	fflush(stdout);
	if (fork() == 0) {
		execl("/proc/self/exe", "masks", "--tell", NULL);
		_exit(1);
	}
	wait(NULL);
}

static const struct {
	const char *name;
	void (*fn)(uint64_t mask);
} places[] = {
    {"sigprocmask", in_sigprocmask},
    {"sigaction", in_sigaction},
    {"uc_sigmask", in_frame},
    {"sigsuspend", in_sigsuspend},
    {"ppoll", in_ppoll},
    {"pselect6", in_pselect},
    {"epoll_pwait", in_epoll_pwait},
    {"epoll_pwait2", in_epoll_pwait2},
    {"io_pgetevents", in_io_pgetevents},
    {"sigtimedwait", in_sigtimedwait},
    {"signalfd", in_signalfd},
    {"thread", in_thread},
    {"fork", in_fork},
    {"exec", in_exec},
};

static const uint64_t masks[] = {0, ALL, BIT(SIGSYS), BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGUSR2), ~BIT(SIGSYS)};

/* ---- what else can be asked ---- */

static void tell_status(const char *when)
{
	printf("%-28s ign %016lx cgt %016lx pnd %016lx shd %016lx\n", when,
	       (unsigned long)status_line("/proc/self/status", "SigIgn:"),
	       (unsigned long)status_line("/proc/self/status", "SigCgt:"),
	       (unsigned long)status_line("/proc/self/status", "SigPnd:"),
	       (unsigned long)status_line("/proc/self/status", "ShdPnd:"));
}

static void dispositions(void)
{
	int sigs[] = {SIGSYS, SIGSEGV, SIGBUS, SIGTERM};
	size_t i;

	tell_status("at first");
	for (i = 0; i < 4; i++)
		handle(sigs[i], 0, 0);
	tell_status("with handlers");
	for (i = 0; i < 4; i++)
		signal(sigs[i], SIG_IGN);
	tell_status("ignored");
	for (i = 0; i < 4; i++)
		signal(sigs[i], SIG_DFL);
	tell_status("default again");
}

/* ---- threads ---- */

static volatile int ready, waits;
static volatile pid_t taker;

static void note_thread(int sig)
{
	taker = (pid_t)syscall(SYS_gettid);
}

static void *take(void *arg)
{
	uint64_t set = BIT(*(int *)arg);
	siginfo_t info;

	if (waits) {
		ready = 1;
		while (syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8) < 0)
			;
		taker = (pid_t)syscall(SYS_gettid);
		printf("took %d code %d; ", info.si_signo, info.si_code);
		return NULL;
	}
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8);
	ready = 1;
	while (!taker)
		usleep(1000);
	return NULL;
}

/* The first thread blocks everything, another one takes the signal: by a handler, or by waiting for it. */
static void for_process(int sig)
{
	pthread_t thread;

	ready = taker = 0;
	signal(sig, note_thread);
	set_mask(ALL);
	pthread_create(&thread, NULL, take, &sig);
	while (!ready)
		usleep(1000);
	usleep(20000);
	kill(getpid(), sig);
	pthread_join(thread, NULL);
	printf("signal %d, %s: %s; ", sig, waits ? "waited for" : "handled",
	       taker == getpid() ? "the first" : "the other");
	set_mask(0);
	printf("%s afterwards\n", taker == getpid() ? "again" : "not");
}

static void threads(void)
{
	static const int sigs[] = {SIGUSR1, SIGSEGV, SIGBUS, SIGSYS};
	size_t i;

	for (i = 0; i < 8; i++) {
		waits = i >= 4;
		for_process(sigs[i % 4]);
	}
}

int main(int argc, char **argv)
{
	size_t i, j;

	if (argc == 2) {
		in_new_thread(NULL);
		return 0;
	}
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (j = 0; j < sizeof(masks) / sizeof(masks[0]); j++) {
			places[i].fn(masks[j]);
			tell(places[i].name, masks[j]);
		}
	}
	dispositions();
	alarm(60);
	threads();
	return 0;
}
