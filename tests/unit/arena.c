/* SPDX-License-Identifier: MIT */
/* An arena for a test, and its allocator with a fault in it. */
#include <sys/mman.h>

#include "unit.h"

unsigned arena_fail_at;

void *__real_arena_alloc(size_t size);
void *__wrap_arena_alloc(size_t size);

void *__wrap_arena_alloc(size_t size)
{
	if (arena_fail_at && --arena_fail_at == 0)
		return NULL;
	return __real_arena_alloc(size);
}

u64 arena_objects(void)
{
	return atomic_load(&arena()->objects);
}

int arena_setup(void **state)
{
	void *p = mmap((void *)ARENA_BASE, ARENA_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)ARENA_BASE)
		return -1;
	arena_fail_at = 0;
	kzalloc_fail_at = 0;
	memset(&world, 0, sizeof(world));
	world.threads = 1;
	return arena_init(ARENA_SIZE);
}

int arena_teardown(void **state)
{
	u64 left = arena_objects();
	long heap = atomic_load(&kzalloc_live);

	munmap((void *)ARENA_BASE, ARENA_SIZE);
	if (left || heap)
		print_error("%lu blocks of the arena and %ld of the heap are left\n", left, heap);
	return left || heap ? -1 : 0;
}
