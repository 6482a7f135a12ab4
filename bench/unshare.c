/* SPDX-License-Identifier: MIT */
/*
 * What unshare(2) costs, flag by flag: the median of some calls. Where the kernel has no such thing (memory, handlers),
 * fork(2) of the same process stands beside it; a flag that is refused has no line.
 *
 *	unshare [MEBIBYTES]
 *
 * MEBIBYTES is how much memory is there to be left, 1024.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/measure.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define CALLS	101
#define LEAVES	15
#define THREADS 100

static double timed_unshare(int flags)
{
	double start = now_ns();

	if (unshare(flags) != 0)
		return -1;
	return now_ns() - start;
}

/* ---- namespaces: each by a new process, since some can be made but once, or nest ---- */

static void namespaces(const char *name, int flags)
{
	double *ns = mmap(NULL, CALLS * sizeof(*ns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	for (int i = 0; i < CALLS; i++) {
		pid = fork();
		if (pid == 0) {
			ns[i] = timed_unshare(flags);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			die("fork");
		if (ns[i] < 0)
			return; /* not built: no figure */
	}
	print_median(name, ns, CALLS);
}

/* ---- what threads share: each call by a new thread, that leaves what the others go on to share ---- */

struct call {
	int flags;
	double ns;
};

static void *unshare_once(void *arg)
{
	struct call *call = arg;

	call->ns = timed_unshare(call->flags);
	return NULL;
}

static void threads(const char *name, int flags)
{
	struct call call = {flags, 0};
	double ns[CALLS];
	pthread_t thread;

	for (int i = 0; i < CALLS; i++) {
		if (pthread_create(&thread, NULL, unshare_once, &call) != 0 || pthread_join(thread, NULL) != 0)
			die("a thread");
		if (call.ns < 0)
			return; /* not built: no figure */
		ns[i] = call.ns;
	}
	print_median(name, ns, CALLS);
}

/* ---- at once ---- */

static pthread_barrier_t ready;

static void *unshare_together(void *arg)
{
	struct call *call = arg;

	pthread_barrier_wait(&ready);
	call->ns = timed_unshare(call->flags);
	return NULL;
}

static void together(const char *name, int flags)
{
	static struct call calls[THREADS];
	pthread_t thread[THREADS];
	double ns[9];

	for (int round = 0; round < 9; round++) {
		pthread_barrier_init(&ready, NULL, THREADS + 1);
		for (int i = 0; i < THREADS; i++) {
			calls[i].flags = flags;
			if (pthread_create(&thread[i], NULL, unshare_together, &calls[i]) != 0)
				die("a thread");
		}
		pthread_barrier_wait(&ready);
		ns[round] = now_ns();
		for (int i = 0; i < THREADS; i++) {
			pthread_join(thread[i], NULL);
			if (calls[i].ns < 0)
				die(name);
		}
		ns[round] = now_ns() - ns[round];
	}
	print_median(name, ns, 9);
}

/* ---- memory ---- */

/* From the call to the moment when both sides go on; the copy ends at once. */
static double timed_fork(void)
{
	double start = now_ns();
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(0);
	start = now_ns() - start;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("fork");
	return start;
}

/* Raw: the thread that leaves makes no use of the C library any more. */
static void *leave_memory(void *arg)
{
	double *out = arg, start = now_ns();

	if (unshare(CLONE_VM) != 0) {
		*out = -1;
		return NULL;
	}
	out[1] = now_ns() - start;
	_exit(0);
}

static double timed_leave(void)
{
	volatile double *out = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;
	double ns;

	/* Nobody can join one that has left. */
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (out == MAP_FAILED || pthread_create(&thread, &attr, leave_memory, (void *)out) != 0)
		die("a thread");
	/* It is a child of our parent's, and not ours to wait for. */
	while (out[0] == 0 && out[1] == 0)
		usleep(100);
	ns = out[0] < 0 ? -1 : out[1];
	munmap((void *)out, 4096);
	return ns;
}

static void memory(size_t bytes)
{
	double forks[LEAVES], leaves[LEAVES];
	char *big = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int n = 0;

	if (big == MAP_FAILED)
		die("memory");
	memset(big, 1, bytes);
	for (int i = 0; i < LEAVES; i++) {
		forks[i] = timed_fork();
		if ((leaves[n] = timed_leave()) >= 0)
			n++;
	}
	munmap(big, bytes);
	print_median("fork-1g", forks, LEAVES);
	if (n)
		print_median("vm", leaves, n);
}

int main(int argc, char **argv)
{
	memory((size_t)(argc > 1 ? atoi(argv[1]) : 1024) << 20);
	threads("fs", CLONE_FS);
	threads("files", CLONE_FILES);
	threads("sighand", CLONE_SIGHAND);
	threads("sysvsem", CLONE_SYSVSEM);
	together("together", CLONE_FS | CLONE_FILES | CLONE_NEWUTS);
	namespaces("newns", CLONE_NEWNS);
	namespaces("newuts", CLONE_NEWUTS);
	namespaces("newuser", CLONE_NEWUSER);
	namespaces("newipc", CLONE_NEWIPC);
	namespaces("newpid", CLONE_NEWPID);
	namespaces("newnet", CLONE_NEWNET);
	namespaces("newcgroup", CLONE_NEWCGROUP);
	namespaces("newtime", CLONE_NEWTIME);
	return 0;
}
