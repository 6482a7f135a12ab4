/* SPDX-License-Identifier: MIT */
/* Delivery: the guest's action on a signal that found it in guest code. Everything is blocked. */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "arena/arena.h"
#include "host/host.h"
#include "kernel/mm.h"

#define RED_ZONE 128

/* Signals whose positive codes do not (only) tell of children. */
#define OTHER_CODES (SIG_HIDDEN | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) | SIGBIT(SIGFPE) | SIGBIT(SIGPOLL))

/*
 * The end of a child: a SIGCHLD, or whatever was asked for (clone(2)). F_SETSIG has signals that look the same, but
 * have zero there: the upper half of si_band.
 */
static bool is_from_child(const struct siginfo_raw *info)
{
	if (info->code < CLD_EXITED || info->code > CLD_CONTINUED)
		return false;
	return info->signo == SIGCHLD || (!(OTHER_CODES & SIGBIT(info->signo)) && info->uid);
}

bool signal_tells_uid(const struct siginfo_raw *info)
{
	return info->code > 0 ? is_from_child(info) : info->code != SI_TIMER && info->code != SI_SIGIO;
}

void signal_map_sender(const struct task *task, struct siginfo_raw *info)
{
	if (!signal_tells_uid(info))
		return;
	info->uid = from_kuid_munged(task->nsproxy->user, info->uid);
	/* A number that the sender has written by itself is a guest's (sys/sigqueue.c). */
	if (is_from_child(info))
		info->pid = waited_take(info->pid);
	else if (info->code >= 0 || info->code == SI_TKILL || info->code == SI_MESGQ)
		info->pid = pid_to_guest(&arena()->pids, info->pid);
}

/* The guest's stack cannot take the frame. As in the kernel that is a SIGSEGV, and for SIGSEGV itself the end. */
static void force_segv(const struct task *task, int sig)
{
	struct siginfo_raw info = {.signo = SIGSEGV, .code = SI_KERNEL};

	if (sig == SIGSEGV)
		(void)signal_act_default(task, SIGSEGV, &info); /* nobody blocks it on the host */
	else
		signal_requeue(task, SIGSEGV, &info);
}

/* Copies the action out, and resets it where the guest asked for that. */
static struct ksigaction take_action(struct task *task, int sig)
{
	struct sighand_struct *sighand = task->sighand;
	struct ksigaction *slot = &sighand->action[sig - 1], action;

	sighand_lock(sighand);
	action = *slot;
	if ((action.flags & SA_RESETHAND) && action.handler > HANDLER_IGN) {
		slot->handler = HANDLER_DFL;
		signal_sync_action(sighand->group, sig);
	}
	sighand_unlock(sighand);
	return action;
}

/* Where the frame is to lie: below the stack pointer or, if asked for, on top of the alternate stack. */
static void find_stack(const struct task *task, const struct ksigaction *action, struct frame_place *place, u64 sp)
{
	const struct sigaltstack_guest *alt = &task->altstack;

	place->sp = sp - RED_ZONE;
	place->lowest = 0;
	if (on_altstack(task, place->sp)) {
		place->lowest = alt->sp;
	} else if ((action->flags & SA_ONSTACK) && alt->size) {
		place->sp = alt->sp + alt->size;
		place->lowest = alt->sp;
	}
}

/* The mask to come back after the handler, and the stack, as the guest sees them, go into its frame. */
static int lay_frame(const struct task *task, const struct ksigaction *action, int sig, const struct siginfo_raw *info,
		     struct ucontext *uc)
{
	struct rt_sigframe frame = {.pretcode = action->restorer, .uc = *uc, .info = *info};
	const struct sigaltstack_guest *alt = &task->altstack;
	struct frame_place place;

	find_stack(task, action, &place, frame_regs(uc)->rsp);
	signal_map_sender(task, &frame.info);
	frame.info.pad = 0;
	frame.uc.stack = (struct stack_raw){alt->sp, alt->flags, 0, alt->size};
	frame.uc.sigmask = task->temporary_mask ? task->sig_saved : signal_mask(task);
	if (!(action->flags & SA_RESTORER))
		return -EFAULT;
	return frame_setup(&frame, &place, sig, action->handler, uc);
}

static void run_handler(struct task *task, int sig, const struct ksigaction *action, const struct siginfo_raw *info,
			struct ucontext *uc)
{
	u64 mask = signal_mask(task) | action->mask;

	if (lay_frame(task, action, sig, info, uc)) {
		force_segv(task, sig);
		return;
	}
	if (!(action->flags & SA_NODEFER))
		mask |= SIGBIT(sig);
	task->temporary_mask = MASK_OWN;
	signal_set_mask(task, mask);
	if (task->altstack.flags & SS_AUTODISARM)
		task->altstack = (struct sigaltstack_guest){.flags = SS_DISABLE};
}

/* The end of what a task left behind when it moved to another host process is nobody's business. */
static bool is_of_husk(int sig, const struct siginfo_raw *info)
{
	return sig == SIGCHLD && info->code > 0 && pid_is_husk(&arena()->pids, info->pid);
}

/* Is it a signal that the guest is to hear of at all? */
static bool is_heard(const struct task *task, struct siginfo_raw *info)
{
	if (is_of_husk(info->signo, info))
		return false;
	if (info->signo != SIGCHLD)
		return true;
	if (task->sighand->action[SIGCHLD - 1].handler > HANDLER_IGN)
		return children_tell(task, info);
	children_reap(task);
	return true;
}

/* The signals that must be let through on the way out. */
static u64 act(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	bool blocked = task->blocked_hidden & SIGBIT(sig);
	bool forced = (SIG_HIDDEN & SIGBIT(sig)) && frame_is_forced(sig, info, uc);
	struct ksigaction action;

	if (blocked && !forced) {
		if (!signal_hand_over(task, sig, info))
			signal_put_off(task, sig, info);
		return 0;
	}
	action = take_action(task, sig);
	if (action.handler > HANDLER_IGN && !blocked)
		run_handler(task, sig, &action, info, uc);
	else if (action.handler != HANDLER_IGN || forced)
		return signal_act_default(task, sig, info);
	return 0;
}

void signal_deliver(struct task *task, int sig, const struct siginfo_raw *info, struct ucontext *uc)
{
	struct siginfo_raw own = *info;
	u64 open = 0;

	own.signo = sig;
	if (signal_is_bell(sig, info) && !signal_answer_bell(task, &own))
		own.signo = 0;
	if (own.signo && is_heard(task, &own))
		open = act(task, own.signo, &own, uc);
	/* On return the host sets the mask from the context, so this is a way out like the other one. */
	signal_end_temporary_mask(task);
	signal_pass_on(task);
	uc->sigmask = task->sig_mask & ~open;
	atomic_store(&task->sig_deferred, 0);
}
