/* SPDX-License-Identifier: MIT */
/* Actions, masks and alternate stacks: sigaction(2), sigprocmask(2), sigaltstack(2) and kin. */
#include <asm/errno.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "sys/sys.h"

#define SIGKILL_NR	9
#define SIGSTOP_NR	19
#define UNBLOCKABLE	(SIGBIT(SIGKILL_NR) | SIGBIT(SIGSTOP_NR))
#define SIG_BLOCK_RAW	0
#define SIG_UNBLOCK_RAW 1
#define SIG_SETMASK_RAW 2
#define MINSIGSTKSZ_RAW 2048

/* Replaces the guest's action and the host's disposition together. */
static s64 do_sigaction(struct task *task, int sig, const struct ksigaction *new, struct ksigaction *old)
{
	struct ksigaction *slot = &task->sighand->action[sig - 1];
	s64 err = 0;

	mutex_lock(&task->sighand->lock);
	*old = *slot;
	if (new) {
		*slot = *new;
		slot->mask &= ~UNBLOCKABLE;
		err = signal_apply_action(sig, slot);
		if (err)
			*slot = *old;
	}
	mutex_unlock(&task->sighand->lock);
	return err;
}

SYSCALL(rt_sigaction)
{
	int sig = (int)ARG0(regs);
	u64 unew = ARG1(regs), uold = ARG2(regs);
	struct ksigaction new, old;
	s64 err;

	if (ARG3(regs) != sizeof(new.mask))
		return -EINVAL;
	if (unew && get_guest(new, unew))
		return -EFAULT;
	if (sig < 1 || sig > NSIG_GUEST || (unew && (UNBLOCKABLE & SIGBIT(sig))))
		return -EINVAL;
	err = do_sigaction(task, sig, unew ? &new : NULL, &old);
	if (!err && uold && put_guest(uold, old))
		return -EFAULT;
	return err;
}

/*
 * Everything is blocked while the mask is worked out, and the way out sets the new one: that is
 * also where a signal that it lets through is delivered.
 */
SYSCALL(rt_sigprocmask)
{
	u64 uset = ARG1(regs), uold = ARG2(regs), set, old;
	s64 how = (int)ARG0(regs), err = 0;

	if (ARG3(regs) != sizeof(set))
		return -EINVAL;
	if (uset && get_guest(set, uset))
		return -EFAULT;
	old = signal_block_all() | task->blocked_hidden;
	if (!uset)
		set = old;
	else if (how == SIG_BLOCK_RAW)
		set = old | (set & ~UNBLOCKABLE);
	else if (how == SIG_UNBLOCK_RAW)
		set = old & ~set;
	else if (how == SIG_SETMASK_RAW)
		set &= ~UNBLOCKABLE;
	else
		set = old, err = -EINVAL;
	task->blocked_hidden = set & SIG_HIDDEN;
	signal_restore_on_exit(task, signal_host_mask(set));
	if (!err && uold && put_guest(uold, old))
		return -EFAULT;
	return err;
}

SYSCALL(rt_sigreturn)
{
	signal_return(task, regs);
}

SYSCALL(rt_sigpending)
{
	u64 pending, size = ARG1(regs);
	s64 err;

	if (size > sizeof(pending))
		return -EINVAL;
	err = host_call2(__NR_rt_sigpending, &pending, sizeof(pending));
	if (!err && copy_to_guest(ARG0(regs), &pending, size))
		return -EFAULT;
	return err;
}

/* sigaltstack(2)'s structure. */
struct stack_guest {
	u64 sp;
	u32 flags, pad;
	u64 size;
};

static s64 set_altstack(struct task *task, const struct stack_guest *new, bool on_stack)
{
	u32 mode = new->flags & ~SS_AUTODISARM_RAW;

	if (on_stack)
		return -EPERM;
	if (mode != SS_DISABLE_RAW && mode != SS_ONSTACK_RAW && mode)
		return -EINVAL;
	if (mode == SS_DISABLE_RAW) {
		task->altstack = (struct sigaltstack_guest){.flags = new->flags};
		return 0;
	}
	if (new->size < MINSIGSTKSZ_RAW)
		return -ENOMEM;
	task->altstack = (struct sigaltstack_guest){new->sp, new->flags &SS_AUTODISARM_RAW, new->size};
	return 0;
}

SYSCALL(sigaltstack)
{
	const struct sigaltstack_guest *alt = &task->altstack;
	bool on_stack = on_altstack(task, regs->rsp);
	struct stack_guest new, old = {.sp = alt->sp, .size = alt->size};
	s64 err = 0;

	old.flags = alt->flags & SS_AUTODISARM_RAW;
	if (!alt->size)
		old.flags |= SS_DISABLE_RAW;
	else if (on_stack)
		old.flags |= SS_ONSTACK_RAW;
	if (ARG0(regs)) {
		if (get_guest(new, ARG0(regs)))
			return -EFAULT;
		err = set_altstack(task, &new, on_stack);
	}
	if (!err && ARG1(regs) && put_guest(ARG1(regs), old))
		return -EFAULT;
	return err;
}
