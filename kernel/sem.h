/* SPDX-License-Identifier: MIT */
/*
 * The list of semaphore adjustments (SEM_UNDO) that a task shares under CLONE_SYSVSEM. As long as nobody has left it,
 * it is the host's, whose semop(2) keeps it. A host thread cannot leave such a list without unshare(2), which hosts
 * deny: so a task that leaves gets a list of the warden's, and the one that it leaves becomes another of these
 * (sys/sem.c). Of a list of the host's we only know which semaphores may be in it.
 */
#ifndef SECEDE_KERNEL_SEM_H
#define SECEDE_KERNEL_SEM_H

#include "kernel/alloc.h"

struct sem_undo {
	_Atomic u32 users;
	struct mutex lock;   /* guards the rest */
	_Atomic bool parted; /* not the host's any more, set once */
	_Atomic u32 id;	     /* then: the warden's number for it, 0 as long as it is empty */
	u32 nr, cap;
	u64 *known; /* sorted: semaphores that may be in the host's, as sem_key() */
};

static inline u64 sem_key(s32 set, u32 number)
{
	return (u64)(u32)set << 32 | number;
}
static inline s32 sem_key_set(u64 key)
{
	return (s32)(key >> 32);
}

struct sem_undo *new_sem_undo(void);
/* An operation with SEM_UNDO on that semaphore is about to begin. 0, or -ENOMEM. Held: sem->lock. */
int sem_undo_note(struct sem_undo *sem, u64 key);
/* After fork: the copy's only user is the caller, and, unless it is shared with others, it is empty. */
void sem_undo_alone(struct sem_undo *sem, bool shared);

#endif
