/* SPDX-License-Identifier: MIT */
/* What the fuzzed program's parts have of each other. */
#ifndef SECEDE_TESTS_FUZZ_WALK_H
#define SECEDE_TESTS_FUZZ_WALK_H

/* Blocks of kzalloc() that are in use (fakes.c). */
extern long heap_blocks;

/* The host path of the directory for a new tmpfs. 0 (walk.c). */
int walk_tmpfs(char *host);

#endif
