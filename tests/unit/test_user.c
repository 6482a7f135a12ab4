/* SPDX-License-Identifier: MIT */
/* kernel/ns/user.c */
#include "unit.h"

static int parse(const char *text, struct uid_extent *out)
{
	return parse_id_map(text, strlen(text), out);
}

/* ---- parse_id_map ---- */

static void good_maps_are_read(void **state)
{
	static const struct {
		const char *text;
		int nr;
		struct uid_extent first, last;
	} t[] = {
	    {"0 1000 1", 1, {0, 0, 1000, 1}, {0, 0, 1000, 1}},
	    {"0 1000 1\n", 1, {0, 0, 1000, 1}, {0, 0, 1000, 1}},
	    {"  0\t 1000   1  \n", 1, {0, 0, 1000, 1}, {0, 0, 1000, 1}},
	    {"0 0 4294967295", 1, {0, 0, 0, 4294967295}, {0, 0, 0, 4294967295}},
	    {"4294967294 4294967294 1", 1, {4294967294, 0, 4294967294, 1}, {4294967294, 0, 4294967294, 1}},
	    {"0 1000 1\n1 100000 65536\n", 2, {0, 0, 1000, 1}, {1, 0, 100000, 65536}},
	    {"10 0 5\n0 5 10\n", 2, {10, 0, 0, 5}, {0, 0, 5, 10}},
	    {"007 08 09", 1, {7, 0, 8, 9}, {7, 0, 8, 9}},
	    /* The kernel cuts numbers to 32 bits. */
	    {"4294967296 1000 4294967297", 1, {0, 0, 1000, 1}, {0, 0, 1000, 1}},
	};
	struct uid_extent e[UID_MAP_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(parse(t[i].text, e), t[i].nr);
		assert_memory_equal(&e[0], &t[i].first, sizeof(e[0]));
		assert_memory_equal(&e[t[i].nr - 1], &t[i].last, sizeof(e[0]));
	}
}

static void bad_maps_are_refused(void **state)
{
	static const char *const t[] = {
	    "",
	    "\n",
	    "0",
	    "0 1000",
	    "0 1000 ",
	    "0 1000 0",
	    "0 1000 1 1",
	    "0 1000 1x",
	    "x 1000 1",
	    "0 x 1",
	    "0 1000 x",
	    "-1 1000 1",
	    "0 -1 1",
	    "0 1000 -1",
	    "0x0 1000 1",
	    "0,1000,1",
	    "4294967295 0 1",
	    "0 4294967295 1",
	    "1 0 4294967295",
	    "0 1 4294967295",
	    "4294967294 0 2",
	    "0 4294967294 2",
	    "0 0 1\n\n",
	    "\n0 0 1",
	    "0 0 1\n0 1 1",
	    "0 0 1\n1 0 1",
	    "0 0 10\n9 10 1",
	    "0 0 10\n10 9 1",
	    "5 5 5\n0 0 6",
	    "0 0 1\ngarbage",
	    "0 0 1\n1",
	    "+0 0 1",
	};
	struct uid_extent e[UID_MAP_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++)
		if (parse(t[i], e) != -EINVAL)
			fail_msg("accepted: \"%s\"", t[i]);
}

static void the_text_ends_at_its_length_or_nul(void **state)
{
	struct uid_extent e[UID_MAP_MAX];

	assert_int_equal(parse_id_map("0 0 12", 5, e), 1);
	assert_int_equal(e[0].count, 1);
	assert_int_equal(parse_id_map("0 0 1\0garbage", 13, e), 1);
	assert_int_equal(parse_id_map("0 0 1", 0, e), -EINVAL);
}

static void there_can_be_340_lines(void **state)
{
	static char text[UID_MAP_MAX * 20];
	static struct uid_extent e[UID_MAP_MAX];
	size_t len = 0;

	for (int i = 0; i < UID_MAP_MAX; i++)
		len += (size_t)sprintf(text + len, "%d %d 1\n", i, i);
	assert_int_equal(parse(text, e), UID_MAP_MAX);
	sprintf(text + len, "999 999 1");
	assert_int_equal(parse(text, e), -EINVAL);
}

/* ---- translation ---- */

static void map(struct user_ns *ns, bool gid, const char *text)
{
	struct uid_extent e[UID_MAP_MAX];
	int nr = parse(text, e);

	assert_true(nr > 0);
	assert_int_equal(user_ns_set_map(ns, gid, e, (u32)nr), 0);
}

static void the_first_namespace_maps_every_id_to_itself(void **state)
{
	struct user_ns *ns = user_ns_create(NULL, 0, 0);

	assert_int_equal(make_kuid(ns, 0), 0);
	assert_int_equal(make_kgid(ns, 4294967294), 4294967294);
	assert_int_equal(make_kuid(ns, INVALID_KID), INVALID_KID);
	assert_int_equal(from_kuid_munged(ns, 12345), 12345);
	assert_int_equal(from_kgid(ns, 7), 7);
	assert_int_equal(user_ns_set_map(ns, false, NULL, 0), -EPERM);
	user_ns_put(ns);
}

static void without_a_map_every_id_is_unmapped(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0), *ns = user_ns_create(first, 1000, 1000);

	assert_int_equal(make_kuid(ns, 0), INVALID_KID);
	assert_int_equal(from_kuid(ns, 1000), INVALID_KID);
	assert_int_equal(from_kuid_munged(ns, 1000), OVERFLOW_ID);
	assert_int_equal(from_kgid_munged(ns, 1000), OVERFLOW_ID);
	user_ns_put(first);
	user_ns_put(ns);
}

static void ids_go_through_the_map_both_ways(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0), *ns = user_ns_create(first, 1000, 1000);

	map(ns, false, "0 1000 1\n1 100000 65536");
	assert_int_equal(make_kuid(ns, 0), 1000);
	assert_int_equal(make_kuid(ns, 1), 100000);
	assert_int_equal(make_kuid(ns, 65536), 165535);
	assert_int_equal(make_kuid(ns, 65537), INVALID_KID);
	assert_int_equal(from_kuid(ns, 1000), 0);
	assert_int_equal(from_kuid(ns, 165535), 65536);
	assert_int_equal(from_kuid(ns, 165536), INVALID_KID);
	assert_int_equal(from_kuid_munged(ns, 0), OVERFLOW_ID);
	/* The groups are another matter. */
	assert_int_equal(make_kgid(ns, 0), INVALID_KID);
	map(ns, true, "0 0 4294967295");
	assert_int_equal(make_kgid(ns, 4294967294), 4294967294);
	assert_int_equal(make_kgid(ns, 4294967295), INVALID_KID);
	user_ns_put(first);
	user_ns_put(ns);
}

static void nested_maps_translate_through_all_parents(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0), *a = user_ns_create(first, 1, 1),
		       *b = user_ns_create(a, 1, 1);
	struct uid_extent e = {.first = 0, .parent = 5, .count = 20};

	map(a, false, "0 1000 10\n10 2000 10");
	/* In one piece, or not at all. */
	assert_int_equal(user_ns_set_map(b, false, &e, 1), -EPERM);
	e.parent = 30;
	e.count = 1;
	assert_int_equal(user_ns_set_map(b, false, &e, 1), -EPERM);
	map(b, false, "0 12 5\n100 0 1");
	assert_int_equal(make_kuid(b, 0), 2002);
	assert_int_equal(make_kuid(b, 4), 2006);
	assert_int_equal(make_kuid(b, 5), INVALID_KID);
	assert_int_equal(make_kuid(b, 100), 1000);
	assert_int_equal(from_kuid(b, 2003), 1);
	assert_int_equal(from_kuid(a, 2003), 13);
	assert_int_equal(b->uid.extent[0].parent, 12);
	user_ns_put(first);
	user_ns_put(a);
	user_ns_put(b);
}

static void a_map_is_written_once(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0), *ns = user_ns_create(first, 1, 1);
	struct uid_extent e = {.first = 0, .parent = 0, .count = 1};

	arena_fail_at = 1;
	assert_int_equal(user_ns_set_map(ns, false, &e, 1), -ENOMEM);
	assert_int_equal(make_kuid(ns, 0), INVALID_KID);
	assert_int_equal(user_ns_set_map(ns, false, &e, 1), 0);
	assert_int_equal(user_ns_set_map(ns, false, &e, 1), -EPERM);
	assert_int_equal(atomic_load(&ns->maps_set), 1);
	user_ns_put(first);
	user_ns_put(ns);
}

/* ---- the tree ---- */

static void namespaces_know_their_ancestors(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0), *a = user_ns_create(first, 1, 2),
		       *b = user_ns_create(a, 1, 2);
	struct user_ns *other = user_ns_create(first, 1, 2);

	assert_int_equal(first->level, 0);
	assert_int_equal(b->level, 2);
	assert_int_equal(b->owner, 1);
	assert_int_equal(b->group, 2);
	assert_true(in_userns(first, b));
	assert_true(in_userns(a, b));
	assert_true(in_userns(b, b));
	assert_false(in_userns(b, a));
	assert_false(in_userns(other, b));
	assert_false(in_userns(a, NULL));
	user_ns_put(other);
	user_ns_put(first);
	user_ns_put(a);
	/* The last one holds all above it. */
	assert_int_equal(make_kuid(b->parent->parent, 3), 3);
	user_ns_put(b);
	assert_int_equal(arena_objects(), 0);
	user_ns_put(NULL);
}

static void children_inherit_the_ban_on_setgroups(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0), *a = user_ns_create(first, 1, 1), *b;

	assert_int_equal(a->deny_setgroups, 0);
	a->deny_setgroups = 1;
	b = user_ns_create(a, 1, 1);
	assert_int_equal(b->deny_setgroups, 1);
	user_ns_put(first);
	user_ns_put(a);
	user_ns_put(b);
}

static void creation_fails_cleanly(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0);

	arena_fail_at = 1;
	assert_null(user_ns_create(first, 1, 1));
	assert_int_equal(first->refs, 1);
	user_ns_put(first);
}

/* A limit counts for what is below as well, and goes with nobody. */
static void limits_count_downwards(void **state)
{
	struct user_ns *first = user_ns_create(NULL, 0, 0), *own = user_ns_create(first, 0, 0);
	struct uts_ns *uts = uts_ns_dup(NULL, own);

	assert_false(ucount_reached(own, NS_UTS));
	first->max[NS_UTS] = 1;
	assert_true(ucount_reached(own, NS_UTS));
	assert_true(ucount_reached(first, NS_UTS));
	uts_ns_put(uts);
	assert_false(ucount_reached(own, NS_UTS));
	own->max[NS_UTS] = 0;
	assert_true(ucount_reached(own, NS_UTS));
	assert_false(ucount_reached(first, NS_UTS));
	first->max[NS_USER] = 1;
	assert_true(ucount_reached(first, NS_USER));
	user_ns_put(own);
	assert_false(ucount_reached(first, NS_USER));
	user_ns_put(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(good_maps_are_read),
	    TEST(bad_maps_are_refused),
	    TEST(the_text_ends_at_its_length_or_nul),
	    TEST(there_can_be_340_lines),
	    TEST(the_first_namespace_maps_every_id_to_itself),
	    TEST(without_a_map_every_id_is_unmapped),
	    TEST(ids_go_through_the_map_both_ways),
	    TEST(nested_maps_translate_through_all_parents),
	    TEST(a_map_is_written_once),
	    TEST(namespaces_know_their_ancestors),
	    TEST(children_inherit_the_ban_on_setgroups),
	    TEST(creation_fails_cleanly),
	    TEST(limits_count_downwards),
	};

	return cmocka_run_group_tests_name("kernel/ns/user", tests, NULL, NULL);
}
