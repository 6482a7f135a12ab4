/* SPDX-License-Identifier: MIT */
/* Syscall User Dispatch, for the guest and for control files (sys/user_dispatch.h). */
#include "sys/user_dispatch.h"

#include <linux/prctl.h>
#include "arch/x86_64/offsets.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "signal/signal.h"
#include "sys/runtime.h"

#ifndef PR_SYS_DISPATCH_INCLUSIVE_ON
#define PR_SYS_DISPATCH_INCLUSIVE_ON 2
#endif

static long host_dispatch(u64 mode, u64 offset, u64 len, u64 selector)
{
	return host_call5(__NR_prctl, PR_SET_SYSCALL_USER_DISPATCH, mode, offset, len, selector);
}

/* What is to be stopped now: nothing, everything, or what the guest's byte says. The runtime never is. */
static int tell_host(struct task *task)
{
	u64 start = (u64)(uintptr_t)runtime_text_start, end = (u64)(uintptr_t)runtime_text_end;
	struct user_dispatch *d = &task->dispatch;
	u64 selector = d->selector;

	if (!d->all && !d->on)
		return (int)host_dispatch(PR_SYS_DISPATCH_OFF, 0, 0, 0);
	if (d->all || !selector) {
		d->stop_all = SYSCALL_DISPATCH_FILTER_BLOCK;
		selector = (u64)(uintptr_t)&d->stop_all;
	}
	return (int)host_dispatch(PR_SYS_DISPATCH_ON, start, end - start + 1, selector);
}

int user_dispatch_all(struct task *task, bool all)
{
	int err;

	if (task->dispatch.all == all)
		return 0;
	task->dispatch.all = all;
	err = tell_host(task);
	if (err)
		task->dispatch.all = !all;
	return err;
}

s64 prctl_set_user_dispatch(struct task *task, const struct regs *regs)
{
	u64 mode = ARG1(regs), offset = ARG2(regs), len = ARG3(regs), selector = ARG4(regs);
	u8 allow = SYSCALL_DISPATCH_FILTER_ALLOW;
	/* The host says what is wrong with the rest; for a moment it has the guest's range, and lets all calls pass. */
	long err = host_dispatch(mode, offset, len, mode == PR_SYS_DISPATCH_OFF ? selector : (u64)(uintptr_t)&allow);

	if (!err && selector && !access_ok(selector, 1))
		err = -EFAULT;
	if (!err) {
		task->dispatch.on = mode != PR_SYS_DISPATCH_OFF;
		task->dispatch.selector = selector;
		task->dispatch.offset = offset;
		task->dispatch.len = len;
		if (mode == PR_SYS_DISPATCH_INCLUSIVE_ON) {
			task->dispatch.offset += len; /* what passes begins behind, and goes around */
			task->dispatch.len = -len;
		}
	}
	(void)tell_host(task);
	return err;
}

bool user_dispatch_stops(struct task *task, struct regs *regs)
{
	const struct user_dispatch *d = &task->dispatch;
	u8 state = SYSCALL_DISPATCH_FILTER_BLOCK;

	if (regs->rip - d->offset < d->len)
		return false;
	if (d->selector && !get_guest(state, d->selector) && state == SYSCALL_DISPATCH_FILTER_ALLOW)
		return false;
	regs->rax = (u64)signal_force_sigsys(task, regs, SYS_USER_DISPATCH, 0);
	return true;
}
