/* SPDX-License-Identifier: MIT */
/*
 * Futexes that lend priority (FUTEX_LOCK_PI and its kin), for tasks that took their number along and their children.
 * In such a word stands its owner's number, and the host would look for a task that it calls by that. So the lock is
 * taken here, with the guests' numbers: whoever waits sleeps on the word, and lends nobody its priority. That works as
 * long as all who use the lock come here; one that is shared with others than these the host goes on judging for them.
 */
#include <asm/errno.h>
#include <linux/futex.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "signal/signal.h"
#include "sys/sleep.h"
#include "sys/sys.h"

#define NSEC_PER_SEC 1000000000UL

/* Takes the lock, if it is free. 0, -EBUSY (*seen is the word), -EDEADLK, or -EFAULT. */
static s64 take(const struct task *task, u64 uaddr, u32 waiters, u32 *seen)
{
	u32 old, before;

	if (get_guest(old, uaddr))
		return -EFAULT;
	do {
		*seen = before = old;
		if ((old & FUTEX_TID_MASK) == (u32)task->tid)
			return -EDEADLK;
		if (old & FUTEX_TID_MASK)
			return -EBUSY;
		if (cmpxchg_guest(uaddr, &old, old | waiters | (u32)task->tid))
			return -EFAULT;
	} while (old != before);
	return 0;
}

/* Sleeps until the lock, which was held when the word was `seen`, may be free. 0, -EINTR, -ETIMEDOUT, ... */
static s64 await(u64 uaddr, u32 seen, u32 op, const struct timespec_raw *until)
{
	u32 now = seen;
	s64 ret;

	/* Its owner has to be told that somebody sleeps. */
	if (!(seen & FUTEX_WAITERS) && cmpxchg_guest(uaddr, &now, seen | FUTEX_WAITERS))
		return -EFAULT;
	if (now != seen)
		return 0;
	ret = host_call_blocking(__NR_futex, (long)uaddr, FUTEX_WAIT_BITSET | (int)op, seen | FUTEX_WAITERS,
				 (long)until, 0, FUTEX_BITSET_MATCH_ANY);
	return ret == -EAGAIN ? 0 : ret;
}

static s64 lock_pi(struct task *task, u64 uaddr, u32 op, u64 utime)
{
	struct timespec_raw until;
	u32 seen, waiters = 0;
	s64 ret;

	if (utime && get_guest(until, utime))
		return -EFAULT;
	if (utime && (until.sec < 0 || (u64)until.nsec >= NSEC_PER_SEC))
		return -EINVAL;
	while ((ret = take(task, uaddr, waiters, &seen)) == -EBUSY) {
		ret = await(uaddr, seen, op, utime ? &until : NULL);
		if (ret)
			break;
		/* Others may have slept beside us, and only one was woken. */
		waiters = FUTEX_WAITERS;
	}
	/* Whatever the handler: it is started again. */
	if (ret == -EINTR)
		task->restart = RESTART_NOT_BEGUN;
	return ret;
}

static s64 trylock_pi(const struct task *task, u64 uaddr)
{
	u32 seen;
	s64 ret = take(task, uaddr, 0, &seen);

	return ret == -EBUSY ? -EAGAIN : ret;
}

static s64 unlock_pi(const struct task *task, u64 uaddr, u32 op)
{
	u32 old, before;

	if (get_guest(old, uaddr))
		return -EFAULT;
	do {
		before = old;
		if ((old & FUTEX_TID_MASK) != (u32)task->tid)
			return -EPERM;
		if (cmpxchg_guest(uaddr, &old, 0))
			return -EFAULT;
	} while (old != before);
	if (old & FUTEX_WAITERS)
		host_call3(__NR_futex, uaddr, FUTEX_WAKE | op, 1);
	return 0;
}

SYSCALL(futex)
{
	u64 uaddr = ARG0(regs), args[SYS_ARGS] = {uaddr, ARG1(regs), ARG2(regs), ARG3(regs), ARG4(regs), ARG5(regs)};
	u32 op = (u32)ARG1(regs), command = op & FUTEX_CMD_MASK;
	u32 flags = op & FUTEX_PRIVATE_FLAG, clock = op & FUTEX_CLOCK_REALTIME;
	bool locks = command == FUTEX_LOCK_PI || command == FUTEX_LOCK_PI2;

	if (!task->numbers_trapped || !(locks || command == FUTEX_TRYLOCK_PI || command == FUTEX_UNLOCK_PI))
		return host_call_sleeping(task, __NR_futex, args);
	if (uaddr % sizeof(u32))
		return -EINVAL;
	if (clock && command != FUTEX_LOCK_PI2)
		return -ENOSYS;
	if (locks)
		return lock_pi(task, uaddr, flags | (command == FUTEX_LOCK_PI ? FUTEX_CLOCK_REALTIME : clock),
			       ARG3(regs));
	return command == FUTEX_TRYLOCK_PI ? trylock_pi(task, uaddr) : unlock_pi(task, uaddr, flags);
}
