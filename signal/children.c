/* SPDX-License-Identifier: MIT */
/*
 * Children of a process whose tasks differ about them (kernel/sighand.h). As on Linux it is the task that made a child
 * whose action for SIGCHLD decides: whether the child leaves a zombie when it ends, whether that is told, whether it is
 * told that it stops. The host knows one answer for all. So it is asked for zombies and for signals; those that should
 * not be there are reaped when SIGCHLD comes or a wait meets them, and the signals dropped. Who made a child, the host
 * says in /proc.
 */
#include <linux/wait.h>
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "vfs/proc.h"

bool children_differ(const struct task *task)
{
	return atomic_load(&task->sighand->group->children);
}

/* ---- makers ---- */

/* What a task wants to become of its children. False: it is of another process, or leaves. */
static bool wish_of_maker(struct task *maker, const struct task *self, struct ksigaction *action)
{
	bool known;

	if (maker->host_tgid != self->host_tgid)
		return false;
	task_lock(maker);
	known = maker->sighand;
	if (known)
		*action = maker->sighand->action[SIGCHLD - 1];
	task_unlock(maker);
	return known;
}

static bool is_among(const s32 *pids, u32 nr, s32 pid)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

static bool is_child_of(const struct task *maker, s32 pid)
{
	u32 nr;
	s32 *pids = proc_children(maker->host_tid, &nr);
	bool yes = pids && is_among(pids, nr, pid);

	kfree(pids);
	return yes;
}

/* Whose child is it, of those tasks that want `what`? */
static bool find_maker(const struct task *self, s32 pid, bool (*what)(const struct ksigaction *),
		       struct ksigaction *out)
{
	struct task *maker;
	u32 i = 0;

	while ((maker = task_next(&i)))
		if (wish_of_maker(maker, self, out) && what(out) && is_child_of(maker, pid))
			return true;
	return false;
}

/* ---- who has been told ---- */

/* These three with group->lock held. */
static bool is_recent(const struct recent_children *recent, s32 pid)
{
	return is_among(recent->pid, RECENT_MAX, pid);
}

static void add_recent(struct recent_children *recent, s32 pid)
{
	recent->pid[recent->nr++ % RECENT_MAX] = pid;
}

static void forget_recent(struct recent_children *recent, s32 pid)
{
	u32 i;

	for (i = 0; i < RECENT_MAX; i++)
		if (recent->pid[i] == pid)
			recent->pid[i] = 0;
}

static void note_unheard(const struct task *self, s32 pid)
{
	struct sighand_group *group = self->sighand->group;

	mutex_lock(&group->lock);
	add_recent(&group->unheard, pid);
	mutex_unlock(&group->lock);
}

/* The signal of its end has come. True: it is heard. */
static bool hear_end(const struct task *self, s32 pid)
{
	struct sighand_group *group = self->sighand->group;
	bool unheard;

	mutex_lock(&group->lock);
	unheard = is_recent(&group->unheard, pid);
	if (unheard)
		forget_recent(&group->unheard, pid);
	else if (!is_recent(&group->told, pid))
		add_recent(&group->told, pid);
	mutex_unlock(&group->lock);
	return !unheard;
}

/* The caller has found a zombie, and is told of it now, unless somebody has been: false. */
static bool find_end(const struct task *self, s32 pid)
{
	struct sighand_group *group = self->sighand->group;
	bool first;

	mutex_lock(&group->lock);
	first = !is_recent(&group->told, pid);
	if (first) {
		add_recent(&group->told, pid);
		add_recent(&group->unheard, pid);
	}
	mutex_unlock(&group->lock);
	return first;
}

/* ---- reaping ---- */

/* Is that a child that has ended? Only those with SIGCHLD for an exit signal are meant, as by a wait without __WALL. */
static bool is_zombie(s32 pid)
{
	struct siginfo_raw info = {0};

	return !host_call5(__NR_waitid, P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT, NULL) && info.pid;
}

static bool is_kept(const struct task *self, s32 pid)
{
	struct sighand_group *group = self->sighand->group;
	bool kept;

	mutex_lock(&group->lock);
	kept = is_among(group->kept, group->nr_kept, pid);
	mutex_unlock(&group->lock);
	return kept;
}

/* Forgets those that have been waited for: their numbers are free. */
static void forget_waited(const struct task *self)
{
	struct sighand_group *group = self->sighand->group;
	u32 i;

	mutex_lock(&group->lock);
	for (i = group->nr_kept; i--;)
		if (!is_zombie(group->kept[i]))
			group->kept[i] = group->kept[--group->nr_kept];
	for (i = 0; i < RECENT_MAX; i++)
		if (group->told.pid[i] && !is_zombie(group->told.pid[i]))
			group->told.pid[i] = 0;
	mutex_unlock(&group->lock);
}

static bool reap(const struct task *self, s32 pid, const struct ksigaction *action)
{
	struct siginfo_raw info = {0};

	if (is_kept(self, pid) || host_call5(__NR_waitid, P_PID, pid, &info, WEXITED | WNOHANG, NULL) || !info.pid)
		return false;
	if (action->handler == HANDLER_IGN) /* who ignores SIGCHLD is not told either */
		note_unheard(self, pid);
	return true;
}

static void reap_children_of(const struct task *maker, const struct task *self, const struct ksigaction *action)
{
	u32 nr, i;
	s32 *pids = proc_children(maker->host_tid, &nr);

	for (i = 0; pids && i < nr; i++)
		reap(self, pids[i], action);
	kfree(pids);
}

void children_reap(const struct task *self)
{
	struct ksigaction action;
	struct task *maker;
	u32 i = 0;

	if (!children_differ(self))
		return;
	forget_waited(self);
	while ((maker = task_next(&i)))
		if (wish_of_maker(maker, self, &action) && action_reaps(&action))
			reap_children_of(maker, self, &action);
}

/* Moves the zombies among `pids` to its beginning. How many. */
static u32 only_zombies(s32 *pids, u32 nr)
{
	u32 i, n = 0;

	for (i = 0; i < nr; i++)
		if (is_zombie(pids[i]))
			pids[n++] = pids[i];
	return n;
}

/* The zombies that there are, of whatever maker, in an array for kfree(). */
static s32 *all_zombies(const struct task *self, u32 *nr)
{
	s32 *all = NULL, *more, *own;
	struct task *maker;
	u32 i = 0, n;

	*nr = 0;
	while ((maker = task_next(&i))) {
		if (maker->host_tgid != self->host_tgid)
			continue;
		own = proc_children(maker->host_tid, &n);
		n = own ? only_zombies(own, n) : 0;
		more = n ? kzalloc((*nr + n) * sizeof(*all)) : NULL;
		if (more) {
			if (all)
				memcpy(more, all, *nr * sizeof(*all));
			memcpy(more + *nr, own, n * sizeof(*all));
			kfree(all);
			all = more;
			*nr += n;
		}
		kfree(own);
	}
	return all;
}

/* Up to now no signal could be lost to one that nobody hears. Held: group->lock. */
static void note_all_told(struct sighand_group *group, const s32 *pids, u32 nr)
{
	u32 i;

	memset(&group->told, 0, sizeof(group->told));
	for (i = 0; i < nr; i++)
		add_recent(&group->told, pids[i]);
}

void children_keep(const struct task *self)
{
	struct sighand_group *group = self->sighand->group;
	s32 *kept, *old;
	u32 nr;

	if (!sighand_is_parted(self->sighand))
		return;
	children_reap(self);
	kept = all_zombies(self, &nr);
	mutex_lock(&group->lock);
	if (!children_differ(self))
		note_all_told(group, kept, nr);
	old = group->kept;
	group->nr_kept = 0;
	publish();
	group->kept = kept;
	group->nr_kept = nr;
	mutex_unlock(&group->lock);
	kfree(old);
}

bool children_bury(const struct task *self, s32 pid, s32 code)
{
	struct ksigaction action;

	if (!children_differ(self) || code < CLD_EXITED || code > CLD_DUMPED || is_kept(self, pid) ||
	    !find_maker(self, pid, action_reaps, &action))
		return false;
	reap(self, pid, &action); /* or another thread was faster */
	return true;
}

/* ---- telling ---- */

/* Has it ended, and is to be waited for, and nobody has been told? Then the caller is. */
static bool is_news(const struct task *self, s32 pid, struct siginfo_raw *info)
{
	*info = (struct siginfo_raw){0};
	if (host_call5(__NR_waitid, P_PID, pid, info, WEXITED | WNOHANG | WNOWAIT, NULL) || !info->pid ||
	    children_bury(self, pid, info->code) || !find_end(self, pid))
		return false;
	info->signo = SIGCHLD;
	return true;
}

static bool find_news(const struct task *self, struct siginfo_raw *info)
{
	bool found = false;
	u32 nr, i;
	s32 *pids = all_zombies(self, &nr);

	for (i = 0; i < nr && !found; i++)
		found = is_news(self, pids[i], info);
	kfree(pids);
	return found;
}

static bool is_another_pending(void)
{
	u64 pending = 0;

	return !host_call2(__NR_rt_sigpending, &pending, sizeof(pending)) && (pending & SIGBIT(SIGCHLD));
}

bool children_tell(const struct task *self, struct siginfo_raw *info)
{
	struct ksigaction action;
	bool heard;

	if (!children_differ(self) || info->code < CLD_EXITED || info->code > CLD_CONTINUED)
		return true;
	children_reap(self);
	if (info->code <= CLD_DUMPED)
		heard = hear_end(self, info->pid);
	else
		heard = !find_maker(self, info->pid, action_mutes, &action);
	/* A signal that comes while one is pending is lost: that may have been somebody else's. */
	return heard || (!is_another_pending() && find_news(self, info));
}
