/* SPDX-License-Identifier: MIT */
/*
 * clone(2), clone3(2) and setns(2) for the contexts that secede has: what a child shares, what it gets of its own,
 * which combinations are refused, and how a task enters namespaces of another one.
 */
#include <linux/sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tests/spec/world.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define STACK_SIZE    (256 * 1024)

static bool under_secede;

/* A child by raw clone(2) or clone3(2) on a copy of this stack, as fork(2) makes one. */
static long raw_clone(unsigned long flags)
{
	return syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

static long raw_clone3(unsigned long flags)
{
	struct clone_args args = {.flags = flags, .exit_signal = SIGCHLD};

	return syscall(SYS_clone3, &args, sizeof(args));
}

typedef long (*clone_fn)(unsigned long flags);

/* The child changes everything that it has; the parent looks what it sees of that. */
static void child_changes(unsigned long flags)
{
	umask(0051);
	CHECK_OK(chdir(BASE "/a"));
	CHECK_OK(dup2(KEPT_FD, 200));
	if (flags & CLONE_NEWUTS || !(flags & CLONE_NEWUSER))
		CHECK_OK(sethostname("child", 5));
	else
		CHECK_FAILS(sethostname("child", 5), EPERM);
	if (flags & CLONE_NEWNS || !(flags & CLONE_NEWUSER))
		CHECK_OK(mount_mark(BASE "/b"));
	else
		CHECK_FAILS(mount_mark(BASE "/b"), EPERM);
	_exit(0);
}

static void look_at_child(clone_fn clone_child, unsigned long flags)
{
	static struct view before, inside;
	long pid;

	make_world();
	take_view(&before);
	pid = CHECK_OK(clone_child(flags));
	if (pid == 0) {
		take_view(&inside);
		check_same_view(&before, &inside);
		child_changes(flags);
	}
	check_child((pid_t)pid);
	CHECK(get_umask() == (flags & CLONE_FS ? 0051 : WORLD_UMASK));
	CHECK(cwd_is(flags & CLONE_FS ? BASE "/a" : BASE));
	CHECK(fd_is_open(200) == !!(flags & CLONE_FILES));
	CHECK(nodename_is(flags & (CLONE_NEWUTS | CLONE_NEWUSER) ? "before" : "child"));
	CHECK(mark_seen(BASE "/b") == !(flags & (CLONE_NEWNS | CLONE_NEWUSER)));
}

static const unsigned long good_flags[] = {
    0,
    CLONE_FS,
    CLONE_FILES,
    CLONE_FS | CLONE_FILES,
    CLONE_NEWNS,
    CLONE_NEWUTS,
    CLONE_NEWUSER,
    CLONE_NEWNS | CLONE_FILES,
    CLONE_NEWUTS | CLONE_FS,
    CLONE_NEWNS | CLONE_NEWUTS,
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS,
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_FILES,
};

static void each_good(clone_fn clone_child)
{
	unsigned i;
	long pid;

	for (i = 0; i < ARRAY_SIZE(good_flags); i++) {
		pid = CHECK_OK(fork());
		if (pid == 0) {
			look_at_child(clone_child, good_flags[i]);
			_exit(0);
		}
		check_child((pid_t)pid);
	}
}

static void clone_good(void)
{
	each_good(raw_clone);
}

static void clone3_good(void)
{
	each_good(raw_clone3);
}

static void each_bad(clone_fn clone_child)
{
	static const unsigned long bad[] = {
	    CLONE_FS | CLONE_NEWNS, CLONE_FS | CLONE_NEWUSER,	  CLONE_SIGHAND,
	    CLONE_THREAD,	    CLONE_THREAD | CLONE_SIGHAND, CLONE_VM | CLONE_THREAD,
	};
	static const unsigned long unbuilt[] = {CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWCGROUP};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_FAILS(clone_child(bad[i]), EINVAL);
	for (i = 0; under_secede && i < ARRAY_SIZE(unbuilt); i++)
		CHECK_FAILS(clone_child(unbuilt[i]), EINVAL);
	drop_capability(CAP_SYS_ADMIN);
	CHECK_FAILS(clone_child(CLONE_NEWNS), EPERM);
	CHECK_FAILS(clone_child(CLONE_NEWUTS), EPERM);
}

static void clone_bad(void)
{
	each_bad(raw_clone);
}

static void clone3_bad(void)
{
	struct {
		struct clone_args args;
		char more[64];
	} large = {.args = {.exit_signal = SIGCHLD}};

	CHECK_FAILS(syscall(SYS_clone3, &large.args, 8), EINVAL);
	CHECK_FAILS(syscall(SYS_clone3, NULL, sizeof(large.args)), EFAULT);
	CHECK_FAILS(syscall(SYS_clone3, &large, 1 << 20), E2BIG);
	large.more[5] = 1;
	CHECK_FAILS(syscall(SYS_clone3, &large, sizeof(large)), E2BIG);
	large.more[5] = 0;
	large.args.flags = 1ULL << 50;
	CHECK_FAILS(syscall(SYS_clone3, &large, sizeof(large.args)), EINVAL);
	each_bad(raw_clone3);
}

/* What contradicts itself in the structure, and what does not. */
static void clone3_arguments(void)
{
	static int number;
	static char stack[STACK_SIZE];
	const unsigned long word = (unsigned long)&number, own = (unsigned long)stack;
	const struct clone_args bad[] = {
	    {.flags = CLONE_PARENT, .exit_signal = SIGCHLD},
	    {.flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, .exit_signal = SIGCHLD},
	    {.exit_signal = 65},
	    {.exit_signal = 1UL << 32 | SIGCHLD},
	    {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .pidfd = word, .parent_tid = word, .exit_signal = SIGCHLD},
	    {.set_tid = word, .exit_signal = SIGCHLD},
	    {.set_tid_size = 1, .exit_signal = SIGCHLD},
	    {.stack = own, .exit_signal = SIGCHLD},
	    {.stack_size = STACK_SIZE, .exit_signal = SIGCHLD},
	    {.stack = own, .stack_size = -1UL, .exit_signal = SIGCHLD},
	    {.stack = 1UL << 63, .stack_size = 16, .exit_signal = SIGCHLD},
	};
	const struct clone_args sibling = {.flags = CLONE_PARENT};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_FAILS(syscall(SYS_clone3, &bad[i], sizeof(bad[i])), EINVAL);
	if (CHECK_OK(syscall(SYS_clone3, &sibling, sizeof(sibling))) == 0)
		_exit(0);
}

/* ---- setns ---- */

static int open_ns(pid_t pid, const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	return (int)CHECK_OK(open(path, O_RDONLY | O_CLOEXEC));
}

/* A child in namespaces of its own, which has been at work there and now waits for its end. */
static pid_t start_settled_child(unsigned long flags)
{
	int ready[2];
	char c;
	long pid;

	CHECK_OK(pipe(ready));
	pid = CHECK_OK(raw_clone(flags));
	if (pid == 0) {
		CHECK_OK(sethostname("settled", 7));
		CHECK_OK(mount_mark(BASE "/a"));
		CHECK_OK(chdir("/"));
		CHECK(write(ready[1], "", 1) == 1);
		pause();
	}
	close(ready[1]);
	CHECK(read(ready[0], &c, 1) == 1);
	close(ready[0]);
	return (pid_t)pid;
}

static void end_settled_child(pid_t pid)
{
	int status;

	CHECK_OK(kill(pid, SIGKILL));
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
}

static void setns_enters(void)
{
	pid_t pid;
	int uts, mnt;

	make_world();
	pid = start_settled_child(CLONE_NEWNS | CLONE_NEWUTS);
	uts = open_ns(pid, "uts");
	mnt = open_ns(pid, "mnt");
	CHECK(nodename_is("before") && !mark_seen(BASE "/a"));
	CHECK_OK(setns(uts, CLONE_NEWUTS));
	CHECK(nodename_is("settled") && !mark_seen(BASE "/a"));
	end_settled_child(pid); /* the descriptors keep the namespaces alive */
	CHECK_OK(setns(mnt, 0));
	CHECK(nodename_is("settled") && mark_seen(BASE "/a"));
	CHECK(cwd_is("/"));
	CHECK_OK(sethostname("guest", 5));
	CHECK(nodename_is("guest"));
}

static void setns_user(void)
{
	pid_t pid;
	int user, mnt;

	make_world();
	pid = start_settled_child(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS);
	user = open_ns(pid, "user");
	mnt = open_ns(pid, "mnt");
	CHECK_OK(setns(user, CLONE_NEWUSER));
	CHECK_FAILS(setns(user, CLONE_NEWUSER), EINVAL); /* one's own */
	CHECK_FAILS(sethostname("x", 1), EPERM);	 /* the old name space's owner is above */
	CHECK_OK(setns(mnt, CLONE_NEWNS));
	CHECK(mark_seen(BASE "/a"));
	end_settled_child(pid);
}

static void setns_errors(void)
{
	int uts, file;

	make_world();
	uts = open_ns(getpid(), "uts");
	file = open(BASE "/file", O_RDONLY);
	CHECK_FAILS(setns(-1, 0), EBADF);
	CHECK_FAILS(setns(file, 0), EINVAL);
	CHECK_FAILS(setns(uts, CLONE_NEWNS), EINVAL);
	CHECK_FAILS(setns(open_ns(getpid(), "user"), 0), EINVAL);
	CHECK_OK(setns(uts, 0));
	CHECK_OK(setns(uts, CLONE_NEWUTS));
	drop_capability(CAP_SYS_ADMIN);
	CHECK_FAILS(setns(uts, 0), EPERM);
}

static int enter_while_sharing(void *arg)
{
	CHECK_FAILS(setns(*(int *)arg, CLONE_NEWNS), EINVAL);
	CHECK_OK(unshare(CLONE_FS));
	CHECK_OK(setns(*(int *)arg, CLONE_NEWNS));
	return 0;
}

static void setns_shared_fs(void)
{
	static char stack[STACK_SIZE] __attribute__((aligned(16)));
	int mnt;

	make_world();
	mnt = open_ns(getpid(), "mnt");
	check_child(clone(enter_while_sharing, stack + STACK_SIZE, CLONE_FS | SIGCHLD, &mnt));
}

static void ns_links(void)
{
	static const char *const kinds[] = {"mnt", "uts", "user"};
	char mine[64], again[64];
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct stat a, b;
		int fd = open_ns(getpid(), kinds[i]);

		ns_name(kinds[i], mine, sizeof(mine));
		CHECK_OK(fstat(fd, &a));
		snprintf(again, sizeof(again), "%s:[%lu]", kinds[i], (unsigned long)a.st_ino);
		CHECK(strcmp(mine, again) == 0);
		snprintf(again, sizeof(again), "/proc/self/ns/%s", kinds[i]);
		CHECK_OK(stat(again, &b));
		CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	}
}

static const struct test tests[] = {
    {"clone: every combination of FS, FILES, NEWNS, NEWUTS, NEWUSER", clone_good},
    {"clone3: the same", clone3_good},
    {"clone: contradictions are EINVAL, no capability is EPERM", clone_bad},
    {"clone3: the same, and its sizes", clone3_bad},
    {"clone3: what its structure may hold", clone3_arguments},
    {"setns enters uts and mnt, also of the dead", setns_enters},
    {"setns enters user", setns_user},
    {"setns refuses what it must", setns_errors},
    {"setns refuses NEWNS while fs is shared", setns_shared_fs},
    {"/proc/PID/ns links, stat and fstat agree", ns_links},
};

int main(int argc, char **argv)
{
	under_secede = argc > 1 && strcmp(argv[argc - 1], "secede") == 0;
	return RUN_TESTS(tests);
}
