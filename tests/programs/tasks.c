/* SPDX-License-Identifier: MIT */
/*
 * Tasks that share memory or descriptors and do not know of each other: what one does, or how it ends, must
 * not reach what the other one holds.
 */
#include <dirent.h>
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

#include "tests/spec/tap.h"

#define FDS_MAX 4096 /* numbers to try: beyond the usual limits */

static const char *self; /* this program's path */

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

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	CHECK(d != NULL);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void *leave_names(void *arg)
{
	return unshare(CLONE_NEWUTS) == 0 ? arg : NULL;
}

/* Threads with namespaces of their own come and go, children made with new ones too. */
static void test_no_leak(void)
{
	int i, before = count_fds();
	struct rlimit few;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &few));
	for (i = 0; i < 300; i++) {
		pthread_t thread;
		void *ret;
		long pid;

		CHECK(in_thread(&thread, leave_names, &few) == 0);
		CHECK(pthread_join(thread, &ret) == 0 && ret == &few);
		pid = syscall(SYS_clone, CLONE_NEWUTS | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			_exit(0);
		CHECK(pid > 0 && waitpid((pid_t)pid, NULL, 0) == pid);
	}
	CHECK(count_fds() == before);
}

/* ---- memory ---- */

static void *nothing(void *arg)
{
	return arg;
}

/* An address that mmap(2) gets without MAP_FIXED is a wish; all of them, to hit what else lies there. */
static void test_wishes(void)
{
	pthread_t thread;
	uintptr_t at;
	int i;

	for (at = 0x551100000000; at < 0x551200400000; at += 0x100000)
		CHECK(mmap((void *)at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	for (i = 0; i < 64; i++)
		CHECK(in_thread(&thread, nothing, NULL) == 0);
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
			alarm(5);
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
		kill(pid, SIGKILL);
		victim = 0;
	}
	return arg;
}

__attribute__((noinline)) static int vfork_and_die(void)
{
	int pid = vfork(), status;

	if (pid == 0) {
		victim = getpid();
		for (;;)
			syscall(SYS_chdir, "/");
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static void test_vfork_killed(void)
{
	time_t end = time(NULL) + 8;
	pthread_t thread;
	int before, n = 0;

	CHECK(in_thread(&thread, killer, NULL) == 0);
	before = count_fds();
	while (time(NULL) < end || n < 10) {
		CHECK(vfork_and_die());
		n++;
	}
	CHECK(count_fds() == before);
	stop = 1;
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK_OK(unshare(CLONE_VM)); /* nobody is left in our memory */
	CHECK_OK(chdir("/"));
}

static const struct test tests[] = {
    {"close_range(2) does not reach another thread's namespaces", test_close_range},
    {"nor does close(2) on every number", test_close},
    {"nor dup2(2) onto every number", test_dup2},
    {"FD_CLOEXEC on every number leaves a new program its namespaces", test_cloexec},
    {"threads and children with namespaces of their own leave no descriptor behind", test_no_leak},
    {"mmap(2) with any wish leaves room for threads", test_wishes},
    {"fork(2) while another thread looks at us in /proc", test_fork_looked_at},
    {"a vfork(2) child can be killed at any moment", test_vfork_killed},
};

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 2 && strcmp(argv[1], "--names") == 0)
		return change_names();
	return RUN_TESTS(tests);
}
