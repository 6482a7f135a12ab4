/* SPDX-License-Identifier: MIT */
/* Joining a running session (cli/join.c). */
#ifndef SECEDE_CLI_JOIN_H
#define SECEDE_CLI_JOIN_H

#include "map/session.h"

/* Becomes a guest of that session, in its first namespaces, or ends the command. */
void join_session(struct session *s);

#endif
