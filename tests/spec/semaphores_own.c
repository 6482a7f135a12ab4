/* SPDX-License-Identifier: MIT */
/*
 * A list of semaphore adjustments that the host cannot keep for its task is like any other: its limits and errors,
 * those who wait and get a signal, those who are killed.
 */
#include <sys/mount.h>

#include "tests/spec/undo.h"

static void what_clears_it(void)
{
	unsigned short all[SEMAPHORES] = {7, 7, 7};

	leave();
	undoable(0, 1);
	undoable(1, 1);
	undoable(2, 1);
	CHECK_OK(semctl(set, 0, SETVAL, 3));
	leave();
	CHECK(value(0) == 3);
	CHECK(value(1) == 0);
	undoable(1, 1);
	CHECK_OK(semctl(set, 0, SETALL, all));
	leave();
	CHECK(value(1) == 7);
}

static void its_limits(void)
{
	leave();
	for (int round = 0; round < 2; round++) {
		undoable(0, LARGEST);
		CHECK_OK(operate(0, -LARGEST, 0));
		undoable(0, 1); /* 32768 down again is what it can remember */
		CHECK_FAILS(operate(0, 1, SEM_UNDO), ERANGE);
		CHECK(value(0) == 1);
		leave();
		CHECK(value(0) == 0);
	}
}

static void its_errors(void)
{
	struct timespec moment = {0, 20000000}, wrong = {0, -1};
	struct sembuf take = {0, -1, SEM_UNDO};

	leave();
	CHECK_FAILS(operate(0, -1, SEM_UNDO | IPC_NOWAIT), EAGAIN);
	CHECK_FAILS(operate(SEMAPHORES, 1, SEM_UNDO), EFBIG);
	CHECK_FAILS(semtimedop(set, &take, 1, &moment), EAGAIN);
	CHECK_FAILS(semtimedop(set, &take, 1, &wrong), EINVAL);
	CHECK_FAILS(semtimedop(set, &take, 1, (struct timespec *)8), EFAULT);
	CHECK_FAILS(semop(set, (struct sembuf *)8, 1), EFAULT);
	CHECK_FAILS(semop(-1, &take, 1), EINVAL);
	CHECK_FAILS(operate(0, LARGEST, SEM_UNDO) ?: operate(0, 1, SEM_UNDO), ERANGE);
}

static void who_was_the_last(void)
{
	leave();
	undoable(0, 1);
	CHECK(semctl(set, 0, GETPID) == getpid());
	CHECK_OK(semctl(set, 1, SETVAL, LARGEST));
	undoable(1, -1);
	CHECK(semctl(set, 1, GETPID) == getpid());
}

static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	handled++;
}

static void a_signal_ends_the_wait(void)
{
	static const int flags[] = {0, SA_RESTART};
	struct itimerspec soon = {.it_value = {0, 30000000}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	timer_t timer;

	leave();
	CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	for (int i = 0; i < 2; i++) {
		struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags[i]};

		CHECK_OK(sigaction(SIGALRM, &action, NULL));
		CHECK_OK(timer_settime(timer, 0, &soon, NULL));
		CHECK_FAILS(operate(0, -1, SEM_UNDO), EINTR);
		CHECK(handled == i + 1);
		CHECK(semctl(set, 0, GETNCNT) == 0);
	}
}

/* What need not wait is done, however many signals come. */
static void signals_beside_operations(void)
{
	struct itimerspec often = {.it_value = {0, 50000}, .it_interval = {0, 50000}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct sigaction action = {.sa_handler = on_signal};
	timer_t timer;

	leave();
	CHECK_OK(sigaction(SIGALRM, &action, NULL));
	CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK_OK(timer_settime(timer, 0, &often, NULL));
	for (int i = 0; i < 2000; i++) {
		undoable(0, 1);
		undoable(1, 2);
		undoable(0, -1);
	}
	CHECK(value(0) == 0);
	CHECK(value(1) == 4000);
	CHECK_OK(timer_delete(timer));
	leave();
	CHECK(value(1) == 0);
}

static void wait_with_own_list(void)
{
	leave();
	undoable(1, 1);
	undoable(0, -1);
}

/* Nothing has happened, and nothing happens later. */
static void killed_while_it_waits(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		wait_with_own_list();
		_exit(0);
	}
	await_waiters(0, 1);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(waitpid(pid, NULL, 0) == pid);
	CHECK(value(1) == 0);
	CHECK(semctl(set, 0, GETNCNT) == 0);
	CHECK_OK(operate(0, 1, 0));
	CHECK(value(0) == 1);
}

static void removed_while_it_waits(void)
{
	pid_t pid;
	int status, other = semget(IPC_PRIVATE, 2, 0600);

	set = other;
	pid = fork();
	if (pid == 0) {
		leave();
		undoable(1, 1);
		CHECK_FAILS(operate(0, -1, SEM_UNDO), EIDRM);
		leave();
		_exit(0);
	}
	await_waiters(0, 1);
	CHECK_OK(semctl(other, 0, IPC_RMID));
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- many, killed at any moment ---- */

#define WORKERS 6
#define KILLS	60

/* A lock that is given back whatever happens. */
static void work(void)
{
	leave();
	for (;;) {
		undoable(0, -1);
		undoable(0, 1);
	}
}

static pid_t start_worker(void)
{
	pid_t pid = fork();

	if (pid == 0)
		work();
	return pid;
}

static void killed_at_any_moment(void)
{
	pid_t worker[WORKERS];

	CHECK_OK(semctl(set, 0, SETVAL, 1));
	for (int i = 0; i < WORKERS; i++)
		worker[i] = start_worker();
	for (int i = 0; i < KILLS; i++) {
		struct timespec moment = {0, random() % 3000000};

		nanosleep(&moment, NULL);
		CHECK_OK(kill(worker[i % WORKERS], SIGKILL));
		CHECK(waitpid(worker[i % WORKERS], NULL, 0) == worker[i % WORKERS]);
		worker[i % WORKERS] = start_worker();
	}
	for (int i = 0; i < WORKERS; i++) {
		kill(worker[i], SIGKILL);
		waitpid(worker[i], NULL, 0);
	}
	CHECK(value(0) == 1);
}

static void leave_again_and_again(void)
{
	for (;;) {
		undoable(0, 1);
		undoable(1, -1);
		leave();
	}
}

static void killed_while_it_leaves(void)
{
	CHECK_OK(semctl(set, 1, SETVAL, 1));
	for (int i = 0; i < KILLS; i++) {
		struct timespec moment = {0, random() % 6000000};
		pid_t pid = fork();

		if (pid == 0)
			leave_again_and_again();
		nanosleep(&moment, NULL);
		CHECK_OK(kill(pid, SIGKILL));
		CHECK(waitpid(pid, NULL, 0) == pid);
		/* Under secede another process may have to finish what was begun. */
		await_value(0, 0);
		await_value(1, 1);
	}
}

/* The last guest of a session that has storage, killed while a holder has its list (tests/programs/bad_input). */
static void be_the_last(void)
{
	set = semget(IPC_PRIVATE, SEMAPHORES, 0600);
	CHECK_OK(unshare(CLONE_NEWNS));
	CHECK_OK(mount("none", "/mnt", "tmpfs", 0, NULL));
	leave();
	undoable(0, 1);
	leave();
	undoable(0, 1);
	CHECK_OK(semctl(set, 0, IPC_RMID));
	kill(getpid(), SIGKILL);
}

static const struct test tests[] = {
    {"SETVAL and SETALL clear it", what_clears_it},
    {"its limits", its_limits},
    {"its errors", its_errors},
    {"who was the last", who_was_the_last},
    {"a signal ends the wait", a_signal_ends_the_wait},
    {"signals beside operations", signals_beside_operations},
    {"killed while it waits", killed_while_it_waits},
    {"removed while it waits", removed_while_it_waits},
    {"killed at any moment", killed_at_any_moment},
    {"killed while it leaves", killed_while_it_leaves},
    {"nothing is left", nothing_is_left},
};

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "last") == 0)
		be_the_last();
	under_secede = argc > 2 && strcmp(argv[2], "secede") == 0;
	return run_on_sets(tests, sizeof(tests) / sizeof(tests[0]));
}
