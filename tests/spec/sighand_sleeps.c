/* SPDX-License-Identifier: MIT */
/*
 * Calls that a handler ends whatever SA_RESTART says (signal(7)), in a thread whose handlers were parted by
 * unshare(CLONE_SIGHAND): a signal that this thread ignores does not end them, though another thread handles it, and
 * they end at their time, however many of them come.
 */
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>

#include "tests/spec/parted.h"

#define SIGNAL SIGURG  /* whose default is to be ignored */
#define ENDS   SIGUSR2 /* ends those that have no time */

/* ---- the calls; those that have no time of their own are ended by ENDS ---- */

static struct timespec time_out;
static int msecs;

static void set_time(int to)
{
	msecs = to;
	time_out.tv_sec = to / 1000;
	time_out.tv_nsec = to % 1000 * 1000000L;
}

static int epoll, queue, semaphores;

static long call_poll(void)
{
	return poll(NULL, 0, msecs);
}

static long call_ppoll(void)
{
	sigset_t none;

	sigemptyset(&none);
	return ppoll(NULL, 0, &time_out, &none);
}

static long call_ppoll_plain(void)
{
	return ppoll(NULL, 0, &time_out, NULL);
}

static long call_select(void)
{
	struct timeval time = {time_out.tv_sec, time_out.tv_nsec / 1000};

	return select(0, NULL, NULL, NULL, &time);
}

static long call_pselect(void)
{
	sigset_t none;

	sigemptyset(&none);
	return pselect(0, NULL, NULL, NULL, &time_out, &none);
}

static long call_nanosleep(void)
{
	return nanosleep(&time_out, NULL);
}

/* What is left is told as natively. */
static long call_nanosleep_left(void)
{
	struct timespec left = {5, 5};
	long ret = nanosleep(&time_out, &left);

	if (ret < 0 && errno == EINTR) {
		CHECK(left.tv_sec <= time_out.tv_sec && left.tv_nsec < 1000000000);
		errno = EINTR;
	}
	return ret;
}

static long call_clock_nanosleep(void)
{
	errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &time_out, NULL);
	return errno ? -1 : 0;
}

static long call_clock_nanosleep_until(void)
{
	struct timespec then;

	clock_gettime(CLOCK_MONOTONIC, &then);
	then.tv_nsec += time_out.tv_nsec;
	then.tv_sec += time_out.tv_sec + then.tv_nsec / 1000000000;
	then.tv_nsec %= 1000000000;
	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL);
	return errno ? -1 : 0;
}

static long call_epoll_wait(void)
{
	struct epoll_event event;

	return epoll_wait(epoll, &event, 1, msecs);
}

static long call_epoll_pwait(void)
{
	struct epoll_event event;
	sigset_t none;

	sigemptyset(&none);
	return epoll_pwait(epoll, &event, 1, msecs, &none);
}

static long call_sigtimedwait(void)
{
	sigset_t set;
	long ret;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMAX);
	ret = sigtimedwait(&set, NULL, &time_out);
	return ret < 0 && errno == EAGAIN ? 0 : ret;
}

static long call_semtimedop(void)
{
	struct sembuf op = {0, -1, 0};
	long ret = semtimedop(semaphores, &op, 1, &time_out);

	return ret < 0 && errno == EAGAIN ? 0 : ret;
}

static long call_pause(void)
{
	return pause();
}

static long call_sigsuspend(void)
{
	sigset_t none;

	sigemptyset(&none);
	return sigsuspend(&none);
}

static long call_semop(void)
{
	struct sembuf op = {0, -1, 0};

	return semop(semaphores, &op, 1);
}

static long call_msgrcv(void)
{
	struct {
		long type;
		char text[8];
	} message;

	return msgrcv(queue, &message, sizeof(message.text), 0, 0);
}

static const struct call {
	const char *name;
	long (*call)(void);
	int has_time;
} calls[] = {
    {"poll", call_poll, 1},
    {"ppoll with a mask", call_ppoll, 1},
    {"ppoll without", call_ppoll_plain, 1},
    {"select", call_select, 1},
    {"pselect with a mask", call_pselect, 1},
    {"nanosleep", call_nanosleep, 1},
    {"nanosleep that tells what is left", call_nanosleep_left, 1},
    {"clock_nanosleep", call_clock_nanosleep, 1},
    {"clock_nanosleep until", call_clock_nanosleep_until, 1},
    {"epoll_wait", call_epoll_wait, 1},
    {"epoll_pwait with a mask", call_epoll_pwait, 1},
    {"sigtimedwait", call_sigtimedwait, 1},
    {"semtimedop", call_semtimedop, 1},
    {"pause", call_pause, 0},
    {"sigsuspend", call_sigsuspend, 0},
    {"semop", call_semop, 0},
    {"msgrcv", call_msgrcv, 0},
};
#define CALLS (sizeof(calls) / sizeof(calls[0]))

static const struct call *call;

/* ---- the threads ---- */

enum wish { IGNORES, BY_DEFAULT, HANDLES, WISHES };
static const char *const wish_names[WISHES] = {"ignore", "default", "handler"};
static enum wish wish;

#define DONE 1000

static void sleeps(void)
{
	static const enum what whats[WISHES] = {IGNORE, DEFAULT, HANDLE};
	long ret;

	act(FIRST, SIGNAL, whats[wish], SA_RESTART);
	act(FIRST, ENDS, HANDLE, SA_RESTART);
	say_ready();
	ret = call->call();
	board->value[0] = ret < 0 ? errno : DONE;
	wake(&board->value[0]);
	idle();
}

static void differs(void)
{
	act(SECOND, SIGNAL, wish == HANDLES ? IGNORE : HANDLE, 0);
	idle();
}

/* ---- the controller ---- */

static void one_wish(void)
{
	pid_t pid;
	int i;

	memset(board, 0, sizeof(*board));
	set_time(wish == HANDLES ? DEADLINE_MS : 100);
	pid = run_parted(sleeps, differs);
	await_ready();
	await_asleep(pid);
	for (i = 0; i < DEADLINE_MS / 3 && !board->value[0]; i++) {
		if (!call->has_time && i == 20)
			send_thread(pid, FIRST, ENDS);
		else
			send_thread(pid, FIRST, SIGNAL);
		poll(NULL, 0, 3);
	}
	await_word(&board->value[0], 1);
	CHECK(board->value[0] == (call->has_time && wish != HANDLES ? DONE : EINTR));
	CHECK(call->has_time || wish == HANDLES || i > 20);
	CHECK(board->ran[SECOND] == 0);
	kill_parted(pid);
}

static void all_wishes(void)
{
	epoll = (int)CHECK_OK(epoll_create1(EPOLL_CLOEXEC));
	semaphores = (int)CHECK_OK(semget(IPC_PRIVATE, 1, 0600));
	queue = (int)CHECK_OK(msgget(IPC_PRIVATE, 0600));
	for (wish = 0; wish < WISHES; wish++) {
		printf("# %s\n", wish_names[wish]);
		one_wish();
	}
	CHECK_OK(semctl(semaphores, 0, IPC_RMID));
	CHECK_OK(msgctl(queue, IPC_RMID, NULL));
}

/* A stop by default is nothing to a call, either. */
static void sleeps_long(void)
{
	struct timespec start, end;

	act(FIRST, SIGTSTP, DEFAULT, 0);
	say_ready();
	clock_gettime(CLOCK_MONOTONIC, &start);
	CHECK(poll(NULL, 0, 300) == 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	CHECK((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 >= 300);
	_exit(0);
}

static void catches_stops(void)
{
	act(SECOND, SIGTSTP, HANDLE, 0);
	idle();
}

static void stopped(void)
{
	pid_t pid = run_parted(sleeps_long, catches_stops);
	int status;

	await_ready();
	await_asleep(pid);
	send_thread(pid, FIRST, SIGTSTP);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	CHECK_OK(kill(pid, SIGCONT));
	ends_with(pid, 0);
}

int main(int argc, char **argv)
{
	static const struct test last = {"a stop does not end poll", stopped};
	int natively = run_natively(argc, argv), number = 0, good = 1;

	if (natively >= 0)
		return natively;
	for (call = calls; call < calls + CALLS; call++) {
		struct test test = {call->name, all_wishes};

		good &= run_parted_test(++number, &test);
	}
	good &= run_parted_test(++number, &last);
	printf("1..%d\n", number);
	return !good;
}
