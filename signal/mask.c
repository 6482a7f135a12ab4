/* SPDX-License-Identifier: MIT */
/* Signal masks and host dispositions: what the guest asked for, less what the runtime needs. */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "signal/signal.h"

#define SIG_SETMASK_RAW 2
#define SIGBUS_NR	7
#define SIGSEGV_NR	11
#define SIGSYS_NR	31

u64 signal_host_mask(u64 guest_mask)
{
	return guest_mask & ~SIG_HIDDEN;
}

u64 signal_block_all(void)
{
	struct task *task = current_task();
	u64 all = ~SIG_HIDDEN, old;

	host_call4(__NR_rt_sigprocmask, SIG_SETMASK_RAW, &all, &old, sizeof(all));
	/* Asked after the call: from here on nothing can set it any more. */
	return atomic_load(&task->sig_deferred) ? task->sig_mask : old;
}

void signal_restore_on_exit(struct task *task, u64 host_mask)
{
	task->sig_mask = host_mask;
	atomic_store(&task->sig_deferred, 1);
}

void signal_restore(u64 host_mask)
{
	struct task *task = current_task();

	if (atomic_load(&task->sig_deferred))
		task->sig_mask = host_mask;
	else
		host_call4(__NR_rt_sigprocmask, SIG_SETMASK_RAW, &host_mask, NULL, sizeof(host_mask));
}

int signal_apply_action(int sig, const struct ksigaction *action)
{
	struct ksigaction host = *action;

	/* The runtime keeps its own handlers there; what the guest wants is acted out (signal_deliver). */
	if (SIGBIT(sig) & SIG_HIDDEN)
		return 0;
	if (action->handler != SIG_DFL_RAW && action->handler != SIG_IGN_RAW) {
		host.handler = (u64)(uintptr_t)signal_entry;
		host.flags = (action->flags & (SA_RESTART_RAW | SA_NOCLDSTOP_RAW | SA_NOCLDWAIT_RAW)) | SA_SIGINFO_RAW |
			     SA_ONSTACK_RAW;
		host.mask = ~SIG_HIDDEN;
	}
	host.flags |= SA_RESTORER_RAW;
	host.restorer = (u64)(uintptr_t)signal_restorer;
	return (int)host_call4(__NR_rt_sigaction, sig, &host, NULL, sizeof(host.mask));
}

static void install(int sig, void (*handler)(int, struct siginfo_raw *, struct ucontext *), u64 flags, u64 mask)
{
	struct ksigaction host = {
	    .handler = (u64)(uintptr_t)handler,
	    .flags = flags | SA_SIGINFO_RAW | SA_ONSTACK_RAW | SA_RESTORER_RAW,
	    .restorer = (u64)(uintptr_t)signal_restorer,
	    .mask = mask,
	};

	if (host_call4(__NR_rt_sigaction, sig, &host, NULL, sizeof(host.mask)))
		panic("the host refuses a signal handler");
}

void signal_init(struct task *task)
{
	u64 hidden = SIG_HIDDEN;

	install(SIGSYS_NR, sigsys_entry, SA_NODEFER_RAW, 0);
	install(SIGSEGV_NR, fault_entry, SA_NODEFER_RAW, ~SIG_HIDDEN);
	install(SIGBUS_NR, fault_entry, SA_NODEFER_RAW, ~SIG_HIDDEN);
	/* Whoever started us may have had them blocked. */
	host_call4(__NR_rt_sigprocmask, 1 /* SIG_UNBLOCK */, &hidden, NULL, sizeof(hidden));
}

void signal_init_thread(struct task *task)
{
	struct stack_raw stack = {
	    .sp = (u64)(uintptr_t)task + KSTACK_TOP,
	    .size = BLOCK_SIZE - KSTACK_TOP,
	};

	if (host_call2(__NR_sigaltstack, &stack, NULL))
		panic("the host refuses a signal stack");
}

void signal_flush_handlers(struct sighand_struct *sighand)
{
	u32 i;

	mutex_lock(&sighand->lock);
	for (i = 0; i < NSIG_GUEST; i++)
		if (sighand->action[i].handler != SIG_IGN_RAW)
			sighand->action[i] = (struct ksigaction){0};
	mutex_unlock(&sighand->lock);
}
