/* SPDX-License-Identifier: MIT */
/*
 * Signals that wait because the runtime is at work. Most wait in the host, blocked. The hidden
 * ones cannot be blocked there, so each has one place in the task; more of the same merge, as standard signals do.
 */
#include "host/host.h"
#include "kernel/mm.h"
#include "signal/signal.h"

static const int hidden[HIDDEN_SIGNALS] = {SIGBUS, SIGSEGV, SIGSYS};

/* A thread may send itself any siginfo, also one that looks like the kernel's. */
void signal_requeue(const struct task *task, int sig, const struct siginfo_raw *info)
{
	host_call4(__NR_rt_tgsigqueueinfo, task->tgid, task->tid, sig, info);
}

void signal_hold(struct task *task, int sig, const struct siginfo_raw *info)
{
	int i;

	for (i = 0; i < HIDDEN_SIGNALS; i++)
		if (hidden[i] == sig && !(task->sig_held & SIGBIT(sig)))
			task->held[i] = *info;
	atomic_fetch_or(&task->sig_held, SIGBIT(sig));
}

int signal_take_held(struct task *task, u64 set, struct siginfo_raw *info)
{
	int i;

	for (i = 0; i < HIDDEN_SIGNALS; i++) {
		if (!(task->sig_held & set & SIGBIT(hidden[i])))
			continue;
		*info = task->held[i];
		atomic_fetch_and(&task->sig_held, ~SIGBIT(hidden[i]));
		return hidden[i];
	}
	return 0;
}

void signal_release_held(struct task *task)
{
	struct siginfo_raw info;
	int sig;

	while ((sig = signal_take_held(task, ~task->blocked_hidden, &info)))
		signal_requeue(task, sig, &info);
}

void signal_leave(struct task *task)
{
	bool first = task->temporary_mask == MASK_TO_USE;

	/*
	 * A temporary mask is in force for one round only: if nothing is delivered under it, the way out
	 * comes back here, and the guest's own mask follows.
	 */
	if (first)
		task->temporary_mask = MASK_USED;
	else
		signal_end_temporary_mask(task);
	/* What is held from here on sets it again, and the way out asks again. */
	atomic_store(&task->sig_deferred, first);
	if (task->sig_held & ~task->blocked_hidden) {
		signal_block_hidden();
		signal_release_held(task);
	}
}
