/* SPDX-License-Identifier: MIT */
/* See sys/sleep.h. */
#include "sys/sleep.h"

#include <asm/errno.h>
#include <linux/time.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "signal/signal.h"

#define NSEC_PER_SEC  1000000000L
#define NSEC_PER_MSEC 1000000L

/* How a call says for how long. */
enum time {
	FOREVER,  /* not at all, or by a time of day */
	COUNTED,  /* the host writes what is left into the guest's memory */
	MSECS,	  /* in milliseconds; below 0: for ever */
	TIMESPEC, /* at an address; 0: for ever */
};
static const struct sleep {
	u16 nr;
	u8 time; /* enum time */
	u8 arg;	 /* which argument that is */
} sleeps[] = {
    {__NR_poll, MSECS, 2},
    {__NR_select, COUNTED, 0},
    {__NR_pselect6, COUNTED, 0},
    {__NR_ppoll, COUNTED, 0},
    {__NR_pause, FOREVER, 0},
    {__NR_nanosleep, TIMESPEC, 0},
    {__NR_clock_nanosleep, TIMESPEC, 2},
    {__NR_epoll_wait, MSECS, 3},
    {__NR_epoll_pwait, MSECS, 3},
    {__NR_epoll_pwait2, TIMESPEC, 3},
    {__NR_msgsnd, FOREVER, 0},
    {__NR_msgrcv, FOREVER, 0},
    {__NR_io_getevents, TIMESPEC, 4},
    {__NR_io_pgetevents, TIMESPEC, 4},
    /* These come to us anyway. */
    {__NR_semtimedop, TIMESPEC, 3},
    {__NR_rt_sigsuspend, FOREVER, 0},
    {__NR_rt_sigtimedwait, TIMESPEC, 2},
};

u32 sleeping_call(u32 i)
{
	return sleeps[i].nr == __NR_semtimedop ? 0 : sleeps[i].nr;
}

static const struct sleep *sleep_find(long nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(sleeps); i++)
		if (sleeps[i].nr == nr)
			return &sleeps[i];
	return NULL;
}

s64 sleep_clock(void)
{
	struct timespec_raw t = {0};

	host_call2(__NR_clock_gettime, CLOCK_MONOTONIC, &t);
	return t.sec * NSEC_PER_SEC + t.nsec;
}

int sleep_left(u64 utime, s64 start, struct timespec_raw *left)
{
	s64 past = sleep_clock() - start;

	if (get_guest(*left, utime))
		return -EFAULT;
	left->sec -= past / NSEC_PER_SEC;
	left->nsec -= past % NSEC_PER_SEC;
	if (left->nsec < 0) {
		left->nsec += NSEC_PER_SEC;
		left->sec--;
	}
	if (left->sec < 0)
		*left = (struct timespec_raw){0};
	return 0;
}

static s64 msecs_left(s32 msecs, s64 start)
{
	s64 left = msecs * NSEC_PER_MSEC - (sleep_clock() - start);

	if (msecs < 0)
		return msecs;
	return left > 0 ? (left + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0;
}

static bool is_time_of_day(const struct sleep *sleep, const u64 given[SYS_ARGS])
{
	return sleep->nr == __NR_clock_nanosleep && (given[1] & TIMER_ABSTIME);
}

/* Takes the time that is past off the call's arguments; `left` is where one of them may stand. */
static int shorten(const struct sleep *sleep, const u64 given[SYS_ARGS], s64 start, u64 args[SYS_ARGS],
		   struct timespec_raw *left)
{
	u64 time = given[sleep->arg];

	if (sleep->time == MSECS) {
		args[sleep->arg] = (u64)msecs_left((s32)time, start);
	} else if (sleep->time == TIMESPEC && time && !is_time_of_day(sleep, given)) {
		args[sleep->arg] = (u64)(uintptr_t)left;
		return sleep_left(time, start, left);
	}
	return 0;
}

static s64 call(long nr, const u64 args[SYS_ARGS])
{
	return host_call_blocking(nr, (long)args[0], (long)args[1], (long)args[2], (long)args[3], (long)args[4],
				  (long)args[5]);
}

s64 host_call_sleeping(struct task *task, long nr, const u64 given[SYS_ARGS])
{
	const struct sleep *sleep = task->sleeps_trapped ? sleep_find(nr) : NULL;
	u64 args[SYS_ARGS] = {given[0], given[1], given[2], given[3], given[4], given[5]};
	struct timespec_raw left;
	s64 start, ret;

	if (!sleep)
		return call(nr, args);
	start = sleep_clock();
	ret = call(nr, args);
	while (ret == -EINTR && signal_take_idle(task)) {
		/* It has begun, whatever comes now. */
		ret = shorten(sleep, given, start, args, &left);
		if (!ret)
			ret = call(nr, args);
		task->restart = RESTART_NONE;
	}
	return ret;
}
