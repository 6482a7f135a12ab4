/* SPDX-License-Identifier: MIT */
/* `secede map` is a program of its own, an ordinary dynamic one: what starts guests stays small. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/cli.h"
#include "lib/types.h"

/* It lies where the runtime does. */
static const char *const places[] = {"%.*s/secede-map", "%.*s/../libexec/secede/secede-map"};

void run_map(char **argv)
{
	char exe[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int directory;

	if (n <= 0)
		die_errno("cannot find the command's own path (is /proc mounted?)");
	exe[n] = '\0';
	directory = (int)(strrchr(exe, '/') - exe);
	argv[0] = (char[]){"secede map"};
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), places[i], directory, exe);
		execv(path, argv);
	}
	die_errno("cannot execute %.*s/secede-map", directory, exe);
}
