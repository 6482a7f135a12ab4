/* SPDX-License-Identifier: MIT */
/* The guest's alternate stack (sigaltstack(2)): the host's is ours, so this one is kept in the task alone. */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "signal/signal.h"

bool on_altstack(const struct task *task, u64 sp)
{
	const struct sigaltstack_guest *alt = &task->altstack;

	if (alt->flags & SS_AUTODISARM)
		return false;
	return sp > alt->sp && sp - alt->sp <= alt->size;
}

int altstack_set(struct task *task, const struct stack_raw *new, u64 sp)
{
	u32 mode = new->flags & ~SS_FLAG_BITS;

	if (on_altstack(task, sp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		task->altstack = (struct sigaltstack_guest){.flags = new->flags};
		return 0;
	}
	if (new->size < MINSIGSTKSZ)
		return -ENOMEM;
	task->altstack = (struct sigaltstack_guest){new->sp, new->flags, new->size};
	return 0;
}
