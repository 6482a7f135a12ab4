/* SPDX-License-Identifier: MIT */
/* kernel/dcache.c */
#include <errno.h>
#include <linux/futex.h>

#include "arena/arena.h"
#include "lib/hash.h"
#include "unit.h"

static unsigned gone_count;

static void gone(const struct dentry *e)
{
	(void)e;
	gone_count++;
}

static struct dcache *cache(void)
{
	gone_count = 0;
	return &arena()->dcache;
}

static void add(struct dcache *dc, const char *path, const char *text)
{
	struct dentry *e = dcache_add(dc, path, text, gone);

	assert_non_null(e);
	dcache_count(e);
}

static int look(const struct dcache *dc, const char *path, char *text, size_t size)
{
	return dcache_readlink(dc, path, strlen(path), text, size);
}

static bool passes(const struct dcache *dc, const char *name)
{
	return dcache_passes(dc, name, strlen(name));
}

static void a_link_is_found(void **state)
{
	struct dcache *dc = cache();
	char text[100];

	assert_int_equal(look(dc, "/lib", text, sizeof(text)), 0);
	add(dc, "/lib", "usr/lib");
	assert_int_equal(look(dc, "/lib", text, sizeof(text)), 7);
	assert_string_equal(text, "usr/lib");
	assert_int_equal(look(dc, "/li", text, sizeof(text)), 0);
	assert_int_equal(look(dc, "/lib/", text, sizeof(text)), 0);
	assert_int_equal(dcache_readlink(dc, "/lib/more", 4, text, sizeof(text)), 7);
	dcache_drop(dc, "/", gone);
	assert_int_equal(gone_count, 1);
	assert_int_equal(look(dc, "/lib", text, sizeof(text)), 0);
}

static void a_text_must_fit(void **state)
{
	struct dcache *dc = cache();
	char text[8];

	add(dc, "/lib", "usr/lib");
	assert_int_equal(look(dc, "/lib", text, 7), -ENAMETOOLONG);
	assert_int_equal(look(dc, "/lib", text, 8), 7);
	dcache_drop(dc, "/", gone);
}

static void one_that_is_not_to_be_followed_is_known_as_such(void **state)
{
	struct dcache *dc = cache();
	char text[100];

	assert_non_null(dcache_add(dc, "/net/link", "-", gone));
	assert_int_equal(look(dc, "/net/link", text, sizeof(text)), -EAGAIN);
	dcache_drop(dc, "/", gone);
}

static void a_directory_is_no_link(void **state)
{
	struct dcache *dc = cache();
	char text[100];

	add(dc, "/usr/lib", "");
	assert_int_equal(look(dc, "/usr/lib", text, sizeof(text)), 0);
	assert_true(dcache_is_directory(dc, "/usr/lib", 8));
	assert_false(dcache_is_directory(dc, "/usr", 4));
	assert_false(dcache_ends_in(dc, hash_text("lib", 3)));
	assert_true(passes(dc, "lib"));
	add(dc, "/lib", "usr/lib");
	assert_false(dcache_is_directory(dc, "/lib", 4));
	dcache_drop(dc, "/usr", gone);
	assert_false(dcache_is_directory(dc, "/usr/lib", 8));
	assert_false(passes(dc, "usr"));
	/* Not yet watched. */
	assert_non_null(dcache_add(dc, "/usr", "", gone));
	assert_false(dcache_is_directory(dc, "/usr", 4));
	dcache_drop(dc, "/", gone);
}

static void names_are_told_while_they_matter(void **state)
{
	struct dcache *dc = cache();

	assert_false(passes(dc, "b"));
	add(dc, "/a/b/link", "x");
	add(dc, "/a/b/b", "x");
	assert_true(passes(dc, "a"));
	assert_true(passes(dc, "b"));
	assert_true(passes(dc, "link"));
	assert_true(dcache_ends_in(dc, hash_text("link", 4)));
	assert_false(dcache_ends_in(dc, hash_text("a", 1)));
	dcache_drop(dc, "/a/b/b", gone);
	assert_true(passes(dc, "b"));
	assert_false(dcache_ends_in(dc, hash_text("b", 1)));
	dcache_drop(dc, "/a/b/link", gone);
	assert_false(passes(dc, "a"));
	assert_false(passes(dc, "b"));
	assert_int_equal(dc->nr, 0);
}

static void what_lies_below_goes_along(void **state)
{
	struct dcache *dc = cache();
	char text[100];

	add(dc, "/a/link", "x");
	add(dc, "/a/b/link", "x");
	add(dc, "/ab/link", "x");
	add(dc, "/a", "x");
	dcache_drop(dc, "/a", gone);
	assert_int_equal(gone_count, 3);
	assert_int_equal(look(dc, "/ab/link", text, sizeof(text)), 1);
	dcache_drop(dc, "/", gone);
	assert_int_equal(gone_count, 4);
}

static void more_than_there_is_room_for(void **state)
{
	struct dcache *dc = cache();
	u64 before = arena()->objects;
	char path[32], text[100];
	const u32 many = 2 * DCACHE_SETS * DCACHE_WAYS;
	u32 found = 0;

	for (u32 i = 0; i < many; i++) {
		snprintf(path, sizeof(path), "/dir/%u", i);
		add(dc, path, path);
		assert_int_equal(look(dc, path, text, sizeof(text)), strlen(path));
	}
	for (u32 i = 0; i < many; i++) {
		snprintf(path, sizeof(path), "/dir/%u", i);
		if (look(dc, path, text, sizeof(text))) {
			assert_string_equal(text, path);
			found++;
		}
	}
	assert_int_equal(found, dc->nr);
	assert_int_equal(found + gone_count, many);
	assert_true(found > DCACHE_SETS * DCACHE_WAYS / 2);
	dcache_drop(dc, "/", gone);
	assert_int_equal(gone_count, many);
	assert_false(passes(dc, "dir"));
	assert_int_equal(arena()->objects, before);
}

static void what_tasks_remember_is_forgotten(void **state)
{
	struct dcache *dc = cache();
	u64 seq = dcache_seq(dc);

	atomic_store(&dc->warden, 7);
	assert_false(dcache_has_recents(dc));
	atomic_store(&dc->recents, 1);
	assert_true(dcache_has_recents(dc));
	dcache_forget_recents(dc);
	assert_int_not_equal(dcache_seq(dc), seq);
	atomic_store(&dc->warden, FUTEX_OWNER_DIED);
	assert_false(dcache_has_recents(dc));
	atomic_store(&dc->recents, 0);
	atomic_store(&dc->warden, 0);
}

static void it_counts_for_a_while_and_while_the_warden_lives(void **state)
{
	struct dcache *dc = cache();

	dc->lease = 1000;
	dc->lease_ticks = 100;
	assert_false(dcache_valid(dc, 950));
	dc->warden = 42;
	assert_true(dcache_valid(dc, 900));
	assert_true(dcache_valid(dc, 999));
	assert_false(dcache_valid(dc, 1000));
	assert_false(dcache_valid(dc, 5000));
	/* The clock was set back. */
	assert_false(dcache_valid(dc, 899));
	/* So the kernel leaves a robust futex. */
	dc->warden = FUTEX_OWNER_DIED;
	assert_false(dcache_valid(dc, 950));
	dc->warden = 0;
	dc->lease = dc->lease_ticks = 0;
	assert_false(dcache_valid(dc, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_link_is_found),
	    TEST(a_text_must_fit),
	    TEST(one_that_is_not_to_be_followed_is_known_as_such),
	    TEST(a_directory_is_no_link),
	    TEST(names_are_told_while_they_matter),
	    TEST(what_lies_below_goes_along),
	    TEST(more_than_there_is_room_for),
	    TEST(what_tasks_remember_is_forgotten),
	    TEST(it_counts_for_a_while_and_while_the_warden_lives),
	};

	return cmocka_run_group_tests_name("kernel/dcache", tests, NULL, NULL);
}
