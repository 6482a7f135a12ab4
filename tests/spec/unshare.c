/* SPDX-License-Identifier: MIT */
/*
 * unshare(2): the documents' test specification for the flags that secede has. Two tasks share
 * everything (two threads, or a process and its clone); one unshares; from then on each changes what
 * it has, and looks at what the other one did. Last argument "secede": namespaces that secede does not
 * have yet must be EINVAL.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "tests/spec/world.h"

#define STACK_SIZE    (512 * 1024)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static bool under_secede;

static long raw_unshare(unsigned long flags)
{
	return syscall(SYS_unshare, flags);
}

/* ---- two tasks that share ---- */

/* Where both tasks meet, in memory that they share whatever they unshare. */
static struct meeting {
	_Atomic int arrived;
} * meeting;

/* Waits until both tasks have come here. */
static void meet(void)
{
	const struct timespec pause = {.tv_nsec = 100000};
	int round = atomic_fetch_add(&meeting->arrived, 1) / 2 + 1, tries;

	for (tries = 0; atomic_load(&meeting->arrived) < 2 * round; tries++) {
		CHECK(tries < 400000);
		nanosleep(&pause, NULL);
	}
}

enum sharing { BY_THREAD, BY_CLONE };

static struct combination {
	unsigned long flags;
	enum sharing sharing;
	bool creator_unshares;
} the;

/* The test's two roles. */
static void unsharer(void);
static void onlooker(void);

static int created_task(void *unused)
{
	if (the.sharing == BY_CLONE)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	(the.creator_unshares ? onlooker : unsharer)();
	return 0;
}

static void *created_thread(void *unused)
{
	created_task(NULL);
	return NULL;
}

static void run_pair(void)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread = 0;
	pid_t pid = 0;

	make_world();
	meeting = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(meeting != MAP_FAILED && stack != MAP_FAILED);
	if (the.sharing == BY_THREAD)
		CHECK(pthread_create(&thread, NULL, created_thread, NULL) == 0);
	else
		pid = (pid_t)CHECK_OK(clone(created_task, stack + STACK_SIZE, CLONE_FS | CLONE_FILES | SIGCHLD, NULL));
	(the.creator_unshares ? unsharer : onlooker)();
	if (the.sharing == BY_THREAD)
		CHECK(pthread_join(thread, NULL) == 0);
	else
		check_child(pid);
}

/* What the combination lets the two still share afterwards. */
static bool shares_fs(void)
{
	return !(the.flags & (CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER)) ||
	       (the.flags & CLONE_NEWUSER && the.sharing == BY_THREAD);
}
static bool shares_files(void)
{
	return !(the.flags & CLONE_FILES) || (the.flags & CLONE_NEWUSER && the.sharing == BY_THREAD);
}
static bool shares_ns(unsigned long kind)
{
	return !(the.flags & kind) || (the.flags & CLONE_NEWUSER && the.sharing == BY_THREAD);
}
/* A new user namespace has no power over what the old one owns. */
static bool has_power(unsigned long kind)
{
	return shares_ns(CLONE_NEWUSER) || !shares_ns(kind);
}

static void check_ns_links(char before[3][64])
{
	static const char *const kinds[] = {"mnt", "uts", "user"};
	static const unsigned long flags[] = {CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER};
	char now[64];
	int i;

	for (i = 0; i < 3; i++) {
		ns_name(kinds[i], now, sizeof(now));
		CHECK((strcmp(before[i], now) == 0) == shares_ns(flags[i]));
	}
}

static void unsharer(void)
{
	static struct view before, after;
	char links[3][64];

	ns_name("mnt", links[0], sizeof(links[0]));
	ns_name("uts", links[1], sizeof(links[1]));
	ns_name("user", links[2], sizeof(links[2]));
	take_view(&before);
	if (the.flags & CLONE_NEWUSER && the.sharing == BY_THREAD)
		CHECK_FAILS(raw_unshare(the.flags), EINVAL);
	else
		CHECK_OK(raw_unshare(the.flags));
	take_view(&after);
	check_same_view(&before, &after);
	check_ns_links(links);

	umask(0051);
	CHECK_OK(chdir(BASE "/a"));
	CHECK_OK(dup2(KEPT_FD, 200));
	if (has_power(CLONE_NEWUTS))
		CHECK_OK(sethostname("after", 5));
	else
		CHECK_FAILS(sethostname("after", 5), EPERM);
	if (has_power(CLONE_NEWNS))
		CHECK_OK(mount_mark(BASE "/a"));
	else
		CHECK_FAILS(mount_mark(BASE "/a"), EPERM);
	meet(); /* the onlooker looks, and changes what it has */
	meet();
	CHECK(get_umask() == (shares_fs() ? 0072 : 0051));
	CHECK(cwd_is(shares_fs() ? BASE "/b" : BASE "/a"));
	CHECK(fd_is_open(201) == shares_files());
	CHECK(fd_is_open(KEPT_FD) == !shares_files());
	CHECK(nodename_is(shares_ns(CLONE_NEWUTS) ? "later" : "after"));
	CHECK(mark_seen(BASE "/b") == shares_ns(CLONE_NEWNS));
	meet();
}

static void onlooker(void)
{
	meet(); /* the unsharer is done */
	CHECK(get_umask() == (shares_fs() ? 0051 : WORLD_UMASK));
	CHECK(cwd_is(shares_fs() ? BASE "/a" : BASE));
	CHECK(fd_is_open(200) == shares_files());
	CHECK(nodename_is(shares_ns(CLONE_NEWUTS) && has_power(CLONE_NEWUTS) ? "after" : "before"));
	CHECK(mark_seen(BASE "/a") == (shares_ns(CLONE_NEWNS) && has_power(CLONE_NEWNS)));

	umask(0072);
	CHECK_OK(chdir(BASE "/b"));
	CHECK_OK(dup2(KEPT_FD, 201));
	CHECK_OK(close(KEPT_FD));
	CHECK_OK(sethostname("later", 5));
	CHECK_OK(mount_mark(BASE "/b"));
	meet();
	meet();
}

/* Each of the flags and every combination, from both sides of both ways of sharing. */
static int run_combinations(int number, int *good)
{
	static const unsigned long flags[] = {CLONE_FS, CLONE_FILES, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER};
	static const char *const names[] = {"FS", "FILES", "NEWNS", "NEWUTS", "NEWUSER"};
	struct test test = {.run = run_pair};
	char name[128];
	unsigned mask, i, kind;

	for (mask = 0; mask < 1U << ARRAY_SIZE(flags); mask++) {
		for (kind = 0; kind < 4; kind++) {
			the = (struct combination){.sharing = kind / 2 ? BY_CLONE : BY_THREAD,
						   .creator_unshares = kind % 2};
			snprintf(name, sizeof(name), "%s unshares 0",
				 ((const char *[]){"thread", "first thread", "clone", "cloner"})[kind]);
			for (i = 0; i < ARRAY_SIZE(flags); i++) {
				if (!(mask & 1U << i))
					continue;
				the.flags |= flags[i];
				strcat(strcat(name, "|"), names[i]);
			}
			test.name = name;
			*good += run_test(++number, &test);
		}
	}
	return number;
}

/* ---- flags ---- */

static void flags_zero(void)
{
	make_world();
	CHECK_OK(raw_unshare(0));
}

static void flags_unknown(void)
{
	const unsigned long known = CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_VM | CLONE_NEWNS |
				    CLONE_SYSVSEM | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET |
				    CLONE_NEWUSER | CLONE_NEWCGROUP | CLONE_NEWTIME;
	int bit;

	for (bit = 0; bit < 64; bit++) {
		if (known & 1UL << bit)
			continue;
		CHECK_FAILS(raw_unshare(1UL << bit), EINVAL);
		CHECK_FAILS(raw_unshare(1UL << bit | CLONE_FS | CLONE_FILES), EINVAL);
	}
}

static void flags_unbuilt(void)
{
	static const unsigned long unbuilt[] = {CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWCGROUP,
						CLONE_NEWTIME};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(unbuilt); i++) {
		if (under_secede) {
			CHECK_FAILS(raw_unshare(unbuilt[i]), EINVAL);
			CHECK_FAILS(raw_unshare(unbuilt[i] | CLONE_NEWNS | CLONE_FS), EINVAL);
		}
	}
}

static void flags_alone(void)
{
	CHECK_OK(raw_unshare(CLONE_VM));
	CHECK_OK(raw_unshare(CLONE_SIGHAND));
	CHECK_OK(raw_unshare(CLONE_THREAD));
	CHECK_OK(raw_unshare(CLONE_SYSVSEM));
	CHECK_OK(raw_unshare(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_FS | CLONE_FILES));
}

static void *refuse_in_thread(void *unused)
{
	CHECK_FAILS(raw_unshare(CLONE_VM), EINVAL);
	CHECK_FAILS(raw_unshare(CLONE_SIGHAND), EINVAL);
	CHECK_FAILS(raw_unshare(CLONE_THREAD), EINVAL);
	CHECK_FAILS(raw_unshare(CLONE_THREAD | CLONE_FS), EINVAL);
	CHECK_FAILS(raw_unshare(CLONE_NEWUSER), EINVAL);
	CHECK_OK(raw_unshare(CLONE_SYSVSEM));
	return NULL;
}

static void flags_in_thread(void)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, refuse_in_thread, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
}

static int refuse_memory(void *unused)
{
	/* libc's errno is the parent's: raw numbers only */
	if (raw_unshare(CLONE_VM) != -1 || errno != EINVAL)
		return 1;
	return raw_unshare(CLONE_SIGHAND) == 0 && raw_unshare(CLONE_THREAD) == 0 ? 0 : 2;
}

static void flags_shared_memory(void)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));

	check_child(clone(refuse_memory, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
}

/* ---- refusal and failure ---- */

static void without_capability(void)
{
	make_world();
	drop_capability(CAP_SYS_ADMIN);
	CHECK_FAILS(raw_unshare(CLONE_NEWNS), EPERM);
	CHECK_FAILS(raw_unshare(CLONE_NEWUTS), EPERM);
	CHECK_FAILS(raw_unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_FS | CLONE_FILES), EPERM);
	CHECK_OK(raw_unshare(CLONE_FS));
	CHECK_OK(raw_unshare(CLONE_FILES));
	CHECK_OK(raw_unshare(CLONE_SYSVSEM));
	CHECK_FAILS(sethostname("x", 1), EPERM);
	CHECK_FAILS(mount_mark(BASE "/a"), EPERM);
	CHECK_FAILS(umount2(BASE, MNT_DETACH), EPERM);
}

static void user_without_capability(void)
{
	make_world();
	drop_capability(CAP_SYS_ADMIN);
	CHECK_OK(raw_unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS));
	CHECK_OK(sethostname("mine", 4));
	CHECK(nodename_is("mine"));
	CHECK_OK(mount_mark(BASE "/a"));
	CHECK(mark_seen(BASE "/a"));
}

/* What failed must have changed nothing: the threads still share all. */
static void *fail_in_thread(void *unused)
{
	drop_capability(CAP_SYS_ADMIN);
	CHECK_FAILS(raw_unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_FS | CLONE_FILES), EPERM);
	CHECK_FAILS(raw_unshare(CLONE_FS | CLONE_FILES | 1), EINVAL);
	umask(0033);
	CHECK_OK(chdir(BASE "/a"));
	CHECK_OK(dup2(KEPT_FD, 200));
	return NULL;
}

static void failure_changes_nothing(void)
{
	pthread_t thread;

	make_world();
	CHECK(pthread_create(&thread, NULL, fail_in_thread, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(get_umask() == 0033);
	CHECK(cwd_is(BASE "/a"));
	CHECK(fd_is_open(200));
}

/* ---- many at once ---- */

#define SHARERS 10
#define ROUNDS	10

static _Atomic unsigned *gate; /* a futex in a shared segment */

static void wait_at_gate(void)
{
	while (atomic_load(gate) == 0)
		syscall(SYS_futex, gate, FUTEX_WAIT, 0, NULL, NULL, 0);
}

/* Runs beside nine others on the same memory and libc: nothing but system calls. */
static int sharer(void *arg)
{
	static const unsigned long flags[] = {CLONE_FS,
					      CLONE_FILES,
					      CLONE_NEWNS,
					      CLONE_FS | CLONE_FILES,
					      CLONE_NEWNS | CLONE_NEWUTS | CLONE_FILES,
					      CLONE_NEWUTS | CLONE_FS};
	static char *const argv[] = {"true", NULL}, *const envp[] = {NULL};
	long me = (long)arg, i;
	char name = (char)('a' + me);

	wait_at_gate();
	if (me < 2) {
		syscall(SYS_execve, "/bin/true", argv, envp);
		return 1;
	}
	if (me < 4)
		syscall(SYS_exit, 0);
	if (syscall(SYS_unshare, flags[me - 4]) != 0)
		return 2;
	for (i = 0; i < 50; i++) {
		if (flags[me - 4] & (CLONE_FS | CLONE_NEWNS)) {
			syscall(SYS_umask, me);
			syscall(SYS_sched_yield);
			if (syscall(SYS_umask, me) != me)
				return 3;
		}
		if (flags[me - 4] & CLONE_FILES) {
			syscall(SYS_dup2, KEPT_FD, 150);
			syscall(SYS_sched_yield);
			if (syscall(SYS_close, 150) != 0)
				return 4;
		}
		if (flags[me - 4] & CLONE_NEWUTS) {
			struct utsname uts;

			syscall(SYS_sethostname, &name, 1);
			syscall(SYS_sched_yield);
			if (syscall(SYS_uname, &uts) != 0 || uts.nodename[0] != name)
				return 5;
		}
	}
	return 0;
}

static void many_at_once(int sharing)
{
	static char stacks[SHARERS][64 * 1024] __attribute__((aligned(16)));
	pid_t pids[SHARERS];
	long i;
	int round;

	make_world();
	gate = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(gate != MAP_FAILED);
	for (round = 0; round < ROUNDS; round++) {
		atomic_store(gate, 0);
		for (i = 0; i < SHARERS; i++)
			pids[i] = (pid_t)CHECK_OK(clone(sharer, stacks[i] + sizeof(stacks[i]),
							sharing | CLONE_FS | CLONE_FILES | SIGCHLD, (void *)i));
		atomic_store(gate, 1);
		syscall(SYS_futex, gate, FUTEX_WAKE, SHARERS, NULL, NULL, 0);
		for (i = 0; i < SHARERS; i++)
			check_child(pids[i]);
	}
	CHECK(nodename_is("before"));
	CHECK(get_umask() == WORLD_UMASK);
	CHECK(cwd_is(BASE));
	CHECK(!fd_is_open(150));
}

static void many_processes(void)
{
	many_at_once(0);
}

static void many_on_one_memory(void)
{
	many_at_once(CLONE_VM);
}

static const struct test tests[] = {
    {"flags 0 change nothing", flags_zero},
    {"unknown bits are EINVAL", flags_unknown},
    {"namespaces that are not built are EINVAL", flags_unbuilt},
    {"VM, SIGHAND, THREAD, SYSVSEM of a lonely task are granted", flags_alone},
    {"VM, SIGHAND, THREAD, NEWUSER of a thread are EINVAL", flags_in_thread},
    {"VM of a task that shares memory is EINVAL", flags_shared_memory},
    {"NEWNS, NEWUTS without CAP_SYS_ADMIN are EPERM", without_capability},
    {"NEWUSER needs no capability and gives all", user_without_capability},
    {"what fails changes nothing", failure_changes_nothing},
    {"ten processes unshare, execute and exit at once", many_processes},
    {"ten tasks on one memory unshare, execute and exit at once", many_on_one_memory},
};

int main(int argc, char **argv)
{
	int number, good = 0;

	under_secede = argc > 1 && strcmp(argv[argc - 1], "secede") == 0;
	for (number = 0; number < (int)ARRAY_SIZE(tests); number++)
		good += run_test(number + 1, &tests[number]);
	number = run_combinations(number, &good);
	printf("1..%d\n", number);
	return good == number ? 0 : 1;
}
