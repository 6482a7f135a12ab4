/* SPDX-License-Identifier: MIT */
/* Actions, masks and alternate stacks: sigaction(2), sigprocmask(2), sigaltstack(2) and kin. */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/sys.h"

/* Linux forgets the flags that it does not know. */
#define SA_KNOWN                                                                                                       \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND |              \
	 SA_EXPOSE_TAGBITS | SA_RESTORER)

/* Replaces the guest's action, and tells the host. */
static s64 do_sigaction(struct task *task, int sig, const struct ksigaction *new, struct ksigaction *old)
{
	struct sighand_struct *sighand = task->sighand;
	struct ksigaction *slot = &sighand->action[sig - 1];
	struct siginfo_raw dropped;
	s64 err = 0;

	if (new &&sig == SIGCHLD)
		children_keep(task);
	sighand_lock(sighand);
	*old = *slot;
	if (new) {
		*slot = *new;
		slot->mask &= ~SIG_UNBLOCKABLE;
		slot->flags &= SA_KNOWN;
		err = signal_sync_action(sighand->group, sig);
		if (err)
			*slot = *old;
	}
	if (!err && new &&new->handler == HANDLER_IGN)
		signal_take_held(task, SIGBIT(sig), &dropped); /* what is ignored does not wait */
	sighand_unlock(sighand);
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
	if (sig < 1 || sig > NSIG_GUEST || (unew && (SIG_UNBLOCKABLE & SIGBIT(sig))))
		return -EINVAL;
	err = do_sigaction(task, sig, unew ? &new : NULL, &old);
	if (!err && uold && put_guest(uold, old))
		return -EFAULT;
	return err;
}

static s64 change_mask(struct task *task, int how, u64 set)
{
	u64 old = signal_mask(task);

	switch (how) {
	case SIG_BLOCK:
		set |= old;
		break;
	case SIG_UNBLOCK:
		set = old & ~set;
		break;
	case SIG_SETMASK:
		break;
	default:
		return -EINVAL;
	}
	if (set != old)
		signal_set_mask(task, set);
	return 0;
}

SYSCALL(rt_sigprocmask)
{
	u64 uset = ARG1(regs), uold = ARG2(regs), set, old = signal_mask(task);
	s64 err = 0;

	if (ARG3(regs) != sizeof(set))
		return -EINVAL;
	if (uset && get_guest(set, uset))
		return -EFAULT;
	if (uset)
		err = change_mask(task, (int)ARG0(regs), set);
	if (!err && uold && put_guest(uold, old))
		return -EFAULT;
	return err;
}

SYSCALL(rt_sigreturn)
{
	signal_return(task, regs);
}

/* What waits in the host only because the runtime is at work is not pending for the guest. */
SYSCALL(rt_sigpending)
{
	u64 pending, size = ARG1(regs);
	s64 err;

	if (size > sizeof(pending))
		return -EINVAL;
	err = host_call2(__NR_rt_sigpending, &pending, sizeof(pending));
	pending = (pending | task->sig_held) & signal_mask(task);
	if (!err && copy_to_guest(ARG0(regs), &pending, size))
		return -EFAULT;
	return err;
}

SYSCALL(sigaltstack)
{
	const struct sigaltstack_guest *alt = &task->altstack;
	struct stack_raw new, old = {alt->sp, alt->flags & SS_FLAG_BITS, 0, alt->size};
	s64 err = 0;

	if (!alt->size)
		old.flags |= SS_DISABLE;
	else if (on_altstack(task, regs->rsp))
		old.flags |= SS_ONSTACK;
	if (ARG0(regs)) {
		if (get_guest(new, ARG0(regs)))
			return -EFAULT;
		err = altstack_set(task, &new, regs->rsp);
	}
	if (!err && ARG1(regs) && put_guest(ARG1(regs), old))
		return -EFAULT;
	return err;
}
