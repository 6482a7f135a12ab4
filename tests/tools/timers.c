/* SPDX-License-Identifier: MIT */
/* Timers that send signals, and signals that wait in queues: what comes, in which order, and how much is taken. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Not static: see tests/programs/signals.h. */
volatile sig_atomic_t count, last_value, last_code, wrong_thread;
static pid_t wanted_thread;

static void on_signal(int sig, siginfo_t *info, void *uc)
{
	count++;
	last_value = info->si_value.sival_int;
	last_code = info->si_code;
	wrong_thread += wanted_thread && (pid_t)syscall(SYS_gettid) != wanted_thread;
}

static void handle(int sig, int flags)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags};

	sigaction(sig, &action, NULL);
}

static void block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int wait_for(int sig, siginfo_t *info)
{
	struct timespec time = {5, 0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return sigtimedwait(&set, info, &time);
}

/* ---- timers ---- */

static timer_t make_timer(clockid_t clock, int notify, int sig, pid_t tid)
{
	struct sigevent event = {.sigev_notify = notify, .sigev_signo = sig, .sigev_value.sival_int = 4711};
	timer_t timer;

	event._sigev_un._tid = tid;
	if (timer_create(clock, &event, &timer)) {
		printf("timer_create: %s", strerrorname_np(errno));
		_exit(1);
	}
	return timer;
}

static void set_timer(timer_t timer, long first_us, long each_us)
{
	struct itimerspec t = {{0, each_us * 1000}, {0, first_us * 1000}};

	timer_settime(timer, 0, &t, NULL);
}

/* Calls of every kind until so many signals have come. */
static void work_until(int n)
{
	struct stat st;
	int fd;

	while (count < n) {
		fd = open("/etc/passwd", O_RDONLY);
		if (fd < 0 || fstat(fd, &st) || close(fd) || stat("/nowhere", &st) == 0)
			printf("a call failed: %s; ", strerrorname_np(errno));
	}
}

static void timer_signal(void)
{
	handle(SIGRTMIN, SA_RESTART);
	set_timer(make_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 0), 1000, 1000);
	work_until(100);
	printf("value %d code %d", last_value, last_code);
}

static void *be_told(void *arg)
{
	wanted_thread = (pid_t)syscall(SYS_gettid);
	set_timer(make_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGRTMIN, wanted_thread), 1000, 1000);
	work_until(100);
	return NULL;
}

static void timer_thread(void)
{
	pthread_t thread;

	handle(SIGRTMIN, SA_RESTART);
	pthread_create(&thread, NULL, be_told, NULL);
	pthread_join(thread, NULL);
	printf("value %d code %d, to other threads %d", last_value, last_code, wrong_thread);
}

static void timer_overrun(void)
{
	timer_t timer = make_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
	siginfo_t info;

	block(SIGUSR1);
	set_timer(timer, 1000, 1000);
	usleep(50000);
	printf("took %d, ", wait_for(SIGUSR1, &info) == SIGUSR1);
	printf("code %d value %d, %s overruns, %s", info.si_code, info.si_value.sival_int,
	       info.si_overrun > 10 ? "many" : "few", timer_getoverrun(timer) > 10 ? "many" : "few");
}

static void timer_cpu(void)
{
	handle(SIGUSR1, SA_RESTART);
	set_timer(make_timer(CLOCK_THREAD_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0), 2000, 2000);
	work_until(10);
	printf("code %d", last_code);
}

static void timers_children(void)
{
	timer_t timer = make_timer(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
	struct itimerval real = {{0, 0}, {100, 0}}, now;
	struct itimerspec t;
	pid_t pid;

	setitimer(ITIMER_REAL, &real, NULL);
	pid = fork();
	if (pid == 0) {
		getitimer(ITIMER_REAL, &now);
		printf("child: timer %s, alarm %s; ", timer_gettime(timer, &t) ? strerrorname_np(errno) : "there",
		       now.it_value.tv_sec ? "on" : "off");
		fflush(stdout);
		execl("/proc/self/exe", "timers", "--alarm", NULL);
	}
	waitpid(pid, NULL, 0);
	printf("parent: timer %s; ", timer_gettime(timer, &t) ? strerrorname_np(errno) : "there");
	fflush(stdout);
	execl("/proc/self/exe", "timers", "--alarm", NULL);
}

static void itimer(int which, int sig)
{
	struct itimerval t = {{0, 2000}, {0, 2000}};

	handle(sig, SA_RESTART);
	setitimer(which, &t, NULL);
	work_until(20);
	printf("code %d", last_code);
}

static void itimer_real(void)
{
	itimer(ITIMER_REAL, SIGALRM);
}

static void itimer_virtual(void)
{
	itimer(ITIMER_VIRTUAL, SIGVTALRM);
}

static void itimer_prof(void)
{
	itimer(ITIMER_PROF, SIGPROF);
}

/* 5000 alarms a second while files are opened. */
static void storm(void)
{
	struct itimerval t = {{0, 200}, {0, 200}};

	handle(SIGALRM, SA_RESTART);
	setitimer(ITIMER_REAL, &t, NULL);
	work_until(2000);
}

/* The same without SA_RESTART: opening a file is never interrupted. */
static void storm_plain(void)
{
	struct itimerval t = {{0, 200}, {0, 200}};

	handle(SIGALRM, 0);
	setitimer(ITIMER_REAL, &t, NULL);
	work_until(2000);
}

/* ---- queues ---- */

static int got[64], got_n;

static void on_queued(int sig, siginfo_t *info, void *uc)
{
	if (got_n < 64)
		got[got_n++] = sig * 1000 + info->si_value.sival_int;
}

static void show_got(void)
{
	int i;

	for (i = 0; i < got_n; i++)
		printf("%d:%d ", got[i] / 1000, got[i] % 1000);
}

/* Handlers that block everything: then signals come one after the other, lowest numbers first, each queue in order. */
static void order(void)
{
	const int sigs[] = {SIGRTMIN + 5, SIGRTMIN + 1, SIGUSR2,      SIGUSR1, SIGRTMIN + 5, SIGRTMIN + 1,
			    SIGUSR1,	  SIGSEGV,	SIGRTMIN + 3, SIGSYS,  SIGBUS,	     SIGRTMIN + 5};
	struct sigaction action = {.sa_sigaction = on_queued, .sa_flags = SA_SIGINFO};
	sigset_t all, none;
	size_t i;

	sigfillset(&all);
	sigemptyset(&none);
	sigfillset(&action.sa_mask);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		sigaction(sigs[i], &action, NULL);
		sigqueue(getpid(), sigs[i], (union sigval){.sival_int = (int)i});
	}
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Faults come first in the kernel, whichever was sent: their order is told apart. */
	show_got();
}

static void order_wait(void)
{
	sigset_t all;
	siginfo_t info;
	struct timespec none = {0, 0};
	int i;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (i = 0; i < 12; i++)
		sigqueue(getpid(), SIGRTMIN + 6 - i % 4, (union sigval){.sival_int = i});
	while (sigtimedwait(&all, &info, &none) > 0)
		printf("%d:%d ", info.si_signo, info.si_value.sival_int);
}

/* RLIMIT_SIGPENDING: real-time signals beyond it are refused, standard ones lose only what they tell. */
static void limit(void)
{
	struct rlimit limit = {50, 50};
	siginfo_t info;
	sigset_t all;
	struct timespec none = {0, 0};
	int n = 0, taken = 0;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setrlimit(RLIMIT_SIGPENDING, &limit);
	while (n < 1000 && sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = n}) == 0)
		n++;
	printf("%s, %s; ", n <= 50 ? "no more than the limit" : "beyond the limit", strerrorname_np(errno));
	printf("kill %s; ", kill(getpid(), SIGUSR1) ? strerrorname_np(errno) : "well");
	while (sigtimedwait(&all, &info, &none) > 0) {
		if (info.si_signo == SIGRTMIN)
			taken++;
		else
			printf("signal %d code %d pid %d; ", info.si_signo, info.si_code, info.si_pid == getpid());
	}
	printf("all taken: %d; ", taken == n);
}

/* No room at all: handlers still run, and calls still work. */
static void no_room(void)
{
	struct rlimit limit = {0, 0};
	struct itimerval t = {{0, 500}, {0, 500}}, none = {0};

	setrlimit(RLIMIT_SIGPENDING, &limit);
	handle(SIGALRM, SA_RESTART);
	handle(SIGSEGV, SA_RESTART);
	setitimer(ITIMER_REAL, &t, NULL);
	work_until(200);
	setitimer(ITIMER_REAL, &none, NULL);
	raise(SIGSEGV);
	printf("code %d, sigqueue %s", last_code,
	       sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1}) ? strerrorname_np(errno) : "well");
}

static void bad_queueing(void)
{
	siginfo_t info = {.si_code = SI_USER};

	printf("%ld ", syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info));
	printf("%s; ", sigqueue(getppid(), 0, (union sigval){.sival_int = 0}) ? strerrorname_np(errno) : "well");
	printf("%s; ", sigqueue(getpid(), 65, (union sigval){.sival_int = 0}) ? strerrorname_np(errno) : "well");
	info.si_code = SI_USER;
	printf("%s; ", syscall(SYS_rt_sigqueueinfo, getppid(), SIGWINCH, &info) ? strerrorname_np(errno) : "well");
	info.si_code = SI_TKILL;
	printf("%s; ", syscall(SYS_rt_sigqueueinfo, getppid(), SIGWINCH, &info) ? strerrorname_np(errno) : "well");
}

static const struct {
	const char *name;
	void (*fn)(void);
} lines[] = {
    {"SIGEV_SIGNAL", timer_signal},
    {"SIGEV_THREAD_ID", timer_thread},
    {"overruns", timer_overrun},
    {"CLOCK_THREAD_CPUTIME_ID", timer_cpu},
    {"timers of children", timers_children},
    {"ITIMER_REAL", itimer_real},
    {"ITIMER_VIRTUAL", itimer_virtual},
    {"ITIMER_PROF", itimer_prof},
    {"alarms", storm},
    {"alarms without SA_RESTART", storm_plain},
    {"order of delivery", order},
    {"order of sigtimedwait", order_wait},
    {"RLIMIT_SIGPENDING", limit},
    {"RLIMIT_SIGPENDING of 0", no_room},
    {"sigqueue", bad_queueing},
};

int main(int argc, char **argv)
{
	struct itimerval now;
	size_t i;

	if (argc == 2) {
		getitimer(ITIMER_REAL, &now);
		printf("after exec: alarm %s; ", now.it_value.tv_sec ? "on" : "off");
		return 0;
	}
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int status;

		printf("%-28s ", lines[i].name);
		fflush(stdout);
		if (fork() == 0) {
			alarm(i == 8 || i == 9 ? 0 : 60);
			signal(SIGUSR1, SIG_IGN);
			lines[i].fn();
			fflush(stdout);
			_exit(0);
		}
		wait(&status);
		printf(" | ended %x\n", (unsigned)status & ~0x80U);
	}
	return 0;
}
