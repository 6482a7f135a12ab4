/* SPDX-License-Identifier: MIT */
/* Messages: what failed, on what, and the end; and that of output which has been read. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

void die(const char *format, ...)
{
	va_list args;

	fputs("secede: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

void end_output(void)
{
	if (fflush(stdout) || ferror(stdout))
		die_errno("cannot write");
	exit(EXIT_SUCCESS);
}

void die_errno(const char *format, ...)
{
	const char *why = strerror(errno);
	va_list args;

	fputs("secede: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", why);
	exit(EXIT_FAILURE);
}
