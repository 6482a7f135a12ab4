/* SPDX-License-Identifier: MIT */
/* What the calls that change credentials share. */
#ifndef SECEDE_SYS_CRED_H
#define SECEDE_SYS_CRED_H

#include "arena/arena.h"
#include "kernel/task.h"

/*
 * Is the caller of the session really root? Then what a task does to its credentials it does on the host too, in the
 * same thread: a program that drops privilege must not keep it behind its back.
 */
static inline bool host_is_root(void)
{
	return arena()->uid == 0;
}

/* Do ids have other numbers for the task than for the host? */
static inline bool ids_are_mapped(const struct task *task)
{
	return task->nsproxy->user != arena()->init_user;
}

#endif
