/* SPDX-License-Identifier: MIT */
/*
 * The arena's allocator, for the warden alone: its own state is private memory of the warden, so
 * that guests need not see it. Blocks come in size classes (powers of two, and the middle between
 * two) and are never joined or split. A freed block goes to the end of its class's queue: the later
 * it is used again, the less often a reader of an old version has to start over.
 */
#include "arena/arena.h"
#include "lib/string.h"

/* Stands before each block; 16 bytes, so that blocks are aligned. */
struct block {
	u32 class;
	u32 state;	    /* BLOCK_LIVE or BLOCK_FREE: a block is not freed twice unnoticed */
	struct block *next; /* in the queue of free ones */
};
#define BLOCK_LIVE 0x4556494c
#define BLOCK_FREE 0x45455246

#define CLASS_MIN      32 /* bytes of the smallest class, struct block included */
#define SIZE_MAX_ALLOC (ARENA_SIZE / 2)
#define CLASSES	       42 /* enough for that */

static struct {
	char *fresh; /* from here to the end of the arena nothing was ever used: it is zero */
	char *end;
	struct {
		struct block *first, *last;
	} queue[CLASSES];
} heap;

static size_t class_size(u32 class)
{
	size_t power = (size_t)CLASS_MIN << class / 2;

	return class % 2 ? power + power / 2 : power;
}

int arena_init(u64 size)
{
	struct arena_header *h = arena();

	_Static_assert(sizeof(struct block) == 16, "blocks are aligned to 16 bytes");
	_Static_assert(sizeof(*h) <= ARENA_STEP, "whoever has mapped one step sees the header");
	memset(&heap, 0, sizeof(heap));
	heap.fresh = (char *)ARENA_BASE + ALIGN_UP(sizeof(*h), 64);
	heap.end = (char *)ARENA_BASE + size;
	h->magic = ARENA_MAGIC;
	h->size = size;
	atomic_store(&h->end, ARENA_STEP);
	arena_seen = size;
	/* Below the numbers that the host gives its own namespaces, so that none of ours equals one of those. */
	h->next_inum = 0xe0000000;
	h->next_mount_id = 1;
	h->next_version = 1;
	return 0;
}

static struct block *queue_take(u32 class)
{
	struct block *b = heap.queue[class].first;

	if (!b)
		return NULL;
	heap.queue[class].first = b->next;
	if (!b->next)
		heap.queue[class].last = NULL;
	memset(b + 1, 0, class_size(class) - sizeof(*b));
	return b;
}

static struct block *fresh_take(u32 class)
{
	struct block *b = (struct block *)heap.fresh;

	if (class_size(class) > (size_t)(heap.end - heap.fresh))
		return NULL;
	heap.fresh += class_size(class);
	/* Before anything that lies there can be found. */
	atomic_store(&arena()->end, ALIGN_UP((uintptr_t)heap.fresh - ARENA_BASE, ARENA_STEP));
	b->class = class;
	return b;
}

void *arena_alloc(size_t size)
{
	struct block *b;
	u32 class = 0;

	if (size > SIZE_MAX_ALLOC)
		return NULL;
	while (class_size(class) < size + sizeof(*b))
		class ++;
	b = queue_take(class);
	if (!b)
		b = fresh_take(class);
	/* Nearly full: a block that is too large will do. */
	for (u32 larger = class + 1; !b && larger < CLASSES; larger++)
		b = queue_take(larger);
	if (!b)
		return NULL;
	b->state = BLOCK_LIVE;
	atomic_fetch_add_explicit(&arena()->objects, 1, memory_order_relaxed);
	return b + 1;
}

void arena_free(void *p)
{
	struct block *b;

	if (!p)
		return;
	b = (struct block *)p - 1;
	if (!arena_contains(b, sizeof(*b)) || b->state != BLOCK_LIVE)
		__builtin_trap();
	b->state = BLOCK_FREE;
	b->next = NULL;
	if (heap.queue[b->class].last)
		heap.queue[b->class].last->next = b;
	else
		heap.queue[b->class].first = b;
	heap.queue[b->class].last = b;
	atomic_fetch_sub_explicit(&arena()->objects, 1, memory_order_relaxed);
}
