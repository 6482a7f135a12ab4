/* SPDX-License-Identifier: MIT */
/*
 * unshare(CLONE_VM) and unshare(CLONE_THREAD) of tasks that share their memory. Linux answers EINVAL, which is
 * what this program wants to see natively; secede does it.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "tests/spec/board.h"
#include "tests/spec/world.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int under_secede;

/* After it no C library may be trusted with locks of other threads; these tests have none that are taken. */
static void leave(unsigned long flags)
{
	CHECK_OK(syscall(SYS_unshare, flags));
}

/* ---- natively ---- */

static void *refused(void *unused)
{
	CHECK_FAILS(syscall(SYS_unshare, CLONE_VM), EINVAL);
	CHECK_FAILS(syscall(SYS_unshare, CLONE_THREAD), EINVAL);
	CHECK_FAILS(syscall(SYS_unshare, CLONE_SIGHAND), EINVAL);
	return NULL;
}

static void linux_refuses(void)
{
	pthread_t thread;

	start_thread(&thread, refused);
	CHECK(pthread_join(thread, NULL) == 0);
}

/* ---- memory ---- */

static volatile int private = 1;

static void *leaves_and_writes(void *unused)
{
	pid_t tid = gettid();

	leave(CLONE_VM);
	CHECK(gettid() == tid);
	CHECK(getpid() == tid);
	private = 2;
	board->number = tid;
	reach(1);
	await(2);
	CHECK(private == 2);
	_exit(7);
}

static void memory_parts_child(void)
{
	pid_t pid = getpid();
	pthread_t thread;

	start_thread(&thread, leaves_and_writes);
	await(1);
	CHECK(private == 1);
	CHECK(getpid() == pid);
	private = 3;
	reach(2);
	/* For those who stay, it ended. */
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(syscall(SYS_tgkill, pid, board->number, 0) == -1);
	_exit(5);
}

static void memory_parts(void)
{
	pid_t pid = in_child(memory_parts_child);

	await(1);
	ends_with(pid, 5);
	ends_with(board->number, 7); /* the one that left is a child of the same parent */
	CHECK_FAILS(wait(NULL), ECHILD);
}

/* ---- the leader leaves ---- */

static void *stays(void *unused)
{
	pid_t pid = getpid();

	reach(1);
	await(2);
	CHECK(private == 1);
	CHECK(getpid() == pid && gettid() != pid);
	CHECK(board->value == pid);
	exit(6);
}

static void leader_leaves_child(void)
{
	pid_t old = getpid();
	pthread_t thread;

	start_thread(&thread, stays);
	await(1);
	board->value = old;
	leave(CLONE_THREAD);
	CHECK(getpid() == gettid() && getpid() != old);
	private = 2;
	board->number = getpid();
	reach(2);
	_exit(7);
}

static void leader_leaves(void)
{
	pid_t pid = in_child(leader_leaves_child);

	await(2);
	ends_with(board->number, 7);
	ends_with(pid, 6);
	CHECK_FAILS(wait(NULL), ECHILD);
}

/* ---- a process that shares memory: clone(CLONE_VM) ---- */

#define STACK_SIZE 65536
static char stack[STACK_SIZE] __attribute__((aligned(16)));

static int process_leaves(void *unused)
{
	pid_t pid = (pid_t)syscall(SYS_getpid);

	if (syscall(SYS_unshare, CLONE_VM) != 0)
		return 1;
	private = 2;
	if (syscall(SYS_getpid) != pid || syscall(SYS_gettid) != pid)
		return 2;
	reach(1);
	await(2);
	return private == 2 ? 9 : 3;
}

static void process_parts(void)
{
	pid_t pid = clone(process_leaves, stack + STACK_SIZE, CLONE_VM | SIGCHLD, NULL);

	CHECK(pid > 0);
	await(1);
	CHECK(private == 1);
	CHECK_OK(kill(pid, 0));
	reach(2);
	ends_with(pid, 9);
	CHECK_FAILS(wait(NULL), ECHILD);
}

/* The same, waited for by whoever comes. */
static void process_parts_wait_any(void)
{
	pid_t pid = clone(process_leaves, stack + STACK_SIZE, CLONE_VM | SIGCHLD, NULL);
	siginfo_t info = {0};
	int status;

	await(1);
	reach(2);
	CHECK_OK(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT));
	CHECK(info.si_pid == pid && info.si_status == 9);
	CHECK(wait(&status) == pid);
	CHECK(exit_code(status) == 9);
	CHECK_FAILS(wait(NULL), ECHILD);
}

/* A vfork child that parts lets its parent go on. */
static void vfork_child_parts(void)
{
	pid_t pid = clone(process_leaves, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);

	CHECK(pid > 0);
	await(1);
	CHECK(private == 1);
	reach(2);
	ends_with(pid, 9);
}

/* ---- numbers ---- */

static volatile sig_atomic_t got, from;

static void note(int sig, siginfo_t *info, void *context)
{
	got = sig;
	from = info->si_pid;
}

static void catch_signal(int sig)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

	CHECK_OK(sigaction(sig, &action, NULL));
}

static void *waits_for_signal(void *unused)
{
	leave(CLONE_VM);
	board->number = gettid();
	reach(1);
	while (!got)
		poll(NULL, 0, 10);
	CHECK(got == SIGUSR1 && from == getppid());
	CHECK_OK(kill(getpid(), 0));
	CHECK_OK(syscall(SYS_tgkill, getpid(), gettid(), 0));
	got = 0;
	CHECK_OK(raise(SIGUSR2));
	CHECK(got == SIGUSR2 && from == getpid());
	_exit(7);
}

static void signalled_child(void)
{
	pthread_t thread;

	catch_signal(SIGUSR1);
	catch_signal(SIGUSR2);
	start_thread(&thread, waits_for_signal);
	await(2);
	CHECK(!got);
	_exit(5);
}

static void found_by_its_number(void)
{
	pid_t pid;

	catch_signal(SIGCHLD);
	pid = in_child(signalled_child);
	await(1);
	CHECK_OK(kill(board->number, SIGUSR1));
	ends_with(board->number, 7);
	CHECK(got == SIGCHLD && from == board->number);
	reach(2);
	ends_with(pid, 5);
	CHECK_FAILS(kill(board->number, 0), ESRCH);
}

static int stops; /* how often who leaves stops before its end */

static void *leaves_and_ends(void *unused)
{
	leave(CLONE_VM);
	board->number = gettid();
	reach(stops ? 2 : 1);
	while (stops--)
		raise(SIGSTOP);
	_exit(7);
}

static void stays_until_3(void)
{
	pthread_t thread;

	start_thread(&thread, leaves_and_ends);
	await(3);
	_exit(5);
}

/* Long after it was waited for the signal still names it, whatever else has been waited for. */
static void end_is_told_late(void)
{
	sigset_t set;
	siginfo_t info;
	pid_t pid, other, ended;
	int status;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	pid = in_child(stays_until_3);
	await(1);
	ended = board->number;
	ends_with(ended, 7);
	stops = 20;
	other = in_child(stays_until_3);
	await(2);
	for (int i = 0; i < stops; i++) {
		CHECK(waitpid(board->number, &status, WUNTRACED) == board->number && WIFSTOPPED(status));
		CHECK_OK(kill(board->number, SIGCONT));
	}
	for (int i = 0; i < stops; i++)
		CHECK_OK(waitid(P_PID, (id_t)board->number, &info, WEXITED | WNOWAIT));
	ends_with(board->number, 7);
	poll(NULL, 0, 500);
	CHECK(sigwaitinfo(&set, &info) == SIGCHLD && info.si_pid == ended);
	reach(3);
	ends_with(pid, 5);
	ends_with(other, 5);
}

static void *has_children(void *unused)
{
	pid_t self = gettid(), child;
	char text[32];

	leave(CLONE_VM);
	child = fork();
	if (!child) {
		CHECK(getppid() == self);
		CHECK(getpid() != self && getpid() == gettid());
		_exit(4);
	}
	ends_with(child, 4);
	snprintf(text, sizeof(text), "%d", self);
	execl("/bin/sh", "sh", "-c", "test $$ = $0 && exit 8", text, NULL);
	_exit(1);
}

static void parent_of_children_child(void)
{
	pthread_t thread;

	start_thread(&thread, has_children);
	pthread_join(thread, NULL);
	_exit(5);
}

static void parent_of_children(void)
{
	pid_t pid = in_child(parent_of_children_child), left;
	int status;

	ends_with(pid, 5);
	left = wait(&status);
	CHECK(left > 0 && exit_code(status) == 8);
}

/* ---- what goes along ---- */

static void *takes_along(void *unused)
{
	sigset_t set, now;
	siginfo_t info;
	stack_t alt = {.ss_sp = stack, .ss_size = sizeof(stack)}, is;
	int deathsig = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK_OK(sigaltstack(&alt, NULL));
	CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGTERM));
	CHECK_OK(prctl(PR_SET_NAME, "leaver"));
	CHECK_OK(setpriority(PRIO_PROCESS, 0, 19)); /* however nice the tests are run */
	CHECK_OK(pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){.sival_int = 1}));
	CHECK_OK(pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){.sival_int = 2}));
	CHECK_OK(pthread_kill(pthread_self(), SIGUSR1));
	CHECK_OK(kill(getpid(), SIGUSR1)); /* the process's: it stays with the process */
	leave(CLONE_VM);
	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGUSR1) &&
	      sigismember(&now, SIGRTMIN) && !sigismember(&now, SIGUSR2));
	CHECK(sigwaitinfo(&set, &info) == SIGUSR1);
	CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == 1);
	CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == 2);
	CHECK_OK(sigpending(&now));
	CHECK(!sigismember(&now, SIGUSR1));
	CHECK_OK(sigaltstack(NULL, &is));
	CHECK(is.ss_sp == stack);
	CHECK_OK(prctl(PR_GET_PDEATHSIG, &deathsig));
	CHECK(deathsig == SIGTERM);
	CHECK(getpriority(PRIO_PROCESS, 0) == 19);
	_exit(7);
}

static void takes_along_child(void)
{
	sigset_t set;
	siginfo_t info;
	pthread_t thread;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	start_thread(&thread, takes_along);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_pid == getpid());
	_exit(5);
}

static void what_goes_along(void)
{
	pid_t pid = in_child(takes_along_child);
	int status;

	ends_with(pid, 5);
	CHECK(wait(&status) > 0 && exit_code(status) == 7);
}

/* ---- with and without the other contexts ---- */

static unsigned long asked;

static void *leaves_with(void *unused)
{
	int fs = asked & (CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER) ? 1 : 0, files = asked & CLONE_FILES ? 1 : 0;

	leave(asked);
	umask(0051);
	CHECK_OK(chdir(BASE "/a"));
	CHECK_OK(dup2(KEPT_FD, 200));
	if (asked & CLONE_NEWUTS)
		CHECK_OK(sethostname("after", 5));
	if (asked & CLONE_NEWNS)
		CHECK_OK(mount(BASE "/marked", BASE "/a", NULL, MS_BIND, NULL));
	reach(1);
	await(2);
	CHECK(get_umask() == (fs ? 0051 : 0072));
	CHECK(cwd_is(fs ? BASE "/a" : BASE "/b"));
	CHECK(fd_is_open(201) == !files);
	CHECK(fd_is_open(KEPT_FD) == files);
	CHECK(nodename_is(asked & CLONE_NEWUTS ? "after" : "later"));
	reach(3);
	_exit(7);
}

static void one_combination_child(void)
{
	int fs = asked & (CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER) ? 1 : 0, files = asked & CLONE_FILES ? 1 : 0;
	pthread_t thread;

	start_thread(&thread, leaves_with);
	await(1);
	CHECK(get_umask() == (fs ? WORLD_UMASK : 0051));
	CHECK(cwd_is(fs ? BASE : BASE "/a"));
	CHECK(fd_is_open(200) == !files);
	CHECK(nodename_is("before"));
	CHECK(access(BASE "/a/mark", F_OK) == -1);
	umask(0072);
	CHECK_OK(chdir(BASE "/b"));
	CHECK_OK(dup2(KEPT_FD, 201));
	CHECK_OK(close(KEPT_FD));
	CHECK_OK(sethostname("later", 5));
	reach(2);
	await(3);
	_exit(5);
}

static void one_combination(void)
{
	pid_t pid;
	int status;

	make_world();
	pid = in_child(one_combination_child);
	ends_with(pid, 5);
	CHECK(wait(&status) > 0 && exit_code(status) == 7);
}

static int run_combinations(int number, int *good)
{
	static const unsigned long flags[] = {CLONE_FS,	    CLONE_FILES,   CLONE_NEWNS,
					      CLONE_NEWUTS, CLONE_NEWUSER, CLONE_SYSVSEM};
	static const char *const names[] = {"FS", "FILES", "NEWNS", "NEWUTS", "NEWUSER", "SYSVSEM"};
	struct test test = {.run = one_combination};
	char name[128];
	unsigned mask, i;

	for (mask = 0; mask < 1U << ARRAY_SIZE(flags); mask++) {
		asked = CLONE_VM;
		strcpy(name, "VM");
		for (i = 0; i < ARRAY_SIZE(flags); i++) {
			if (!(mask & 1U << i))
				continue;
			asked |= flags[i];
			strcat(name, "|");
			strcat(name, names[i]);
		}
		new_board();
		test.name = name;
		*good &= run_test(number++, &test);
	}
	return number;
}

/* ---- many ---- */

#define MANY 30

static void *one_of_many(void *unused)
{
	leave(CLONE_VM | CLONE_FILES);
	private++;
	_exit(private == 2 ? 7 : 8);
}

static void many_child(void)
{
	pthread_t thread[MANY];

	for (int i = 0; i < MANY; i++)
		start_thread(&thread[i], one_of_many);
	for (int i = 0; i < MANY; i++)
		CHECK(pthread_join(thread[i], NULL) == 0);
	CHECK(private == 1);
	_exit(5);
}

static void many_at_once(void)
{
	pid_t pid = in_child(many_child);
	int status, left = 0;

	while (wait(&status) > 0)
		if (exit_code(status) == 7)
			left++;
		else
			CHECK(exit_code(status) == 5);
	CHECK(left == MANY && pid > 0);
}

static const struct test tests[] = {
    {"a thread leaves the memory and the group", memory_parts},
    {"the group's leader leaves, the group keeps its number", leader_leaves},
    {"a process leaves its parent's memory", process_parts},
    {"the same, found by wait for any", process_parts_wait_any},
    {"a vfork child leaves", vfork_child_parts},
    {"signals find who left by its number, and its end is told", found_by_its_number},
    {"its end is told late", end_is_told_late},
    {"children and a program of who left", parent_of_children},
    {"masks, pending signals, stack, priority, death signal go along", what_goes_along},
    {"many at once", many_at_once},
};

int main(int argc, char **argv)
{
	static const struct test natively = {"Linux has no such thing: EINVAL", linux_refuses};
	int number = 1, good = 1;
	unsigned i;

	under_secede = argc > 2 && strcmp(argv[2], "secede") == 0;
	if (!under_secede) {
		good = run_test(1, &natively);
		printf("1..1\n");
		return !good;
	}
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		new_board();
		good &= run_test(number++, &tests[i]);
	}
	number = run_combinations(number, &good);
	printf("1..%d\n", number - 1);
	return !good;
}
