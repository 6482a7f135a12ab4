/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a call that sleeps when a signal comes: a table of calls, each tried in every way a signal can come.
 * A child makes the call; when it sleeps, it gets the signal, and then what it waits for. It says what the call
 * returned and how often its handler had run by then. So the table does not depend on how fast anybody is.
 */
#ifndef SECEDE_TESTS_TOOLS_INTERRUPT_H
#define SECEDE_TESTS_TOOLS_INTERRUPT_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/tools/asleep.h"

struct sleeper {
	const char *name;
	void (*prepare)(void); /* before the child is made */
	long (*call)(void);    /* in the child: the call that sleeps */
	void (*wake)(void);    /* makes it return; NULL: it does so by itself, after a nap */
};

/* The child that sleeps, for those that wake it by a signal. */
static pid_t sleeping __attribute__((unused));

/* What the child leaves behind. */
static struct outcome {
	long result;
	int error, handled, other;
	volatile int about; /* the call is next */
	char more[64];	    /* what else there is to say, e.g. of the time left */
} * outcome;

/* The signal that comes. */
static int subject = SIGUSR1;

/* How long waits what waits for time. It is longer in the next try when the signal came too late for that. */
static int nap_ms = 400;

/* Not to be woken by signals? */
static int uninterruptible;

static inline struct timespec nap_time(void)
{
	return (struct timespec){nap_ms / 1000, nap_ms % 1000 * 1000000};
}

static inline int ms_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int)((now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000);
}

static volatile sig_atomic_t handled, other_handled;

static void on_interrupt(int sig)
{
	if (sig == SIGUSR2)
		other_handled++;
	else
		handled++;
}

/* Ends the whole table: something that must work does not. */
static inline long must(long result, const char *what)
{
	if (result < 0) {
		printf("%s: %s\n", what, strerror(errno));
		exit(2);
	}
	return result;
}
#define MUST(call) must((long)(call), #call)

/* How much is not worth saying. */
static inline long some(long n)
{
	return n > 0 ? 1 : n;
}

/* ---- the ways of a signal ---- */

static void act(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigaction(sig, &action, NULL);
}

static void with_handler(void)
{
	act(subject, on_interrupt, 0);
}

static void with_restart(void)
{
	act(subject, on_interrupt, SA_RESTART);
}

static void with_ignore(void)
{
	act(subject, SIG_IGN, 0);
}

static void with_block(void)
{
	sigset_t set;

	act(subject, on_interrupt, 0);
	sigemptyset(&set);
	sigaddset(&set, subject);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void with_nothing(void)
{
}

static void send_subject(pid_t pid)
{
	kill(pid, subject);
}

static void send_winch(pid_t pid)
{
	kill(pid, SIGWINCH);
}

static void stop(pid_t pid)
{
	kill(pid, SIGSTOP);
}

static void continue_stopped(pid_t pid)
{
	int status;

	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
}

static const struct way {
	const char *name;
	void (*prepare)(void); /* in the child */
	void (*send)(pid_t pid);
	void (*then)(pid_t pid);
} ways[] = {
    {"handler", with_handler, send_subject, NULL},	    {"SA_RESTART", with_restart, send_subject, NULL},
    {"ignored", with_ignore, send_subject, NULL},	    {"blocked", with_block, send_subject, NULL},
    {"ignored by default", with_nothing, send_winch, NULL}, {"stopped", with_nothing, stop, continue_stopped},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* ---- one try ---- */

static void sleep_in_call(const struct sleeper *s, const struct way *way)
{
	act(SIGUSR2, on_interrupt, 0);
	way->prepare();
	outcome->about = 1;
	outcome->result = s->call();
	outcome->error = outcome->result == -1 ? errno : 0;
	outcome->handled = handled;
	outcome->other = other_handled;
	_exit(0);
}

/* Whether it counts: who wakes by itself must have got the signal before, and have had the time to take it. */
static int try_once(const struct sleeper *s, const struct way *way)
{
	struct timespec start;
	int i, status, in_time;

	memset((void *)outcome, 0, sizeof(*outcome));
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (s->prepare)
		s->prepare();
	sleeping = (pid_t)MUST(fork());
	if (sleeping == 0)
		sleep_in_call(s, way);
	while (!outcome->about)
		pause_ms(1);
	until_state(sleeping, uninterruptible ? "DZ" : "SZ");
	way->send(sleeping);
	in_time = s->wake || ms_since(&start) < nap_ms / 2;
	if (way->then)
		way->then(sleeping);
	until_asleep(sleeping);
	if (s->wake)
		s->wake();
	for (i = 0; i < 10000 && waitpid(sleeping, &status, WNOHANG) == 0; i++)
		pause_ms(1);
	if (i == 10000) {
		kill(sleeping, SIGKILL);
		waitpid(sleeping, &status, 0);
	}
	if (status)
		snprintf(outcome->more, sizeof(outcome->more), "ended with status %x", (unsigned)status);
	return in_time;
}

static void try_in_process(const struct sleeper *s, const struct way *way)
{
	alarm(60);
	while (!try_once(s, way))
		nap_ms *= 2;
	_exit(0);
}

static void show(const struct sleeper *s, const struct way *way, const struct outcome *o)
{
	printf("%-28s %-20s %ld", s->name, way->name, o->result);
	if (o->error)
		printf(" %s", strerrorname_np(o->error));
	printf(", handled %d%s%s%s\n", o->handled, o->other ? ", woken by a signal" : "", *o->more ? ", " : "",
	       o->more);
}

#define AT_ONCE 24

/* Every call in every way, a few at a time; the table comes in order. */
static int interrupt_all(const struct sleeper *list, size_t n)
{
	size_t tries = n * WAYS, i, running = 0;
	struct outcome *all =
	    mmap(NULL, tries * sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (all == MAP_FAILED)
		return 2;
	for (i = 0; i < tries; i++) {
		outcome = &all[i];
		if (MUST(fork()) == 0)
			try_in_process(&list[i / WAYS], &ways[i % WAYS]);
		if (++running == AT_ONCE) {
			wait(NULL);
			running--;
		}
	}
	while (wait(NULL) > 0)
		;
	for (i = 0; i < tries; i++)
		show(&list[i / WAYS], &ways[i % WAYS], &all[i]);
	return 0;
}

#endif
