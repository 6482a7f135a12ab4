/* SPDX-License-Identifier: MIT */
/* Becoming a guest: what the first one of a session and one that joins it have in common (cli/attach.c). */
#ifndef SECEDE_CLI_ATTACH_H
#define SECEDE_CLI_ATTACH_H

#include "sys/runtime.h"

/* Lifts limits that are in the way, and fills in what is the command's own. */
void attach_begin(struct attach_args *args);
/* Moves a descriptor of the session's to where guests do not look; it stays open across execve(2). */
int move_up(int fd, int base);
/* Maps that runtime, which closes the descriptor, and becomes its guest. */
void attach_end(int runtime, const struct attach_args *args);

#endif
