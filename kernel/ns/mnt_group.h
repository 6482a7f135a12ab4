/* SPDX-License-Identifier: MIT */
/*
 * Peer groups (mount_namespaces(7)). The members of a group, mounts of any namespaces, pass on to each other what is
 * mounted and unmounted in them, and pass it on to their slaves: mounts, and other groups. So groups form a forest.
 *
 * Who belongs to a group says each mount itself, and mnt_tree's by_group finds them: copying a namespace adds members
 * without touching the group. When the last member has gone, the group's slaves receive from its master instead. That
 * takes no memory, so it can be done whenever a namespace ends: slave groups are moved, and slave mounts still name the
 * group that has gone, which knows its master.
 *
 * The warden alone writes. Guests read, for mountinfo, between groups_read_begin() and groups_read_retry(), and check
 * every pointer as ever.
 */
#ifndef SECEDE_KERNEL_NS_MNT_GROUP_H
#define SECEDE_KERNEL_NS_MNT_GROUP_H

#include "arena/arena.h"

struct trie_node;

struct peer_group {
	u64 refs;			  /* mounts that name it */
	u64 id;				  /* N in mountinfo's shared:N and master:N; never given again */
	u32 gone;			  /* it has no members any more, and nobody receives from it */
	u32 suspect;			  /* stands in the list of those to be looked at */
	struct peer_group *master;	  /* receives from that one, which has not gone; or NULL */
	struct peer_group *slaves;	  /* the first of those that receive from it */
	struct peer_group *next, **pprev; /* with the same master */
	struct peer_group *next_suspect;
	const struct trie_node *copies; /* mnt_propagate.c's, while it is at work */
};

/* ---- what a mount is ---- */

/* The group that it is a member of, or NULL. */
struct peer_group *mount_peers(const struct mnt_ns *ns, const struct mount *m);
/* The group that it receives from, or NULL. */
struct peer_group *mount_master(const struct mnt_ns *ns, const struct mount *m);
/* The same for a mount that is in no namespace yet. */
struct peer_group *own_master(const struct mount *m);

static inline u64 groups_read_begin(void)
{
	return atomic_load_explicit(&arena()->groups_seq, memory_order_acquire);
}

static inline bool groups_read_retry(u64 seq)
{
	atomic_thread_fence(memory_order_acquire);
	return groups_read_begin() != seq;
}

/* For mountinfo, in any process: numbers of groups, 0 for none. */
struct peer_numbers {
	u64 shared, master;
	u64 from; /* the nearest master that has a member which `reachable` says true of */
};
void mnt_peer_numbers(const struct mnt_ns *ns, const struct mount *m,
		      bool (*reachable)(const struct mount *m, void *arg), void *arg, struct peer_numbers *out);

/* ---- the forest: the warden's ---- */

/* A group with one reference and no members that receives from `master` (or NULL). NULL: ENOMEM. */
struct peer_group *group_create(struct peer_group *master);
struct peer_group *group_get(struct peer_group *g);
void group_put(struct peer_group *g);
/* The one after g of those that receive from `top`, directly or not, which comes first: masters before their slaves. */
struct peer_group *group_next(struct peer_group *g, const struct peer_group *top);
/* Calls fn for each mount of ns that names the group, until it returns non-zero, which is returned. */
int group_each(const struct mnt_ns *ns, const struct peer_group *g, int (*fn)(const void *mount, void *arg), void *arg);

/* A member may have gone. */
void group_suspect(struct peer_group *g);
/* Looks after all those: when the versions in force are as they are to be. */
void groups_settle(void);

#endif
