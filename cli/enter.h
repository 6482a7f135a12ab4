/* SPDX-License-Identifier: MIT */
/* secede enter: what its options say (cli/enter_options.c). */
#ifndef SECEDE_CLI_ENTER_H
#define SECEDE_CLI_ENTER_H

#include "cli/cli.h"

#define ENTER_KINDS 3
extern const struct enter_kind {
	int flag;
	const char *name; /* below /proc/PID */
	const char *word;
} enter_kinds[ENTER_KINDS];

extern const char FROM_TARGET[]; /* what the target has */

struct enter_options {
	const char *session;	       /* NULL: the only one */
	const char *file[ENTER_KINDS]; /* namespaces, NULL: not that one */
	const char *root, *directory;  /* NULL: not changed */
	const char *inner_directory;   /* looked up in there */
	bool everything;	       /* nothing was chosen */
	unsigned setuid, setgid;       /* ID_NONE: not changed */
	char **program;
};

void parse_enter(int argc, char **argv, struct enter_options *out);

#endif
