/* SPDX-License-Identifier: MIT */
/* Dispositions: what the guest asked for (sigaction(2)), and what the host is told. */
#include "arch/x86_64/frame.h"
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "signal/signal.h"

/*
 * The trap is entered with the guest's own mask, because it goes on into the runtime without the
 * host's rt_sigreturn (entry.S). All other handlers run with everything blocked.
 */
static void host_handler(int sig, struct ksigaction *host)
{
	void *handler = sig == SIGSYS ? (void *)sigsys_entry : (void *)signal_trap;

	host->handler = (u64)(uintptr_t)handler;
	host->flags |= SA_SIGINFO | SA_ONSTACK | SA_RESTORER;
	host->restorer = (u64)(uintptr_t)signal_restorer;
	host->mask = sig == SIGSYS ? 0 : ~0ULL;
	if (sig == SIGSYS)
		host->flags |= SA_NODEFER;
}

int signal_host_action(int sig, bool handled, u64 otherwise, u64 flags)
{
	struct ksigaction host = {.handler = otherwise, .flags = flags};

	if (handled)
		host_handler(sig, &host);
	return (int)host_call4(__NR_rt_sigaction, sig, &host, NULL, sizeof(host.mask));
}

int signal_sync_action(struct sighand_group *group, int sig)
{
	struct agreement agreed = sighand_agree(group, sig);
	int err;

	/* Default and ignore are acted out by signal_deliver; a call that they interrupt goes on. */
	if (!agreed.handled && (SIG_HIDDEN & SIGBIT(sig)))
		err = signal_host_action(sig, true, HANDLER_DFL, SA_RESTART);
	else
		err = signal_host_action(sig, agreed.handled, agreed.handler, agreed.flags);
	if (!err)
		sighand_agreed(group, sig, &agreed);
	return err;
}

static void sync_actions(struct sighand_group *group, u64 signals)
{
	int sig;

	for (sig = 1; sig <= NSIG_GUEST; sig++)
		if (signals & SIGBIT(sig))
			signal_sync_action(group, sig);
}

void signal_sync_all(struct task *task)
{
	struct sighand_group *group = task->sighand->group;

	if (!atomic_load(&group->mixed))
		return;
	mutex_lock(&group->lock);
	sync_actions(group, atomic_load(&group->mixed));
	mutex_unlock(&group->lock);
}

void host_sync_actions(struct sighand_group *group, u64 signals)
{
	const struct sighand_struct *own = current_task()->sighand;

	/* Without one the task is about to end, and has let go of a member of its own group. */
	if (!own || own->group == group)
		sync_actions(group, signals);
}

void signal_flush_handlers(struct sighand_struct *sighand)
{
	int sig;

	sighand_lock(sighand);
	for (sig = 1; sig <= NSIG_GUEST; sig++) {
		struct ksigaction *action = &sighand->action[sig - 1];

		if (action->handler <= HANDLER_IGN)
			continue;
		*action = (struct ksigaction){0};
		signal_sync_action(sighand->group, sig);
	}
	sighand_unlock(sighand);
}

/* The mask with which the command itself became a guest; after execve the carry has told it. */
static void adopt_mask(struct task *task)
{
	u64 mask;

	host_call4(__NR_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof(mask));
	signal_set_mask(task, mask);
	host_call4(__NR_rt_sigprocmask, SIG_SETMASK, &task->sig_mask, NULL, sizeof(mask));
	atomic_store(&task->sig_deferred, 0);
}

void signal_init(struct task *task)
{
	static const int sigs[HIDDEN_SIGNALS] = {SIGBUS, SIGSEGV, SIGSYS};
	int i;

	for (i = 0; i < HIDDEN_SIGNALS; i++)
		if (signal_sync_action(task->sighand->group, sigs[i]))
			panic("the host refuses a signal handler");
	signal_sync_all(task);
	if (!atomic_load(&task->sig_deferred))
		adopt_mask(task);
}

void signal_init_thread(struct task *task)
{
	struct stack_raw stack = {.sp = (u64)(uintptr_t)task + KSTACK_TOP, .size = BLOCK_SIZE - KSTACK_TOP};

	if (host_call2(__NR_sigaltstack, &stack, NULL))
		panic("the host refuses a signal stack");
}
