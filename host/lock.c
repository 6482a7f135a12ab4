/* SPDX-License-Identifier: MIT */
/* Mutexes over the host's futex, broken when their owner is dead (kernel/alloc.h). */
#include <asm/errno.h>
#include <linux/futex.h>
#include "host/host.h"
#include "kernel/mm.h"

#define WAITERS	       0x80000000u
#define OWNER_CHECK_NS 20000000L /* how long to wait before asking whether the owner still lives */

/*
 * A number that is one's own was left by a dead thread that had it before. One that has been given to a process
 * elsewhere meanwhile cannot hold a lock of this memory.
 */
static bool owner_is_dead(const struct mutex *m, u32 owner, u32 self)
{
	enum whereabouts where;

	if (owner == self)
		return true;
	where = thread_where((s32)owner);
	return where == THREAD_DEAD || (where == THREAD_ELSEWHERE && !m->shared);
}

/* Takes the lock over from an owner whose host thread is gone. */
static bool break_dead_lock(struct mutex *m, u32 seen, u32 self)
{
	if (!owner_is_dead(m, seen & ~WAITERS, self))
		return false;
	return atomic_compare_exchange_strong(&m->owner, &seen, self | WAITERS);
}

static void lock_slow(struct mutex *m, u32 self)
{
	struct {
		s64 sec, nsec;
	} timeout = {0, OWNER_CHECK_NS};
	u32 seen = atomic_load(&m->owner);

	for (;;) {
		/* Once it had to wait, a task keeps the bit set: there may be others. */
		if (!seen) {
			if (atomic_compare_exchange_weak(&m->owner, &seen, self | WAITERS))
				return;
			continue;
		}
		if (!(seen & WAITERS) && !atomic_compare_exchange_weak(&m->owner, &seen, seen | WAITERS))
			continue;
		seen |= WAITERS;
		if (host_call4(__NR_futex, &m->owner, FUTEX_WAIT, seen, &timeout) == -ETIMEDOUT &&
		    break_dead_lock(m, seen, self))
			return;
		seen = atomic_load(&m->owner);
	}
}

void mutex_lock(struct mutex *m)
{
	u32 self = (u32)current_task()->host_tid, free = 0;

	if (!atomic_compare_exchange_strong(&m->owner, &free, self))
		lock_slow(m, self);
}

void mutex_unlock(struct mutex *m)
{
	if (atomic_exchange(&m->owner, 0) & WAITERS)
		host_call3(__NR_futex, &m->owner, FUTEX_WAKE, 1);
}
