/* SPDX-License-Identifier: MIT */
/*
 * sighand: the guest's signal handlers (CLONE_SIGHAND), and what the host is to be told of them.
 *
 * The host has one table of actions for all threads of a process, and for processes that were made with CLONE_SIGHAND.
 * Whatever unshare(2) parts among these goes on hanging on that one table: a group. What the members of a group agree
 * on is the host's to do. Where they differ, the host gets our handler, and the task that takes the signal acts
 * by its own table (signal/deliver.c).
 */
#ifndef SECEDE_KERNEL_SIGHAND_H
#define SECEDE_KERNEL_SIGHAND_H

#include "kernel/alloc.h"

#define NSIG_GUEST  64
#define SIGBIT(sig) (1ULL << ((sig)-1))

/* SIG_DFL and SIG_IGN, as struct ksigaction has them; all else is a handler's address. */
#define HANDLER_DFL 0UL
#define HANDLER_IGN 1UL

struct ksigaction { /* the kernel's struct sigaction, x86_64 */
	u64 handler;
	u64 flags;
	u64 restorer;
	u64 mask;
};

struct sighand_struct {
	_Atomic u32 users;
	struct sighand_group *group;
	struct sighand_struct *next;	      /* in the group: group->lock guards this, */
	struct ksigaction action[NSIG_GUEST]; /* and this: [sig - 1] */
};

/* Host numbers of the children that something has happened to last; 0: none. */
#define RECENT_MAX 16
struct recent_children {
	s32 pid[RECENT_MAX];
	u32 nr; /* ever */
};

struct sighand_group {
	struct mutex lock; /* guards all that is here, for writing; the words may be read without */
	struct sighand_struct *members;
	_Atomic u64 mixed;     /* signals about which the host was told what no member alone would have told it */
	_Atomic u64 restarts;  /* of these: the host starts calls again, and not every member's handler wants that */
	_Atomic bool children; /* what becomes of a child that has ended or stopped depends on who made it */
	struct recent_children unheard; /* then: of whose end nobody is to hear if its signal is still to come */
	struct recent_children told;	/* and zombies of which somebody has heard */
	s32 *kept;			/* and those that had ended before anybody wanted that: they stay */
	u32 nr_kept;
};

/* In a group of its own; NULL: no memory. */
struct sighand_struct *new_sighand(void);
/* A copy in a group of its own, which is that of a new host process: until sighand_agree() has been asked again, its
 * table is a copy of the old one's, too. */
struct sighand_struct *dup_sighand(struct sighand_struct *old);
void drop_sighand(struct sighand_struct **slot);
static inline void put_sighand(struct sighand_struct *sighand)
{
	drop_sighand(&sighand);
}
/* What unshare_sighand() gave becomes a copy of `old`, and a member of the same group. */
void sighand_join(struct sighand_struct *own, const struct sighand_struct *old);
/* After fork: nobody else is here. The host's table is still what it was. */
void sighand_alone(struct sighand_struct *sighand);

static inline void sighand_lock(struct sighand_struct *sighand)
{
	mutex_lock(&sighand->group->lock);
}
static inline void sighand_unlock(struct sighand_struct *sighand)
{
	mutex_unlock(&sighand->group->lock);
}

/* Does it hang on one table of the host's with others? */
bool sighand_is_parted(const struct sighand_struct *sighand);

/* ---- what the default is: signal(7) ---- */
enum default_action { DEFAULT_ENDS, DEFAULT_STOPS, DEFAULT_IGNORES };
enum default_action default_action(int sig);

/* ---- what the host is told ---- */
struct agreement {
	u64 handler; /* HANDLER_DFL or HANDLER_IGN, if nobody needs ours */
	bool handled;
	u64 flags;			/* SA_RESTART, SA_NOCLDSTOP, SA_NOCLDWAIT */
	bool mixed, restarts, children; /* as in struct sighand_group */
};
/* Held: group->lock. */
struct agreement sighand_agree(const struct sighand_group *group, int sig);
/* The host has been told. Held: group->lock. */
void sighand_agreed(struct sighand_group *group, int sig, const struct agreement *agreed);

/* Does the host leave no zombie of a child whose parent has that action for SIGCHLD? */
bool action_reaps(const struct ksigaction *action);
/* Does it not tell that one of a child that stopped, or goes on? */
bool action_mutes(const struct ksigaction *action);

/*
 * A member has left: the host is to be told anew of `signals`. It is that of the calling task, or it cannot be told
 * from here, and stays as it was, which does no harm. Held: group->lock.
 */
void host_sync_actions(struct sighand_group *group, u64 signals);

#endif
