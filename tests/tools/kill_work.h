/* SPDX-License-Identifier: MIT */
/* kill_storm.c's victims: what the processes do that are killed meanwhile. Nothing here looks at a result. */
#ifndef SECEDE_TESTS_KILL_WORK_H
#define SECEDE_TESTS_KILL_WORK_H

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libsecede/secede.h"
#include "tests/spec/tap.h"

#define DEPTH  2   /* of children of workers */
#define SHARED 900 /* the descriptor by which executed programs find what is shared */
#define SLOTS  64
#define STEPS  16

#define SURVIVORS 6

static struct shared {
	_Atomic int stop;	      /* victims come to an end */
	_Atomic int pause;	      /* survivors wait */
	_Atomic int end;	      /* everybody comes to an end */
	_Atomic int pids[SLOTS];      /* of victims who live, or did a moment ago */
	_Atomic unsigned done[STEPS]; /* how often each step was done, to the end */
	struct survivor {
		_Atomic int pid, paused;
		_Atomic unsigned long beats;
		char trouble[200]; /* what it saw that should not be */
	} survivor[SURVIVORS], first;
	_Atomic unsigned asked, answered; /* for these: */
	unsigned long objects, handles;
	int warden; /* 0: there is none */
	char storage[256];
} * shared;

static const char *self; /* this program's path */
static unsigned seed;

static unsigned roll(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

static void work(int depth, int steps);

static void enlist(void)
{
	seed = (unsigned)getpid() * 2654435761U + (unsigned)clock();
	shared->pids[roll(SLOTS)] = getpid();
}

static void await(pid_t pid)
{
	int status;

	while (pid > 0 && waitpid(pid, &status, __WALL) < 0 && errno == EINTR)
		;
}

static void step_fork(int depth)
{
	pid_t pid = fork();

	if (pid == 0) {
		enlist();
		work(depth + 1, 4);
		_exit(0);
	}
	await(pid);
}

/* In the parent's memory, perhaps: system calls alone, and nothing of the C library's is touched. */
static int clone_child(void *arg)
{
	unsigned kind = *(const unsigned *)arg;
	char *argv[] = {(char *)self, "--leaf", NULL}, *envp[] = {NULL};

	shared->pids[kind % SLOTS] = (int)syscall(SYS_getpid);
	if (kind & 1)
		syscall(SYS_unshare, CLONE_NEWUTS);
	if (kind & 2)
		syscall(SYS_unshare, CLONE_FS | CLONE_FILES);
	if (kind & 4)
		syscall(SYS_chdir, "/");
	if (kind & 8)
		syscall(SYS_execve, self, argv, envp);
	if (kind & 16)
		syscall(SYS_exit, 0);
	syscall(SYS_exit_group, 0);
	return 0;
}

static void step_clone(int depth)
{
	static const int flags[] = {CLONE_VM | CLONE_VFORK,
				    CLONE_VM | CLONE_VFORK | CLONE_FILES,
				    CLONE_VM,
				    CLONE_VM | CLONE_FILES,
				    CLONE_VM | CLONE_VFORK | CLONE_NEWUTS,
				    CLONE_FS,
				    CLONE_FILES,
				    CLONE_FS | CLONE_FILES,
				    CLONE_NEWNS};
	size_t size = 65536;
	unsigned kind = roll(4096);
	char *stack = malloc(size);

	if (stack)
		await(clone(clone_child, stack + size, flags[roll(sizeof(flags) / sizeof(flags[0]))] | SIGCHLD, &kind));
	free(stack);
}

/* A thread that leaves the process: it goes on as one of its own (natively that is EINVAL). */
static void leave_process(void)
{
	if (syscall(SYS_unshare, CLONE_VM) == 0) {
		shared->pids[0] = (int)syscall(SYS_gettid);
		syscall(SYS_unshare, CLONE_NEWUTS);
		syscall(SYS_exit, 0);
	}
}

/* The same with the C library, which goes through a fork for it. */
static void leave_with_library(unsigned kind)
{
	int flags = CLONE_VM | (kind & 1 ? CLONE_FS : 0) | (kind & 2 ? CLONE_FILES : 0) | (kind & 4 ? CLONE_NEWUTS : 0);

	if (secede_unshare(flags) == 0) {
		shared->pids[1] = getpid();
		free(malloc(5000));
		_exit(0);
	}
}

static void *thread(void *arg)
{
	unsigned kind = *(unsigned *)arg;

	if (kind & 1)
		unshare(CLONE_NEWUTS);
	if (kind & 2)
		unshare(CLONE_FS | CLONE_FILES);
	if (kind & 4)
		sethostname("thread", 6);
	switch (kind & 0x70) {
	case 0:
		execl(self, self, "--leaf", NULL);
		break;
	case 0x10:
		await(vfork() ?: (_exit(0), 0));
		break;
	case 0x20:
		syscall(SYS_exit, 0);
		break;
	case 0x30:
		leave_process();
		break;
	case 0x40:
		leave_with_library(kind);
		break;
	}
	return NULL;
}

static void step_threads(int depth)
{
	unsigned kinds[3] = {roll(128), roll(128), roll(128)};
	pthread_t threads[3];
	int i, n = 0;

	for (i = 0; i < 3; i++)
		n += pthread_create(&threads[n], NULL, thread, &kinds[i]) == 0;
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static void step_exec(int depth)
{
	if (depth == 0 || roll(4))
		return;
	execl(self, self, "--leaf", NULL);
}

static void step_mount(int depth)
{
	char name[64];
	int fd;

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/mnt", "tmpfs", 0, NULL) != 0)
		return;
	snprintf(name, sizeof(name), "/mnt/%d", (int)getpid());
	fd = open(name, O_WRONLY | O_CREAT, 0644);
	mkdir("/mnt/dir", 0755);
	mount("/mnt/dir", "/mnt/dir", NULL, MS_BIND, NULL);
	if (write(fd, "x", 1) < 0)
		return;
	close(fd);
	umount2("/mnt", roll(8) ? MNT_DETACH : 0);
}

static void step_names(int depth)
{
	unshare(CLONE_NEWUTS);
	sethostname("storm", 5);
}

static void step_user(int depth)
{
	if (depth == 0) /* a worker would soon be too deep */
		return;
	unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS);
}

static void step_contexts(int depth)
{
	unshare(CLONE_FS | CLONE_FILES);
	if (chdir("/mnt") == 0 && chdir("/") == 0)
		umask((mode_t)roll(0777));
}

static void step_enter(int depth)
{
	int uts = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC),
	    mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);

	unshare(CLONE_NEWUTS);
	setns(uts, CLONE_NEWUTS);
	setns(mnt, CLONE_NEWNS);
	close(uts);
	close(mnt);
}

static void step_open(int depth)
{
	static const char *const names[] = {"/proc/self/status", "/proc/self/mounts", "/etc/passwd", "/mnt/missing",
					    "/"};
	char buf[512];
	int i, fd;

	for (i = 0; i < 10; i++) {
		fd = open(names[roll(5)], O_RDONLY | O_CLOEXEC);
		if (read(fd, buf, sizeof(buf)) > 0)
			lseek(fd, 0, SEEK_SET);
		close(fd);
	}
}

static void work(int depth, int steps)
{
	static void (*const all[])(int) = {step_clone, step_threads,  step_exec,  step_mount, step_names,
					   step_user,  step_contexts, step_enter, step_open,  step_fork};
	unsigned n = depth < DEPTH ? 10 : 9, i;

	while (steps-- && !shared->stop) {
		i = roll(n);
		all[i](depth);
		shared->done[i]++;
	}
}

#endif
