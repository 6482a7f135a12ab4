/* SPDX-License-Identifier: MIT */
/* The table of handles in the arena: who publishes an entry, who takes it back. */
#include <errno.h>
#include "warden/warden.h"

void ns_set_put(struct ns_set *set)
{
	if (set->mnt)
		mnt_ns_put(set->mnt);
	if (set->uts)
		uts_ns_put(set->uts);
	if (set->user)
		user_ns_put(set->user);
}

struct handle *handle_find(u64 inode)
{
	for (u32 i = 0; inode && i < arena()->nr_handles; i++) {
		if (atomic_load(&arena()->handles[i].inode) == inode)
			return &arena()->handles[i];
	}
	return NULL;
}

static s64 free_index(void)
{
	for (u32 i = 0; i < arena()->nr_handles; i++) {
		if (!atomic_load(&arena()->handles[i].inode))
			return i;
	}
	return arena()->nr_handles < HANDLES_MAX ? (s64)arena()->nr_handles : -ENOSPC;
}

s64 handle_publish(u64 inode, const struct ns_set *set)
{
	struct handle *h;
	s64 index = free_index();

	if (!inode || handle_find(inode))
		return -EINVAL;
	if (index < 0)
		return index;
	h = &arena()->handles[index];
	h->kind = set->kind;
	h->mnt = set->mnt;
	h->uts = set->uts;
	h->user = set->user;
	/* Readers look for the inode: it comes last, and goes first. */
	atomic_store(&h->inode, inode);
	if (index == arena()->nr_handles)
		arena()->nr_handles++;
	return index;
}

void handle_release(u32 index)
{
	struct handle *h = &arena()->handles[index];
	struct ns_set set = {h->kind, h->mnt, h->uts, h->user};

	atomic_store(&h->inode, 0);
	h->mnt = NULL;
	h->uts = NULL;
	h->user = NULL;
	ns_set_put(&set);
	while (arena()->nr_handles && !atomic_load(&arena()->handles[arena()->nr_handles - 1].inode))
		arena()->nr_handles--;
}
