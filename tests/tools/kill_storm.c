/* SPDX-License-Identifier: MIT */
/*
 * A storm: processes that fork, vfork, make threads, execute programs, unshare, mount and unmount, while
 * SIGKILL hits random ones at random moments. Afterwards the one that sent it must be able to go on, nobody may be
 * left or hang, and what the warden held for the dead must be given back.
 *
 *	kill_storm DIRECTORY SECONDS [secede]
 *
 * With "secede" it leaves the warden's pid and the storage directory in the file DIRECTORY/session.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "arena/arena.h"
#include "tests/spec/tap.h"

#define WORKERS 6
#define DEPTH	2   /* of children of workers */
#define SHARED	900 /* the descriptor by which executed programs find what is shared */
#define SLOTS	64

static struct shared {
	_Atomic int stop;
	_Atomic int pids[SLOTS];   /* who lives, or did a moment ago */
	_Atomic unsigned done[16]; /* how often each step was done, to the end */
} * shared;

static const char *self;
static unsigned seed;

static unsigned roll(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

/* ---- what the processes do ---- */

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

/* In the parent's memory: system calls alone, and nothing of the C library's is touched. */
static int vfork_child(void *arg)
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
	_exit(0);
}

static void step_vfork(int depth)
{
	static const int flags[] = {CLONE_VM | CLONE_VFORK,
				    CLONE_VM | CLONE_VFORK | CLONE_FILES,
				    CLONE_VM,
				    CLONE_VM | CLONE_VFORK | CLONE_NEWUTS,
				    CLONE_FS,
				    CLONE_FILES,
				    CLONE_NEWNS};
	size_t size = 65536;
	unsigned kind = roll(4096);
	char *stack = malloc(size);

	if (stack)
		await(clone(vfork_child, stack + size, flags[roll(7)] | SIGCHLD, &kind));
	free(stack);
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
	if ((kind & 0x70) == 0)
		execl(self, self, "--leaf", NULL);
	if ((kind & 0x70) == 0x10)
		await(vfork() ?: (_exit(0), 0));
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
	umount2("/mnt", roll(2) ? MNT_DETACH : 0);
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
	unshare(CLONE_NEWUSER | CLONE_NEWUTS);
}

static void step_contexts(int depth)
{
	unshare(CLONE_FS | CLONE_FILES);
	if (chdir("/mnt") == 0 && chdir("/") == 0)
		umask((mode_t)roll(0777));
}

static void work(int depth, int steps)
{
	static void (*const all[])(int) = {step_vfork, step_threads, step_exec,	    step_mount,
					   step_names, step_user,    step_contexts, step_fork};
	unsigned n = depth < DEPTH ? 8 : 7, i;

	while (steps-- && !shared->stop) {
		i = roll(n);
		all[i](depth);
		shared->done[i]++;
	}
}

/* ---- the survivor ---- */

__attribute__((noreturn)) static void fail(const char *what)
{
	printf("not ok - %s\n", what);
	fflush(stdout);
	_exit(1);
}

static pid_t start_worker(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		enlist();
		work(0, 1000000);
		_exit(0);
	}
	if (pid < 0)
		fail("fork(2) goes on working");
	return pid;
}

/* Never one that is not ours: a number may have been given to somebody else. */
static void strike(void)
{
	int pid = shared->pids[roll(SLOTS)];
	siginfo_t info;

	if (pid <= 1 || getsid(pid) != getsid(0))
		return;
	info.si_pid = 0;
	/* A dead child of ours keeps its number until we wait. */
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
		return;
	kill(pid, SIGKILL);
}

static pid_t workers[WORKERS];

/* Waits for the dead, orphans among them, and replaces workers. */
static void reap(void)
{
	pid_t pid;
	int i;

	while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
		for (i = 0; i < WORKERS; i++)
			if (workers[i] == pid)
				workers[i] = start_worker();
}

static unsigned storm(int seconds)
{
	time_t end = time(NULL) + seconds;
	unsigned strikes = 0;
	int i;

	for (i = 0; i < WORKERS; i++)
		workers[i] = start_worker();
	while (time(NULL) < end) {
		struct timespec wait = {0, 50000 + (long)roll(1000) * 1000};

		nanosleep(&wait, NULL);
		strike();
		strikes++;
		reap();
	}
	shared->stop = 1;
	return strikes;
}

/* All that is left must end by itself. */
static int all_gone(void)
{
	time_t end = time(NULL) + 20;

	while (time(NULL) < end) {
		pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);

		if (pid < 0 && errno == ECHILD)
			return 1;
		if (pid == 0)
			usleep(1000);
	}
	return 0;
}

static int count_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static void *nothing(void *arg)
{
	return arg;
}

static int still_works(void)
{
	pthread_t t;
	void *ret;
	pid_t pid;

	if (unshare(CLONE_NEWNS | CLONE_NEWUTS) != 0 || sethostname("after", 5) != 0 ||
	    mount("none", "/mnt", "tmpfs", 0, NULL) != 0 || mkdir("/mnt/after", 0755) != 0 || umount("/mnt") != 0)
		return 0;
	if (pthread_create(&t, NULL, nothing, &seed) != 0 || pthread_join(t, &ret) != 0 || ret != &seed)
		return 0;
	pid = fork();
	if (pid == 0) {
		execl(self, self, "--leaf", NULL);
		_exit(1);
	}
	return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static unsigned long objects;
static int storages;

static int given_back(void)
{
	int i;

	for (i = 0; i < 2500; i++) {
		if (atomic_load(&arena()->objects) == objects && count_entries(arena()->storage) == storages)
			return 1;
		usleep(2000);
	}
	printf("# objects %lu, before %lu; storage %d, before %d\n", (unsigned long)atomic_load(&arena()->objects),
	       objects, count_entries(arena()->storage), storages);
	return 0;
}

static void note_session(const char *directory)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/session", directory);
	f = fopen(path, "we");
	if (!f)
		fail("the session's file");
	fprintf(f, "%u %s\n", arena()->warden, arena()->storage);
	fclose(f);
}

static void share(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED, 0);
	if (shared == MAP_FAILED)
		exit(2);
}

static int result(int number, int good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", number, name);
	fflush(stdout);
	return good;
}

int main(int argc, char **argv)
{
	int fd, good, secede = argc == 4 && strcmp(argv[3], "secede") == 0;
	unsigned strikes;

	self = argv[0];
	if (argc == 2 && strcmp(argv[1], "--leaf") == 0) {
		share();
		enlist();
		work(DEPTH, 2);
		return 0;
	}
	if (argc < 3)
		return 2;
	fd = memfd_create("storm", 0);
	if (fd < 0 || ftruncate(fd, 4096) != 0 || dup2(fd, SHARED) != SHARED)
		return 2;
	share();
	seed = (unsigned)time(NULL);
	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* A first tmpfs, so that there is a storage directory. */
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", "/mnt", "tmpfs", 0, NULL) != 0)
		fail("a private tmpfs to begin with");
	if (secede) {
		objects = atomic_load(&arena()->objects);
		storages = count_entries(arena()->storage);
		note_session(argv[1]);
	}
	strikes = storm(atoi(argv[2]));
	printf("# %u strikes; steps vfork %u, threads %u, exec %u, mount %u, names %u, user %u, contexts %u, fork %u\n",
	       strikes, shared->done[0], shared->done[1], shared->done[2], shared->done[3], shared->done[4],
	       shared->done[5], shared->done[6], shared->done[7]);
	good = result(1, all_gone(), "nobody hangs");
	good &= result(2, !secede || given_back(), "all that the dead held is given back");
	good &= result(3, still_works(), "the survivor goes on");
	printf("1..3\n");
	return !good;
}
