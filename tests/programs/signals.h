/* SPDX-License-Identifier: MIT */
/* What the programs about signals share: handlers that count, and shorthands for masks and timers. */
#ifndef SECEDE_TESTS_PROGRAMS_SIGNALS_H
#define SECEDE_TESTS_PROGRAMS_SIGNALS_H

#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <ucontext.h>

#include "tests/spec/tap.h"

/* How often handlers ran, and for which signal last. Not static: the C library calls raise() a leaf
 * function, behind which no static variable of ours could change. */
volatile sig_atomic_t count, last;

static inline void on_signal(int sig)
{
	count++;
	last = sig;
}

/* What look() saw, which also counts. */
siginfo_t seen;
ucontext_t seen_uc;
uintptr_t seen_sp;
sigset_t seen_mask;

static inline void look(int sig, siginfo_t *info, void *uc)
{
	on_signal(sig);
	seen = *info;
	seen_uc = *(ucontext_t *)uc;
	seen_sp = (uintptr_t)__builtin_frame_address(0);
	sigprocmask(SIG_BLOCK, NULL, &seen_mask);
}

static inline void handle(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	CHECK_OK(sigaction(sig, &action, NULL));
}

static inline void handle_info(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

	CHECK_OK(sigaction(sig, &action, NULL));
}

#define STACK_SIZE 65536
static char altstack[STACK_SIZE] __attribute__((aligned(4096), unused));

static inline void use_altstack(int flags)
{
	stack_t ss = {.ss_sp = altstack, .ss_size = STACK_SIZE, .ss_flags = flags};

	CHECK_OK(sigaltstack(&ss, NULL));
}

/* Did look() run on it? */
static inline int seen_on_altstack(void)
{
	return seen_sp > (uintptr_t)altstack && seen_sp <= (uintptr_t)altstack + STACK_SIZE;
}

/* The set of one signal, or of none. */
static inline sigset_t set_of(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	if (sig)
		sigaddset(&set, sig);
	return set;
}

static inline void mask(int how, int sig)
{
	sigset_t set = set_of(sig);

	CHECK_OK(sigprocmask(how, &set, NULL));
}

/* SIGALRM after `usec`, and then each `again` (0: once). quiet() ends it. */
static inline void ring(int usec, int again)
{
	struct itimerval timer = {{0, again}, {0, usec}};

	CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
}

static inline void quiet(void)
{
	ring(0, 0);
}

static inline void join(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		CHECK(errno == EINTR);
	CHECK(status == 0);
}

/* Runs `body` in a child and returns its wait status. */
static inline int status_of(void (*body)(void))
{
	int status;
	pid_t pid = (pid_t)CHECK_OK(fork());

	if (pid == 0) {
		body();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

#endif
