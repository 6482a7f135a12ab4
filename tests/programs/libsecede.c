/* SPDX-License-Identifier: MIT */
/* secede_unshare(3): what the one who left has, and what it leaves behind. Natively nobody leaves. */
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>

#include "tests/programs/leavers.h"

static volatile int private = 1;

/* ---- who it is afterwards ---- */

static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP, inherits;

static void *waits_for_pi(void *unused)
{
	CHECK(pthread_mutex_lock(&inherits) == 0);
	CHECK(pthread_mutex_unlock(&inherits) == 0);
	return NULL;
}

/* Numbers that the C library keeps are those that the host knows: a mutex that is passed on by the kernel says so. */
static void use_pi_mutex(void)
{
	pthread_mutexattr_t attr;
	pthread_t thread;

	CHECK(pthread_mutexattr_init(&attr) == 0);
	CHECK(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT) == 0);
	CHECK(pthread_mutex_init(&inherits, &attr) == 0);
	CHECK(pthread_mutex_lock(&inherits) == 0);
	start_thread(&thread, waits_for_pi);
	usleep(50000);
	CHECK(pthread_mutex_unlock(&inherits) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
}

static void *is_a_process(void *unused)
{
	pid_t before = getpid(), parent = getppid();
	pthread_t self = pthread_self();

	CHECK_OK(secede_unshare(CLONE_VM));
	CHECK(getpid() != before && getpid() == gettid());
	CHECK(getppid() == parent);
	CHECK(pthread_equal(self, pthread_self()));
	private = 2;
	CHECK(pthread_kill(pthread_self(), 0) == 0);
	CHECK_OK(kill(getpid(), 0));
	CHECK(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_lock(&recursive) == 0);
	CHECK(pthread_mutex_unlock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
	use_pi_mutex();
	_exit(7);
}

static void process_child(void)
{
	run_and_join(is_a_process);
	CHECK(private == 1);
	_exit(5);
}

static void a_process(void)
{
	CHECK(leavers_of(process_child, 7) == 1);
}

/* ---- what it takes along: its mask, what is pending for it, its death signal ---- */

static volatile sig_atomic_t got;

static void note(int sig)
{
	got = sig;
}

static void *takes_along(void *unused)
{
	sigset_t set, now;
	siginfo_t info;
	int deathsig = 0, cancel;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){.sival_int = 3}) == 0);
	CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGTERM));
	CHECK_OK(secede_unshare(CLONE_VM));
	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0);
	CHECK(sigismember(&now, SIGRTMIN) == 1 && sigismember(&now, SIGTERM) == 0 && sigismember(&now, SIGUSR1) == 0);
	CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == 3);
	CHECK_OK(prctl(PR_GET_PDEATHSIG, &deathsig));
	CHECK(deathsig == SIGTERM);
	CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &cancel) == 0 && cancel == PTHREAD_CANCEL_ENABLE);
	CHECK(signal(SIGUSR1, note) != SIG_ERR);
	CHECK_OK(raise(SIGUSR1));
	CHECK(got == SIGUSR1);
	_exit(7);
}

static void along_child(void)
{
	run_and_join(takes_along);
	_exit(5);
}

static void what_goes_along(void)
{
	CHECK(leavers_of(along_child, 7) == 1);
}

/* ---- what is left behind ends as by pthread_exit(3) ---- */

static pid_t stayer;
static pthread_key_t key;
static _Atomic int *ends; /* shared: [0] in the process that stays, [1] in the one that left */

static void count_end(void *unused)
{
	ends[getpid() != stayer]++;
}

static void count_exit(void)
{
	ends[getpid() != stayer] += 100;
}

static void *leaves_things(void *unused)
{
	pthread_setspecific(key, &key);
	pthread_cleanup_push(count_end, NULL);
	CHECK_OK(secede_unshare(CLONE_VM));
	CHECK(ends[1] == 0);
	pthread_cleanup_pop(1);
	return NULL; /* the last thread of its process: exit(0) */
}

static void things_child(void)
{
	stayer = getpid();
	CHECK(pthread_key_create(&key, count_end) == 0);
	CHECK(atexit(count_exit) == 0);
	run_and_join(leaves_things);
	CHECK(ends[0] == 2); /* a handler and a destructor */
	_exit(5);
}

static void what_it_leaves(void)
{
	ends = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(leavers_of(things_child, 0) == 1);
	CHECK(ends[0] == 2 && ends[1] == 102);
}

/* Handlers of fork(2): where, and in which order. */
static char *order; /* shared */

static void say(char what)
{
	order[strlen(order)] = getpid() == stayer ? what : (char)(what + 'A' - 'a');
}

static void prepare_1(void)
{
	say('p');
}

static void prepare_2(void)
{
	say('q');
}

static void parent_1(void)
{
	say('s');
	reach(1);
}

static void child_1(void)
{
	await(1);
	say('c');
}

static void *leaves_simply(void *unused)
{
	CHECK_OK(secede_unshare(CLONE_VM | CLONE_FILES | CLONE_FS));
	_exit(7);
}

static void handlers_child(void)
{
	stayer = getpid();
	CHECK(pthread_atfork(prepare_1, parent_1, child_1) == 0);
	CHECK(pthread_atfork(prepare_2, NULL, NULL) == 0);
	run_and_join(leaves_simply);
	_exit(5);
}

static void atfork_handlers(void)
{
	order = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(leavers_of(handlers_child, 7) == 1);
	CHECK(strcmp(order, "qpsC") == 0);
}

/* A robust mutex is given up by the thread that stays behind; the others hear of it. */
static pthread_mutex_t robust;

static void *holds_robust(void *unused)
{
	CHECK(pthread_mutex_lock(&robust) == 0);
	return leaves_simply(NULL);
}

static void robust_child(void)
{
	pthread_mutexattr_t attr;

	CHECK(pthread_mutexattr_init(&attr) == 0);
	CHECK(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
	CHECK(pthread_mutex_init(&robust, &attr) == 0);
	run_and_join(holds_robust);
	CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD);
	_exit(5);
}

static void robust_mutex(void)
{
	CHECK(leavers_of(robust_child, 7) == 1);
}

/* ---- the first thread, and threads that nobody joins ---- */

static void *stays(void *unused)
{
	pid_t pid = getpid();

	await(1);
	CHECK(private == 1 && getpid() == pid && gettid() != pid);
	_exit(5);
}

static void first_thread_child(void)
{
	pthread_t thread;

	start_thread(&thread, stays);
	CHECK_OK(secede_unshare(CLONE_THREAD));
	private = 2;
	start_thread(&thread, waits_for_pi); /* some thread */
	CHECK(pthread_join(thread, NULL) == 0);
	reach(1);
	_exit(7);
}

static void first_thread(void)
{
	CHECK(leavers_of(first_thread_child, 7) == 1);
}

#define MANY 300

static long address_space(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

	CHECK(file != NULL);
	CHECK(fscanf(file, "%ld", &pages) == 1);
	fclose(file);
	return pages * 4;
}

static void *leaves_and_counts(void *unused)
{
	CHECK_OK(secede_unshare(CLONE_VM | CLONE_FILES | CLONE_FS));
	board->value++;
	_exit(7);
}

static void detached_child(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	long before = address_space();

	CHECK(pthread_attr_init(&attr) == 0);
	CHECK(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
	for (int i = 0; i < MANY; i++) {
		CHECK(pthread_create(&thread, &attr, leaves_and_counts, NULL) == 0);
		usleep(1000);
	}
	for (int i = 0; board->value < MANY && i < 4000; i++)
		usleep(10000);
	/* Stacks of 8 MiB each; the library keeps 40 MiB of them, and allocates from arenas of 64 MiB. */
	CHECK(address_space() - before < MANY * 8192 / 3);
	_exit(5);
}

static void detached(void)
{
	CHECK(leavers_of(detached_child, 7) == MANY);
}

/* ---- again and again ---- */

static int depth;

static void *leaves_again(void *unused)
{
	pthread_t thread;

	CHECK_OK(secede_unshare(CLONE_VM | CLONE_FILES));
	if (++depth < 5) {
		start_thread(&thread, leaves_again);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	_exit(7);
}

static void again_child(void)
{
	run_and_join(leaves_again);
	CHECK(depth == 0);
	_exit(5);
}

static void again(void)
{
	CHECK(leavers_of(again_child, 7) == 5);
}

/* ---- signals all the time ---- */

static void *leaves_under_fire(void *unused)
{
	sigset_t alarms;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	CHECK(pthread_sigmask(SIG_UNBLOCK, &alarms, NULL) == 0);
	return leaves_simply(NULL);
}

static void fire_child(void)
{
	const struct itimerval often = {{0, 300}, {0, 300}};

	CHECK(signal(SIGALRM, note) != SIG_ERR);
	CHECK_OK(setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < 100; i++)
		run_and_join(leaves_under_fire);
	_exit(5);
}

static void under_fire(void)
{
	CHECK(leavers_of(fire_child, 7) == 100);
}

/* ---- natively ---- */

static void *refused(void *unused)
{
	CHECK_FAILS(secede_unshare(CLONE_VM), EINVAL);
	CHECK_FAILS(secede_unshare(CLONE_THREAD | CLONE_FILES), EINVAL);
	return NULL;
}

static void linux_refuses(void)
{
	run_and_join(refused);
}

int main(int argc, char **argv)
{
	static const struct test natively[] = {{"Linux has no such thing: EINVAL", linux_refuses}};
	static const struct test tests[] = {
	    {"a thread becomes a process, numbers and mutexes are right", a_process},
	    {"mask, pending signals, death signal go along", what_goes_along},
	    {"the thread that is left ends as by pthread_exit", what_it_leaves},
	    {"handlers of pthread_atfork, each in its place", atfork_handlers},
	    {"a robust mutex stays behind, and is known to be nobody's", robust_mutex},
	    {"the first thread leaves", first_thread},
	    {"detached threads leave no stacks behind", detached},
	    {"who left is left again", again},
	    {"signals all the time", under_fire},
	};

	if (argc > 2 && strcmp(argv[2], "secede") == 0)
		return RUN_TESTS(tests);
	return RUN_TESTS(natively);
}
