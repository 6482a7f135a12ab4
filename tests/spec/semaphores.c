/* SPDX-License-Identifier: MIT */
/*
 * CLONE_SYSVSEM: who shares a list of semaphore adjustments (SEM_UNDO), who leaves it, and when it is applied:
 * semop(2), unshare(2), clone(2).
 */
#include "tests/spec/undo.h"

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
    {"nothing is left", nothing_is_left},
};

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "executed") == 0) {
		set = atoi(argv[2]);
		return executed();
	}
	under_secede = argc > 2 && strcmp(argv[2], "secede") == 0;
	return run_on_sets(tests, sizeof(tests) / sizeof(tests[0]));
}
