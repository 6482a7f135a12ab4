/* SPDX-License-Identifier: MIT */
/* The table of handles in the arena: who publishes an entry, who takes it back. */
#include <errno.h>
#include <stdlib.h>
#include "warden/warden.h"

/* Finds an entry by its inode: chains of indices, each one more than the number, 0 at the end. */
#define BUCKETS 4096
static u32 bucket[BUCKETS];
static u32 *next_in_bucket; /* as long as the table */
static u32 lowest_free;	    /* no entry below it is free */

void ns_set_put(struct ns_set *set)
{
	if (set->mnt)
		mnt_ns_put(set->mnt);
	if (set->uts)
		uts_ns_put(set->uts);
	if (set->user)
		user_ns_put(set->user);
	if (set->tree)
		tree_put(set->tree);
	if (set->context)
		fs_context_free(set->context);
	if (set->names)
		held_names_put(set->names);
}

static u32 *bucket_of(u64 inode)
{
	return &bucket[inode % BUCKETS];
}

struct handle *handle_find(u64 inode)
{
	for (u32 i = *bucket_of(inode); i; i = next_in_bucket[i - 1]) {
		if (atomic_load(&handle_at(i - 1)->inode) == inode)
			return handle_at(i - 1);
	}
	return NULL;
}

static void bucket_add(u64 inode, u32 index)
{
	next_in_bucket[index] = *bucket_of(inode);
	*bucket_of(inode) = index + 1;
}

static void bucket_remove(u64 inode, u32 index)
{
	u32 *at = bucket_of(inode);

	while (*at != index + 1)
		at = &next_in_bucket[*at - 1];
	*at = next_in_bucket[index];
}

static bool add_chunk(struct handle **chunk, u32 first)
{
	u32 *next = warden_realloc(next_in_bucket, (first + HANDLES_CHUNK) * sizeof(*next));

	if (!next)
		return false;
	next_in_bucket = next;
	*chunk = arena_alloc(HANDLES_CHUNK * sizeof(**chunk));
	if (*chunk)
		atomic_fetch_sub(&arena()->objects, 1); /* stays: not among what is to be released again */
	return *chunk;
}

/* One more entry at the end of the table, or -ENOSPC. */
static s64 table_grow(void)
{
	u32 index = arena()->nr_handles;
	struct handle **chunk = &arena()->handles[index / HANDLES_CHUNK];

	if (index == HANDLES_MAX || (!*chunk && !add_chunk(chunk, index)))
		return -ENOSPC;
	arena()->nr_handles++;
	return index;
}

static s64 free_index(void)
{
	for (; lowest_free < arena()->nr_handles; lowest_free++) {
		if (!atomic_load(&handle_at(lowest_free)->inode))
			return lowest_free;
	}
	return table_grow();
}

s64 handle_publish(u64 inode, const struct ns_set *set)
{
	struct handle *h;
	s64 index;

	if (!inode || handle_find(inode))
		return -EINVAL;
	index = free_index();
	if (index < 0)
		return index;
	h = handle_at((u32)index);
	h->kind = set->kind;
	h->mnt = set->mnt;
	h->uts = set->uts;
	h->user = set->user;
	h->tree = set->tree;
	h->origin = set->origin;
	h->context = set->context;
	h->names = set->names;
	if (h->kind == HANDLE_TREE)
		atomic_fetch_add(&arena()->tree_handles, 1);
	/* Readers look for the inode: it comes last, and goes first. */
	atomic_store(&h->inode, inode);
	bucket_add(inode, (u32)index);
	return index;
}

void handle_release(u32 index)
{
	struct handle *h = handle_at(index);
	struct ns_set set = {h->kind,	h->mnt,	    h->uts,  h->user, (struct mount *)h->tree,
			     h->origin, h->context, h->names};

	bucket_remove(h->inode, index);
	atomic_store(&h->inode, 0);
	if (h->kind == HANDLE_TREE)
		atomic_fetch_sub(&arena()->tree_handles, 1);
	h->mnt = NULL;
	h->uts = NULL;
	h->user = NULL;
	h->tree = NULL;
	h->context = NULL;
	h->names = NULL;
	ns_set_put(&set);
	lowest_free = MIN(lowest_free, index);
	while (arena()->nr_handles && !atomic_load(&handle_at(arena()->nr_handles - 1)->inode))
		arena()->nr_handles--;
}
