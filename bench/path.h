/* SPDX-License-Identifier: MIT */
/* Calls that take a path, for those benchmarks that set one. */
#ifndef SECEDE_BENCH_PATH_H
#define SECEDE_BENCH_PATH_H

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[4096];

static inline void call_stat(void)
{
	struct stat st;

	if (stat(path, &st) != 0)
		abort();
}

static inline void call_open_close(void)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		abort();
	close(fd);
}

#endif
