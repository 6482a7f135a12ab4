#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: gcc clang setarch
# Sanitizers of gcc and clang: programs whose shadow memory fills most of the address space, clean and with the bug
# that each must find, with threads, fork and exec. Under setarch -R, since older ones cannot do without.
cat >program.c <<'END'
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

static int shared;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int caught;
static pthread_barrier_t both;

static void on_signal(int sig)
{
	__atomic_add_fetch(&caught, 1, __ATOMIC_RELAXED);
}

static void *work(void *arg)
{
	struct stat st;

	for (int i = 0; i < 100; i++) {
		char *p = malloc(100 + i);
		int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

		memset(p, 0, 100 + i);
		if (fd < 0 || fstat(fd, &st) || stat("/", &st))
			abort();
		close(fd);
		pthread_mutex_lock(&lock);
		shared++;
		pthread_mutex_unlock(&lock);
		free(p);
	}
	raise(SIGUSR1);
	return NULL;
}

static void clean(char *self)
{
	pthread_t thread[8];
	int status, ends[2];
	char *p = malloc(10);
	pid_t pid;

	signal(SIGUSR1, on_signal);
	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	if (pipe(ends))
		abort();
	pid = fork();
	if (pid == 0) {
		strcpy(p, "child");
		status = write(ends[1], p, 5) != 5;
		free(p);
		_exit(status);
	}
	waitpid(pid, &status, 0);
	memset(p, 0, 10);
	printf("forked %d %zd %s\n", status, read(ends[0], p, 9), p);
	fflush(stdout);
	free(p);
	pid = vfork();
	if (pid == 0) {
		execl(self, self, "exec", (char *)NULL);
		_exit(9);
	}
	waitpid(pid, &status, 0);
	printf("shared %d caught %d exec %d\n", shared, caught, WEXITSTATUS(status));
}

static void *race(void *arg)
{
	pthread_barrier_wait(&both);
	for (int i = 0; i < 1000; i++)
		shared++;
	return NULL;
}

static void two_threads(void *(*fn)(void *))
{
	pthread_t a, b;

	pthread_barrier_init(&both, NULL, 2);
	pthread_create(&a, NULL, fn, NULL);
	pthread_create(&b, NULL, fn, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
}

static void *leak_in_thread(void *arg)
{
	volatile char *p = malloc(77);

	p[0] = 1;
	p = NULL;
	pthread_barrier_wait(&both);
	return NULL;
}

/* Until the stack has no room: reported from the alternate one. */
static int recurse(volatile char *above)
{
	volatile char here[1000];
	struct stat st;

	here[0] = above ? above[0] : 0;
	return recurse(here) + here[0] + (here[0] == 77 && stat("/", &st));
}

static void bad_handler(int sig)
{
	volatile char *p = malloc(10);

	p[10] = 1;
}

static volatile int one = 1, big = 0x7fffffff;
static char *volatile kept;

static void bug(const char *name)
{
	volatile char *p = malloc(10);
	volatile char array[10];
	volatile int unset[4];

	memset((char *)p, 0, 10);
	if (!strcmp(name, "heap-overflow"))
		p[10 * one] = 1;
	else if (!strcmp(name, "use-after-free"))
		free((char *)p), p[one] = 1;
	else if (!strcmp(name, "stack-overflow"))
		array[10 * one] = 1;
	else if (!strcmp(name, "double-free"))
		free((char *)p), free((char *)p);
	else if (!strcmp(name, "recursion"))
		recurse(NULL);
	else if (!strcmp(name, "in-handler"))
		signal(SIGUSR1, bad_handler), raise(SIGUSR1);
	else if (!strcmp(name, "in-kernel"))
		write(1, (char *)p, read(open("/etc/passwd", O_RDONLY), (char *)p, 50) ? 0 : 0);
	else if (!strcmp(name, "null"))
		*(volatile int *)(long)(one - 1) = 1;
	else if (!strcmp(name, "race"))
		two_threads(race);
	else if (!strcmp(name, "leak"))
		two_threads(leak_in_thread);
	else if (!strcmp(name, "unset") && unset[one])
		puts("unset");
	else if (!strcmp(name, "integer"))
		printf("%d %d\n", big + one, 1 << (one + 31));
	else if (!strcmp(name, "abort"))
		abort();
	else if (!strcmp(name, "in-child") && fork() == 0)
		p[10 * one] = 1;
	wait(NULL);
	free((char *)p);
}

int main(int argc, char **argv)
{
	if (argc == 1)
		clean(argv[0]);
	else if (!strcmp(argv[1], "exec"))
		return 7;
	else
		bug(argv[1]);
	return 0;
}
END
# Addresses, pids and build ids differ from run to run, and so does which thread is the first.
strip() {
	sed -E 's/==[0-9]+==/==PID==/g; s/\(pid=[0-9]+\)/(pid=PID)/; s/\b[0-9a-f]*0x[0-9a-f]+/ADDRESS/g; s/\b(tid=|T)[0-9]+/\1N/g
		s/ \(BuildId: [0-9a-f]+\)//; s/running|finished/ended/; s/^  (Read|Previous read)/  Write/
		s/^  Previous write/  Write/; /^ *(=>)?ADDRESS: /d'
}
# all COMPILER SANITIZER BUG...
all() {
	compiler=$1 sanitizer=$2
	shift 2
	$compiler -w -g -O1 -fno-omit-frame-pointer -pthread -fsanitize=$sanitizer program.c -o program || { echo "not built: $compiler $sanitizer"; return; }
	for bug in '' "$@"; do
		echo "== $compiler $sanitizer ${bug:-clean}"
		setarch -R ./program $bug >out 2>&1
		echo "exit $?"
		strip <out
	done
	echo "== randomized"
	./program
}
exec 2>/dev/null # where the shell says which process was killed
# clang's symbolizer never ends under TSan.
export TSAN_OPTIONS=symbolize=0
all gcc address heap-overflow null leak in-child abort recursion in-handler in-kernel
all gcc thread race
all gcc undefined integer
all gcc leak leak
all clang address use-after-free stack-overflow double-free leak recursion in-handler in-kernel
all clang thread race use-after-free
all clang memory unset
all clang undefined null
all clang leak leak
all clang safe-stack
all clang dataflow
