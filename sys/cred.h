/* SPDX-License-Identifier: MIT */
/* What the calls that change credentials share. */
#ifndef SECEDE_SYS_CRED_H
#define SECEDE_SYS_CRED_H

#include "arena/arena.h"

/*
 * Is the caller of the session really root? Then what a task does to its credentials it does on the host too, in the
 * same thread: a program that drops privilege must not keep it behind its back.
 */
static inline bool host_is_root(void)
{
	return arena()->uid == 0;
}

#endif
