/* SPDX-License-Identifier: MIT */
/* prctl(PR_SECEDE_FAIL): see lib/prctl.h. */
#include "sys/fail.h"

#include <asm/errno.h>
#include "arena/arena.h"
#include "host/fail.h"
#include "host/heap.h"
#include "lib/prctl.h"
#include "warden/client.h"

_Atomic u32 fail_in;

s64 prctl_fail(const struct task *task, u64 where, u64 in)
{
	struct request req;

	if (!arena()->fails)
		return -EINVAL;
	switch (where) {
	case FAIL_HERE:
		return atomic_exchange(&fail_in, (u32)in);
	case FAIL_IN_WARDEN:
		request_init(&req, REQ_FAIL, task);
		req.arg = in;
		return warden_call(task, &req, NULL);
	case FAIL_COUNT_LIVE:
		return (s64)heap_live();
	default:
		return -EINVAL;
	}
}
