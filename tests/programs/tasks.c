/* SPDX-License-Identifier: MIT */
/*
 * Tasks that share memory or descriptors and do not know of each other: what one does, or how it ends, must
 * not reach what the other one holds.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

#include "arena/arena.h"
#include "tests/spec/tap.h"

#define FDS_MAX 4096 /* numbers to try: beyond the usual limits */
#define WISHERS 64

static const char *self; /* this program's path */
static int under_secede;

/* What the warden has in use for us: a released namespace is a lower number, a little later. */
static unsigned long objects(void)
{
	return under_secede ? atomic_load(&arena()->objects) : 0;
}

/* Not above it again: what the test before this one left may have been counted in. */
static int objects_return_to(unsigned long before)
{
	int i;

	for (i = 0; i < 20000 && objects() > before; i++)
		usleep(2000);
	return objects() <= before;
}

static int nodename_is(const char *name)
{
	struct utsname uts;

	return uname(&uts) == 0 && strcmp(uts.nodename, name) == 0;
}

static int in_thread(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	return pthread_create(thread, NULL, fn, arg);
}

/* ---- descriptors ---- */

/* A thread that lives in names of its own while `meddle` runs in the first one. */
struct own_names {
	pthread_barrier_t ready, done;
	int good;
};

static void *keep_own_names(void *arg)
{
	struct own_names *names = arg;
	int good = unshare(CLONE_NEWUTS) == 0 && sethostname("thread", 6) == 0;

	pthread_barrier_wait(&names->ready);
	pthread_barrier_wait(&names->done);
	names->good = good && nodename_is("thread") && sethostname("later", 5) == 0 && nodename_is("later") &&
		      unshare(CLONE_NEWUTS) == 0 && nodename_is("later");
	return NULL;
}

static void while_thread_has_names(void (*meddle)(void))
{
	struct own_names names;
	pthread_t thread;

	CHECK_OK(unshare(CLONE_NEWUTS));
	CHECK_OK(sethostname("first", 5));
	CHECK(pthread_barrier_init(&names.ready, NULL, 2) == 0);
	CHECK(pthread_barrier_init(&names.done, NULL, 2) == 0);
	CHECK(in_thread(&thread, keep_own_names, &names) == 0);
	pthread_barrier_wait(&names.ready);
	meddle();
	pthread_barrier_wait(&names.done);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(names.good);
	CHECK_OK(sethostname("still", 5));
	CHECK(nodename_is("still"));
}

static void close_range_all(void)
{
	CHECK_OK(close_range(3, ~0U, 0));
}

static void close_each(void)
{
	struct rlimit limit;
	int fd, end;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
	end = limit.rlim_cur < FDS_MAX ? FDS_MAX : (int)limit.rlim_cur + 64;
	for (fd = 3; fd < end; fd++)
		close(fd);
}

static void replace_each(void)
{
	int fd, source = open("/dev/null", O_RDONLY);

	CHECK(source >= 0);
	for (fd = 3; fd < FDS_MAX; fd++)
		if (fd != source)
			dup2(source, fd);
	CHECK_OK(close_range(3, ~0U, 0));
}

static void test_close_range(void)
{
	while_thread_has_names(close_range_all);
}

static void test_close(void)
{
	while_thread_has_names(close_each);
}

static void test_dup2(void)
{
	while_thread_has_names(replace_each);
}

/* What programs without close_range(2) do before they execute another. */
static void test_cloexec(void)
{
	struct rlimit limit;
	int fd, status;
	pid_t pid;

	CHECK_OK(unshare(CLONE_NEWUTS));
	CHECK_OK(sethostname("before", 6));
	CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
	for (fd = 3; fd < FDS_MAX || fd < (int)limit.rlim_cur + 64; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		execl(self, self, "--names", NULL);
		_exit(2);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(status == 0);
	CHECK(nodename_is("after"));
}

/* The program that it executes. */
static int change_names(void)
{
	return nodename_is("before") && sethostname("after", 5) == 0 ? 0 : 1;
}

/* Threads and children with namespaces of their own come and go: is all that they had given back? */

static void *leave_names(void *arg)
{
	return unshare(CLONE_NEWUTS) == 0 ? arg : NULL;
}

static void test_threads_leave_nothing(void)
{
	unsigned long before = objects();
	pthread_t thread;
	void *ret;
	int i;

	for (i = 0; i < 100; i++) {
		CHECK(in_thread(&thread, leave_names, &i) == 0);
		CHECK(pthread_join(thread, &ret) == 0 && ret == &i);
	}
	CHECK(objects_return_to(before));
}

static int end_at_once(void *arg)
{
	syscall(SYS_exit, arg != NULL);
	return 1;
}

static void children_leave_nothing(int flags)
{
	static char stack[65536] __attribute__((aligned(16)));
	unsigned long before = objects();
	int i;

	for (i = 0; i < 100; i++) {
		pid_t pid = clone(end_at_once, stack + sizeof(stack), flags | CLONE_NEWUTS | SIGCHLD, NULL);

		CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
	}
	CHECK(objects_return_to(before));
}

static void test_children_leave_nothing(void)
{
	children_leave_nothing(0);
	children_leave_nothing(CLONE_VM | CLONE_VFORK);
	children_leave_nothing(CLONE_VM);
}

/* A forked child outlives the namespaces of threads that it never saw. */
static void test_fork_leaves_threads_alone(void)
{
	unsigned long before = objects();
	struct own_names names;
	pthread_t thread;
	pid_t pid;

	CHECK(pthread_barrier_init(&names.ready, NULL, 2) == 0);
	CHECK(pthread_barrier_init(&names.done, NULL, 2) == 0);
	CHECK(in_thread(&thread, keep_own_names, &names) == 0);
	pthread_barrier_wait(&names.ready);
	pid = fork();
	if (pid == 0) {
		alarm(60); /* should the test fail before it kills us */
		for (;;)
			pause();
	}
	pthread_barrier_wait(&names.done);
	CHECK(pthread_join(thread, NULL) == 0 && names.good);
	CHECK(objects_return_to(before));
	CHECK_OK(kill(pid, SIGKILL));
	CHECK(waitpid(pid, NULL, 0) == pid);
}

/* Whoever executes a program takes their own namespaces along, and nobody else's: a vfork child ... */
static int unshare_and_execute(void *arg)
{
	char *argv[] = {(char *)self, "--names", NULL}, *envp[] = {NULL};

	if (syscall(SYS_unshare, CLONE_NEWUTS) != 0 || syscall(SYS_sethostname, "before", 6) != 0 ||
	    syscall(SYS_unshare, CLONE_FS | CLONE_FILES) != 0 || syscall(SYS_chdir, "/") != 0)
		return 3;
	syscall(SYS_execve, self, argv, envp);
	return 4;
}

static void test_vfork_unshares(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	unsigned long before;
	char cwd[4096];
	int i;

	CHECK_OK(unshare(CLONE_NEWUTS));
	CHECK_OK(sethostname("parent", 6));
	CHECK_OK(chdir("/usr"));
	before = objects();
	for (i = 0; i < 20; i++) {
		int status, flags = CLONE_VM | CLONE_VFORK | (i & 1 ? CLONE_FILES : 0) | SIGCHLD;
		pid_t pid = clone(unshare_and_execute, stack + sizeof(stack), flags, NULL);

		CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
		CHECK(status == 0);
		CHECK(nodename_is("parent") && getcwd(cwd, sizeof(cwd)) && strcmp(cwd, "/usr") == 0);
	}
	CHECK(objects_return_to(before));
}

/* ... or a thread. */
static void *execute_in_thread(void *arg)
{
	unshare_and_execute(NULL);
	return arg;
}

static void test_thread_executes(void)
{
	unsigned long before = objects();
	struct own_names names;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		pthread_t threads[2];

		pthread_barrier_init(&names.ready, NULL, 2);
		pthread_barrier_init(&names.done, NULL, 2);
		CHECK(in_thread(&threads[0], keep_own_names, &names) == 0);
		pthread_barrier_wait(&names.ready);
		CHECK(in_thread(&threads[1], execute_in_thread, NULL) == 0);
		pthread_join(threads[1], NULL);
		_exit(5);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(status == 0);
	CHECK(objects_return_to(before));
}

/* ---- memory ---- */

static pthread_barrier_t all;

static void *meet(void *arg)
{
	pthread_barrier_wait(&all);
	return arg;
}

/* An address that mmap(2) gets without MAP_FIXED is a wish; all of them, to hit what else lies there. */
static void test_wishes(void)
{
	pthread_t thread;
	uintptr_t at;
	int i;

	for (at = 0x551010000000; at < 0x551020800000; at += 0x100000)
		CHECK(mmap((void *)at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	CHECK(pthread_barrier_init(&all, NULL, WISHERS + 1) == 0);
	for (i = 0; i < WISHERS; i++)
		CHECK(in_thread(&thread, meet, NULL) == 0);
	pthread_barrier_wait(&all);
}

/* ---- fork ---- */

static _Atomic int stop;

static void *look_at_us(void *arg)
{
	char buf[4096];

	while (!stop) {
		int fd = open("/proc/self/status", O_RDONLY);

		if (fd < 0 || read(fd, buf, sizeof(buf)) <= 0)
			return NULL;
		close(fd);
	}
	return arg;
}

static void test_fork_looked_at(void)
{
	pthread_t thread;
	int i, status;
	void *ret;

	CHECK(in_thread(&thread, look_at_us, &status) == 0);
	for (i = 0; i < 3000; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			alarm(60);
			_exit(unshare(0));
		}
		CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
		CHECK(status == 0);
	}
	stop = 1;
	CHECK(pthread_join(thread, &ret) == 0 && ret == &status);
}

/* ---- vfork ---- */

static _Atomic int victim;

/* Kills whoever shows up in `victim`, some microseconds later. */
static void *killer(void *arg)
{
	unsigned seed = 1;

	while (!stop) {
		int pid = victim;
		volatile unsigned spin;

		if (!pid)
			continue;
		for (spin = (unsigned)rand_r(&seed) % 20000; spin; spin--)
			;
		victim = 0;
		kill(pid, SIGKILL);
	}
	return arg;
}

__attribute__((noinline)) static int vfork_and_die(void)
{
	int pid = vfork(), status;

	if (pid == 0) {
		victim = getpid();
		for (;;)
			syscall(SYS_setresuid, -1, -1, -1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

/* Is nobody left in our memory? A thread that has been joined may take its last steps yet. */
static int alone_soon(void)
{
	for (int i = 0; i < 10000; i++) {
		if (unshare(CLONE_VM) == 0)
			return 1;
		usleep(1000);
	}
	return 0;
}

static void test_vfork_killed(void)
{
	time_t end = time(NULL) + 4;
	pthread_t thread;

	CHECK(in_thread(&thread, killer, NULL) == 0);
	while (time(NULL) < end)
		CHECK(vfork_and_die());
	stop = 1;
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(alone_soon());
	CHECK_OK(chdir("/"));
}

static const struct test tests[] = {
    {"close_range(2) does not reach another thread's namespaces", test_close_range},
    {"nor does close(2) on every number", test_close},
    {"nor dup2(2) onto every number", test_dup2},
    {"FD_CLOEXEC on every number leaves a new program its namespaces", test_cloexec},
    {"threads with namespaces of their own leave nothing behind", test_threads_leave_nothing},
    {"nor do children", test_children_leave_nothing},
    {"nor what fork(2) copied of a thread's", test_fork_leaves_threads_alone},
    {"a vfork(2) child that unshares and executes leaves its parent alone", test_vfork_unshares},
    {"a thread executes a program in its own namespaces", test_thread_executes},
    {"mmap(2) with any wish leaves room for threads", test_wishes},
    {"fork(2) while another thread looks at us in /proc", test_fork_looked_at},
    {"a vfork(2) child can be killed at any moment", test_vfork_killed},
};

int main(int argc, char **argv)
{
	self = argv[0];
	under_secede = argc == 3 && strcmp(argv[2], "secede") == 0;
	if (argc == 2 && strcmp(argv[1], "--names") == 0)
		return change_names();
	return RUN_TESTS(tests);
}
