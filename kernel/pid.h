/* SPDX-License-Identifier: MIT */
/*
 * Process and thread numbers. A guest's number is the host's, until a task goes on in another host process
 * (unshare(CLONE_VM), sys/rehost.c): it keeps its number, and the host's is another one from then on. The map
 * holds just those; as long as it is empty, both are the same and nobody looks further.
 *
 * The host may give the number that such a task had left to somebody else. That one is known to guests by a
 * substitute: the number plus the first multiple of PID_SUBSTITUTE that makes one which has no entry. The host's own
 * numbers stay below PID_SUBSTITUTE, and an entry stays as long as the host uses the number that it belongs to, so
 * guest numbers are for life, never collide, and need no allocator.
 *
 * An entry is (guest, host), and says by its host number in which state it is:
 *	the plain number	reserved: the task is about to move, and still is where it was;
 *	another one		it has moved;
 *	0			it is gone, but a task that the host gave the same number may still be known by
 *				a substitute.
 * Entries stand in the arena: the warden alone writes, the others read under a sequence count.
 */
#ifndef SECEDE_KERNEL_PID_H
#define SECEDE_KERNEL_PID_H

#include "lib/types.h"

#define PID_SUBSTITUTE 0x400000	  /* Linux's PID_MAX_LIMIT */
#define PID_TOP	       0x3fffffff /* the largest that a futex can hold */
#define PID_NONE       (-1)	  /* no task of that number is visible to guests */

#define PIDS_MAX     8192 /* entries */
#define PIDS_BUCKETS 1024

struct pid_entry {
	_Atomic s32 guest; /* 0: the entry is free */
	_Atomic s32 host;
	_Atomic bool
	    husk; /* the host process that it left is a zombie of its own, which nobody is to see (sys/wait.c) */
	_Atomic bool stillborn; /* it was killed, and that was told, before it had moved: nobody is to see `host` */
	_Atomic u32 since;	/* pid_map.seq when it was reserved */
	_Atomic u32 next_guest, next_host; /* the next in the bucket; index + 1, 0 ends */
};

struct pid_map {
	_Atomic u32 seq; /* odd while the warden writes; a futex for those who wait for a change */
	_Atomic u32 nr;	 /* entries in use */
	_Atomic u32 by_guest[PIDS_BUCKETS], by_host[PIDS_BUCKETS];
	struct pid_entry entry[PIDS_MAX];
};

/* ---- reading: anybody, without a lock ---- */

/* The host's number of the guest's `nr`, or PID_NONE. */
s32 pid_to_host(const struct pid_map *map, s32 nr);
/* The guest's number of the host's `nr`. */
s32 pid_to_guest(const struct pid_map *map, s32 nr);
/*
 * The number by which guests know a task that came to be after the map was at `since`, whatever it has done since: it
 * may have moved already.
 */
s32 pid_of_new(const struct pid_map *map, u32 since, s32 host);
/* Which host number does the substitute stand for? That number itself for others. */
static inline s32 pid_plain(s32 nr)
{
	return nr & (PID_SUBSTITUTE - 1);
}

/* Is that host process one that nobody is to see: left behind by a task, or moved to by one that was dead? */
bool pid_is_husk(const struct pid_map *map, s32 host);

/* ---- writing: the warden alone ---- */

/* A reserved entry for `guest`. 0, -EEXIST (it has one), -ENOMEM (the map is full), -EINVAL (no number). */
int pid_reserve(struct pid_map *map, s32 guest);
/* The task has moved to `host`. 0, or -ESRCH: nothing is reserved. */
int pid_move(struct pid_map *map, s32 guest, s32 host, bool husk);
/* The task is gone; the entry stays for the substitutes. */
void pid_gone(struct pid_map *map, s32 guest);
/* The husk has been taken away unseen. */
void pid_husk_gone(struct pid_map *map, s32 guest);
/* The task's end was told before it had moved. */
void pid_stillborn(struct pid_map *map, s32 guest);
void pid_free(struct pid_map *map, s32 guest);
/* Has `guest` an entry? Then *host is its host number, 0 when it is gone. */
bool pid_find(const struct pid_map *map, s32 guest, s32 *host);

#endif
