/* SPDX-License-Identifier: MIT */
/*
 * Process numbers that the host gives out again and again, beside tasks that took theirs along when they left their
 * memory: no two that live at one time have the same, and each is reached by its own.
 *
 *	number_reuse FORKS
 *
 * is for a pid namespace with few numbers, so that FORKS goes round often.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "tests/spec/tap.h"

#define LEFT   12  /* tasks that took their number along */
#define LIVING 16  /* children that live at one time */
#define ASK    200 /* after so many forks each is asked who it is */

#define MAKERS	4
#define THREADS 8

static pid_t left[LEFT], living[LIVING];
static int answers[2], stay[2];
static int forks = 3000;

/* ---- those that left ---- */

static void say_who(int sig)
{
	pid_t pid = getpid();

	(void)sig;
	CHECK(write(answers[1], &pid, sizeof(pid)) == sizeof(pid));
}

/* From here on by system calls alone: the C library's locks are in the memory that was left. */
static void *leave(void *arg)
{
	pid_t tid = (pid_t)syscall(SYS_gettid);
	char c;

	if (syscall(SYS_unshare, CLONE_VM) != 0 || syscall(SYS_gettid) != tid || syscall(SYS_getpid) != tid)
		syscall(SYS_exit_group, 1);
	say_who(0);
	while (read(stay[0], &c, 1) < 0)
		; /* a question */
	syscall(SYS_exit_group, 3);
	return arg;
}

static pid_t next_answer(void)
{
	pid_t pid;

	while (read(answers[0], &pid, sizeof(pid)) != sizeof(pid))
		CHECK(errno == EINTR);
	return pid;
}

/* The process whose thread leaves ends at once, so that the host has the number to give away. */
static pid_t make_one_that_left(void)
{
	pid_t nest = (pid_t)CHECK_OK(fork()), pid;
	pthread_t thread;
	int status;

	if (nest == 0) {
		close(stay[1]);
		CHECK(pthread_create(&thread, NULL, leave, NULL) == 0);
		pthread_join(thread, NULL);
		_exit(0);
	}
	pid = next_answer();
	CHECK(waitpid(nest, &status, 0) == nest && status == 0);
	return pid;
}

static int is_one_of(pid_t pid, const pid_t *list, int n)
{
	for (int i = 0; i < n; i++)
		if (list[i] == pid)
			return 1;
	return 0;
}

static void ask_all(void)
{
	for (int i = 0; i < LEFT; i++) {
		CHECK_OK(kill(left[i], SIGUSR1));
		CHECK(next_answer() == left[i]);
	}
}

/* ---- those that come and go ---- */

/* A child that lives until it is killed; it has said by what number it knows itself. */
static pid_t new_child(pid_t parent)
{
	pid_t pid = (pid_t)CHECK_OK(fork());

	if (pid == 0) {
		signal(SIGUSR1, SIG_DFL);
		CHECK(getppid() == parent);
		say_who(0);
		pause();
		_exit(1);
	}
	CHECK(next_answer() == pid);
	CHECK(!is_one_of(pid, left, LEFT) && !is_one_of(pid, living, LIVING) && pid != parent);
	return pid;
}

static void end_child(pid_t *slot)
{
	int status;

	if (!*slot)
		return;
	CHECK_OK(kill(*slot, SIGTERM));
	CHECK(waitpid(*slot, &status, 0) == *slot && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	*slot = 0;
}

static void come_and_go(void)
{
	pid_t parent = getpid(), lowest = 0, pid;
	int rounds = 0;

	for (int i = 0; i < forks; i++) {
		end_child(&living[i % LIVING]);
		pid = new_child(parent);
		rounds += pid < lowest;
		living[i % LIVING] = lowest = pid;
		if (i % ASK == 0)
			ask_all();
	}
	for (int i = 0; i < LIVING; i++)
		end_child(&living[i]);
	ask_all();
	printf("# the host began anew %d times\n", rounds);
	CHECK(rounds > 1);
}

static void *leave_and_end(void *arg)
{
	/* There are few numbers, and those that ended have theirs until they have been waited for. */
	while (syscall(SYS_unshare, CLONE_VM) != 0)
		syscall(SYS_sched_yield);
	syscall(SYS_exit_group, 0);
	return arg;
}

/* Some of them get a number that somebody left. The word that tells of their end is where that was stored. */
static void make_and_join(void)
{
	pthread_t thread[THREADS];
	int err;

	for (int i = 0; i < THREADS; i++) {
		while ((err = pthread_create(&thread[i], NULL, leave_and_end, NULL)) == EAGAIN)
			usleep(1000);
		CHECK(err == 0);
	}
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(thread[i], NULL) == 0);
}

/* In some processes at once, so that a thread may have left before its maker goes on. */
static void threads_leave(void)
{
	int batches = forks / 40, status;

	for (int i = 0; i < MAKERS; i++) {
		if (CHECK_OK(fork()))
			continue;
		alarm(60);
		for (int made = 0; made < batches; made++)
			make_and_join();
		_exit(0);
	}
	for (int i = 0; i < MAKERS * (1 + THREADS * batches); i++)
		CHECK(wait(&status) > 0 && status == 0);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = say_who};
	int status;

	if (argc > 1)
		forks = atoi(argv[1]);
	CHECK(pipe(answers) == 0 && pipe(stay) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
	for (int i = 0; i < LEFT; i++) {
		left[i] = make_one_that_left();
		CHECK(!is_one_of(left[i], left, i));
	}
	printf("ok 1 - tasks take their numbers along\n");
	come_and_go();
	printf("ok 2 - nobody has the number of another\n");
	threads_leave();
	printf("ok 3 - threads are joined\n");
	close(stay[1]);
	for (int i = 0; i < LEFT; i++)
		CHECK(waitpid(left[i], &status, 0) == left[i] && WIFEXITED(status) && WEXITSTATUS(status) == 3);
	CHECK_FAILS(wait(&status), ECHILD);
	printf("ok 4 - each is waited for by its number\n1..4\n");
	return 0;
}
