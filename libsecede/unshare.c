/* SPDX-License-Identifier: MIT */
/*
 * secede_unshare(3). What other threads are in the middle of (an allocation, a line of output, the birth of a thread)
 * is never finished in a copy of their memory. fork(3) knows how to make such a copy whole: it takes the C library's
 * locks before, with the handlers of pthread_atfork(3), and puts everything in order after it. So the leaving is a
 * fork, in which the runtime makes no child, but takes the calling thread out of its memory.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <unwind.h>
#include "lib/prctl.h"
#include "libsecede/secede.h"

/* pthread_exit(3) loads the library that has this, and aborts if it cannot: so it is there from the beginning. */
static __typeof__(&_Unwind_ForcedUnwind) const unwinder __attribute__((used)) = _Unwind_ForcedUnwind;

/* No signal handler and no cancellation may come in between: one that forks would leave. */
struct undisturbed {
	sigset_t mask;
	int cancel;
};

static void begin(struct undisturbed *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before->cancel);
	pthread_sigmask(SIG_SETMASK, &all, &before->mask);
}

static void end(const struct undisturbed *before)
{
	pthread_sigmask(SIG_SETMASK, &before->mask, NULL);
	pthread_setcancelstate(before->cancel, NULL);
}

/* Says to the runtime what the next fork of this thread is to unshare; 1: that will be a leaving. */
static int next_fork(int flags)
{
	return prctl(PR_SECEDE_LEAVE, (unsigned long)(unsigned)flags, 0, 0, 0);
}

__attribute__((visibility("default"))) int secede_unshare(int flags)
{
	struct undisturbed before;
	pid_t pid;
	int err;

	begin(&before);
	pid = next_fork(flags) == 1 ? fork() : (pid_t)unshare(flags);
	err = errno;
	if (pid < 0)
		next_fork(0); /* this one has not come to the runtime, perhaps: a filter of seccomp(2) */
	end(&before);
	if (pid > 0)
		pthread_exit(NULL); /* we are what is left behind */
	errno = err;
	return (int)pid;
}
