/* SPDX-License-Identifier: MIT */
/*
 * How long a command takes: runs it COUNT times and prints "NAME NANOSECONDS", the median.
 *
 *	spawn NAME COUNT COMMAND [ARGUMENT]...
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 10000

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double run_once(char **argv)
{
	posix_spawn_file_actions_t quiet;
	double start = now_ns();
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &quiet, NULL, argv, environ) != 0 || waitpid(pid, &status, 0) != pid ||
	    status != 0) {
		fprintf(stderr, "spawn: %s failed\n", argv[0]);
		exit(1);
	}
	posix_spawn_file_actions_destroy(&quiet);
	return now_ns() - start;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static double times[COUNT_MAX];
	int count = argc > 3 ? atoi(argv[2]) : 0, i;

	if (count < 1 || count > COUNT_MAX)
		return 2;
	for (i = 0; i < count; i++)
		times[i] = run_once(argv + 3);
	qsort(times, (size_t)count, sizeof(times[0]), compare);
	printf("%s %.1f\n", argv[1], times[count / 2]);
	return 0;
}
