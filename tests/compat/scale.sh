#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: gcc
# limit: 400
# scale: 5,000 processes at once, 2,000 threads, a tree of 1,000 generations, 10,000 programs in a row.
cat >scale.c <<'END'
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *const quick[] = {"true", NULL};
static pthread_barrier_t barrier;

static void die(const char *what)
{
	printf("not ok %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *work(void *arg)
{
	struct stat st;
	long bad = 0;

	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 10; i++) {
		int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

		bad += fd < 0 || fstat(fd, &st) || stat("/usr/bin", &st);
		close(fd);
	}
	return (void *)bad;
}

static void threads(int n)
{
	pthread_t *t = calloc(n, sizeof(*t));
	pthread_attr_t attr;
	long bad = 0;
	void *one;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_barrier_init(&barrier, NULL, n);
	for (int i = 0; i < n; i++)
		if ((errno = pthread_create(&t[i], &attr, work, NULL)))
			die("pthread_create");
	for (int i = 0; i < n; i++) {
		pthread_join(t[i], &one);
		bad += (long)one;
	}
	printf("%d threads, %ld bad\n", n, bad);
}

static void processes(int n)
{
	int up[2], end[2], bad = 0, status;
	char c = 0;

	if (pipe(up) || pipe(end))
		die("pipe");
	for (int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		close(end[1]);
		if (open("/etc/passwd", O_RDONLY) < 0 || chdir("/usr"))
			c = 1;
		_exit(write(up[1], &c, 1) != 1 || read(end[0], &c, 1) != 0);
	}
	for (int i = 0; i < n; i++)
		bad += read(up[0], &c, 1) != 1 || c;
	printf("%d processes at once, %d bad\n", n, bad);
	close(end[1]);
	for (bad = 0; wait(&status) > 0;)
		bad += status != 0;
	printf("ended, %d bad\n", bad);
}

static void tree(int depth)
{
	int status = 0;
	pid_t top = fork();

	for (int i = 0; top == 0 && i < depth; i++) {
		pid_t pid = fork();

		if (pid < 0)
			_exit(1);
		if (pid) {
			waitpid(pid, &status, 0);
			_exit(WEXITSTATUS(status));
		}
	}
	if (top == 0)
		_exit(open("/etc/passwd", O_RDONLY) < 0 ? 1 : 7);
	waitpid(top, &status, 0);
	printf("%d generations, exit %d\n", depth, WEXITSTATUS(status));
}

static int descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void programs(int n)
{
	int before = descriptors(), bad = 0, status;

	for (int i = 0; i < n; i++) {
		pid_t pid = 0;

		if (i % 2) {
			if (posix_spawn(&pid, "/bin/true", NULL, NULL, quick, NULL))
				bad++;
		} else if ((pid = fork()) == 0) {
			execv("/bin/true", quick);
			_exit(1);
		}
		bad += waitpid(pid, &status, 0) != pid || status;
	}
	printf("%d programs, %d bad, %d descriptors more\n", n, bad, descriptors() - before);
}

int main(int argc, char **argv)
{
	int n = atoi(argv[2]);

	setvbuf(stdout, NULL, _IOLBF, 0);
	switch (argv[1][0]) {
	case 't':
		threads(n);
		break;
	case 'p':
		processes(n);
		break;
	case 'g':
		tree(n);
		break;
	default:
		programs(n);
	}
	return 0;
}
END
gcc -w -O1 -pthread scale.c -o scale || exit 1
for what in 't 2000' 't 2000' 'p 5000' 'p 5000' 'g 1000' 'e 10000'; do
	# shellcheck disable=SC2086  # two words
	./scale $what
done
