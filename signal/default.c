/* SPDX-License-Identifier: MIT */
/*
 * Default actions of signals for which the host has our handler: the hidden ones, and those about which the members of
 * a group of tables differ (kernel/sighand.h). To end or stop a process as a signal does is the host's alone: so it
 * gets the default for a moment, and the signal again.
 *
 * Where another process hangs on the same table of the host's (clone(2) with CLONE_SIGHAND and without
 * CLONE_THREAD), that one goes on while this one ends or stands still: it is told to put our handler back at once.
 * Should it be faster than the signal, that comes here once more.
 */
#include "arch/x86_64/trap.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "signal/signal.h"

/* A SIGBUS with which one process asks another to put the handler of `pid` back, with the flags in `uid`. Negative,
 * since it is sent; always let through, as all the hidden are. */
#define REPAIR_CODE (-0x5ed)

static bool is_other_process(struct task *other, const struct task *task)
{
	bool yes;

	if (atomic_load(&other->state) != TASK_RUNNING || other->host_tgid == task->host_tgid)
		return false;
	task_lock(other);
	yes = other->sighand && other->sighand->group == task->sighand->group;
	task_unlock(other);
	/* One that has died has left its block, and its number may be another's by now. */
	return yes && thread_where(other->host_tid) == THREAD_HERE;
}

static void ask_for_repair(const struct task *task, int sig, u64 flags)
{
	struct siginfo_raw info = {.signo = SIGBUS, .code = REPAIR_CODE, .pid = sig, .uid = (u32)flags};
	struct task *other;
	u32 i;

	for (i = 0; (other = task_at(i)); i++)
		if (is_other_process(other, task))
			host_call4(__NR_rt_tgsigqueueinfo, other->host_tgid, other->host_tid, SIGBUS, &info);
}

bool signal_is_repair(int sig, const struct siginfo_raw *info)
{
	return sig == SIGBUS && info->code == REPAIR_CODE;
}

/* Wherever the task was: no lock is taken. Whoever else sends such a thing can do no harm with it. */
void signal_repair(const struct task *task, const struct siginfo_raw *info)
{
	const struct sighand_struct *sighand = task->sighand;
	const struct sighand_group *group = sighand ? sighand->group : NULL; /* it may be about to end */
	u64 ours = SIG_HIDDEN;

	if (info->pid < 1 || info->pid > NSIG_GUEST || !group)
		return;
	ours |= atomic_load(&group->mixed);
	if (ours & SIGBIT(info->pid))
		signal_host_action(info->pid, true, HANDLER_DFL,
				   info->uid & (SA_RESTART | SA_NOCLDSTOP | SA_NOCLDWAIT));
}

/* Lets the host do what its default is when the signal comes again. */
static void lend(const struct task *task, int sig, const struct siginfo_raw *info)
{
	struct sighand_struct *sighand = task->sighand;
	u64 flags;

	sighand_lock(sighand);
	flags = sighand_agree(sighand->group, sig).flags;
	signal_host_action(sig, false, HANDLER_DFL, 0);
	sighand_unlock(sighand);
	signal_requeue(task, sig, info);
	ask_for_repair(task, sig, flags);
}

/* Stands still within the second call, with all threads, until SIGCONT; an orphaned group does not stop at all. */
static void stop(const struct task *task, int sig, const struct siginfo_raw *info)
{
	u64 all = ~0ULL, others = ~SIGBIT(sig);

	lend(task, sig, info);
	host_call4(__NR_rt_sigprocmask, SIG_SETMASK, &others, NULL, sizeof(others));
	host_call4(__NR_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	sighand_lock(task->sighand);
	signal_sync_action(task->sighand->group, sig);
	sighand_unlock(task->sighand);
}

u64 signal_act_default(const struct task *task, int sig, const struct siginfo_raw *info)
{
	u64 mixed = atomic_load(&task->sighand->group->mixed);
	enum default_action action = default_action(sig);

	if (!((SIG_HIDDEN | mixed) & SIGBIT(sig))) {
		/* It is what the host does anyway, by now. */
		signal_requeue(task, sig, info);
		return 0;
	}
	if (action == DEFAULT_STOPS)
		stop(task, sig, info);
	/* The first process of a pid namespace does not end by what it does not handle, but by its own faults. */
	if (action != DEFAULT_ENDS || (task->host_tgid == 1 && !(SIG_HIDDEN & SIGBIT(sig))))
		return 0;
	lend(task, sig, info);
	return SIGBIT(sig);
}
