/* SPDX-License-Identifier: MIT */
/* Delivery: the guest's action on a signal that found it in guest code. */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "host/host.h"
#include "kernel/mm.h"

#define RED_ZONE      128
#define SIGSEGV_NR    11
#define SIGCHLD_NR    17
#define SI_USER_CODE  0
#define SI_QUEUE_CODE (-1)
#define SI_TKILL_CODE (-6)

bool on_altstack(const struct task *task, u64 sp)
{
	const struct sigaltstack_guest *alt = &task->altstack;

	if (alt->flags & (SS_AUTODISARM_RAW | SS_DISABLE_RAW))
		return false;
	return sp > alt->sp && sp - alt->sp <= alt->size;
}

/* The default action is the host's to carry out: give it the disposition, and the signal again. */
static void force_default(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	struct ksigaction dfl = {0};

	host_call4(__NR_rt_sigaction, sig, &dfl, NULL, sizeof(dfl.mask));
	uc->sigmask &= ~SIGBIT(sig);
	/* A fault comes again by itself when the instruction is tried again, with its own siginfo. */
	if (info->code <= 0 || sig != info->signo)
		host_call4(__NR_rt_tgsigqueueinfo, task->tgid, task->tid, sig, info);
}

/* The guest's stack cannot take the frame: what the kernel does is SIGSEGV, by force. */
static void force_segv(struct task *task, struct ucontext *uc)
{
	struct siginfo_raw info = {.signo = SIGSEGV_NR, .code = SI_TKILL_CODE, .pid = (u32)task->tgid};

	force_default(task, SIGSEGV_NR, &info, uc);
}

/* Who sent it is told in the numbers of the guest's user namespace. */
static void map_sender(const struct task *task, int sig, struct siginfo_raw *info)
{
	if (!task->nsproxy->user->parent)
		return;
	if (info->code == SI_USER_CODE || info->code == SI_QUEUE_CODE || info->code == SI_TKILL_CODE ||
	    (sig == SIGCHLD_NR && info->code > 0))
		info->uid = from_kuid_munged(task->nsproxy->user, info->uid);
}

static u64 handler_stack(const struct task *task, const struct ksigaction *action, u64 sp)
{
	const struct sigaltstack_guest *alt = &task->altstack;

	if ((action->flags & SA_ONSTACK_RAW) && !(alt->flags & SS_DISABLE_RAW) && alt->size && !on_altstack(task, sp))
		return alt->sp + alt->size;
	return sp - RED_ZONE;
}

/* Copies the action out, and resets it where the guest asked for that. */
static struct ksigaction take_action(struct task *task, int sig)
{
	struct ksigaction *slot = &task->sighand->action[sig - 1], action;

	mutex_lock(&task->sighand->lock);
	action = *slot;
	if ((action.flags & SA_RESETHAND_RAW) && action.handler > SIG_IGN_RAW) {
		slot->handler = SIG_DFL_RAW;
		signal_apply_action(sig, slot);
	}
	mutex_unlock(&task->sighand->lock);
	return action;
}

static void run_handler(struct task *task, int sig, const struct ksigaction *action, const struct siginfo_raw *info,
			struct ucontext *uc)
{
	u64 host_stack[3] = {uc->stack.sp, uc->stack.flags, uc->stack.size};
	u64 sp = handler_stack(task, action, frame_regs(uc)->rsp), host_mask = uc->sigmask, mask;
	struct siginfo_raw shown = *info;
	int err;

	map_sender(task, sig, &shown);
	/* What the guest finds in its frame is its own view of mask and stack. */
	uc->sigmask = host_mask | task->blocked_hidden;
	uc->stack = (struct stack_raw){task->altstack.sp, task->altstack.flags, 0, task->altstack.size};
	err = frame_setup(action, sig, &shown, uc, sp);
	mask = uc->sigmask | action->mask;
	if (!(action->flags & SA_NODEFER_RAW))
		mask |= SIGBIT(sig);
	uc->stack = (struct stack_raw){host_stack[0], (u32)host_stack[1], 0, host_stack[2]};
	uc->sigmask = host_mask;
	if (err) {
		force_segv(task, uc);
		return;
	}
	uc->sigmask = signal_host_mask(mask);
	task->blocked_hidden = mask & SIG_HIDDEN;
	if (task->altstack.flags & SS_AUTODISARM_RAW)
		task->altstack = (struct sigaltstack_guest){.flags = SS_DISABLE_RAW};
}

void signal_deliver(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	struct ksigaction action = take_action(task, sig);
	bool blocked = task->blocked_hidden & SIGBIT(sig);

	if (action.handler > SIG_IGN_RAW && !blocked)
		run_handler(task, sig, &action, info, uc);
	else if (action.handler == SIG_DFL_RAW || info->code > 0)
		/* A fault that is ignored or blocked ends the process all the same. */
		force_default(task, sig, info, uc);
}
