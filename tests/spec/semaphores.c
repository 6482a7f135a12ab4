/* SPDX-License-Identifier: MIT */
/*
 * CLONE_SYSVSEM: who shares a list of semaphore adjustments (SEM_UNDO), who leaves it, and when it is applied:
 * semop(2), unshare(2), clone(2).
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sem.h>
#include <time.h>

#include "arena/arena.h"
#include "tests/spec/tap.h"

#define SEMAPHORES 3
#define LARGEST	   32767

static int set, under_secede;

static int operate(int number, int op, int flags)
{
	struct sembuf buf = {.sem_num = (unsigned short)number, .sem_op = (short)op, .sem_flg = (short)flags};

	return semop(set, &buf, 1);
}

static void undoable(int number, int op)
{
	CHECK_OK(operate(number, op, SEM_UNDO));
}

static int value(int number)
{
	return semctl(set, number, GETVAL);
}

static void leave(void)
{
	CHECK_OK(unshare(CLONE_SYSVSEM));
}

/* Runs it in a child, and waits for its end. */
static int in_child(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		run();
		fflush(stdout);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	return status;
}

static void in_thread(void *(*run)(void *))
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, run, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
}

/* Until so many wait for the semaphore to grow. */
static void await_waiters(int number, int count)
{
	const struct timespec moment = {0, 1000000};

	for (int i = 0; i < 10000 && semctl(set, number, GETNCNT) != count; i++)
		nanosleep(&moment, NULL);
	CHECK(semctl(set, number, GETNCNT) == count);
}

/* pthread_join() sees a thread end a moment before its list does. */
static void await_value(int number, int wanted)
{
	const struct timespec moment = {0, 1000000};

	for (int i = 0; i < 10000 && value(number) != wanted; i++)
		nanosleep(&moment, NULL);
	CHECK(value(number) == wanted);
}

/* ---- leaving ---- */

static void leaving_applies_it(void)
{
	undoable(0, 5);
	undoable(0, -1);
	undoable(1, 1);
	undoable(1, -1);
	CHECK(value(0) == 4);
	leave();
	CHECK(value(0) == 0);
	CHECK(value(1) == 0);
	/* It is empty now, and so is the new one. */
	leave();
	CHECK(value(0) == 0);
}

static void again_and_again(void)
{
	leave();
	for (int i = 1; i < 6; i++) {
		undoable(0, i);
		CHECK(value(0) == i);
		leave();
		CHECK(value(0) == 0);
	}
}

static void both_directions_and_large(void)
{
	static const int values[] = {0, 1, 16383, 16384, 20000, 32766, LARGEST};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
			if (i == k)
				continue; /* nothing to do means to wait for 0 */
			semctl(set, 0, SETVAL, values[i]);
			undoable(0, values[k] - values[i]);
			CHECK(value(0) == values[k]);
			leave();
			CHECK(value(0) == values[i]);
		}
	}
}

/* What others have made of it meanwhile counts: it goes down to 0 and no further. */
static void down_to_nothing(void)
{
	undoable(0, 5);
	CHECK_OK(operate(0, -3, 0));
	leave();
	CHECK(value(0) == 0);
}

static void several_at_once(void)
{
	struct sembuf ops[] = {{0, 3, SEM_UNDO}, {1, 4, 0}, {2, 5, SEM_UNDO}, {0, -1, SEM_UNDO}};

	for (int round = 0; round < 2; round++) {
		CHECK_OK(semop(set, ops, 4));
		leave();
		CHECK(value(0) == 0);
		CHECK(value(1) == 4);
		CHECK(value(2) == 0);
		CHECK_OK(operate(1, -4, 0));
	}
}

/* ---- ending ---- */

static void take_one(void)
{
	leave();
	undoable(0, -1);
}

static void take_one_twice(void)
{
	undoable(0, -1);
	leave();
	undoable(0, -1);
	undoable(0, 1);
	undoable(0, -1);
}

static void take_one_and_be_killed(void)
{
	take_one();
	kill(getpid(), SIGKILL);
}

static void *take_one_and_end_all(void *arg)
{
	take_one();
	_exit(0);
}

static void end_by_a_thread(void)
{
	undoable(0, -1);
	in_thread(take_one_and_end_all);
}

static void the_end_applies_it(void)
{
	static void (*const ways[])(void) = {take_one, take_one_twice, take_one_and_be_killed, end_by_a_thread};

	semctl(set, 0, SETVAL, 3);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		in_child(ways[i]);
		CHECK(value(0) == 3);
	}
}

static void *leave_and_take_one(void *arg)
{
	take_one();
	CHECK(value(0) == 1);
	return NULL;
}

static void a_thread_that_ends_applies_its_own(void)
{
	semctl(set, 0, SETVAL, 3);
	undoable(0, -1);
	in_thread(leave_and_take_one);
	/* Not what it shared with us before. */
	await_value(0, 2);
	undoable(0, -1);
	leave();
	CHECK(value(0) == 3);
}

/* ---- sharing ---- */

static void *take_another(void *arg)
{
	undoable(0, -1);
	return NULL;
}

static void threads_share_what_is_left_and_what_is_new(void)
{
	semctl(set, 0, SETVAL, 5);
	in_thread(take_another);
	CHECK(value(0) == 4);
	leave();
	await_value(0, 5);
	undoable(0, -1);
	in_thread(take_another);
	CHECK(value(0) == 3);
	leave();
	await_value(0, 5);
}

static void *only_leave(void *arg)
{
	leave();
	return NULL;
}

static void who_stays_keeps_all_of_it(void)
{
	semctl(set, 0, SETVAL, 5);
	in_thread(only_leave); /* before it was used */
	undoable(0, -1);
	in_thread(only_leave); /* and after */
	undoable(0, -1);
	CHECK(value(0) == 3);
	leave();
	CHECK(value(0) == 5);
}

/* A call that sleeps while another thread leaves the list adjusts the one that its own thread has. */
static void *wait_for_one(void *arg)
{
	undoable(0, -1);
	return NULL;
}

static void leaving_beside_a_sleeper(void)
{
	pthread_t thread;

	undoable(2, 1);
	CHECK(pthread_create(&thread, NULL, wait_for_one, NULL) == 0);
	await_waiters(0, 1);
	leave();
	CHECK(value(2) == 1);
	CHECK_OK(operate(0, 3, 0));
	CHECK_OK(operate(1, -1, 0)); /* together with that of the thread */
	CHECK(pthread_join(thread, NULL) == 0);
}

static void *give_one_later(void *arg)
{
	await_waiters(1, 1);
	CHECK(value(0) == 2);
	CHECK_OK(operate(1, 1, 0));
	return NULL;
}

static void a_sleeper_has_its_list(void)
{
	static void (*const test)(void) = leaving_beside_a_sleeper;
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, give_one_later, NULL) == 0);
	test();
	CHECK(pthread_join(thread, NULL) == 0);
	/* The sleeper was the last one who had it. */
	await_value(0, 3);
	await_value(2, 0);
}

static int shared_child(void *arg)
{
	undoable(0, -1);
	return 0;
}

/* A process that shares the list, with the memory or without. */
static void share_with_a_process(unsigned long flags)
{
	static char stack[65536] __attribute__((aligned(16)));
	int status;
	pid_t pid = clone(shared_child, stack + sizeof(stack), (int)(flags | CLONE_SYSVSEM | SIGCHLD), NULL);

	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void share_with_two(void)
{
	undoable(0, -1);
	share_with_a_process(CLONE_VM);
	CHECK(value(0) == 3);
	share_with_a_process(0);
	CHECK(value(0) == 2);
	leave();
	CHECK(value(0) == 5);
	share_with_a_process(CLONE_VM);
	share_with_a_process(0);
	undoable(0, -1);
	CHECK(value(0) == 2);
}

static void processes_can_share(void)
{
	semctl(set, 0, SETVAL, 5);
	CHECK(in_child(share_with_two) == 0);
	CHECK(value(0) == 5);
}

static void a_child_has_none(void)
{
	semctl(set, 0, SETVAL, 5);
	undoable(0, -1);
	leave();
	undoable(0, -1);
	CHECK(in_child(leave) == 0);
	CHECK(value(0) == 4);
	CHECK(in_child(take_one) == 0);
	CHECK(value(0) == 4);
}

/* ---- execve ---- */

static void execute(const char *what)
{
	char number[32];

	snprintf(number, sizeof(number), "%d", set);
	execl("/proc/self/exe", "semaphores", what, number, NULL);
	_exit(99);
}

static void keep_old(void)
{
	undoable(0, -1);
	execute("executed");
}

static void keep_new(void)
{
	leave();
	undoable(0, -1);
	execute("executed");
}

static void *wait_for_ever(void *arg)
{
	leave();
	undoable(1, 1);
	operate(2, -1, 0);
	return NULL;
}

static void keep_one_of_two(void)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	await_waiters(2, 1);
	CHECK(value(1) == 1);
	keep_new();
}

/* The new program: still has the adjustment. */
static int executed(void)
{
	CHECK(value(0) == 4);
	CHECK(value(1) == 0);
	undoable(0, -1);
	CHECK(value(0) == 3);
	leave();
	CHECK(value(0) == 5);
	undoable(0, -2);
	return 0;
}

static void execve_keeps_it(void)
{
	static void (*const ways[])(void) = {keep_old, keep_new, keep_one_of_two};

	semctl(set, 0, SETVAL, 5);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		CHECK(in_child(ways[i]) == 0);
		CHECK(value(0) == 5);
	}
}

/* ---- a list of one's own is like any other ---- */

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

/* Runs last: the tests before have been waited for, and their lists are gone with them, or in a moment. */
static void nothing_is_left(void)
{
	const struct timespec moment = {0, 1000000};

	for (int i = 0; i < 5000 && under_secede && arena()->sem_lists; i++)
		nanosleep(&moment, NULL);
	CHECK(!under_secede || !arena()->sem_lists);
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

static const struct test tests[] = {
    {"leaving a list applies it", leaving_applies_it},
    {"and again, with every new one", again_and_again},
    {"up and down, from and to every value", both_directions_and_large},
    {"not below nothing", down_to_nothing},
    {"several operations in one call", several_at_once},
    {"the end of a process applies it", the_end_applies_it},
    {"the end of a thread applies its own", a_thread_that_ends_applies_its_own},
    {"threads share", threads_share_what_is_left_and_what_is_new},
    {"who stays keeps all of it", who_stays_keeps_all_of_it},
    {"leaving beside one who waits", a_sleeper_has_its_list},
    {"CLONE_SYSVSEM shares with processes", processes_can_share},
    {"a child has none", a_child_has_none},
    {"execve keeps it", execve_keeps_it},
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
	int failed = 0, count = (int)(sizeof(tests) / sizeof(tests[0]));

	if (argc > 2 && strcmp(argv[1], "executed") == 0) {
		set = atoi(argv[2]);
		return executed();
	}
	if (argc > 1 && strcmp(argv[1], "last") == 0)
		be_the_last();
	under_secede = argc > 2 && strcmp(argv[2], "secede") == 0;
	for (int i = 0; i < count; i++) {
		set = semget(IPC_PRIVATE, SEMAPHORES, 0600);
		failed += !run_test(i + 1, &tests[i]);
		semctl(set, 0, IPC_RMID);
	}
	printf("1..%d\n", count);
	return failed != 0;
}
