/* SPDX-License-Identifier: MIT */
/*
 * How costs grow with what there is: prints "NAME-WHAT-NUMBER NANOSECONDS".
 *
 *	growth mounts|namespaces|tasks|parallel DIRECTORY
 *
 * All but the last in namespaces of its own, which takes the right to make them.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/measure.h"
#include "bench/path.h"

#define CALLS 101

static const char *dir, *what;

static void call_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		abort();
}

static const char *name_of(const char *call, int n)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s-%s-%d", call, what, n);
	return name;
}

static void unshares(const char *call, int flags, int n)
{
	double ns[CALLS], start;

	for (int i = 0; i < CALLS; i++) {
		start = now_ns();
		if (unshare(flags) != 0)
			die(call);
		ns[i] = now_ns() - start;
	}
	print_median(name_of(call, n), ns, CALLS);
}

/* ---- mounts ---- */

static void make_mounts(int from, int to)
{
	char path[4096];

	for (int i = from; i < to; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		if (mkdir(path, 0755) != 0 || mount(dir, path, NULL, MS_BIND, NULL) != 0)
			die(path);
	}
}

/* mount(2) and umount2(2) of one more. */
static void pairs(int n)
{
	double ns[CALLS], start;
	char point[4096];

	snprintf(point, sizeof(point), "%s/0", dir);
	for (int i = 0; i < CALLS; i++) {
		start = now_ns();
		if (mount(dir, point, NULL, MS_BIND, NULL) != 0 || umount2(point, 0) != 0)
			die(point);
		ns[i] = now_ns() - start;
	}
	print_median(name_of("pair", n), ns, CALLS);
}

static void with_mounts(int from, int n)
{
	make_mounts(from, n);
	report(name_of("stat", n), call_stat);
	unshares("newns", CLONE_NEWNS, n);
	pairs(n);
}

/* ---- processes that are there: they sleep until we end ---- */

static void make_processes(int from, int to, int flags)
{
	int ready[2];
	char c = 0;

	if (pipe(ready) != 0)
		die("pipe");
	for (int i = from; i < to; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if ((flags && unshare(flags) != 0) || write(ready[1], &c, 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		if (pid < 0 || read(ready[0], &c, 1) != 1)
			die("a process");
	}
	close(ready[0]);
	close(ready[1]);
}

static void with_namespaces(int from, int n)
{
	make_processes(from, n, CLONE_NEWNS | CLONE_NEWUTS);
	report(name_of("stat", n), call_stat);
	unshares("newuts", CLONE_NEWUTS, n);
}

static void with_tasks(int from, int n)
{
	make_processes(from, n, 0);
	report(name_of("stat", n), call_stat);
	report_few(name_of("fork", n), call_fork, 10);
}

/* ---- at once ---- */

#define TOGETHER_NS 300000000.0

/* What a stat and an open with its close take for one of `n` processes, times the processors' share that it has. */
static void with_parallel(int from, int n)
{
	long *calls = mmap(NULL, sizeof(*calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double start = now_ns();

	(void)from;
	for (int i = 0; i < n; i++) {
		if (fork() == 0) {
			long count = 0;

			for (; now_ns() - start < TOGETHER_NS; count++) {
				call_stat();
				call_open_close();
			}
			__atomic_fetch_add(calls, count, __ATOMIC_RELAXED);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	print_ns(name_of("both", n), (now_ns() - start) / (double)*calls);
}

static const struct growth {
	const char *what;
	void (*with)(int from, int n); /* makes as many as there are not yet, and measures */
	int n[6];		       /* 0: no more */
} growths[] = {
    {"mounts", with_mounts, {1, 10, 100, 1000, 10000}},
    {"namespaces", with_namespaces, {1, 10, 100, 1000}},
    {"tasks", with_tasks, {1, 10, 100, 1000}},
    {"parallel", with_parallel, {1, 2, 8, 64}},
};

static void prepare(void)
{
	int fd;

	if (strcmp(what, "parallel") != 0 &&
	    (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	     mount("none", dir, "tmpfs", 0, NULL) != 0))
		die("a mount namespace");
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_CREAT | O_WRONLY, 0644);
	if (fd < 0)
		die(path);
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	what = argv[1];
	dir = argv[2];
	prepare();
	for (size_t g = 0; g < sizeof(growths) / sizeof(growths[0]); g++) {
		int from = 0;

		if (strcmp(growths[g].what, what) != 0)
			continue;
		for (const int *n = growths[g].n; *n; n++) {
			growths[g].with(from, *n);
			from = *n;
		}
	}
	return 0;
}
