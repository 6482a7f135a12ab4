/* SPDX-License-Identifier: MIT */
/* The first line of a script: `#!interpreter [argument]` (execve(2)). */
#ifndef SECEDE_EXEC_SCRIPT_H
#define SECEDE_EXEC_SCRIPT_H

#include "lib/types.h"

#define SCRIPT_LINE  256 /* how much of a file Linux looks at */
#define SCRIPT_DEPTH 5	 /* scripts whose interpreters are scripts; the next is one too many */

struct script {
	char line[SCRIPT_LINE]; /* the file's first bytes, zero where it is shorter; cut up by script_parse */
	const char *interp;
	const char *arg; /* NULL: none */
};

static inline bool is_script(const char *head)
{
	return head[0] == '#' && head[1] == '!';
}

/* Finds interpreter and argument in s->line, which is a script's. 0 or -ENOEXEC. */
int script_parse(struct script *s);

#endif
