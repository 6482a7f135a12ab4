/* SPDX-License-Identifier: MIT */
/*
 * Children that went by another number than the host's (kernel/pid.h) and have been waited for: the warden drops the
 * number soon, but SIGCHLD, which tells the host's, may be taken a good while later: it was blocked, the machine is
 * busy, a tracer kept it. So the process that has waited keeps a few pairs itself.
 */
#include "arena/arena.h"
#include "signal/signal.h"

#define WAITED 16

/* (guest number << 32 | host number); 0: none. Atomic, no lock: threads may wait beside each other. */
static _Atomic u64 waited[WAITED];
static _Atomic u32 nr_waited; /* so many have been kept, the oldest of them no more */

static u32 kept(void)
{
	return MIN(atomic_load(&nr_waited), WAITED);
}

void waited_keep(s32 host, s32 guest)
{
	if (host != guest)
		atomic_store(&waited[atomic_fetch_add(&nr_waited, 1) % WAITED], (u64)guest << 32 | (u32)host);
}

s32 waited_take(s32 host)
{
	s32 guest = 0;

	for (u32 i = 0; i < kept(); i++) {
		u64 pair = atomic_load(&waited[i]);

		if ((s32)pair == host && atomic_compare_exchange_strong(&waited[i], &pair, 0))
			guest = (s32)(pair >> 32);
	}
	return guest ? guest : pid_to_guest(&arena()->pids, host);
}
