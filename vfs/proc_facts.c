/* SPDX-License-Identifier: MIT */
/*
 * What the host does not know of a task, and /proc/PID/status and stat show: its credentials, and what it believes of
 * its signals. Of a task of this address space it is looked up, of another one read out of its memory.
 */
#include "host/host.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "vfs/proc_internal.h"
#include "vfs/proc_peek.h"

#define PEEK_TRIES 3

static void take_actions(const struct sighand_struct *sighand, struct task_facts *f)
{
	for (int i = 0; i < NSIG_GUEST; i++) {
		u64 handler = sighand->action[i].handler;

		if (handler == HANDLER_IGN)
			f->ignored |= 1ULL << i;
		else if (handler != HANDLER_DFL)
			f->caught |= 1ULL << i;
	}
}

/*
 * The hidden ones that the guest blocks wait in the task that came across them. The sender said whether for it alone or
 * for its process: those of that kind are returned, or the others.
 */
static u64 held_signals(const struct task *task, bool for_task)
{
	u64 waiting = task->sig_held & task->blocked_hidden, set = 0;

	for (int i = 0; i < HIDDEN_SIGNALS; i++) {
		const struct siginfo_raw *info = &task->held[i];

		if (info->signo && (info->code == SI_TKILL) == for_task)
			set |= SIGBIT(info->signo) & waiting;
	}
	return set;
}

static u32 count_bits(u64 set)
{
	u32 n = 0;

	for (; set; set &= set - 1)
		n++;
	return n;
}

static void take_task(const struct mm_struct *of, const struct task *task, struct task_facts *f)
{
	u8 mode = task->seccomp.mode;

	f->blocked = signal_mask(task);
	f->pending = held_signals(task, true);
	f->no_new_privs = task->seccomp.no_new_privs != NEW_PRIVS;
	f->seccomp = mode ? mode : of->seccomp_outside;
	f->own_filters = 1 + task->numbers_trapped + task->received_trapped + task->sleeps_trapped +
			 count_bits(task->reads_trapped) + (mode == SECCOMP_MODE_STRICT);
}

static bool facts_of_own(struct task *own, struct task_facts *f)
{
	struct task *other;
	bool there;
	u32 i = 0;

	task_lock(own);
	there = own->cred && own->sighand;
	if (there) {
		f->cred = *own->cred;
		if (f->cred.groups)
			atomic_fetch_add(&f->cred.groups->users, 1);
		take_actions(own->sighand, f);
		take_task(&mm, own, f);
	}
	task_unlock(own);
	while ((other = task_next(&i)))
		if (other->tgid == own->tgid)
			f->shared_pending |= held_signals(other, false);
	return there;
}

static bool peek_groups(const struct peek *p, struct cred *cred)
{
	struct group_info head, *groups;

	if (!peek_read(p, &head, cred->groups, sizeof(head)) || head.nr > NGROUPS_KEPT)
		return false;
	groups = groups_alloc(head.nr);
	if (!groups)
		return false;
	if (head.nr && !peek_read(p, groups->gid, cred->groups->gid, head.nr * sizeof(u32))) {
		put_group_info(groups);
		return false;
	}
	cred->groups = groups;
	return true;
}

/* Credentials never change, so they are whole if the task still has them afterwards. */
static bool peek_cred(const struct peek *p, struct cred *cred)
{
	uintptr_t now;

	if (!peek_read(p, cred, p->task.cred, sizeof(*cred)) || !peek_groups(p, cred))
		return false;
	if (peek_read(p, &now, &p->at->cred, sizeof(now)) && now == (uintptr_t)p->task.cred)
		return true;
	put_group_info(cred->groups);
	return false;
}

static bool facts_of_other(int pid, struct task_facts *f)
{
	struct sighand_struct sighand;
	struct peek p;
	s32 tgid;
	u32 i = 0;

	if (!peek_task(pid, &p) || !peek_read(&p, &sighand, p.task.sighand, sizeof(sighand)) ||
	    !peek_cred(&p, &f->cred))
		return false;
	take_actions(&sighand, f);
	take_task(&p.mm, &p.task, f);
	tgid = p.task.host_tgid;
	while (peek_holder(&p, tgid, &i))
		f->shared_pending |= held_signals(&p.task, false);
	return true;
}

bool facts_get(const struct proc_task *who, struct task_facts *f)
{
	bool known = false;

	for (int tries = 0; tries < PEEK_TRIES && !known; tries++) {
		*f = (struct task_facts){0};
		known = who->own ? facts_of_own(who->own, f) : facts_of_other(who->pid, f);
	}
	return known;
}

void facts_put(struct task_facts *f)
{
	put_group_info(f->cred.groups);
}
