/* SPDX-License-Identifier: MIT */
/*
 * What the tests of unshare(CLONE_SIGHAND) share: a process of two threads, the first and another one whose handlers
 * are its own, and a controller outside that sends signals to them and sees what becomes of that.
 */
#ifndef SECEDE_TESTS_SPEC_PARTED_H
#define SECEDE_TESTS_SPEC_PARTED_H

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/spec/step.h"

#define DEADLINE_MS 40000
#define MARKER	    (SIGRTMIN + 5) /* comes after every other signal that was sent before it */

enum who { FIRST, SECOND, BOTH };

/* Memory that the controller, the process and its children see. */
struct board {
	_Atomic int step; /* who waits for n waits until it is n */
	_Atomic int parted, ready;
	_Atomic int tid[BOTH];
	_Atomic int ran[BOTH];	  /* how often the handler of either ran, */
	_Atomic int astray;	  /* and how often in the other thread */
	_Atomic int marked;	  /* MARKER came so often */
	_Atomic int from, status; /* what the last handler saw in si_pid, si_status */
	_Atomic int value[4];
};
static struct board *board;

static inline void new_board(void)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(board != MAP_FAILED);
}

static inline void wake(_Atomic int *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Waits until the word is at least n. */
static inline void await_word(_Atomic int *word, int n)
{
	step_await(word, n, DEADLINE_MS / 1000);
}

static inline void reach(int step)
{
	step_reach(&board->step, step);
}

static inline void await(int step)
{
	await_word(&board->step, step);
}

/* ---- handlers ---- */

static inline void note(enum who who, const siginfo_t *info)
{
	int saved = errno;

	if (gettid() != board->tid[who])
		board->astray++;
	board->from = info->si_pid;
	board->status = info->si_status;
	board->ran[who]++;
	wake(&board->ran[who]);
	errno = saved;
}

static inline void first_handler(int sig, siginfo_t *info, void *context)
{
	note(FIRST, info);
}

static inline void second_handler(int sig, siginfo_t *info, void *context)
{
	note(SECOND, info);
}

static inline void on_marker(int sig)
{
	int saved = errno;

	board->marked++;
	wake(&board->marked);
	errno = saved;
}

enum what { HANDLE, IGNORE, DEFAULT, WHATS };
static const char *const what_names[WHATS] = {"handler", "ignore", "default"};

/* The calling thread's action. */
static inline void act(enum who who, int sig, enum what what, int flags)
{
	struct sigaction action = {.sa_flags = flags};

	if (what == HANDLE) {
		action.sa_sigaction = who == FIRST ? first_handler : second_handler;
		action.sa_flags |= SA_SIGINFO;
	} else {
		action.sa_handler = what == IGNORE ? SIG_IGN : SIG_DFL;
	}
	CHECK_OK(sigaction(sig, &action, NULL));
}

static inline void take_markers(void)
{
	struct sigaction action = {.sa_handler = on_marker, .sa_flags = SA_RESTART};

	CHECK_OK(sigaction(MARKER, &action, NULL));
}

static inline void block(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	CHECK(pthread_sigmask(how, &set, NULL) == 0);
}

static inline void part(void)
{
	CHECK_OK(syscall(SYS_unshare, CLONE_SIGHAND));
}

/* ---- the process ---- */

static inline void start_thread(pthread_t *thread, void *(*run)(void *))
{
	CHECK(pthread_create(thread, NULL, run, NULL) == 0);
}

static void (*second_body)(void);

static inline void *second_thread(void *unused)
{
	board->tid[SECOND] = gettid();
	part();
	board->parted = 1;
	wake(&board->parted);
	second_body();
	return NULL;
}

static inline void say_ready(void)
{
	board->ready++;
	wake(&board->ready);
}

/* Nothing more to do: signals are all that comes. */
static inline void idle(void)
{
	say_ready();
	for (;;)
		poll(NULL, 0, 1000);
}

/* In a child: `first` in its first thread, `second` in another one that has parted. Neither comes back. */
static inline pid_t run_parted(void (*first)(void), void (*second)(void))
{
	pthread_t thread;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid)
		return pid;
	alarm(60);
	CHECK_OK(setpgid(0, 0)); /* not an orphaned group: it can be stopped */
	take_markers();
	board->tid[FIRST] = gettid();
	second_body = second;
	board->parted = 0;
	start_thread(&thread, second_thread);
	await_word(&board->parted, 1);
	first();
	CHECK(pthread_join(thread, NULL) == 0);
	_exit(0);
}

static inline void await_ready(void)
{
	await_word(&board->ready, BOTH);
}

/* ---- the controller ---- */

static inline void send_thread(pid_t pid, enum who who, int sig)
{
	CHECK_OK(syscall(SYS_tgkill, pid, board->tid[who], sig));
}

/* The thread has taken all that it was sent for itself. */
static inline void settle_thread(pid_t pid, enum who who)
{
	int before = board->marked;

	send_thread(pid, who, MARKER);
	await_word(&board->marked, before + 1);
}

static inline unsigned long mask_in(const char *status, const char *label)
{
	const char *line = strstr(status, label);

	CHECK(line != NULL);
	return strtoul(line + strlen(label), NULL, 16);
}

/* It sleeps, not in a handler, and nothing waits for it or its process. */
static inline int is_asleep(pid_t pid, enum who who)
{
	char path[64], text[4096];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, board->tid[who]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	CHECK(len > 0);
	text[len] = 0;
	return strstr(text, "State:\tS") && !mask_in(text, "SigPnd:") && !mask_in(text, "ShdPnd:") &&
	       mask_in(text, "SigBlk:") < 1UL << (MARKER - 1);
}

/*
 * All has been taken. A signal for the process is given to one of the threads that do not block it and are free to take
 * it, the first thread before all others; but any other that takes signals at that moment may be faster.
 */
static inline void await_asleep(pid_t pid)
{
	int rounds;

	for (rounds = 0; rounds < DEADLINE_MS && !(is_asleep(pid, FIRST) && is_asleep(pid, SECOND)); rounds++)
		poll(NULL, 0, 1);
	CHECK(rounds < DEADLINE_MS);
}

/* The end of a process, as wait(2) has it. */
static inline int status_of_end(pid_t pid)
{
	int status = 0;

	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

static inline void ends_with(pid_t pid, int code)
{
	int status = status_of_end(pid);

	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == code);
}

static inline void kill_parted(pid_t pid)
{
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(WTERMSIG(status_of_end(pid)) == SIGKILL);
	CHECK(board->astray == 0);
}

/* ---- natively ---- */

static inline void *refused(void *unused)
{
	CHECK_FAILS(syscall(SYS_unshare, CLONE_SIGHAND), EINVAL);
	return NULL;
}

static inline void linux_refuses(void)
{
	pthread_t thread;

	start_thread(&thread, refused);
	CHECK(pthread_join(thread, NULL) == 0);
}

/* Under secede the tests of the table from `number` on; natively there is one. */
static inline int run_natively(int argc, char **argv)
{
	static const struct test natively = {"Linux has no such thing: EINVAL", linux_refuses};

	if (argc > 2 && strcmp(argv[2], "secede") == 0)
		return -1;
	printf("1..1\n");
	return !run_test(1, &natively);
}

static inline int run_parted_test(int number, const struct test *test)
{
	new_board();
	return run_test(number, test);
}

#endif
