/* SPDX-License-Identifier: MIT */
/*
 * Signals that wait in the task because the runtime is at work, or because the guest blocks what
 * the host must not: one that was put off, and one of each hidden kind (more of the same merge, as standard
 * signals do). More cannot come: when one is put off, the host blocks the others.
 *
 * The one that was put off goes back to the guest by a bell: a SIGBUS of our own that is sent when the
 * guest's mask is about to be restored. The host delivers it before all others, as it does with faults, so signals
 * keep their order, and it always has room for it. (Not a SIGSYS: that one's handler lets others in.)
 */
#include <linux/audit.h>
#include "host/host.h"
#include "kernel/mm.h"
#include "signal/signal.h"

#define BELL_CODE 0x5ec

static const int hidden[HIDDEN_SIGNALS] = {SIGBUS, SIGSEGV, SIGSYS};

/* A thread may send itself any siginfo, also one that looks like the kernel's. */
void signal_requeue(const struct task *task, int sig, const struct siginfo_raw *info)
{
	struct siginfo_raw marked = *info;

	marked.pad = REQUEUED;
	host_call4(__NR_rt_tgsigqueueinfo, task->host_tgid, task->host_tid, sig, &marked);
}

s64 signal_force_sigsys(const struct task *task, const struct regs *regs, s32 code, s32 data)
{
	/* si_call_addr is where other signals tell of the sender; si_syscall and si_arch follow. */
	struct siginfo_raw info = {
	    .signo = SIGSYS,
	    .err = data,
	    .code = code,
	    .pid = (s32)regs->rip,
	    .uid = (u32)(regs->rip >> 32),
	    .rest = {(u32)regs->orig_rax | (u64)AUDIT_ARCH_X86_64 << 32},
	};

	signal_block_hidden();
	signal_requeue(task, SIGSYS, &info);
	return (s64)regs->orig_rax;
}

static void hold(struct task *task, int sig, const struct siginfo_raw *info)
{
	int i;

	for (i = 0; i < HIDDEN_SIGNALS; i++)
		if (hidden[i] == sig && !(task->sig_held & SIGBIT(sig)))
			task->held[i] = *info;
	if (!(atomic_fetch_or(&task->sig_held, SIGBIT(sig)) & SIGBIT(sig)))
		atomic_fetch_add(&mm.nr_held, 1);
}

void signal_put_off(struct task *task, int sig, const struct siginfo_raw *info)
{
	if (SIG_HIDDEN & SIGBIT(sig))
		hold(task, sig, info);
	else if (!task->put_off.signo)
		task->put_off = *info;
	else
		signal_requeue(task, sig, info);
}

int signal_take_held(struct task *task, u64 set, struct siginfo_raw *info)
{
	int i;

	for (i = 0; i < HIDDEN_SIGNALS; i++) {
		if (!(task->sig_held & set & SIGBIT(hidden[i])))
			continue;
		*info = task->held[i];
		atomic_fetch_and(&task->sig_held, ~SIGBIT(hidden[i]));
		atomic_fetch_sub(&mm.nr_held, 1);
		return hidden[i];
	}
	return 0;
}

/* Another thread may be sent only what says that a program has sent it: the true code travels as errno, which is 0. */
#define SI_HANDED_OVER (-0x5ec)

void signal_received(struct siginfo_raw *info)
{
	if (info->code != SI_HANDED_OVER)
		return;
	info->code = info->err;
	info->err = 0;
}

static struct siginfo_raw handed_over(const struct siginfo_raw *info)
{
	struct siginfo_raw handed = *info;

	handed.err = info->code;
	handed.code = SI_HANDED_OVER;
	return handed;
}

void signal_give_back(const struct task *task, int sig, const struct siginfo_raw *info)
{
	struct siginfo_raw handed = handed_over(info);

	host_call3(__NR_rt_sigqueueinfo, task->host_tgid, sig, &handed);
}

bool signal_hand_over(const struct task *task, int sig, const struct siginfo_raw *info)
{
	struct siginfo_raw handed = handed_over(info);
	struct task *other;
	u32 i = 0;

	if (info->code == SI_TKILL)
		return false;
	while ((other = task_next(&i))) {
		u64 takes = ~other->blocked_hidden | other->sig_waiting;

		if (other != task && other->host_tgid == task->host_tgid && (takes & SIGBIT(sig)))
			return !host_call4(__NR_rt_tgsigqueueinfo, task->host_tgid, other->host_tid, sig, &handed);
	}
	return false;
}

bool signal_is_bell(int sig, const struct siginfo_raw *info)
{
	return sig == SIGBUS && info->code == BELL_CODE;
}

bool signal_answer_bell(struct task *task, struct siginfo_raw *info)
{
	*info = task->put_off;
	task->put_off.signo = 0;
	return info->signo;
}

void signal_requeue_put_off(struct task *task)
{
	if (task->put_off.signo)
		signal_requeue(task, task->put_off.signo, &task->put_off);
	task->put_off.signo = 0;
}

void signal_requeue_held(struct task *task)
{
	struct siginfo_raw info;
	int sig;

	if (!task->sig_held)
		return;
	signal_block_hidden();
	while ((sig = signal_take_held(task, SIG_HIDDEN, &info)))
		signal_requeue(task, sig, &info);
}

bool signal_ends_exit(struct task *task)
{
	struct siginfo_raw info;
	int sig;

	if (task->put_off.signo || (task->sig_held & ~task->blocked_hidden))
		return true;
	while ((sig = signal_take_held(task, SIG_HIDDEN, &info)))
		if (info.code != SI_TKILL)
			signal_give_back(task, sig, &info);
	return false;
}

void signal_drop_held(struct task *task, u64 set)
{
	struct siginfo_raw info;
	int i;

	for (i = 0; i < HIDDEN_SIGNALS; i++)
		if (task->held[i].code != SI_TKILL)
			(void)signal_take_held(task, set & SIGBIT(hidden[i]), &info);
}

/* What the guest blocks in this thread, others may take. */
static void offer_held(struct task *task)
{
	struct siginfo_raw info;
	int i;

	for (i = 0; i < HIDDEN_SIGNALS; i++)
		if (signal_take_held(task, task->blocked_hidden & SIGBIT(hidden[i]), &info) &&
		    !signal_hand_over(task, hidden[i], &info))
			hold(task, hidden[i], &info);
}

void signal_pass_on(struct task *task)
{
	static const struct siginfo_raw bell = {.signo = SIGBUS, .code = BELL_CODE};
	struct siginfo_raw info;
	int sig;

	/* The guest may have blocked it since. */
	if (task->put_off.signo && (task->sig_mask & SIGBIT(task->put_off.signo)))
		signal_requeue_put_off(task);
	if (task->put_off.signo) {
		signal_requeue(task, SIGBUS, &bell);
		return; /* the rest follows when that has been delivered */
	}
	while ((sig = signal_take_held(task, ~task->blocked_hidden, &info)))
		signal_requeue(task, sig, &info);
}

void signal_leave(struct task *task)
{
	bool first = task->temporary_mask == MASK_TO_USE;

	/*
	 * A temporary mask is in force for one round only: if nothing is delivered under it, the way out
	 * comes back here, and the guest's own mask follows.
	 */
	if (first)
		task->temporary_mask = MASK_USED;
	else
		signal_end_temporary_mask(task);
	/* What comes from here on sets it again, and the way out asks again. */
	atomic_store(&task->sig_deferred, first);
	if (task->sig_held & task->blocked_hidden)
		offer_held(task);
	if (task->put_off.signo || (task->sig_held & ~task->blocked_hidden)) {
		signal_block_hidden();
		signal_pass_on(task);
	}
}
