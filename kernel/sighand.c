/* SPDX-License-Identifier: MIT */
/* The handlers of a task, shared, copied and parted, and what those that hang on one table of the host's agree on. */
#include <asm/signal.h>
#include "kernel/refs.h"
#include "kernel/task.h"
#include "lib/string.h"

/* ---- sharing ---- */

struct sighand_struct *new_sighand(void)
{
	struct sighand_struct *sighand = kzalloc(sizeof(*sighand));
	struct sighand_group *group = kzalloc(sizeof(*group));

	if (!sighand || !group) {
		kfree(sighand);
		kfree(group);
		return NULL;
	}
	atomic_init(&sighand->users, 1);
	sighand->group = group;
	group->members = sighand;
	return sighand;
}

struct sighand_struct *dup_sighand(struct sighand_struct *old)
{
	struct sighand_struct *sighand = new_sighand();
	struct sighand_group *group;

	if (!sighand)
		return NULL;
	group = sighand->group;
	sighand_lock(old);
	memcpy(sighand->action, old->action, sizeof(old->action));
	atomic_init(&group->mixed, atomic_load(&old->group->mixed));
	atomic_init(&group->restarts, atomic_load(&old->group->restarts));
	atomic_init(&group->children, atomic_load(&old->group->children));
	sighand_unlock(old);
	return sighand;
}

/* It may have been done before, by one who was killed then. */
static void leave_group(struct sighand_struct *sighand)
{
	struct sighand_group *group = sighand->group;
	struct sighand_struct **at;
	bool empty;

	if (!group)
		return;
	mutex_lock(&group->lock);
	for (at = &group->members; *at && *at != sighand; at = &(*at)->next)
		;
	if (*at)
		*at = sighand->next;
	empty = !group->members;
	if (!empty && atomic_load(&group->mixed))
		host_sync_actions(group, atomic_load(&group->mixed));
	mutex_unlock(&group->lock);
	sighand->group = NULL;
	publish();
	if (empty) {
		kfree(group->kept);
		kfree(group);
	}
}

void drop_sighand(struct sighand_struct **slot)
{
	struct sighand_struct *sighand;
	bool last = false;

	refs_lock();
	sighand = *slot;
	if (sighand && atomic_load(&sighand->users) == 1)
		leave_group(sighand);
	if (sighand)
		last = ref_drop(&sighand->users, slot);
	refs_unlock();
	if (last)
		kfree(sighand);
}

void sighand_alone(struct sighand_struct *sighand)
{
	struct sighand_group *group = sighand->group;
	struct sighand_struct *other, *next;

	for (other = group->members; other; other = next) {
		next = other->next;
		if (other != sighand)
			kfree(other);
	}
	sighand->next = NULL;
	group->members = sighand;
	group->nr_kept = 0; /* its parent's children */
	atomic_store(&sighand->users, 1);
}

int copy_sighand(u64 flags, struct task *parent, struct task *child)
{
	if (flags & CLONE_SIGHAND) {
		refs_lock();
		ref_take(&parent->sighand->users, &child->sighand, parent->sighand);
		refs_unlock();
		return 0;
	}
	child->sighand = dup_sighand(parent->sighand);
	return child->sighand ? 0 : -ENOMEM;
}

int unshare_sighand(u64 flags, struct task *task, struct sighand_struct **new)
{
	*new = NULL;
	if (!(flags & CLONE_SIGHAND) || atomic_load(&task->sighand->users) == 1)
		return 0;
	/* It is filled, and becomes a member, in sighand_join(). */
	*new = kzalloc(sizeof(**new));
	if (!*new)
		return -ENOMEM;
	atomic_init(&(*new)->users, 1);
	return 0;
}

void sighand_join(struct sighand_struct *own, const struct sighand_struct *old)
{
	struct sighand_group *group = old->group;

	mutex_lock(&group->lock);
	/* The two are alike at this moment: there is nothing that the host would have to be told. */
	memcpy(own->action, old->action, sizeof(own->action));
	own->next = group->members;
	own->group = group;
	publish();
	group->members = own;
	mutex_unlock(&group->lock);
}

bool sighand_is_parted(const struct sighand_struct *sighand)
{
	return sighand->next || sighand->group->members != sighand;
}

/* ---- agreeing ---- */

enum default_action default_action(int sig)
{
	switch (sig) {
	case SIGCHLD:
	case SIGCONT:
	case SIGURG:
	case SIGWINCH:
		return DEFAULT_IGNORES;
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return DEFAULT_STOPS;
	default:
		return DEFAULT_ENDS;
	}
}

static bool has_handler(const struct ksigaction *action)
{
	return action->handler > HANDLER_IGN;
}

bool action_reaps(const struct ksigaction *action)
{
	return action->handler == HANDLER_IGN || (action->flags & SA_NOCLDWAIT);
}

bool action_mutes(const struct ksigaction *action)
{
	return action->handler == HANDLER_IGN || (action->flags & SA_NOCLDSTOP);
}

/* What of a member's action makes a difference to the host. */
struct wish {
	u64 handler; /* HANDLER_DFL, HANDLER_IGN, or HANDLER_OURS */
	u64 flags;
};
#define HANDLER_OURS 2UL

static struct wish wish_of(const struct ksigaction *action, int sig)
{
	u64 flags = sig == SIGCHLD ? action->flags & (SA_NOCLDSTOP | SA_NOCLDWAIT) : 0;

	if (has_handler(action))
		return (struct wish){HANDLER_OURS, flags | (action->flags & SA_RESTART)};
	/* For SIGCHLD alone ignoring is more than the default. */
	if (action->handler == HANDLER_IGN && (sig == SIGCHLD || default_action(sig) != DEFAULT_IGNORES))
		return (struct wish){HANDLER_IGN, 0};
	return (struct wish){HANDLER_DFL, flags};
}

/* Where a member does not run a handler of its own, and lives on, interrupted calls are to go on. */
static bool wants_restart(const struct wish *wish, int sig)
{
	if (wish->handler == HANDLER_OURS)
		return wish->flags & SA_RESTART;
	return wish->handler == HANDLER_IGN || default_action(sig) != DEFAULT_ENDS;
}

/* A host that has our handler: the flags that serve all members. */
static void agree_on_flags(const struct sighand_group *group, int sig, struct agreement *agreed)
{
	const struct sighand_struct *s;
	bool restart = false, refused = false, reaps = false, mutes = false;
	u64 common = SA_NOCLDSTOP | SA_NOCLDWAIT;

	for (s = group->members; s; s = s->next) {
		struct wish wish = wish_of(&s->action[sig - 1], sig);

		restart |= wants_restart(&wish, sig);
		refused |= wish.handler == HANDLER_OURS && !(wish.flags & SA_RESTART);
		reaps |= action_reaps(&s->action[sig - 1]);
		mutes |= action_mutes(&s->action[sig - 1]);
		/* One that ignores wants more than that: no signal at all. So its children are left to us. */
		common &= wish.flags;
	}
	agreed->flags = common | (restart ? SA_RESTART : 0);
	agreed->restarts = restart && refused;
	agreed->children =
	    sig == SIGCHLD && ((reaps && !(common & SA_NOCLDWAIT)) || (mutes && !(common & SA_NOCLDSTOP)));
}

struct agreement sighand_agree(const struct sighand_group *group, int sig)
{
	const struct sighand_struct *s = group->members;
	struct wish first = wish_of(&s->action[sig - 1], sig);
	struct agreement agreed = {.handler = first.handler, .flags = first.flags};

	for (s = s->next; s && !agreed.mixed; s = s->next) {
		struct wish wish = wish_of(&s->action[sig - 1], sig);

		agreed.mixed = wish.handler != first.handler || wish.flags != first.flags;
	}
	agreed.handled = agreed.mixed || first.handler == HANDLER_OURS;
	if (agreed.mixed)
		agree_on_flags(group, sig, &agreed);
	return agreed;
}

static void set_bit_to(_Atomic u64 *word, u64 bit, bool on)
{
	if (on)
		atomic_fetch_or(word, bit);
	else
		atomic_fetch_and(word, ~bit);
}

void sighand_agreed(struct sighand_group *group, int sig, const struct agreement *agreed)
{
	set_bit_to(&group->mixed, SIGBIT(sig), agreed->mixed);
	set_bit_to(&group->restarts, SIGBIT(sig), agreed->restarts);
	if (sig == SIGCHLD)
		atomic_store(&group->children, agreed->children);
}
