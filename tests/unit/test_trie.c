/* SPDX-License-Identifier: MIT */
/* arena/trie.c, compared with a plain array that does the same. */
#include "arena/trie.h"
#include "unit.h"

/* A value that counts the references on it. */
struct value {
	u64 key;
	int refs;
};

static void value_get(const void *v)
{
	((struct value *)v)->refs++;
}

static void value_put(const void *v)
{
	assert_true(--((struct value *)v)->refs >= 0);
}

static const struct trie_ops counted = {.get = value_get, .put = value_put};

static bool is_value(const void *value, const void *arg)
{
	return value == arg;
}

/* Changes *root and drops the old one. */
static void apply(const struct trie_node **root, u64 key, const void *old, const void *new)
{
	const struct trie_node *before = *root;

	assert_int_equal(trie_change(before, key, old, new, &counted, root), 0);
	trie_put(before, &counted);
}

struct listing {
	const struct value *v[4096];
	unsigned nr;
};

static int list_value(const void *value, void *arg)
{
	struct listing *l = arg;

	l->v[l->nr++] = value;
	return 0;
}

static void list(const struct trie_node *root, struct listing *l)
{
	l->nr = 0;
	assert_int_equal(trie_each(root, list_value, l), 0);
}

/* The trie holds exactly the n values of `v` for which in[] is set, in the order of their keys. */
static void assert_holds(const struct trie_node *root, struct value *v, const bool *in, unsigned n)
{
	static struct listing l;
	unsigned expected = 0;

	list(root, &l);
	for (unsigned i = 0; i < n; i++) {
		assert_ptr_equal(trie_find(root, v[i].key, is_value, &v[i]), in[i] ? &v[i] : NULL);
		expected += in[i];
	}
	assert_int_equal(l.nr, expected);
	for (unsigned i = 1; i < l.nr; i++)
		assert_true(l.v[i - 1]->key <= l.v[i]->key);
}

static void an_empty_trie_finds_nothing(void **state)
{
	static struct listing l;

	assert_null(trie_find(NULL, 0, NULL, NULL));
	list(NULL, &l);
	assert_int_equal(l.nr, 0);
	trie_put(NULL, &counted);
	assert_null(trie_get(NULL));
}

static void one_value_comes_and_goes(void **state)
{
	struct value v = {.key = 0x123456789abcdef}, w = {.key = v.key};
	const struct trie_node *root = NULL;

	apply(&root, v.key, NULL, &v);
	assert_ptr_equal(trie_find(root, v.key, NULL, NULL), &v);
	assert_null(trie_find(root, v.key + 1, NULL, NULL));
	assert_null(trie_find(root, v.key ^ 1UL << 63, NULL, NULL));
	assert_int_equal(v.refs, 1);
	apply(&root, v.key, &v, &w);
	assert_ptr_equal(trie_find(root, v.key, NULL, NULL), &w);
	assert_int_equal(v.refs, 0);
	apply(&root, w.key, &w, NULL);
	assert_null(root);
	assert_int_equal(w.refs, 0);
}

static void equal_keys_make_a_chain(void **state)
{
	struct value v[40], other = {.key = 78};
	const struct trie_node *root = NULL;

	for (int i = 0; i < 40; i++) {
		v[i] = (struct value){.key = 77};
		apply(&root, 77, NULL, &v[i]);
	}
	apply(&root, other.key, NULL, &other);
	for (int i = 0; i < 40; i++)
		assert_ptr_equal(trie_find(root, 77, is_value, &v[i]), &v[i]);
	assert_null(trie_find(root, 77, is_value, &other));
	for (int i = 0; i < 40; i++) {
		int gone = i * 7 % 40;

		apply(&root, 77, &v[gone], NULL);
		assert_int_equal(v[gone].refs, 0);
		assert_null(trie_find(root, 77, is_value, &v[gone]));
		assert_ptr_equal(trie_find(root, 78, NULL, NULL), &other);
	}
	apply(&root, other.key, &other, NULL);
	assert_null(root);
}

static void numbers_can_be_values(void **state)
{
	const struct trie_node *root = NULL, *next;

	for (uintptr_t count = 0; count < 5; count++) {
		assert_int_equal(trie_change(root, 9, (void *)count, (void *)(count + 1), NULL, &next), 0);
		trie_put(root, NULL);
		root = next;
		assert_int_equal((uintptr_t)trie_find(root, 9, NULL, NULL), count + 1);
	}
	trie_put(root, NULL);
}

static u64 next_random(u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Keys of every kind: small numbers, hashes, pairs that differ in one high bit, and equal ones. */
static u64 random_key(u64 *seed)
{
	u64 r = next_random(seed);

	switch (r % 5) {
	case 0:
		return next_random(seed) % 300;
	case 1:
		return 1UL << (r >> 8 & 63);
	case 2:
		return next_random(seed) | 0xffffffff;
	case 3:
		return 5;
	default:
		return next_random(seed);
	}
}

static void random_changes_match_the_model(void **state)
{
	enum { N = 300, TURNS = 3000 };
	static struct value v[N];
	static bool in[N], old_in[N];
	const struct trie_node *root = NULL, *old = NULL;
	u64 seed = 0x9e3779b97f4a7c15;

	for (int i = 0; i < N; i++)
		v[i] = (struct value){.key = random_key(&seed)};
	memset(in, 0, sizeof(in));
	memset(old_in, 0, sizeof(old_in));
	for (int turn = 0; turn < TURNS; turn++) {
		unsigned i = next_random(&seed) % N;

		apply(&root, v[i].key, in[i] ? &v[i] : NULL, in[i] ? NULL : &v[i]);
		in[i] = !in[i];
		if (turn % 50 == 0) {
			assert_holds(root, v, in, N);
			/* What was held a while ago is as it was then. */
			assert_holds(old, v, old_in, N);
			trie_put(old, &counted);
			old = trie_get(root);
			memcpy(old_in, in, sizeof(in));
		}
	}
	trie_put(old, &counted);
	for (int i = 0; i < N; i++)
		if (in[i])
			apply(&root, v[i].key, &v[i], NULL);
	assert_null(root);
	for (int i = 0; i < N; i++)
		assert_int_equal(v[i].refs, 0);
}

static void every_failing_allocation_changes_nothing(void **state)
{
	enum { N = 60 };
	static struct value v[N];
	static bool in[N];
	const struct trie_node *root = NULL, *out;
	u64 seed = 42, objects;

	memset(in, 0, sizeof(in));
	for (int i = 0; i < N; i++)
		v[i] = (struct value){.key = random_key(&seed)};
	for (int turn = 0; turn < 4 * N; turn++) {
		unsigned i = next_random(&seed) % N, n = 0;
		int err;

		objects = arena_objects();
		do {
			arena_fail_at = ++n;
			err = trie_change(root, v[i].key, in[i] ? &v[i] : NULL, in[i] ? NULL : &v[i], &counted, &out);
			if (err) {
				assert_int_equal(err, -ENOMEM);
				assert_int_equal(arena_objects(), objects);
				assert_holds(root, v, in, N);
			}
		} while (err);
		arena_fail_at = 0;
		assert_holds(root, v, in, N);
		trie_put(root, &counted);
		root = out;
		in[i] = !in[i];
		assert_holds(root, v, in, N);
	}
	trie_put(root, &counted);
	for (int i = 0; i < N; i++)
		assert_int_equal(v[i].refs, 0);
}

static int stop_at_two(const void *value, void *arg)
{
	list_value(value, arg);
	return ((const struct value *)value)->key == 2 ? 7 : 0;
}

static void each_stops_when_told(void **state)
{
	struct value v[3] = {{.key = 1}, {.key = 2}, {.key = 3}};
	const struct trie_node *root = NULL;
	static struct listing l;

	for (int i = 0; i < 3; i++)
		apply(&root, v[i].key, NULL, &v[i]);
	l.nr = 0;
	assert_int_equal(trie_each(root, stop_at_two, &l), 7);
	assert_int_equal(l.nr, 2);
	trie_put(root, &counted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_empty_trie_finds_nothing),	  TEST(one_value_comes_and_goes),
	    TEST(equal_keys_make_a_chain),	  TEST(numbers_can_be_values),
	    TEST(random_changes_match_the_model), TEST(every_failing_allocation_changes_nothing),
	    TEST(each_stops_when_told),
	};

	return cmocka_run_group_tests_name("arena/trie", tests, NULL, NULL);
}
