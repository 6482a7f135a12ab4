/* SPDX-License-Identifier: MIT */
/*
 * Calls that sleep, and that the host does not begin again after a handler of ours. In a process whose threads differ
 * about signals (kernel/sighand.h) our handler also runs for what a thread ignores; then the call goes on here, for
 * the time that is left.
 */
#ifndef SECEDE_SYS_SLEEP_H
#define SECEDE_SYS_SLEEP_H

#include "kernel/task.h"

/* host_call_blocking(), but whatever ends it is something to the guest. */
s64 host_call_sleeping(struct task *task, long nr, const u64 given[SYS_ARGS]);

/* The calls of which that is true and which do not come to us by themselves, in a row; 0 behind the last. */
u32 sleeping_call(u32 i);

struct timespec_raw {
	s64 sec, nsec;
};
/* The monotonic clock, in nanoseconds. */
s64 sleep_clock(void);
/* What is left of the guest's time at `utime` since `start`. 0 or -EFAULT. */
int sleep_left(u64 utime, s64 start, struct timespec_raw *left);

#endif
