/* SPDX-License-Identifier: MIT */
/* What programs do in signal handlers, though they should not: each in one that interrupts a call which sleeps. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>

#include "tests/tools/asleep.h"
#include "tests/tools/lines.h"

static sigjmp_buf back;
static volatile int flags;

/* What the process that rings sees as well. */
static struct {
	volatile int about, runs;
} * shared;

static void handle(int sig, void (*handler)(int), int with)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = with};

	sigaction(sig, &action, NULL);
}

static void ring(int us)
{
	struct itimerval t = {{0, 0}, {0, us}};

	setitimer(ITIMER_REAL, &t, NULL);
}

/*
 * A process that sends us SIGALRM when we sleep in the call that we say we are about to make. And, if that opens a
 * FIFO, opens the other end when the handler has begun and we sleep again: it has been decided then what becomes of the
 * call.
 */
static pid_t ring_asleep(const char *fifo)
{
	pid_t sleeper = getpid(), pid;

	shared->about = shared->runs = 0;
	pid = fork();
	if (pid)
		return pid;
	while (!shared->about)
		pause_ms(1);
	until_asleep(sleeper);
	kill(sleeper, SIGALRM);
	if (!fifo)
		_exit(0);
	while (!shared->runs)
		pause_ms(1);
	until_asleep(sleeper);
	_exit(open(fifo, O_WRONLY) < 0);
}

/* A call that sleeps until a signal comes, and on after a restart until the writer comes. */
static void sleep_in_open(void)
{
	int fd;
	pid_t pid;

	mkfifo("fifo", 0600);
	pid = ring_asleep("fifo");
	shared->about = 1;
	fd = open("fifo", O_RDONLY);
	printf("open: %s, %d runs; ", fd < 0 ? strerrorname_np(errno) : "well", shared->runs);
	if (fd < 0)
		fd = open("fifo", O_RDONLY);
	close(fd);
	while (waitpid(pid, NULL, 0) != pid)
		;
	unlink("fifo");
}

static void interrupted_by(void (*handler)(int), int with)
{
	handle(SIGALRM, handler, with);
	sleep_in_open();
	handle(SIGALRM, handler, with | SA_RESTART);
	sleep_in_open();
}

/* ---- handlers ---- */

static void do_fork(int sig)
{
	int status;
	pid_t pid;

	shared->runs++;
	pid = fork();
	if (pid == 0)
		_exit(3);
	waitpid(pid, &status, 0);
	printf("child %x; ", (unsigned)status);
}

static void do_vfork(int sig)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "exit 4", NULL);
		_exit(1);
	}
	shared->runs++;
	waitpid(pid, &status, 0);
	printf("child %x; ", (unsigned)status);
}

static void do_system(int sig)
{
	shared->runs++;
	printf("system %x; ", (unsigned)system("exit 5"));
}

/* The child goes on where the handler was called, as a copy. */
static volatile pid_t copy = 1;

static void do_fork_and_return(int sig)
{
	shared->runs++;
	copy = fork();
}

static void *thread(void *arg)
{
	flags = 7;
	return NULL;
}

static void do_thread(int sig)
{
	pthread_t t;

	shared->runs++;
	flags = 0;
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	printf("thread %d; ", flags);
}

static void do_sleep(int sig)
{
	struct timespec t = {0, 10000000};
	sigset_t none;

	shared->runs++;
	nanosleep(&t, NULL);
	if (shared->runs > 1)
		return;
	/* Another signal, which does not come before sigsuspend(2), and a handler on top of this one. */
	sigfillset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigdelset(&none, SIGALRM);
	ring(5000);
	printf("sigsuspend %d; ", sigsuspend(&none));
}

static void do_open(int sig)
{
	int fd;
	pid_t pid;

	shared->runs++;
	mkfifo("fifo2", 0600);
	pid = fork();
	if (pid == 0)
		_exit(open("fifo2", O_WRONLY) < 0);
	fd = open("fifo2", O_RDONLY);
	printf("open %d; ", fd > 0);
	close(fd);
	unlink("fifo2");
	waitpid(pid, NULL, 0);
}

static void do_change(int sig)
{
	shared->runs++;
	handle(SIGALRM, SIG_DFL, 0);
	handle(SIGUSR1, SIG_IGN, 0);
	raise(SIGUSR1);
}

static void do_jump(int sig)
{
	shared->runs++;
	siglongjmp(back, 1);
}

static void do_edit(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	shared->runs++;
	/* The result of the call that was interrupted. */
	if (uc->uc_mcontext.gregs[REG_RAX] == -EINTR)
		uc->uc_mcontext.gregs[REG_RAX] = -EXDEV;
}

static void do_tell(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	const unsigned char *rip = (void *)uc->uc_mcontext.gregs[REG_RIP];

	shared->runs++;
	printf("rax %lld, %s the instruction; ", uc->uc_mcontext.gregs[REG_RAX],
	       rip[0] == 0x0f && rip[1] == 0x05	    ? "before"
	       : rip[-2] == 0x0f && rip[-1] == 0x05 ? "after"
						    : "not at");
}

static void do_exec(int sig)
{
	execl("/bin/sh", "sh", "-c", "echo executed; exit 6", NULL);
}

static void do_exit(int sig)
{
	exit(9);
}

static void do_quit(int sig)
{
	_exit(8);
}

static void do_thread_exit(int sig)
{
	shared->runs++;
	if (syscall(SYS_gettid) != getpid())
		pthread_exit((void *)5);
}

/* ---- lines ---- */

static void line_fork(void)
{
	interrupted_by(do_fork, 0);
}

static void line_vfork(void)
{
	interrupted_by(do_vfork, 0);
}

static void line_system(void)
{
	interrupted_by(do_system, 0);
}

static void line_thread(void)
{
	interrupted_by(do_thread, 0);
}

static void line_sleep(void)
{
	interrupted_by(do_sleep, SA_NODEFER);
}

static void line_open(void)
{
	interrupted_by(do_open, 0);
}

static void line_change(void)
{
	interrupted_by(do_change, 0);
}

static void line_copy(void)
{
	pid_t self = getpid(), ringer;
	int fd, status;

	mkfifo("fifo3", 0600);
	handle(SIGALRM, do_fork_and_return, 0);
	ringer = ring_asleep(NULL);
	shared->about = 1;
	fd = open("fifo3", O_RDONLY);
	if (copy == 0)
		_exit(fd < 0 && errno == EINTR && getpid() != self ? 2 : 3);
	printf("ours %s; ", fd < 0 ? strerrorname_np(errno) : "well");
	waitpid(copy, &status, 0);
	printf("the copy's %x; ", (unsigned)status);
	waitpid(ringer, NULL, 0);
	unlink("fifo3");
}

static void line_jump(void)
{
	volatile int i;
	int fd = 0;

	shared->runs = 0;
	mkfifo("fifo4", 0600);
	handle(SIGALRM, do_jump, SA_RESTART);
	for (i = 0; i < 50; i++) {
		if (sigsetjmp(back, 1) == 0) {
			ring(1000);
			fd = open("fifo4", O_RDONLY);
			printf("returned %d; ", fd);
		}
	}
	printf("%d runs; ", shared->runs);
	unlink("fifo4");
}

static void with_info(void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};

	sigaction(SIGALRM, &action, NULL);
	sleep_in_open();
	action.sa_flags |= SA_RESTART;
	sigaction(SIGALRM, &action, NULL);
	sleep_in_open();
}

static void line_edit(void)
{
	with_info(do_edit);
}

static void line_tell(void)
{
	with_info(do_tell);
}

static void end_in(void (*handler)(int))
{
	mkfifo("fifo5", 0600);
	handle(SIGALRM, handler, SA_RESTART);
	fflush(stdout);
	ring(20000);
	open("fifo5", O_RDONLY);
}

static void line_exec(void)
{
	end_in(do_exec);
}

static void line_exit(void)
{
	end_in(do_exit);
}

static void line_quit(void)
{
	end_in(do_quit);
}

static void *sleep_for_ever(void *arg)
{
	flags = 1;
	open("fifo5", O_RDONLY);
	return NULL;
}

static void line_thread_exit(void)
{
	pthread_t t;
	void *result;

	mkfifo("fifo5", 0600);
	flags = 0;
	handle(SIGUSR1, do_thread_exit, SA_RESTART);
	pthread_create(&t, NULL, sleep_for_ever, NULL);
	while (!flags)
		usleep(1000);
	usleep(20000);
	pthread_kill(t, SIGUSR1);
	pthread_join(t, &result);
	printf("result %ld; ", (long)result);
}

/* In a vfork child: the parent's memory, but handlers and masks of its own. */
static void line_in_vfork(void)
{
	struct sigaction now;
	sigset_t mask;
	int status;
	pid_t pid;

	shared->runs = 0;
	pid = vfork();
	if (pid == 0) {
		handle(SIGUSR1, do_change, 0);
		sigfillset(&mask);
		sigprocmask(SIG_SETMASK, &mask, NULL);
		sigemptyset(&mask);
		sigprocmask(SIG_SETMASK, &mask, NULL);
		kill(getpid(), SIGUSR1);
		_exit(shared->runs);
	}
	waitpid(pid, &status, 0);
	sigaction(SIGUSR1, NULL, &now);
	sigprocmask(SIG_BLOCK, NULL, &mask);
	printf("child %x, our handler %s, our mask %s; ", (unsigned)status,
	       now.sa_handler == SIG_DFL ? "untouched" : "changed",
	       sigismember(&mask, SIGTERM) ? "changed" : "untouched");
}

static const struct line lines[] = {
    {"fork", line_fork},
    {"vfork and exec", line_vfork},
    {"system", line_system},
    {"a thread", line_thread},
    {"sleep and be interrupted", line_sleep},
    {"open another", line_open},
    {"change the handler", line_change},
    {"fork and return twice", line_copy},
    {"siglongjmp", line_jump},
    {"edit the result", line_edit},
    {"look at the call", line_tell},
    {"exec", line_exec},
    {"exit", line_exit},
    {"_exit", line_quit},
    {"pthread_exit", line_thread_exit},
    {"in a vfork child", line_in_vfork},
};

int main(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	SHOW_LINES(lines);
	return 0;
}
