/* SPDX-License-Identifier: MIT */
/* Signal masks: what the guest asked for, less what the runtime needs (signal/signal.h). */
#include "host/host.h"
#include "kernel/mm.h"
#include "signal/signal.h"

u64 signal_host_mask(u64 mask)
{
	return mask & ~SIG_HIDDEN;
}

u64 signal_mask(const struct task *task)
{
	return task->sig_mask | task->blocked_hidden;
}

void signal_set_mask(struct task *task, u64 mask)
{
	mask &= ~SIG_UNBLOCKABLE;
	task->sig_mask = signal_host_mask(mask);
	task->blocked_hidden = mask & SIG_HIDDEN;
	atomic_store(&task->sig_deferred, 1);
}

void signal_set_temporary_mask(struct task *task, u64 mask)
{
	task->sig_saved = signal_mask(task);
	task->temporary_mask = MASK_TO_USE;
	signal_set_mask(task, mask);
}

void signal_end_temporary_mask(struct task *task)
{
	if (task->temporary_mask == MASK_OWN)
		return;
	task->temporary_mask = MASK_OWN;
	signal_set_mask(task, task->sig_saved);
}

void signal_block_all(void)
{
	u64 all = ~SIG_HIDDEN;

	/* First the promise to restore, then the call. */
	atomic_store(&current_task()->sig_deferred, 1);
	host_call4(__NR_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	signal_requeue_put_off(current_task());
}

void signal_block_hidden(void)
{
	u64 all = ~0ULL;

	atomic_store(&current_task()->sig_deferred, 1);
	host_call4(__NR_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
}
