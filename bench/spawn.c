/* SPDX-License-Identifier: MIT */
/*
 * How long a command takes: runs it COUNT times and prints "NAME NANOSECONDS", the median.
 *
 *	spawn NAME COUNT COMMAND [ARGUMENT]...
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/measure.h"

#define COUNT_MAX 10000

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

int main(int argc, char **argv)
{
	static double times[COUNT_MAX];
	int count = argc > 3 ? atoi(argv[2]) : 0, i;

	if (count < 1 || count > COUNT_MAX)
		return 2;
	for (i = 0; i < count; i++)
		times[i] = run_once(argv + 3);
	print_median(argv[1], times, count);
	return 0;
}
