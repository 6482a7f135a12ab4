/* SPDX-License-Identifier: MIT */
/* `secede map` and `secede ls` are programs of their own, ordinary dynamic ones: what starts guests stays small. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cli/cli.h"
#include "lib/types.h"

/* It lies where the runtime does. */
static const char *const places[] = {"%.*s/secede-%s", "%.*s/../libexec/secede/secede-%s"};

void run_second(const char *word, char **argv)
{
	char name[32], exe[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int directory;

	if (n <= 0)
		die_errno("cannot find the command's own path (is /proc mounted?)");
	exe[n] = '\0';
	directory = (int)(strrchr(exe, '/') - exe);
	snprintf(name, sizeof(name), "secede %s", word);
	argv[0] = name;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), places[i], directory, exe, word);
		execv(path, argv);
	}
	die_errno("cannot execute %.*s/secede-%s", directory, exe, word);
}
