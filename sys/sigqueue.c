/* SPDX-License-Identifier: MIT */
/*
 * Signals with a siginfo_t of the sender's own making: rt_sigqueueinfo(2), rt_tgsigqueueinfo(2), pidfd_send_signal(2).
 * It tells who the sender is in the sender's numbers; on its way it has the host's, as what the host itself tells.
 */
#include <asm/errno.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "signal/signal.h"
#include "sys/sys.h"

/* `arg` is the argument that points to it. */
static s64 send_info(const struct task *task, struct regs *regs, u64 *arg)
{
	struct siginfo_raw info;
	u64 uinfo = *arg;
	s64 ret;

	if (get_guest(info, uinfo))
		return -EFAULT;
	if (signal_tells_uid(&info)) {
		info.uid = make_kuid(task->nsproxy->user, info.uid);
		if (info.uid == INVALID_KID)
			info.uid = OVERFLOW_ID;
	}
	*arg = (u64)(uintptr_t)&info;
	ret = host_call4((long)regs->orig_rax, ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs));
	*arg = uinfo;
	return ret;
}

SYSCALL(rt_sigqueueinfo)
{
	return send_info(task, regs, &ARG2(regs));
}

SYSCALL(rt_tgsigqueueinfo)
{
	return send_info(task, regs, &ARG3(regs));
}

SYSCALL(pidfd_send_signal)
{
	return send_info(task, regs, &ARG2(regs));
}
