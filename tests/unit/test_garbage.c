/* SPDX-License-Identifier: MIT */
/*
 * Readers over memory that says anything: they may find anything, but they come back, and touch
 * nothing outside the arena (which ASan and a guard page would tell).
 */
#include <sys/mman.h>

#include "arena/trie.h"
#include "mounts.h"

static u64 seed = 88172645463325252;

static u64 next_random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Words as a reused block may hold them: pointers into the blocks, small numbers, text, noise. */
static u64 random_word(u64 used)
{
	switch (next_random() % 6) {
	case 0:
	case 1:
		return ARENA_BASE + sizeof(struct arena_header) + (next_random() % used & ~15UL);
	case 2:
		return next_random() % 65;
	case 3:
		return ARENA_BASE + ARENA_SIZE - next_random() % 64;
	case 4:
		return 0x2f612f2f612f2f61;
	default:
		return next_random();
	}
}

static bool out_of_sight(const struct mount *m, void *arg)
{
	return false;
}

static int nothing(const struct mount *m, void *arg)
{
	struct peer_numbers n;
	char buf[64];

	mnt_copy_string(buf, sizeof(buf), m->host);
	mnt_peer_numbers(arg, m, out_of_sight, NULL, &n);
	return 0;
}

static void read_everything(const struct mnt_ns *ns)
{
	static const char *const paths[] = {"/", "/d1/m", "/d7/m", "/none", ""};

	for (u64 id = 0; id < 40; id++)
		mnt_by_id(ns, id);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		child(ns, 1, paths[i]);
		mnt_name_used(ns, paths[i], strlen(paths[i]));
	}
	mnt_for_each(ns, nothing, (void *)ns);
}

static void readers_survive_overwritten_blocks(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 *words = (u64 *)(arena() + 1), count, used, place = sizeof(*ns) / sizeof(u64), *copy;
	char point[32];

	for (int i = 0; i < 30; i++) {
		sprintf(point, "/d%d/m", i);
		attach(ns, 1, point, "/x");
		if (i == 10)
			assert_int_equal(mnt_set_attr(ns, 1, 0, 0, MS_SHARED, true), 0);
		if (i == 20)
			assert_int_equal(mnt_set_attr(ns, 1, 0, 0, MS_SLAVE, true), 0);
	}
	assert_int_equal(mnt_set_attr(ns, 1, 0, 0, MS_SHARED, true), 0);
	/* All that was ever allocated lies together behind the header. */
	used = (u64)((char *)arena_alloc(16) - (char *)words) + 4096;
	count = used / sizeof(u64);
	copy = malloc(used);
	memcpy(copy, words, used);
	for (int turn = 0; turn < 3000; turn++) {
		for (u64 hits = 1 + next_random() % 200; hits; hits--) {
			u64 at = next_random() % count;

			/* The namespace itself stays: it is held by the reader. */
			if (&words[at] < (u64 *)ns || &words[at] >= (u64 *)ns + place)
				words[at] = random_word(used);
		}
		read_everything(ns);
		memcpy(words, copy, used);
	}
	free(copy);
	arena_free((char *)words + used - 4096);
	mnt_ns_put(ns);
}

/* As in a guest, who maps no more of the arena than is in use. */
static void readers_survive_any_seq(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 seq = ns->seq, all = arena_seen, end = atomic_load(&arena()->end);

	arena_seen = end;
	assert_int_equal(mprotect((void *)(ARENA_BASE + end), all - end, PROT_NONE), 0);
	for (int turn = 0; turn < 20000; turn++) {
		atomic_store(&ns->seq, next_random());
		child(ns, 1, "/");
		mnt_by_id(ns, 1);
	}
	atomic_store(&ns->seq, seq);
	assert_int_equal(mprotect((void *)(ARENA_BASE + end), all - end, PROT_READ | PROT_WRITE), 0);
	arena_seen = all;
	mnt_ns_put(ns);
}

static int no_value(const void *value, void *arg)
{
	return 0;
}

static void a_walk_in_circles_ends(void **state)
{
	struct trie_node *n = arena_alloc(sizeof(*n) + 32 * sizeof(n->slot[0]));

	n->shift = 10;
	n->present = n->child = 0xffffffff;
	for (int i = 0; i < 32; i++)
		n->slot[i].p = n;
	assert_null(trie_find(n, 0, NULL, NULL));
	assert_int_equal(trie_each(n, no_value, NULL), 0);
	arena_free(n);
}

static void ids_of_a_broken_user_namespace(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0), *ns = user_ns_create(first, 1, 1);

	ns->maps_set = 3;
	ns->uid.nr = 5;
	ns->uid.extent = (void *)16;
	assert_int_equal(make_kuid(ns, 0), INVALID_KID);
	ns->uid.nr = 0xffffffff;
	ns->uid.extent = (void *)ARENA_BASE;
	assert_int_equal(from_kuid(ns, 0), INVALID_KID);
	ns->uid.extent = NULL;
	ns->parent = ns;
	assert_false(in_userns(first, ns));
	ns->parent = (void *)64;
	assert_false(in_userns(first, ns));
	ns->parent = first;
	user_ns_put(ns);
	user_ns_put(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(readers_survive_overwritten_blocks),
	    TEST(readers_survive_any_seq),
	    TEST(a_walk_in_circles_ends),
	    TEST(ids_of_a_broken_user_namespace),
	};

	return cmocka_run_group_tests_name("readers of garbage", tests, NULL, NULL);
}
