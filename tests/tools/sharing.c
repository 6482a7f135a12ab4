/* SPDX-License-Identifier: MIT */
/*
 * A process in which it is known who shares what: prints "NAME TID" for each of its tasks, which has that name in ps as
 * well, and a line "ready" when all have what they are to have; ends when its input does.
 *
 *	first    the first thread
 *	thread   a thread like any other
 *	files    a thread after unshare(CLONE_FILES)
 *	fs       a thread after unshare(CLONE_FS)
 *	sighand  a thread after unshare(CLONE_SIGHAND)
 *	moved    a thread after unshare(CLONE_VM)
 *	forked   a child
 *	table    a child made with CLONE_FILES
 *	places   a child made with CLONE_FS
 *	vfork    a child made with CLONE_VM alone
 *	uts      a child after unshare(CLONE_NEWUTS)
 *	mnt      a child after unshare(CLONE_NEWNS)
 *	undo     a child made with CLONE_SYSVSEM
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int ready[2]; /* the number of each task */

static void say(const char *name)
{
	char line[64];
	pid_t tid = (pid_t)syscall(SYS_gettid);
	int n = snprintf(line, sizeof(line), "%s %d\n", name, tid);

	prctl(PR_SET_NAME, name);
	if (write(STDOUT_FILENO, line, (size_t)n) != n || write(ready[1], &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
}

__attribute__((noreturn)) static void stay(const char *name)
{
	say(name);
	for (;;)
		pause();
}

struct task {
	const char *name;
	int clone, unshare; /* clone 0: a thread */
};

static const struct task tasks[] = {
    {"thread", 0, 0},
    {"files", 0, CLONE_FILES},
    {"fs", 0, CLONE_FS},
    {"sighand", 0, CLONE_SIGHAND},
    {"moved", 0, CLONE_VM},
    {"forked", SIGCHLD, 0},
    {"table", SIGCHLD | CLONE_FILES, 0},
    {"places", SIGCHLD | CLONE_FS, 0},
    {"vfork", SIGCHLD | CLONE_VM, 0},
    {"uts", SIGCHLD, CLONE_NEWUTS},
    {"mnt", SIGCHLD, CLONE_NEWNS},
    {"undo", SIGCHLD | CLONE_SYSVSEM, 0},
};

static void *run(void *arg)
{
	const struct task *task = arg;

	if (task->clone)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (task->unshare && syscall(SYS_unshare, task->unshare) != 0) {
		fprintf(stderr, "sharing: %s: %s\n", task->name, strerror(errno));
		exit(1);
	}
	stay(task->name);
}

static int run_child(void *arg)
{
	run(arg);
	return 0;
}

#define STACK (64 << 10)

/* The task's number. */
static pid_t start(const struct task *task)
{
	pthread_t thread;
	char *stack;
	pid_t tid;

	if (!task->clone) {
		if (pthread_create(&thread, NULL, run, (void *)task) != 0)
			exit(1);
	} else {
		stack = malloc(STACK);
		if (!stack || clone(run_child, stack + STACK, task->clone, (void *)task) < 0)
			exit(1);
	}
	if (read(ready[0], &tid, sizeof(tid)) != sizeof(tid))
		exit(1);
	return tid;
}

int main(void)
{
	pid_t tid[ARRAY_SIZE(tasks)];
	char byte;

	if (pipe(ready) != 0)
		return 1;
	say("first");
	if (read(ready[0], tid, sizeof(*tid)) != sizeof(*tid))
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++)
		tid[i] = start(&tasks[i]);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (size_t i = 0; i < ARRAY_SIZE(tasks); i++) {
		if (tasks[i].clone || (tasks[i].unshare & CLONE_VM))
			kill(tid[i], SIGKILL);
	}
	return 0;
}
