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

struct sleeper {
	const char *name;
	void (*prepare)(void); /* before the child is made */
	long (*call)(void);    /* in the child: the call that sleeps */
	void (*wake)(void);    /* makes it return; NULL: it does so by itself */
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

static inline void pause_ms(int ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* The state of a process: a letter of /proc/PID/stat. */
static char state_of(pid_t pid)
{
	char path[64], text[512], *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return '?';
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	end = strrchr(text, ')');
	return end ? end[2] : '?';
}

/* Waits until it sleeps, and goes on sleeping. Who gets a signal is running from then on, if it is one to wake for. */
static void until_asleep(pid_t pid)
{
	int i, asleep = 0;

	for (i = 0; i < 3000 && asleep < 4; i++) {
		asleep = strchr("SZ", state_of(pid)) ? asleep + 1 : 0;
		pause_ms(2);
	}
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

static void stop_and_continue(pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
}

static const struct way {
	const char *name;
	void (*prepare)(void); /* in the child */
	void (*send)(pid_t pid);
} ways[] = {
    {"handler", with_handler, send_subject},	      {"SA_RESTART", with_restart, send_subject},
    {"ignored", with_ignore, send_subject},	      {"blocked", with_block, send_subject},
    {"ignored by default", with_nothing, send_winch}, {"stopped", with_nothing, stop_and_continue},
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

static void try_in_process(const struct sleeper *s, const struct way *way)
{
	int i, status;

	alarm(30);
	if (s->prepare)
		s->prepare();
	sleeping = (pid_t)MUST(fork());
	if (sleeping == 0)
		sleep_in_call(s, way);
	while (!outcome->about)
		pause_ms(1);
	until_asleep(sleeping);
	way->send(sleeping);
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
