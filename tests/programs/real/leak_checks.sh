#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: gcc
# LeakSanitizer stops all threads from a task that shares their memory, while they open files, fork, and hear of
# children that have ended: nobody may be stopped who holds what the tracer needs, and no signal may get lost.
cat >program.c <<'END'
#include <fcntl.h>
#include <pthread.h>
#include <sanitizer/lsan_interface.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static _Atomic int over, children;

static void on_child(int sig)
{
	children++;
}

static void *opens(void *arg)
{
	struct stat st;

	while (!over) {
		int fd = open("/usr", O_DIRECTORY | O_RDONLY);

		if (fstatat(fd, "bin", &st, 0) || chdir("/usr/share") || close(fd))
			_exit(2);
	}
	return arg;
}

static void *forks(void *arg)
{
	int status;

	while (!over) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (waitpid(pid, &status, 0) != pid || status)
			_exit(3);
	}
	return arg;
}

int main(void)
{
	pthread_t thread[4];
	int leaks = 0;

	signal(SIGCHLD, on_child);
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, i % 2 ? forks : opens, NULL);
	for (int i = 0; i < 5; i++) {
		leaks += __lsan_do_recoverable_leak_check();
		usleep(1000);
	}
	over = 1;
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	printf("%d leaks, children were heard of: %d\n", leaks, children > 0);
	return 0;
}
END
gcc -g -O1 -fsanitize=address -o program program.c && timeout 60 ./program
echo "status $?"
