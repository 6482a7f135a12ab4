/* SPDX-License-Identifier: MIT */
/*
 * Calls that a signal interrupts while the members of a group differ about SA_RESTART (kernel/sighand.h): the host has
 * the flag, and goes back to the call's instruction. A task whose handler lacks the flag has its call ended with EINTR
 * here.
 *
 * In guest code that is seen by the registers: the instruction leaves the address behind it in rcx and the flags in
 * r11. So they are as well when a tight loop is about to make a call for the second time; that one ends without having
 * begun, as if the signal had come a moment later. Only calls that a signal may end are looked at.
 *
 * Calls that the host does not begin again after a handler come to the runtime in such a process (sys/sleep.h).
 */
#include <asm/errno.h>
#include "arch/x86_64/frame.h"
#include "host/host.h"
#include "signal/signal.h"

#define EFLAGS_RF 0x10000u

/* The calls that the host makes again after a handler (signal(7)), of those that do not come to the runtime. */
static const u16 restartable[] = {
    __NR_read,	      __NR_write,    __NR_pread64,     __NR_pwrite64,	  __NR_readv,		__NR_writev,
    __NR_ioctl,	      __NR_sendfile, __NR_accept,      __NR_sendto,	  __NR_recvfrom,	__NR_recvmsg,
    __NR_fcntl,	      __NR_flock,    __NR_futex,       __NR_mq_timedsend, __NR_mq_timedreceive, __NR_add_key,
    __NR_request_key, __NR_keyctl,   __NR_splice,      __NR_tee,	  __NR_vmsplice,	__NR_fallocate,
    __NR_accept4,     __NR_preadv,   __NR_pwritev,     __NR_recvmmsg,	  __NR_getrandom,	__NR_copy_file_range,
    __NR_preadv2,     __NR_pwritev2, __NR_futex_waitv,
};

static bool is_restartable(u64 nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(restartable); i++)
		if (restartable[i] == nr)
			return true;
	return false;
}

bool signal_refuses_restart(const struct task *task, int sig)
{
	const struct ksigaction *action = &task->sighand->action[sig - 1];

	return (atomic_load(&task->sighand->group->restarts) & ~task->blocked_hidden & SIGBIT(sig)) &&
	       action->handler > HANDLER_IGN && !(action->flags & SA_RESTART);
}

void signal_end_restart(const struct task *task, int sig, struct ucontext *uc)
{
	struct regs *regs = frame_regs(uc);

	if (!signal_refuses_restart(task, sig) || regs->rcx != regs->rip + SYSCALL_INSN_SIZE ||
	    ((regs->r11 ^ regs->eflags) & ~(u64)EFLAGS_RF) || !is_restartable(regs->rax))
		return;
	regs->rip += SYSCALL_INSN_SIZE;
	regs->rax = (u64)-EINTR;
}

/* Does the signal only stop the process, or nothing at all? */
static bool is_idle(const struct task *task, int sig)
{
	const struct ksigaction *action = &task->sighand->action[sig - 1];

	return (atomic_load(&task->sighand->group->mixed) & SIGBIT(sig)) &&
	       (action->handler == HANDLER_IGN ||
		(action->handler == HANDLER_DFL && default_action(sig) != DEFAULT_ENDS));
}

static void take_idle(struct task *task)
{
	struct siginfo_raw info = task->put_off;

	task->put_off.signo = 0;
	if (info.signo == SIGCHLD)
		children_reap(task);
	if (task->sighand->action[info.signo - 1].handler == HANDLER_DFL)
		(void)signal_act_default(task, info.signo, &info);
}

bool signal_take_idle(struct task *task)
{
	if (!task->put_off.signo)
		return false;
	/* A stop that did not come about is put off once more (signal/default.c). */
	while (task->put_off.signo) {
		if (!is_idle(task, task->put_off.signo) || (task->sig_held & ~task->blocked_hidden))
			return false;
		take_idle(task);
	}
	/* As when the guest had just come in. */
	atomic_store(&task->sig_deferred, 0);
	host_call4(__NR_rt_sigprocmask, SIG_SETMASK, &task->sig_mask, NULL, sizeof(task->sig_mask));
	return true;
}
