/* SPDX-License-Identifier: MIT */
/*
 * secede_unshare(3) while other threads hold the C library's locks; and what becomes of a thread that leaves without
 * it, so that one sees that they do. Natively nothing leaves: the library passes Linux's answer on.
 */
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "libsecede/secede.h"
#include "tests/spec/board.h"

#define LEAVINGS 1000
/* Seconds after which one who has left is said to hang: where it should not, and where it should. */
#define MUCH_TIME   20
#define LITTLE_TIME 2

static bool under_secede, by_library;
static FILE *nowhere;

static void leave(void)
{
	const int flags = CLONE_VM | CLONE_FILES | CLONE_FS;

	CHECK_OK(by_library ? secede_unshare(flags) : (int)syscall(SYS_unshare, flags));
	alarm(by_library ? MUCH_TIME : LITTLE_TIME);
}

/* ---- threads that are always in the middle of something ---- */

static void *allocates(void *unused)
{
	void *taken[40];

	for (;;) {
		for (int i = 0; i < 40; i++)
			taken[i] = malloc(2000 + i * 100); /* none that a thread has a cache of */
		for (int i = 0; i < 40; i++)
			free(taken[i]);
	}
	return NULL;
}

static void *prints(void *unused)
{
	for (unsigned i = 0;; i++)
		fprintf(nowhere, "line %u of many\n", i);
	return NULL;
}

static void *opens_streams(void *unused)
{
	for (;;)
		fclose(fopen("/dev/null", "r"));
	return NULL;
}

static void *nothing(void *unused)
{
	return NULL;
}

static void *starts_threads(void *unused)
{
	pthread_t thread;

	for (;;)
		if (!pthread_create(&thread, NULL, nothing, NULL))
			pthread_join(thread, NULL);
	return NULL;
}

static void start_storm(void)
{
	static void *(*const storm[])(void *) = {allocates, allocates, prints, opens_streams, starts_threads};
	pthread_t thread;

	mallopt(M_ARENA_MAX, 1); /* so that all meet in one */
	nowhere = fopen("/dev/null", "w");
	CHECK(nowhere != NULL);
	for (unsigned i = 0; i < sizeof(storm) / sizeof(storm[0]); i++)
		start_thread(&thread, storm[i]);
}

/* ---- one who leaves ---- */

static void work(void)
{
	pthread_t thread;
	char *line = NULL;
	FILE *file;

	for (int i = 0; i < 50; i++) {
		free(line);
		line = malloc(1000 + 4000 * i);
		CHECK(line != NULL);
		fprintf(nowhere, "%p\n", line);
	}
	free(line);
	file = fopen("/dev/null", "r");
	CHECK(file && fclose(file) == 0);
	start_thread(&thread, nothing);
	CHECK(pthread_join(thread, NULL) == 0);
}

static void *leaves_and_works(void *unused)
{
	leave();
	work();
	_exit(7);
}

static void storm_child(void)
{
	pthread_t thread;

	start_storm();
	for (int i = 0; i < board->number; i++) {
		start_thread(&thread, leaves_and_works);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	work(); /* who stays can, too */
	_exit(5);
}

/* How many of `leavings` threads came through it. */
static int storm(int leavings)
{
	pid_t pid, stays;
	int status, good = 0;

	new_board();
	board->number = leavings;
	alarm(100);
	stays = in_child(storm_child);
	while ((pid = wait(&status)) > 0) {
		if (pid == stays)
			CHECK(exit_code(status) == 5);
		else
			good += exit_code(status) == 7;
	}
	return good;
}

static void by_the_library(void)
{
	by_library = true;
	CHECK(storm(LEAVINGS) == LEAVINGS);
}

/* If these all came through, the test above would say nothing. */
static void without_it(void)
{
	by_library = false;
	CHECK(storm(30) < 30);
}

/* ---- locks that somebody holds for sure ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t program_lock = PTHREAD_MUTEX_INITIALIZER;

static void first_time(void)
{
	board->value++;
	if (board->value == 1) {
		reach(1);
		pause();
	}
}

static void *holds_stream(void *unused)
{
	flockfile(nowhere);
	reach(1);
	pause();
	return NULL;
}

static void *holds_once(void *unused)
{
	pthread_once(&once, first_time);
	return NULL;
}

static void use_stream(void)
{
	fprintf(nowhere, "hello\n");
}

static void use_once(void)
{
	pthread_once(&once, first_time);
}

static void (*use)(void);

static void *leaves_and_uses(void *unused)
{
	leave();
	use();
	_exit(7);
}

/* What becomes of a thread that leaves, and then needs what another thread has: its wait status. */
static int needs(void *(*holds)(void *), void (*uses)(void))
{
	pthread_t thread;
	int status;
	pid_t stays;

	new_board();
	use = uses;
	stays = fork();
	if (!stays) {
		nowhere = fopen("/dev/null", "w");
		start_thread(&thread, holds);
		await(1);
		start_thread(&thread, leaves_and_uses);
		pthread_join(thread, NULL);
		_exit(5);
	}
	ends_with(stays, 5);
	CHECK(wait(&status) > 0);
	return status;
}

static void held_stream(void)
{
	by_library = true;
	CHECK(exit_code(needs(holds_stream, use_stream)) == 7);
	by_library = false;
	CHECK(WTERMSIG(needs(holds_stream, use_stream)) == SIGALRM);
}

static void begun_once(void)
{
	by_library = true;
	CHECK(exit_code(needs(holds_once, use_once)) == 7);
	CHECK(board->value == 2);
	by_library = false;
	CHECK(WTERMSIG(needs(holds_once, use_once)) == SIGALRM);
}

/* ---- the last thread of a process ends it as by exit(3), if it knows that it is the last ---- */

static void count_exit(void)
{
	board->value++;
}

static void *leaves_and_returns(void *unused)
{
	leave();
	return NULL;
}

static void returning_child(void)
{
	pthread_t thread;

	CHECK(atexit(count_exit) == 0);
	start_thread(&thread, leaves_and_returns);
	CHECK(pthread_join(thread, NULL) == 0);
	_exit(5);
}

/* How many handlers of atexit(3) have run in the one who left. */
static int handlers_run(void)
{
	int status;
	pid_t stays;

	new_board();
	stays = in_child(returning_child);
	ends_with(stays, 5);
	CHECK(wait(&status) > 0 && exit_code(status) == 0);
	return board->value;
}

static void last_thread(void)
{
	by_library = true;
	CHECK(handlers_run() == 1);
	by_library = false;
	CHECK(handlers_run() == 0);
}

/* ---- and the program's own, with handlers for fork(2) ---- */

static void lock_ours(void)
{
	pthread_mutex_lock(&program_lock);
}

static void unlock_ours(void)
{
	pthread_mutex_unlock(&program_lock);
}

static void *locks_now_and_then(void *unused)
{
	for (;;) {
		lock_ours();
		unlock_ours();
	}
	return NULL;
}

static void *leaves_and_locks(void *unused)
{
	leave();
	lock_ours();
	unlock_ours();
	_exit(7);
}

static void own_lock_child(void)
{
	pthread_t thread;

	pthread_atfork(lock_ours, unlock_ours, unlock_ours);
	start_thread(&thread, locks_now_and_then);
	start_thread(&thread, locks_now_and_then);
	for (int i = 0; i < 50; i++) {
		start_thread(&thread, leaves_and_locks);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	lock_ours();
	_exit(5);
}

static void own_lock(void)
{
	pid_t pid, stays;
	int status;

	by_library = true;
	stays = in_child(own_lock_child);
	while ((pid = wait(&status)) > 0)
		CHECK(exit_code(status) == (pid == stays ? 5 : 7));
}

/* ---- natively ---- */

static void *refused(void *unused)
{
	CHECK_FAILS(secede_unshare(CLONE_VM | CLONE_FILES), EINVAL);
	work();
	return NULL;
}

static void linux_refuses(void)
{
	pthread_t thread;

	start_storm();
	start_thread(&thread, refused);
	CHECK(pthread_join(thread, NULL) == 0);
}

static const struct test tests[] = {
    {"1,000 threads leave while others allocate, print, open and start threads", by_the_library},
    {"the same without the library: not all come through", without_it},
    {"a stream that another thread has locked", held_stream},
    {"pthread_once in which another thread is", begun_once},
    {"the last thread of a process", last_thread},
    {"a lock of the program's with handlers of pthread_atfork", own_lock},
};

int main(int argc, char **argv)
{
	static const struct test natively[] = {{"Linux has no such thing: EINVAL", linux_refuses}};

	under_secede = argc > 2 && strcmp(argv[2], "secede") == 0;
	if (!under_secede)
		return RUN_TESTS(natively);
	return RUN_TESTS(tests);
}
