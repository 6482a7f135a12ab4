/* SPDX-License-Identifier: MIT */
/* kill_storm.c's session: its first process, and those who work while others are killed, and look at every result. */
#ifndef SECEDE_TESTS_KILL_SURVIVE_H
#define SECEDE_TESTS_KILL_SURVIVE_H

#include <spawn.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include "tests/tools/kill_work.h"

#include "arena/arena.h"
#include "lib/prctl.h"

#define VICTIMS 8

static struct survivor *me;

/* The first thing that is not as it should be ends the survivor. */
#define MUST(condition) must((condition) ? 1 : 0, #condition, __LINE__)

static void must(int good, const char *what, int line)
{
	if (good)
		return;
	snprintf(me->trouble, sizeof(me->trouble), "survivor %d: line %d: %s (errno %s)", (int)(me - shared->survivor),
		 line, what, strerrorname_np(errno));
	_exit(1);
}

static int nodename_is(const char *name)
{
	struct utsname uts;

	return uname(&uts) == 0 && strcmp(uts.nodename, name) == 0;
}

static int ends_with(pid_t pid, int code)
{
	int status;

	return pid > 0 && waitpid(pid, &status, __WALL) == pid && WIFEXITED(status) && WEXITSTATUS(status) == code;
}

/* ---- what they do ---- */

static void write_file(const char *path, unsigned long n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	MUST(fd >= 0 && write(fd, &n, sizeof(n)) == sizeof(n) && close(fd) == 0);
}

static unsigned long read_file(const char *path)
{
	unsigned long n = 0;
	int fd = open(path, O_RDONLY);

	MUST(fd >= 0 && read(fd, &n, sizeof(n)) == sizeof(n) && close(fd) == 0);
	return n;
}

static void mount_and_look(void)
{
	unsigned long n = roll(1000000);
	struct stat st;

	MUST(unshare(CLONE_NEWNS) == 0);
	MUST(mount("none", "/mnt", "tmpfs", 0, NULL) == 0);
	MUST(mkdir("/mnt/a", 0755) == 0 && mkdir("/mnt/b", 0755) == 0);
	write_file("/mnt/a/file", n);
	MUST(stat("/mnt/b/file", &st) != 0 && errno == ENOENT);
	MUST(mount("/mnt/a", "/mnt/b", NULL, MS_BIND, NULL) == 0);
	MUST(read_file("/mnt/b/file") == n);
	MUST(chdir("/mnt/b") == 0);
	MUST(read_file("file") == n && read_file("../a/file") == n);
	MUST(chdir("/") == 0);
	MUST(umount("/mnt/b") == 0);
	MUST(stat("/mnt/b/file", &st) != 0 && errno == ENOENT);
	MUST(umount("/mnt") == 0);
	MUST(stat("/mnt/a", &st) != 0 && errno == ENOENT);
}

/* In a namespace that ends with a child: how many nodes two trees of mounts share depends on their history. */
static void mounts(void)
{
	pid_t pid;

	(void)roll(2);
	pid = fork();
	if (pid == 0) {
		mount_and_look();
		_exit(0);
	}
	MUST(ends_with(pid, 0));
}

static void programs(void)
{
	unsigned code = roll(100);
	char text[16], *argv[] = {(char *)self, "--answer", text, NULL}, *envp[] = {NULL};
	pid_t pid;

	snprintf(text, sizeof(text), "%u", code);
	MUST(posix_spawn(&pid, self, NULL, NULL, argv, envp) == 0 && ends_with(pid, (int)code));
	pid = fork();
	if (pid == 0) {
		execve(self, argv, envp);
		_exit(127);
	}
	MUST(ends_with(pid, (int)code));
	pid = vfork();
	if (pid == 0) {
		execve("/missing", argv, envp);
		_exit(errno == ENOENT ? 7 : 8);
	}
	MUST(ends_with(pid, 7));
}

static void *thread_with_name(void *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "thread%lu", (unsigned long)arg);
	MUST(unshare(CLONE_NEWUTS) == 0 && sethostname(name, strlen(name)) == 0);
	sched_yield();
	MUST(nodename_is(name));
	return arg;
}

static void names(void)
{
	pthread_t threads[3];
	unsigned long i;
	void *ret;
	pid_t pid;

	MUST(unshare(CLONE_NEWUTS) == 0 && sethostname("survivor", 8) == 0);
	for (i = 0; i < 3; i++)
		MUST(pthread_create(&threads[i], NULL, thread_with_name, (void *)i) == 0);
	pid = fork();
	if (pid == 0)
		_exit(nodename_is("survivor") && sethostname("child", 5) == 0 ? 0 : 1);
	MUST(ends_with(pid, 0));
	MUST(nodename_is("child"));
	for (i = 0; i < 3; i++)
		MUST(pthread_join(threads[i], &ret) == 0 && ret == (void *)i);
	MUST(nodename_is("child"));
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	return close(fd) == 0 && good;
}

static int in_own_user_namespace(unsigned uid, unsigned gid)
{
	char uids[32], gids[32];

	snprintf(uids, sizeof(uids), "0 %u 1", uid);
	snprintf(gids, sizeof(gids), "0 %u 1", gid);
	return unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS) == 0 && write_text("/proc/self/uid_map", uids) &&
	       write_text("/proc/self/setgroups", "deny") && write_text("/proc/self/gid_map", gids) && getuid() == 0 &&
	       mount("none", "/mnt", "tmpfs", 0, NULL) == 0 && mkdir("/mnt/x", 0700) == 0 &&
	       sethostname("nested", 6) == 0 && nodename_is("nested") && umount2("/mnt", MNT_DETACH) == 0;
}

static void nested(void)
{
	unsigned uid = getuid(), gid = getgid();
	pid_t pid = fork();

	if (pid == 0)
		_exit(in_own_user_namespace(uid, gid) ? 0 : 1);
	MUST(ends_with(pid, 0));
}

/* In memory, descriptors, directories that are shared with children who are killed meanwhile. */

static _Atomic unsigned turns;

static int hit(void *arg)
{
	unsigned kind = *(const unsigned *)arg, i;

	shared->pids[kind % SLOTS] = (int)syscall(SYS_getpid);
	for (i = 0; i < 40; i++) {
		if (kind & 1)
			syscall(SYS_unshare, CLONE_NEWUTS);
		if (kind & 2)
			syscall(SYS_chdir, "/mnt");
		if (kind & 4)
			syscall(SYS_umask, 022);
		syscall(SYS_chdir, "/");
		turns++;
	}
	syscall(SYS_exit_group, 0);
	return 0;
}

static void *nothing(void *arg)
{
	return arg;
}

static void with_shared(int flags)
{
	static char stack[65536] __attribute__((aligned(16)));
	unsigned kind = roll(4096);
	char cwd[64];
	pthread_t t;
	void *ret;
	pid_t pid;

	MUST(unshare(CLONE_NEWUTS) == 0 && sethostname("shared", 6) == 0);
	pid = clone(hit, stack + sizeof(stack), flags | SIGCHLD, &kind);
	MUST(pid > 0 && waitpid(pid, NULL, __WALL) == pid);
	MUST(getcwd(cwd, sizeof(cwd)) && (strcmp(cwd, "/") == 0 || strcmp(cwd, "/mnt") == 0));
	MUST(chdir("/") == 0 && nodename_is("shared") && umask(022) == 022);
	MUST(pthread_create(&t, NULL, nothing, &kind) == 0 && pthread_join(t, &ret) == 0 && ret == &kind);
	pid = fork();
	if (pid == 0)
		_exit(nodename_is("shared") ? 0 : 1);
	MUST(ends_with(pid, 0));
}

static void in_shared_memory(void)
{
	static const int flags[] = {CLONE_VM | CLONE_VFORK, CLONE_VM | CLONE_VFORK | CLONE_FILES,
				    CLONE_VM | CLONE_VFORK | CLONE_FS, CLONE_VM, CLONE_VM | CLONE_FILES};

	with_shared(flags[roll(5)]);
}

static void with_shared_tables(void)
{
	static const int flags[] = {CLONE_FILES, CLONE_FS, CLONE_FILES | CLONE_FS};

	with_shared(flags[roll(3)]);
}

/* ---- the session ---- */

static void (*const survive[SURVIVORS])(void) = {mounts, programs, names, nested, in_shared_memory, with_shared_tables};

static void survivor_start(int i)
{
	pid_t pid = fork();

	if (pid) {
		shared->survivor[i].pid = pid;
		return;
	}
	me = &shared->survivor[i];
	seed = (unsigned)getpid();
	umask(022);
	while (!shared->end) {
		survive[i]();
		me->beats++;
		while (shared->pause && !shared->end) {
			me->beats++;
			me->paused = 1;
			usleep(1000);
		}
		me->paused = 0;
	}
	_exit(0);
}

static void answer(void)
{
	unsigned asked = shared->asked;
	unsigned long n = 0;
	unsigned i;

	if (asked == shared->answered)
		return;
	if (prctl(PR_SECEDE, 0, 0, 0, 0) == 1) {
		for (i = 0; i < arena()->nr_handles; i++)
			n += handle_at(i)->inode != 0;
		shared->handles = n;
		shared->objects = arena()->objects;
		shared->warden = (int)arena()->warden;
		memcpy(shared->storage, arena()->storage, sizeof(shared->storage));
	}
	shared->answered = asked;
}

static pid_t victim_start(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	enlist();
	work(0, 1000000);
	_exit(0);
}

/* Waits for the dead, orphans among them. A survivor that ends before its time has said why, or was killed. */
static void reap(pid_t *victims)
{
	int i, status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		for (i = 0; i < SURVIVORS; i++)
			if (shared->survivor[i].pid == pid && !shared->end && !shared->first.trouble[0])
				snprintf(shared->first.trouble, sizeof(shared->first.trouble),
					 "survivor %d ended with status %x", i, (unsigned)status);
		for (i = 0; i < VICTIMS; i++)
			if (victims[i] == pid)
				victims[i] = 0;
	}
	for (i = 0; i < VICTIMS; i++)
		if (!victims[i] && !shared->stop)
			victims[i] = victim_start();
}

static int first_process(void)
{
	pid_t victims[VICTIMS] = {0};
	int i;

	seed = (unsigned)time(NULL);
	me = &shared->first;
	me->pid = getpid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* A first tmpfs, so that there is a storage directory. */
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", "/mnt", "tmpfs", 0, NULL) != 0 || chdir("/") != 0)
		return 1;
	/* And links enough that the warden begins to watch them, for which it opens files. */
	if (symlink(".", "/mnt/link") != 0)
		return 1;
	for (i = 0; i < 50; i++)
		access("/mnt/link/nothing", F_OK);
	shared->stop = 1;
	for (i = 0; i < SURVIVORS; i++)
		survivor_start(i);
	while (!shared->end) {
		reap(victims);
		answer();
		me->beats++;
		usleep(1000);
	}
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}

#endif
