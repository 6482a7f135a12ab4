/* SPDX-License-Identifier: MIT */
/*
 * The runtime's private heap: powers of two with free lists, taken from the host a chunk at a
 * time. What it serves is small and rare (contexts, paths, descriptor notes), never a path call.
 * The first chunk lies behind the runtime's other variables. Most programs need no other: that is one mapping and one
 * page table less to make, to copy with each fork and to take down.
 */
#include "host/heap.h"

#include <linux/mman.h>
#include "host/fail.h"
#include "host/host.h"
#include "kernel/mm.h"
#include "lib/string.h"

#define MIN_SHIFT 5 /* 32 bytes, the header included */
#define MAX_SHIFT 22
#define CHUNK	  (64UL << 10)
#define FIRST	  (16UL << 10)

/* Before each block; 16 bytes keep what follows aligned. */
struct header {
	union {
		struct header *next; /* while free */
		u64 shift;	     /* while in use */
	};
	u64 magic;
};
#define MAGIC_USED 0x5ecede5ecede0001ULL

static char first[FIRST] __attribute__((aligned(16), section(".bss.heap")));

static struct {
	struct mutex lock; /* guards all of it */
	struct header *free[MAX_SHIFT + 1];
	char *top, *end; /* what is left of the last chunk */
	u64 live;
	size_t shared; /* bytes handed out by shared_alloc */
} heap;

/* Gets memory from the host; what is left of the first chunk is given up. Held: heap.lock. */
static bool heap_grow(size_t size)
{
	size_t want = ALIGN_UP(MAX(size, CHUNK), CHUNK);
	bool begins = heap.end == first + FIRST;
	char *at = begins ? (char *)HEAP_BASE : heap.end;
	long got;

	if ((uintptr_t)at + want > HEAP_BASE + HEAP_SIZE - heap.shared)
		return false;
	/* Whoever was killed before it had moved the end has left a mapping there: it is replaced. */
	got = host_call6(__NR_mmap, at, want, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
	if (got != (long)(uintptr_t)at)
		return false;
	if (begins)
		heap.top = at;
	heap.end = at + want;
	return true;
}

/* Held: heap.lock. */
static struct header *block_get(unsigned shift)
{
	struct header *h = heap.free[shift];
	size_t size = 1UL << shift;

	if (h) {
		heap.free[shift] = h->next;
		return h;
	}
	/* No variable of the runtime begins as anything but zero (runtime.ld). */
	if (!heap.end) {
		heap.top = first;
		heap.end = first + FIRST;
	}
	if ((size_t)(heap.end - heap.top) < size && !heap_grow(size))
		return NULL;
	h = (struct header *)heap.top;
	heap.top += size;
	return h;
}

void *kzalloc(size_t size)
{
	unsigned shift = MIN_SHIFT;
	struct header *h;

	while ((1UL << shift) < size + sizeof(*h))
		if (++shift > MAX_SHIFT)
			return NULL;
	if (allocation_fails())
		return NULL;
	mutex_lock(&heap.lock);
	h = block_get(shift);
	heap.live += h != NULL;
	mutex_unlock(&heap.lock);
	if (!h)
		return NULL;
	h->shift = shift;
	h->magic = MAGIC_USED;
	return memset(h + 1, 0, size);
}

void kfree(void *p)
{
	struct header *h;
	u64 shift;

	if (!p)
		return;
	h = (struct header *)p - 1;
	if (h->magic != MAGIC_USED || h->shift > MAX_SHIFT)
		panic("kfree of what kzalloc did not return");
	shift = h->shift;
	h->magic = 0;
	mutex_lock(&heap.lock);
	h->next = heap.free[shift];
	heap.free[shift] = h;
	heap.live--;
	mutex_unlock(&heap.lock);
}

void *shared_alloc(size_t size)
{
	long at;

	if (allocation_fails())
		return NULL;
	mutex_lock(&heap.lock);
	/* Within our range, so that guests keep off; from the far end, so that chunks stay in a row. */
	heap.shared += ALIGN_UP(size, 4096);
	at = host_call6(__NR_mmap, HEAP_BASE + HEAP_SIZE - heap.shared, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	mutex_unlock(&heap.lock);
	return at < 0 ? NULL : (void *)at;
}

u64 heap_live(void)
{
	return heap.live;
}

void heap_lock(void)
{
	mutex_lock(&heap.lock);
}

void heap_unlock(void)
{
	mutex_unlock(&heap.lock);
}
