/* SPDX-License-Identifier: MIT */
/* stat(2) of a file in a loop: for C libraries other than glibc. */
#include <sys/stat.h>
#include "bench/measure.h"

static const char *path;

static void call_stat(void)
{
	struct stat st;

	if (stat(path, &st) != 0)
		abort();
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	path = argv[2];
	report(argv[1], call_stat);
	return 0;
}
