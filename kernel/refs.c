/* SPDX-License-Identifier: MIT */
/* See kernel/refs.h. */
#include "kernel/refs.h"

struct refs refs;

/* Each step may be made more than once: it says what is to be, not what is to be added. */
static void carry_out(void)
{
	u32 i;

	for (i = 0; i < refs.nr; i++) {
		const struct ref_step *s = &refs.step[i];

		if (s->users)
			atomic_store(s->users, s->count);
		*s->slot = s->value;
	}
	publish();
	refs.nr = 0;
}

void refs_lock(void)
{
	mutex_lock(&refs.lock);
	carry_out();
	refs.noted = 0;
}

void refs_unlock(void)
{
	mutex_unlock(&refs.lock);
}

static void note(void *slot, void *value, _Atomic u32 *users, u32 count)
{
	refs.step[refs.noted++] = (struct ref_step){slot, value, users, count};
}

void ref_commit(void)
{
	publish();
	refs.nr = refs.noted;
	publish();
	carry_out();
	refs.noted = 0;
}

void ref_take(_Atomic u32 *users, void *slot, void *context)
{
	note(slot, context, users, atomic_load(users) + 1);
	ref_commit();
}

bool ref_drop(_Atomic u32 *users, void *slot)
{
	u32 count = atomic_load(users) - 1;

	note(slot, NULL, users, count);
	ref_commit();
	return !count;
}

void ref_swap(void *a, void *b)
{
	note(a, *(void **)b, NULL, 0);
	note(b, *(void **)a, NULL, 0);
}
