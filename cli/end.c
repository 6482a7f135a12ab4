/* SPDX-License-Identifier: MIT */
/* Options after which a command does nothing more. */
#include <stdio.h>
#include <stdlib.h>
#include "cli/cli.h"

void end_command(int option, const char *name, void (*help)(void), const char *command)
{
	switch (option) {
	case 'h':
		help();
		end_output();
	case 'V':
		puts("secede " SECEDE_VERSION);
		end_output();
	case OPT_UNBUILT:
		die("--%s is not implemented yet", name);
	case '?':
		fprintf(stderr, "Try '%s --help' for more information.\n", command);
		exit(EXIT_FAILURE);
	default:
		die("-%c is not implemented yet", option);
	}
}
