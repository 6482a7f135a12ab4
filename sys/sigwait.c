/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait under a mask of their own, or for signals: sigsuspend(2), pselect(2), ppoll(2),
 * epoll_pwait(2), io_pgetevents(2), sigtimedwait(2). The host gets a copy of the mask without the
 * signals that the runtime needs. They end with EINTR whatever SA_RESTART says.
 */
#include <asm/errno.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "signal/signal.h"
#include "sys/sleep.h"
#include "sys/sys.h"

/*
 * A host call that has the guest's `mask`, less what the runtime needs, among its arguments. If a
 * signal ended it, the handler is still to run under that mask. If one came before it, the call is made
 * again after the handler, and the mask was never in force.
 */
static s64 call_with_mask(struct task *task, long nr, const u64 args[6], u64 mask)
{
	s64 ret = -EINTR;

	if (!(task->sig_held & ~mask))
		ret = host_call_sleeping(task, nr, args);
	if (ret == -EINTR && !task->restart)
		signal_set_temporary_mask(task, mask);
	return ret;
}

/* The guest's mask at `uset`, as it is and for the host. */
static int get_mask(u64 uset, u64 size, u64 *mask, u64 *host_mask)
{
	if (size != sizeof(*mask))
		return -EINVAL;
	if (get_guest(*mask, uset))
		return -EFAULT;
	*host_mask = signal_host_mask(*mask);
	return 0;
}

/* May the host have that address as it is? What else is wrong with it the host says itself. */
static bool guest_owns(u64 addr, u64 len)
{
	return !range_is_ours(addr, len);
}

SYSCALL(rt_sigsuspend)
{
	u64 mask, host;
	int err = get_mask(ARG0(regs), ARG1(regs), &mask, &host);

	if (err)
		return err;
	return call_with_mask(task, __NR_rt_sigsuspend, (u64[6]){(u64)(uintptr_t)&host, sizeof(host)}, mask);
}

SYSCALL(ppoll)
{
	u64 mask, host;
	int err = get_mask(ARG3(regs), ARG4(regs), &mask, &host);

	if (err)
		return err;
	if (!guest_owns(ARG0(regs), (u64)(u32)ARG1(regs) * 8) || !guest_owns(ARG2(regs), 16))
		return -EFAULT;
	return call_with_mask(task, __NR_ppoll,
			      (u64[6]){ARG0(regs), ARG1(regs), ARG2(regs), (u64)(uintptr_t)&host, sizeof(host)}, mask);
}

/* What the sixth argument of pselect6 and io_pgetevents points to. */
struct mask_pair {
	u64 set, size;
};

/* Such a call, with the other five arguments as they are. Without a mask in the pair it is an ordinary one. */
static s64 call_with_pair(struct task *task, const struct regs *regs, struct mask_pair pair)
{
	u64 args[6] = {ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs), ARG4(regs), 0};
	u64 mask, host;
	int err;

	if (!pair.set)
		return host_call_sleeping(task, (long)regs->orig_rax, args);
	err = get_mask(pair.set, pair.size, &mask, &host);
	if (err)
		return err;
	pair.set = (u64)(uintptr_t)&host;
	args[5] = (u64)(uintptr_t)&pair;
	return call_with_mask(task, (long)regs->orig_rax, args, mask);
}

SYSCALL(pselect6)
{
	u64 bytes = ((u64)(u32)ARG0(regs) + 7) / 8;
	struct mask_pair pair;

	if (get_guest(pair, ARG5(regs)))
		return -EFAULT;
	if (!guest_owns(ARG1(regs), bytes) || !guest_owns(ARG2(regs), bytes) || !guest_owns(ARG3(regs), bytes) ||
	    !guest_owns(ARG4(regs), 16))
		return -EFAULT;
	return call_with_pair(task, regs, pair);
}

#define IO_EVENT_SIZE 32

SYSCALL(io_pgetevents)
{
	struct mask_pair pair;

	if (get_guest(pair, ARG5(regs)))
		return -EFAULT;
	if (!guest_owns(ARG3(regs), (ARG2(regs) & 0xffffffff) * IO_EVENT_SIZE) || !guest_owns(ARG4(regs), 16))
		return -EFAULT;
	return call_with_pair(task, regs, pair);
}

static s64 do_epoll_pwait(struct task *task, struct regs *regs, long nr, u64 timeout)
{
	u64 mask, host, max = ARG2(regs);
	int err = get_mask(ARG4(regs), ARG5(regs), &mask, &host);

	if (err)
		return err;
	if (!guest_owns(ARG1(regs), (max & 0x7fffffff) * 12))
		return -EFAULT;
	return call_with_mask(
	    task, nr, (u64[6]){ARG0(regs), ARG1(regs), max, timeout, (u64)(uintptr_t)&host, sizeof(host)}, mask);
}

SYSCALL(epoll_pwait)
{
	return do_epoll_pwait(task, regs, __NR_epoll_pwait, ARG3(regs));
}

SYSCALL(epoll_pwait2)
{
	struct timespec_raw timeout = {0};

	if (ARG3(regs) && get_guest(timeout, ARG3(regs)))
		return -EFAULT;
	if (timeout.sec < 0 || (u64)timeout.nsec >= 1000000000)
		return -EINVAL;
	return do_epoll_pwait(task, regs, __NR_epoll_pwait2, ARG3(regs));
}

/* The host's wait, which goes on when what came is for nobody to hear: the end of a child of somebody else. */
static s64 wait_for_signal(struct task *task, const u64 *set, u64 utime, struct siginfo_raw *info)
{
	u64 args[SYS_ARGS] = {(u64)(uintptr_t)set, (u64)(uintptr_t)info, utime, sizeof(*set)};
	s64 start = utime && (*set & SIGBIT(SIGCHLD)) ? sleep_clock() : 0, sig;
	struct timespec_raw left;

	for (;;) {
		sig = host_call_sleeping(task, __NR_rt_sigtimedwait, args);
		if (sig != SIGCHLD || children_tell(task, info))
			return sig;
		if (utime && sleep_left(utime, start, &left))
			return -EFAULT;
		if (utime)
			args[2] = (u64)(uintptr_t)&left;
	}
}

/* The host may take the hidden ones too: they come from outside, and nobody waits for a fault. */
SYSCALL(rt_sigtimedwait)
{
	struct siginfo_raw info;
	u64 set;
	s64 sig;

	if (ARG3(regs) != sizeof(set))
		return -EINVAL;
	if (get_guest(set, ARG0(regs)) || !guest_owns(ARG2(regs), 16))
		return -EFAULT;
	task->sig_waiting = set & SIG_HIDDEN;
	sig = signal_take_held(task, set, &info);
	if (!sig)
		sig = wait_for_signal(task, &set, ARG2(regs), &info);
	task->sig_waiting = 0;
	if (sig < 0)
		return sig;
	signal_received(&info);
	signal_map_sender(task, &info);
	info.pad = 0;
	if (ARG1(regs) && put_guest(ARG1(regs), info))
		return -EFAULT;
	return sig;
}
