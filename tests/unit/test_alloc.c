/* SPDX-License-Identifier: MIT */
/* arena/alloc.c */
#include "unit.h"

static void header_is_laid_out(void **state)
{
	assert_int_equal(arena()->magic, ARENA_MAGIC);
	assert_int_equal(arena_objects(), 0);
	assert_true(arena()->next_mount_id > 0);
}

static void blocks_are_aligned_zeroed_and_inside(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 33, 100, 560, 4096, 5441, 12800, 100000};
	void *p[ARRAY_SIZE(sizes)];

	/* Twice: the second time the blocks are used ones. */
	for (int turn = 0; turn < 2; turn++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			p[i] = arena_alloc(sizes[i]);
			assert_non_null(p[i]);
			assert_int_equal((uintptr_t)p[i] & 15, 0);
			assert_true(arena_contains(p[i], sizes[i]));
			assert_true((char *)p[i] >= (char *)(arena() + 1));
			for (size_t k = 0; k < sizes[i]; k++)
				assert_int_equal(((char *)p[i])[k], 0);
			memset(p[i], 0xa5, sizes[i]);
		}
		assert_int_equal(arena_objects(), ARRAY_SIZE(sizes));
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			arena_free(p[i]);
		assert_int_equal(arena_objects(), 0);
	}
	arena_free(NULL);
}

static void blocks_do_not_overlap(void **state)
{
	enum { N = 2000 };
	u32 *p[N];

	for (u32 i = 0; i < N; i++) {
		size_t words = 1 + i * 7 % 200;

		p[i] = arena_alloc(words * sizeof(u32));
		for (size_t k = 0; k < words; k++)
			p[i][k] = i;
		if (i % 3 == 2) {
			arena_free(p[i - 1]);
			p[i - 1] = NULL;
		}
	}
	for (u32 i = 0; i < N; i++) {
		for (size_t k = 0; p[i] && k < 1 + i * 7 % 200; k++)
			assert_int_equal(p[i][k], i);
		arena_free(p[i]);
	}
}

static void reuse_is_first_in_first_out(void **state)
{
	void *p[8];

	for (int i = 0; i < 8; i++)
		p[i] = arena_alloc(64);
	for (int i = 0; i < 8; i++)
		arena_free(p[i]);
	for (int i = 0; i < 8; i++)
		assert_ptr_equal(arena_alloc(64), p[i]);
	for (int i = 0; i < 8; i++)
		arena_free(p[i]);
}

static void a_full_arena_says_so_and_recovers(void **state)
{
	void **list = NULL, **p;
	unsigned n = 0, again = 0;

	assert_null(arena_alloc(ARENA_SIZE));
	assert_null(arena_alloc((size_t)-1));
	while ((p = arena_alloc(60000))) {
		*p = list;
		list = p;
		n++;
	}
	assert_true(n > 500);
	while (list) {
		p = list;
		list = *p;
		arena_free(p);
	}
	/* Small blocks are cut from the large ones when nothing else is left. */
	while ((p = arena_alloc(20000))) {
		*p = list;
		list = p;
		again++;
	}
	assert_true(again >= n);
	while (list) {
		p = list;
		list = *p;
		arena_free(p);
	}
}

static void *fill(size_t size, unsigned *nr)
{
	void *list = NULL, **p;

	for (*nr = 0; (p = arena_alloc(size)); ++*nr) {
		*p = list;
		list = p;
	}
	return list;
}

static void release(void *list)
{
	while (list) {
		void *next = *(void **)list;

		arena_free(list);
		list = next;
	}
}

/* Whatever it was cut into before: what is free is free for blocks of any size. */
static void what_is_free_is_joined(void **state)
{
	unsigned large, small, again, mixed = 0;
	void *list = fill(12000, &large), *kept;

	assert_true(large > 3000);
	release(list);
	release(fill(30, &small));
	assert_true(small > 100 * large);
	list = fill(12000, &again);
	assert_int_equal(again, large);
	release(list);
	/* Around blocks that stay. */
	kept = NULL;
	list = NULL;
	for (void **p; (p = arena_alloc(100 + mixed * 37 % 4000)); mixed++) {
		void **to = mixed % 50 ? &list : &kept;

		*p = *to;
		*to = p;
	}
	release(list);
	list = fill(6000, &again);
	assert_true(again > large);
	release(list);
	release(kept);
	list = fill(12000, &again);
	assert_int_equal(again, large);
	for (void **p = list; p; p = *p)
		for (size_t i = 1; i < 12000 / sizeof(*p); i++)
			assert_null(p[i]);
	release(list);
}

static void a_reserve_is_left_in_a_full_arena(void **state)
{
	unsigned nr, none;
	void *list, *more;

	arena_reserve();
	assert_int_equal(arena_objects(), 0);
	list = fill(16, &nr);
	arena_use_reserve();
	more = fill(500, &none);
	assert_true(none >= 20);
	release(more);
	arena_reserve();
	assert_null(arena_alloc(500));
	release(list);
	arena_use_reserve();
	assert_int_equal(arena_objects(), 0);
}

static void contains_judges_whole_ranges(void **state)
{
	char *base = (char *)ARENA_BASE;

	assert_true(arena_contains(base, ARENA_SIZE));
	assert_false(arena_contains(base, ARENA_SIZE + 1));
	assert_false(arena_contains(base - 1, 1));
	assert_true(arena_contains(base + ARENA_SIZE - 1, 1));
	assert_false(arena_contains(base + ARENA_SIZE - 1, 2));
	assert_false(arena_contains(base + 16, (size_t)-8));
	assert_false(arena_contains(NULL, 1));
	assert_false(arena_contains((void *)-1, 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(header_is_laid_out),
	    TEST(blocks_are_aligned_zeroed_and_inside),
	    TEST(blocks_do_not_overlap),
	    TEST(reuse_is_first_in_first_out),
	    TEST(a_full_arena_says_so_and_recovers),
	    TEST(what_is_free_is_joined),
	    TEST(a_reserve_is_left_in_a_full_arena),
	    TEST(contains_judges_whole_ranges),
	};

	return cmocka_run_group_tests_name("arena/alloc", tests, NULL, NULL);
}
