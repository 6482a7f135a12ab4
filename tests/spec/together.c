/* SPDX-License-Identifier: MIT */
/*
 * The documents' test of concurrent execution: about ten tasks that share memory, handlers, descriptors and fs are
 * started by one futex in shared memory. Two execute a program, two exit, the rest unshare different
 * combinations of contexts; each looks at what it has become, and the starter at what was left to it. Over and over,
 * and once more with SIGKILL thrown at them. Afterwards the session's arena and the starter's table hold what they held
 * before.
 *
 *	together DIRECTORY [secede [ROUNDS [KILLS]]]
 */
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "tests/spec/world.h"

/* After the C library's headers, whose names it respects. */
#include "arena/arena.h"

#define TASKS	   10
#define STACK_SIZE 65536
#define FD_OWN	   300 /* + task: what it opens */
#define ROUND_MS   20000

static int under_secede, rounds = 150, kills = 300;
static unsigned long always; /* unshared by every task, among others */
static unsigned seed;

/* ---- what stays shared, and what does not ---- */

struct board {
	_Atomic int go;		    /* the futex */
	_Atomic int done;	    /* tasks that have looked, or that could not */
	_Atomic int leave;	    /* the second futex: the starter has looked */
	_Atomic int verdict[TASKS]; /* 0, the line that does not hold, or -errno */
};
static struct board *board;
static volatile int memory[TASKS];
static char stack[TASKS][STACK_SIZE] __attribute__((aligned(16)));

enum role { EXECUTES, EXITS, UNSHARES };

static struct member {
	enum role role;
	unsigned long flags;
	pid_t pid;
	int ended;
} member[TASKS];

/* Tasks that share memory share errno as well: no C library in what they do. */
static long raw(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

static void raw_wake(_Atomic int *word)
{
	raw(SYS_futex, (long)word, FUTEX_WAKE, INT_MAX, 0, 0);
}

static void raw_await(_Atomic int *word, int value)
{
	while (*word < value) {
		int seen = *word;

		if (seen < value)
			raw(SYS_futex, (long)word, FUTEX_WAIT, seen, 0, 0);
	}
}

/* ---- the tasks ---- */

static int parts_fs(unsigned long flags)
{
	return (flags & (CLONE_FS | CLONE_NEWNS | CLONE_NEWUSER)) != 0;
}

static int parts_memory(unsigned long flags)
{
	return (flags & (CLONE_VM | CLONE_THREAD)) != 0;
}

/* Does things that the others see only where the context is still shared. 0, or the line of what went wrong. */
static int act(int i)
{
	unsigned long flags = member[i].flags;
	char cwd[64] = "", name[] = "task0";
	struct utsname uts;
	long pid = raw(SYS_getpid, 0, 0, 0, 0, 0), fd, err;

	err = raw(SYS_unshare, (long)flags, 0, 0, 0, 0);
	if (err)
		return (int)err;
	if (raw(SYS_getpid, 0, 0, 0, 0, 0) != pid || raw(SYS_gettid, 0, 0, 0, 0, 0) != pid)
		return __LINE__;
	memory[i] = 1;
	fd = raw(SYS_dup2, KEPT_FD, FD_OWN + i, 0, 0, 0);
	if (fd != FD_OWN + i)
		return __LINE__;
	if (parts_fs(flags)) {
		if (raw(SYS_chdir, (long)BASE "/a", 0, 0, 0, 0))
			return __LINE__;
		raw(SYS_umask, 0, 0, 0, 0, 0);
	}
	name[4] = (char)('0' + i);
	if ((flags & CLONE_NEWUTS) && raw(SYS_sethostname, (long)name, 5, 0, 0, 0))
		return __LINE__;
	if ((flags & CLONE_NEWNS) && raw(SYS_mount, (long)BASE "/marked", (long)BASE "/a", 0, MS_BIND, 0))
		return __LINE__;

	if (raw(SYS_getcwd, (long)cwd, sizeof(cwd), 0, 0, 0) < 0)
		return __LINE__;
	if (__builtin_strcmp(cwd, parts_fs(flags) ? BASE "/a" : BASE) != 0)
		return __LINE__;
	if (raw(SYS_uname, (long)&uts, 0, 0, 0, 0) ||
	    __builtin_strcmp(uts.nodename, flags & CLONE_NEWUTS ? name : "before") != 0)
		return __LINE__;
	if ((raw(SYS_access, (long)BASE "/a/mark", F_OK, 0, 0, 0) == 0) != !!(flags & CLONE_NEWNS))
		return __LINE__;
	return 0;
}

static int task(void *arg)
{
	static char *const argv[] = {"true", NULL};
	int i = (int)(long)arg;

	raw_await(&board->go, 1);
	switch (member[i].role) {
	case EXECUTES:
		raw(SYS_execve, (long)"/bin/true", (long)argv, (long)argv, 0, 0);
		return 100;
	case EXITS:
		raw(SYS_exit, 40 + i, 0, 0, 0, 0);
		return 101;
	case UNSHARES:
		break;
	}
	board->verdict[i] = act(i);
	board->done++;
	raw_wake(&board->done);
	raw_await(&board->leave, 1);
	return board->verdict[i] ? 1 : 20 + i;
}

/* ---- the starter ---- */

static unsigned random_number(void)
{
	return seed = seed * 1103515245u + 12345u, seed >> 8;
}

static unsigned long random_flags(void)
{
	static const unsigned long flags[] = {CLONE_FS,	     CLONE_FILES,   CLONE_NEWNS, CLONE_NEWUTS,
					      CLONE_NEWUSER, CLONE_SYSVSEM, CLONE_VM,	 CLONE_THREAD};
	/* Linux itself has no such thing for tasks that share their memory. */
	static const unsigned long beyond = CLONE_VM | CLONE_THREAD;
	unsigned long chosen = always;

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (random_number() & 1)
			chosen |= flags[i];
	return under_secede ? chosen : chosen & ~beyond;
}

static void start(void)
{
	memset(board, 0, sizeof(*board));
	for (int i = 0; i < TASKS; i++) {
		memory[i] = 0;
		member[i] = (struct member){.role = i < 2 ? EXECUTES : i < 4 ? EXITS : UNSHARES};
		if (member[i].role == UNSHARES)
			member[i].flags = random_flags();
		member[i].pid =
		    clone(task, stack[i] + STACK_SIZE,
			  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_SYSVSEM | SIGCHLD, (void *)(long)i);
		CHECK(member[i].pid > 0);
	}
}

static void await_done(void)
{
	struct timespec limit = {1, 0};

	for (int waited = 0; board->done < TASKS - 4 && waited < ROUND_MS / 1000; waited++) {
		int seen = board->done;

		if (seen < TASKS - 4)
			syscall(SYS_futex, &board->done, FUTEX_WAIT, seen, &limit, NULL, 0);
	}
	CHECK(board->done == TASKS - 4);
}

/* What the starter sees of a task that unshared. */
static void look_at(int i)
{
	unsigned long flags = member[i].flags;

	if (board->verdict[i])
		printf("# flags %lx: %d\n", flags, board->verdict[i]);
	CHECK(board->verdict[i] == 0);
	CHECK(memory[i] == !parts_memory(flags));
	CHECK(fd_is_open(FD_OWN + i) == !(flags & CLONE_FILES));
}

static void look(void)
{
	for (int i = 4; i < TASKS; i++)
		look_at(i);
	CHECK(cwd_is(BASE));
	CHECK(get_umask() == WORLD_UMASK);
	CHECK(nodename_is("before"));
	CHECK(access(BASE "/a/mark", F_OK) == -1);
}

static int find(pid_t pid)
{
	for (int i = 0; i < TASKS; i++)
		if (member[i].pid == pid && !member[i].ended)
			return i;
	return -1;
}

/* Waits for all of them; `killed`: each may also have been killed. */
static void collect(int killed)
{
	for (int left = TASKS; left; left--) {
		int status = 0, i, wanted;
		pid_t pid = wait(&status);

		CHECK(pid > 0);
		i = find(pid);
		if (i < 0)
			printf("# waited for %d, whom nobody knows\n", pid);
		CHECK(i >= 0);
		if (i < 0)
			continue; /* CHECK has ended the test */
		member[i].ended = 1;
		if (killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			continue;
		wanted = member[i].role == EXECUTES ? 0 : member[i].role == EXITS ? 40 + i : 20 + i;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != wanted)
			printf("# task %d (flags %lx) ended with %x\n", i, member[i].flags, status);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == wanted);
	}
}

static void close_all(void)
{
	for (int i = 0; i < TASKS; i++)
		close(FD_OWN + i);
}

/* ---- what the session's arena holds, and the starter's table ---- */

struct count {
	unsigned long objects, numbers, descriptors;
};

static struct count count_all(void)
{
	struct count now = {0};

	if (under_secede)
		now = (struct count){.objects = arena()->objects, .numbers = arena()->pids.nr};
	for (int fd = 0; fd < FD_OWN + TASKS; fd++)
		now.descriptors += (unsigned long)fd_is_open(fd);
	return now;
}

static bool is_more(struct count now, struct count before)
{
	return now.objects > before.objects || now.numbers > before.numbers || now.descriptors > before.descriptors;
}

/* The warden learns of the end of things a little later, and who makes a child clears away what the dead had open. */
static void nothing_is_left(struct count before)
{
	struct count now = count_all();

	for (int i = 0; i < 2000 && is_more(now, before); i++) {
		poll(NULL, 0, 20);
		if (fork() == 0)
			_exit(0);
		wait(NULL);
		now = count_all();
	}
	if (is_more(now, before))
		printf("# objects %lu -> %lu, numbers %lu -> %lu, descriptors %lu -> %lu\n", before.objects,
		       now.objects, before.numbers, now.numbers, before.descriptors, now.descriptors);
	CHECK(!is_more(now, before));
}

static void prepare(void)
{
	make_world();
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(board != MAP_FAILED);
}

/* ---- the tests ---- */

static void ten_together(void)
{
	struct count before;

	prepare();
	before = count_all();
	for (int round = 0; round < rounds; round++) {
		start();
		board->go = 1;
		raw_wake(&board->go);
		await_done();
		look();
		board->leave = 1;
		raw_wake(&board->leave);
		collect(0);
		close_all();
	}
	nothing_is_left(before);
}

/*
 * Who leaves memory and table has a moment in which it speaks with the warden through a table of its own, while others
 * open in the old one what they execute.
 */
static void ten_leave_the_table(void)
{
	always = CLONE_VM | CLONE_FILES;
	ten_together();
}

/* One that knows nothing of the tasks but their numbers. Each round some are hit, at any moment. */
static void throw_kills(int thrown)
{
	struct timespec moment = {0, random_number() % 2000000};

	nanosleep(&moment, NULL);
	for (int i = 0; i < thrown; i++) {
		moment.tv_nsec = random_number() % 300000;
		nanosleep(&moment, NULL);
		kill(member[random_number() % TASKS].pid, SIGKILL);
	}
}

/*
 * What a killed task had just opened in the table that it shares, and had no time to note, stays there as long as the
 * table: so it is counted when all of them have gone.
 */
static void ten_under_fire(void)
{
	prepare();
	for (int thrown = 0; thrown < kills; thrown += 4) {
		pid_t thrower;

		start();
		thrower = fork();
		CHECK(thrower >= 0);
		if (!thrower) {
			throw_kills(4);
			_exit(0);
		}
		board->go = board->leave = 1;
		raw_wake(&board->go);
		CHECK(waitpid(thrower, NULL, 0) == thrower);
		collect(1);
		CHECK(cwd_is(BASE));
		CHECK(nodename_is("before"));
		close_all();
	}
}

/* Not run_test(): these take as long as they are asked to. */
static int run_for_long(int number, const char *name, void (*run)(void))
{
	struct count before = count_all();
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		seed = (unsigned)time(NULL) ^ (unsigned)getpid();
		printf("# seed %u\n", seed);
		run();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	nothing_is_left(before);
	printf("%sok %d - %s\n", status ? "not " : "", number, name);
	return !status;
}

int main(int argc, char **argv)
{
	int good = 1;

	under_secede = argc > 2 && strcmp(argv[2], "secede") == 0;
	if (argc > 3)
		rounds = atoi(argv[3]);
	if (argc > 4)
		kills = atoi(argv[4]);
	good &= run_for_long(1, "ten tasks execute, exit and unshare together", ten_together);
	good &= run_for_long(2, "the same under SIGKILL", ten_under_fire);
	if (under_secede)
		good &= run_for_long(3, "those that leave table and memory leave nothing in them", ten_leave_the_table);
	printf("1..%d\n", under_secede ? 3 : 2);
	return !good;
}
