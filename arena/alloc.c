/* SPDX-License-Identifier: MIT */
/*
 * The arena's allocator, for the warden alone: its own state is private memory of the warden, so
 * that guests need not see it. Blocks come in size classes (powers of two, and the middle between
 * two). A freed block goes to the end of its class's queue: the later it is used again, the less often a reader of
 * an old version has to start over. Only when nothing fits any more, what is free side by side is joined, and new
 * blocks are cut from that.
 */
#include "arena/arena.h"
#include "arena/trie.h"
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

/* Free blocks that were joined; too small a rest is a block of its own, which nobody uses. */
#define CLASS_REGION CLASSES
#define CLASS_REST   (CLASSES + 1)
struct region {
	struct block block;
	u64 size; /* all of it */
};

/* Set aside for what releases: umount(2) makes a new version of a tree, too, and must not fail for want of memory. */
#define RESERVE	     24
#define RESERVE_SIZE (sizeof(struct trie_node) + 32 * sizeof(struct trie_slot))

static struct {
	char *start;
	char *fresh; /* from here to the end of the arena nothing was ever used: it is zero */
	char *end;
	struct region *regions;
	bool freed; /* something, since regions were made */
	struct {
		struct block *first, *last;
	} queue[CLASSES];
	void *reserve[RESERVE];
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
	/* What was there from the beginning is what all look at: it begins where one fault maps as much as it can. */
	heap.start = heap.fresh = (char *)ARENA_BASE + ALIGN_UP(sizeof(*h), 64UL << 10);
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

/* ---- where blocks come from ---- */

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

static void queue_give(struct block *b)
{
	b->next = NULL;
	if (heap.queue[b->class].last)
		heap.queue[b->class].last->next = b;
	else
		heap.queue[b->class].first = b;
	heap.queue[b->class].last = b;
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

/* Free memory from `at` on, where a reader of an old version may still be looking. */
static void region_give(char *at, u64 size)
{
	struct region *r = (struct region *)at;

	r->block.state = BLOCK_FREE;
	if (size < sizeof(*r)) {
		r->block.class = CLASS_REST;
		return;
	}
	r->block.class = CLASS_REGION;
	r->block.next = (struct block *)heap.regions;
	r->size = size;
	heap.regions = r;
}

static struct block *region_take(u32 class)
{
	struct region **at = &heap.regions, *r;
	u64 need = class_size(class), size;

	while ((r = *at) && r->size < need)
		at = (struct region **)&r->block.next;
	if (!r)
		return NULL;
	size = r->size;
	*at = (struct region *)r->block.next;
	memset(r, 0, need);
	if (size > need)
		region_give((char *)r + need, size - need);
	r->block.class = class;
	return &r->block;
}

static size_t block_size(const struct block *b)
{
	if (b->class == CLASS_REGION)
		return ((const struct region *)b)->size;
	return b->class == CLASS_REST ? sizeof(*b) : class_size(b->class);
}

/* Joins what is free side by side. The queues are empty afterwards. */
static void join_free(void)
{
	char *at, *run = NULL;

	memset(heap.queue, 0, sizeof(heap.queue));
	heap.regions = NULL;
	heap.freed = false;
	for (at = heap.start; at < heap.fresh;) {
		const struct block *b = (const struct block *)at;

		/* Its size first: the region that is made may begin with this block. */
		at += block_size(b);
		if (b->state == BLOCK_FREE && !run)
			run = (char *)b;
		if (b->state != BLOCK_FREE && run) {
			region_give(run, (u64)((const char *)b - run));
			run = NULL;
		}
	}
	if (run)
		region_give(run, (u64)(heap.fresh - run));
}

static struct block *take(u32 class)
{
	struct block *b = queue_take(class);

	if (!b)
		b = fresh_take(class);
	if (!b)
		b = region_take(class);
	if (!b && heap.freed) {
		join_free();
		b = region_take(class);
	}
	return b;
}

static u32 class_of(size_t size)
{
	u32 class = 0;

	while (class_size(class) < size + sizeof(struct block))
		class ++;
	return class;
}

/* ---- the allocator ---- */

bool (*arena_fails)(void);

void *arena_alloc(size_t size)
{
	struct block *b = size > SIZE_MAX_ALLOC || (arena_fails && arena_fails()) ? NULL : take(class_of(size));

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
	heap.freed = true;
	queue_give(b);
	atomic_fetch_sub_explicit(&arena()->objects, 1, memory_order_relaxed);
}

void arena_reserve(void)
{
	for (u32 i = 0; i < RESERVE; i++) {
		if (heap.reserve[i] || !(heap.reserve[i] = arena_alloc(RESERVE_SIZE)))
			continue;
		atomic_fetch_sub_explicit(&arena()->objects, 1, memory_order_relaxed);
	}
}

void arena_use_reserve(void)
{
	for (u32 i = 0; i < RESERVE; i++) {
		if (!heap.reserve[i])
			continue;
		atomic_fetch_add_explicit(&arena()->objects, 1, memory_order_relaxed);
		arena_free(heap.reserve[i]);
		heap.reserve[i] = NULL;
	}
}
