/* SPDX-License-Identifier: MIT */
/* Allocations that fail because a test wants it so (lib/prctl.h): those of the arena, and the warden's own. */
#include <errno.h>
#include <stdlib.h>
#include "warden/warden.h"

static u64 fail_in; /* so many, counted from 1; 0: none */

bool allocation_fails(void)
{
	return fail_in && --fail_in == 0;
}

void *warden_realloc(void *old, size_t size)
{
	return allocation_fails() ? NULL : realloc(old, size);
}

s64 do_fail(struct call *call)
{
	u64 left = fail_in;

	if (!arena()->fails)
		return -EINVAL;
	arena_fails = allocation_fails;
	fail_in = call->req->arg;
	return (s64)left;
}
