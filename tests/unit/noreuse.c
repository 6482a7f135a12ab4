/* SPDX-License-Identifier: MIT */
/*
 * An arena in which no block is used twice, for the thread sanitizer.
 *
 * A reader may look at a block that is being reused; that is a data race by design, made harmless by
 * checked pointers and mnt_read_retry. Without reuse every race that is left would be a mistake in
 * how versions are published, and that is what TSan is to find.
 */
#include "arena/arena.h"

static char *fresh;

int arena_init(u64 size)
{
	fresh = (char *)ARENA_BASE + ALIGN_UP(sizeof(struct arena_header), 64);
	arena()->magic = ARENA_MAGIC;
	arena_seen = size;
	arena()->next_mount_id = 1;
	arena()->next_version = 1;
	arena()->next_inum = 1;
	return 0;
}

void *arena_alloc(size_t size)
{
	char *p = fresh;

	size = ALIGN_UP(size, 16);
	if (size > ARENA_BASE + ARENA_SIZE - (uintptr_t)p)
		return NULL;
	fresh += size;
	atomic_fetch_add(&arena()->objects, 1);
	return p;
}

void arena_free(void *p)
{
	if (p)
		atomic_fetch_sub(&arena()->objects, 1);
}
