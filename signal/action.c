/* SPDX-License-Identifier: MIT */
/* Dispositions: what the guest asked for (sigaction(2)), and what the host is told. */
#include "arch/x86_64/frame.h"
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "signal/signal.h"

/* What the host must know of the guest's flags: the rest is done when the signal is delivered. */
#define FLAGS_PASSED (SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT)

static bool has_handler(const struct ksigaction *action)
{
	return action->handler > HANDLER_IGN;
}

/*
 * The trap is entered with the guest's own mask, because it goes on into the runtime without the
 * host's rt_sigreturn (entry.S). All other handlers run with everything blocked.
 */
static void host_handler(int sig, struct ksigaction *host)
{
	void *handler = sig == SIGSYS ? (void *)sigsys_entry : (void *)signal_trap;

	host->handler = (u64)(uintptr_t)handler;
	host->flags = (host->flags & FLAGS_PASSED) | SA_SIGINFO | SA_ONSTACK | SA_RESTORER;
	host->restorer = (u64)(uintptr_t)signal_restorer;
	host->mask = sig == SIGSYS ? 0 : ~0ULL;
	if (sig == SIGSYS)
		host->flags |= SA_NODEFER;
}

int signal_apply_action(int sig, const struct ksigaction *action)
{
	struct ksigaction host = *action;

	if (has_handler(action)) {
		host_handler(sig, &host);
	} else if (SIG_HIDDEN & SIGBIT(sig)) {
		/* Default and ignore are acted out by signal_deliver; a call that they interrupt goes on. */
		host.flags = SA_RESTART;
		host_handler(sig, &host);
	}
	return (int)host_call4(__NR_rt_sigaction, sig, &host, NULL, sizeof(host.mask));
}

void signal_flush_handlers(struct sighand_struct *sighand)
{
	int sig;

	mutex_lock(&sighand->lock);
	for (sig = 1; sig <= NSIG_GUEST; sig++) {
		struct ksigaction *action = &sighand->action[sig - 1];

		if (!has_handler(action))
			continue;
		*action = (struct ksigaction){0};
		signal_apply_action(sig, action);
	}
	mutex_unlock(&sighand->lock);
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
		if (signal_apply_action(sigs[i], &task->sighand->action[sigs[i] - 1]))
			panic("the host refuses a signal handler");
	if (!atomic_load(&task->sig_deferred))
		adopt_mask(task);
}

void signal_init_thread(struct task *task)
{
	struct stack_raw stack = {.sp = (u64)(uintptr_t)task + KSTACK_TOP, .size = BLOCK_SIZE - KSTACK_TOP};

	if (host_call2(__NR_sigaltstack, &stack, NULL))
		panic("the host refuses a signal stack");
}
