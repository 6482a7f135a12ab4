/* SPDX-License-Identifier: MIT */
/* Storms of signals: while calls are made, while processes start, from timers, to threads. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/programs/signals.h"

#define STORM_USEC 150

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- while calls are made ---- */

static void test_storm_open(void)
{
	struct stat st;
	int i, fd;

	fd = (int)CHECK_OK(open("file", O_CREAT | O_RDWR, 0600));
	close(fd);
	handle(SIGALRM, on_signal, SA_RESTART);
	ring(STORM_USEC, STORM_USEC);
	for (i = 0; i < 20000; i++) {
		fd = (int)CHECK_OK(open("file", O_RDONLY));
		CHECK_OK(fstat(fd, &st));
		CHECK_OK(close(fd));
		CHECK_FAILS(stat("missing", &st), ENOENT);
	}
	quiet();
	CHECK(count > 10);
}

static void test_storm_fork(void)
{
	int i;

	handle(SIGALRM, on_signal, SA_RESTART);
	ring(STORM_USEC, STORM_USEC);
	for (i = 0; i < 200; i++) {
		pid_t pid = fork();
		int status;

		CHECK(pid >= 0);
		if (pid == 0) {
			handle(SIGALRM, SIG_DFL, 0);
			_exit(i & 0x7f);
		}
		CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == (i & 0x7f));
	}
	quiet();
	CHECK(count > 5);
}

static void on_signal_work(int sig)
{
	struct stat st;
	int fd = open("/etc/passwd", O_RDONLY);

	on_signal(sig);
	fstat(fd, &st);
	close(fd);
}

/* Handlers make calls that trap themselves, on top of calls that trap. */
static void test_storm_nested(void)
{
	char cwd[256];
	int i;

	handle(SIGALRM, on_signal_work, SA_RESTART | SA_NODEFER);
	handle(SIGUSR1, on_signal_work, SA_RESTART);
	ring(STORM_USEC, STORM_USEC);
	for (i = 0; i < 5000; i++) {
		CHECK(getcwd(cwd, sizeof(cwd)) != NULL);
		CHECK_OK(raise(SIGUSR1));
		mask(SIG_BLOCK, SIGALRM);
		mask(SIG_UNBLOCK, SIGALRM);
	}
	quiet();
	CHECK(count > i);
}

static sigjmp_buf back;

static void on_signal_jump(int sig)
{
	on_signal(sig);
	siglongjmp(back, 1);
}

static void test_storm_jump(void)
{
	struct stat st;
	volatile int rounds = 0;

	handle(SIGALRM, on_signal_jump, 0);
	if (sigsetjmp(back, 1) == 0)
		ring(1000, STORM_USEC * 2);
	while (count < 500) {
		stat("missing", &st);
		stat("/etc/passwd", &st);
		rounds++;
	}
	quiet();
	CHECK(rounds > 0);
}

/* Signals that the runtime cannot block come while it works. */
static void test_storm_hidden(void)
{
	static const int sigs[] = {SIGSEGV, SIGBUS, SIGSYS};
	pid_t pid, parent = getpid();
	struct stat st;
	int i, status;

	for (i = 0; i < 3; i++)
		handle(sigs[i], on_signal, SA_RESTART);
	pid = (pid_t)CHECK_OK(fork());
	if (pid == 0) {
		for (i = 0; i < 3000; i++) {
			kill(parent, sigs[i % 3]);
			if (i % 8 == 0)
				usleep(50);
		}
		_exit(0);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		CHECK_OK(stat("/", &st));
		CHECK_FAILS(syscall(SYS_stat, 8, &st), EFAULT);
		mask(SIG_BLOCK, SIGSEGV);
		CHECK_OK(stat("/", &st));
		mask(SIG_UNBLOCK, SIGSEGV);
	}
	CHECK(count > 100);
}

/* ---- threads ---- */

#define THREADS 4
#define SHOTS	500

static __thread volatile sig_atomic_t own_count;
static volatile sig_atomic_t ready, finish;

static void on_shot(int sig)
{
	own_count++;
}

static void *be_shot(void *arg)
{
	struct stat st;

	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (own_count < SHOTS)
		stat("/etc/passwd", &st);
	return (void *)(intptr_t)own_count;
}

static void test_pthread_kill(void)
{
	pthread_t threads[THREADS];
	void *result;
	int i, n;

	handle(SIGRTMIN + 1, on_shot, SA_RESTART); /* real-time signals do not merge */
	for (i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, be_shot, NULL) == 0);
	while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < THREADS)
		usleep(1000);
	for (n = 0; n < SHOTS; n++)
		for (i = 0; i < THREADS; i++)
			while (pthread_kill(threads[i], SIGRTMIN + 1) == EAGAIN)
				usleep(100);
	for (i = 0; i < THREADS; i++) {
		CHECK(pthread_join(threads[i], &result) == 0);
		CHECK((intptr_t)result == SHOTS);
	}
}

static pthread_t taker;

static void on_taken(int sig)
{
	count += pthread_equal(pthread_self(), taker) ? 1 : 1000;
}

static void *take(void *arg)
{
	mask(SIG_UNBLOCK, SIGUSR1);
	taker = pthread_self();
	ready = 1;
	while (!finish)
		usleep(1000);
	return NULL;
}

/* A signal for the process goes to a thread that lets it through; each thread has its own mask and stack. */
static void test_thread_masks(void)
{
	stack_t ss = {.ss_sp = malloc(65536), .ss_size = 65536};
	pthread_t thread;
	int i;

	handle(SIGUSR1, on_taken, 0);
	mask(SIG_BLOCK, SIGUSR1);
	CHECK_OK(sigaltstack(&ss, NULL));
	CHECK(pthread_create(&thread, NULL, take, NULL) == 0);
	while (!ready)
		usleep(1000);
	for (i = 1; i <= 20; i++) {
		CHECK_OK(kill(getpid(), SIGUSR1));
		while (count < i)
			usleep(100);
	}
	finish = 1;
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(count == 20);
}

static void *see_altstack(void *arg)
{
	stack_t ss;

	CHECK_OK(sigaltstack(NULL, &ss));
	return (void *)(intptr_t)ss.ss_flags;
}

static void test_thread_altstack(void)
{
	stack_t ss = {.ss_sp = malloc(65536), .ss_size = 65536}, seen;
	pthread_t thread;
	void *flags;
	int status;
	pid_t pid;

	CHECK_OK(sigaltstack(&ss, NULL));
	CHECK(pthread_create(&thread, NULL, see_altstack, NULL) == 0);
	CHECK(pthread_join(thread, &flags) == 0 && (intptr_t)flags == SS_DISABLE);
	pid = (pid_t)CHECK_OK(fork());
	if (pid == 0) {
		CHECK_OK(sigaltstack(NULL, &seen));
		_exit(seen.ss_sp != ss.ss_sp);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- queues ---- */

#define QUEUED 2000
static volatile sig_atomic_t next_value, out_of_order;

static void on_queued(int sig, siginfo_t *info, void *uc)
{
	out_of_order += info->si_value.sival_int != next_value++;
}

static void *queue_to(void *arg)
{
	pthread_t target = *(pthread_t *)arg;
	int i;

	for (i = 0; i < QUEUED; i++)
		while (pthread_sigqueue(target, SIGRTMIN + 2, (union sigval){.sival_int = i}) == EAGAIN)
			usleep(100);
	return NULL;
}

/* Real-time signals come in the order in which they were sent, also to a thread that is busy with calls. */
static void test_queue_order(void)
{
	pthread_t self = pthread_self(), thread;
	struct stat st;

	handle_info(SIGRTMIN + 2, on_queued, SA_RESTART);
	CHECK(pthread_create(&thread, NULL, queue_to, &self) == 0);
	while (next_value < QUEUED)
		CHECK_OK(stat("/etc/passwd", &st));
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(out_of_order == 0 && next_value == QUEUED);
}

static void test_timer(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 42};
	struct itimerspec each = {{0, 1000000}, {0, 1000000}};
	sigset_t set = set_of(SIGRTMIN);
	siginfo_t info;
	timer_t timer;
	double start = now();
	int i;

	mask(SIG_BLOCK, SIGRTMIN);
	CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK_OK(timer_settime(timer, 0, &each, NULL));
	for (i = 0; i < 50; i++) {
		CHECK(sigwaitinfo(&set, &info) == SIGRTMIN);
		CHECK(info.si_code == SI_TIMER && info.si_value.sival_int == 42);
	}
	CHECK(now() - start > 0.040);
	handle(SIGRTMIN, on_signal, SA_RESTART);
	mask(SIG_UNBLOCK, SIGRTMIN);
	while (count < 50) {
		struct stat st;

		CHECK_OK(stat("/etc/passwd", &st));
	}
	CHECK_OK(timer_delete(timer));
}

static const struct test tests[] = {
    {"alarms while opening files", test_storm_open},
    {"alarms while forking", test_storm_fork},
    {"handlers that make calls", test_storm_nested},
    {"siglongjmp out of alarms", test_storm_jump},
    {"SIGSEGV, SIGBUS and SIGSYS from outside", test_storm_hidden},
    {"pthread_kill", test_pthread_kill},
    {"masks of threads", test_thread_masks},
    {"alternate stacks of threads", test_thread_altstack},
    {"real-time signals keep their order", test_queue_order},
    {"timers", test_timer},
};

int main(void)
{
	return RUN_TESTS(tests);
}
