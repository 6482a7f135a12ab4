/* SPDX-License-Identifier: MIT */
/* kernel/ns/mnt_rename.c: names that mounts depend on change, or go. */
#include "mounts.h"

static bool held(const char *dir, const char *name)
{
	return mnt_name_held(dir, strlen(dir), name, strlen(name));
}

static u32 all_held(void)
{
	u32 sum = 0;

	for (size_t i = 0; i < PATHS_HELD; i++)
		sum += arena()->paths_held[i];
	return sum;
}

static void a_name_is_held_as_long_as_a_mount_has_it_in_a_path(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy;
	u64 id = attach(ns, ns->root, "/a/b/point", "/x/y");

	assert_true(held("/", "a") && held("/a", "b") && held("/a/b", "point") && held("/", "x") && held("/x", "y"));
	assert_false(held("/", "b") || held("/a/b/point", "below") || held("/", "y") || held("/a", "point"));
	assert_true(mnt_path_used("/a") && mnt_path_used("/a/b/point") && mnt_path_used("/x/y"));
	assert_false(mnt_path_used("/a/b/poin") || mnt_path_used("/a/b/point/below") || mnt_path_used("/y"));
	copy = mnt_ns_dup(ns, ns->user_ns);
	assert_int_equal(mnt_umount(ns, id, false), 0);
	assert_true(held("/a", "b") && mnt_path_used("/x/y"));
	mnt_ns_put(copy);
	assert_false(held("/a", "b") || held("/x", "y") || mnt_path_used("/x/y"));
	mnt_ns_put(ns);
	assert_int_equal(all_held(), 0);
}

static void the_names_of_points_are_counted(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy;
	u64 id = attach(ns, ns->root, "/a/b/point", "/x/y"), hash = hash_text("point", 5);

	assert_true(point_named(hash) && mnt_name_used(ns, "point", 5));
	assert_false(point_named(hash_text("b", 1)) || point_named(hash_text("y", 1)));
	copy = mnt_ns_dup(ns, ns->user_ns);
	assert_int_equal(mnt_umount(ns, id, false), 0);
	assert_true(point_named(hash) && mnt_name_used(copy, "point", 5) && !mnt_name_used(ns, "point", 5));
	mnt_ns_put(copy);
	assert_false(point_named(hash));
	mnt_ns_put(ns);
}

static void a_path_fits_that_a_walk_comes_to(void **state)
{
	struct mnt_ns *ns = new_ns();

	attach(ns, ns->root, "/a/b/point", "/x/shown");
	assert_true(mnt_path_fits("/a/b", HOST_PATH_MAX - strlen("/point")));
	assert_false(mnt_path_fits("/a/b", HOST_PATH_MAX - strlen("/point") + 1));
	assert_true(mnt_path_fits("/x/shown", HOST_PATH_MAX) && mnt_path_fits("/elsewhere", PATH_MAX));
	assert_false(mnt_path_fits("/x/shown", HOST_PATH_MAX + 1));
	mnt_ns_put(ns);
}

static void a_count_that_is_full_stays_so(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 id;

	for (size_t i = 0; i < PATHS_HELD; i++)
		arena()->paths_held[i] = UINT16_MAX - 1;
	id = attach(ns, ns->root, "/a", "/x");
	assert_true(held("/", "a"));
	assert_int_equal(mnt_umount(ns, id, false), 0);
	for (size_t i = 0; i < PATHS_HELD; i++)
		assert_true(arena()->paths_held[i] >= UINT16_MAX - 1);
	mnt_ns_put(ns);
}

static int move_one(const char *from, const char *to)
{
	struct path_move move = {from, to};

	return mnt_paths_moved(&move, 1);
}

static void mounts_follow_in_every_namespace(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy;
	u64 below = attach(ns, ns->root, "/a/b/c", "/s/1"), on = attach(ns, below, "/s/1/d", "/a/b");
	u64 beside = attach(ns, ns->root, "/a/bb", "/a/bc");
	const struct mount *m;

	copy = mnt_ns_dup(ns, ns->user_ns);
	assert_int_equal(mnt_umount(copy, on, false), 0);
	assert_int_equal(move_one("/a/b", "/n"), 0);
	m = child(ns, ns->root, "/n/c");
	assert_int_equal(m->id, below);
	assert_string_equal(m->host, "/s/1");
	assert_null(child(ns, ns->root, "/a/b/c"));
	assert_string_equal(child(ns, below, "/s/1/d")->host, "/n");
	assert_int_equal(child(copy, copy->root, "/n/c")->id, below);
	assert_int_equal(child(ns, ns->root, "/a/bb")->id, beside);
	assert_string_equal(mnt_by_id(ns, beside)->host, "/a/bc");
	assert_true(held("/n", "c") && held("/", "n"));
	dump(ns);
	dump(copy);
	mnt_ns_put(copy);
	mnt_ns_put(ns);
	assert_int_equal(all_held(), 0);
}

static void names_are_exchanged_at_once(void **state)
{
	const struct path_move moves[] = {{"/a", "/b"}, {"/b", "/a"}};
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a/m", "/b"), b = attach(ns, ns->root, "/b/m", "/a/x");

	assert_int_equal(mnt_paths_moved(moves, 2), 0);
	assert_int_equal(child(ns, ns->root, "/b/m")->id, a);
	assert_int_equal(child(ns, ns->root, "/a/m")->id, b);
	assert_string_equal(mnt_by_id(ns, a)->host, "/a");
	assert_string_equal(mnt_by_id(ns, b)->host, "/b/x");
	dump(ns);
	mnt_ns_put(ns);
}

static void what_is_on_a_name_that_goes_is_taken_off(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy = mnt_ns_dup(ns, ns->user_ns);
	u64 on = attach(ns, ns->root, "/a/n", "/s/1"), in = attach(ns, on, "/s/1/d", "/s/2");
	u64 top = attach(ns, ns->root, "/a/n", "/s/3"), beside = attach(copy, copy->root, "/a/n2", "/a/n");

	assert_int_equal(move_one("/a/n", NULL), 0);
	assert_null(mnt_by_id(ns, on));
	assert_null(mnt_by_id(ns, in));
	assert_null(mnt_by_id(ns, top));
	assert_int_equal(ns->nr, 1);
	assert_string_equal(mnt_by_id(copy, beside)->host, "/a/n");
	dump(copy);
	mnt_ns_put(copy);
	mnt_ns_put(ns);
}

/* rename(2) over a directory on which something is mounted elsewhere. */
static void a_name_is_replaced(void **state)
{
	const struct path_move moves[] = {{"/new", "/old"}, {"/old", NULL}};
	struct mnt_ns *ns = new_ns();
	u64 old = attach(ns, ns->root, "/old", "/s/1"), new = attach(ns, ns->root, "/new/m", "/s/2");

	assert_int_equal(mnt_paths_moved(moves, 2), 0);
	assert_null(mnt_by_id(ns, old));
	assert_int_equal(child(ns, ns->root, "/old/m")->id, new);
	dump(ns);
	mnt_ns_put(ns);
}

static void the_path_in_the_file_system_follows(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 disk = attach(ns, ns->root, "/disk", "/disk"), whole = attach(ns, ns->root, "/w", "/disk/d/fs");
	u64 bind = (u64)mnt_bind(ns, disk, "/disk/d/x", ns->root, "/y", true, false);
	u64 inner = (u64)mnt_bind(ns, whole, "/disk/d/fs/sub", ns->root, "/z", true, false);

	assert_string_equal(mnt_by_id(ns, bind)->fsroot, "/d/x");
	assert_int_equal(move_one("/disk/d", "/disk/e/f"), 0);
	assert_string_equal(mnt_by_id(ns, bind)->fsroot, "/e/f/x");
	assert_string_equal(mnt_by_id(ns, bind)->host, "/disk/e/f/x");
	assert_string_equal(mnt_by_id(ns, whole)->fsroot, "/");
	assert_string_equal(mnt_by_id(ns, inner)->fsroot, "/sub");
	assert_string_equal(mnt_by_id(ns, inner)->host, "/disk/e/f/fs/sub");
	dump(ns);
	mnt_ns_put(ns);
}

static void what_a_mount_is_stays(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy;
	struct user_ns *user = new_user_ns(ns->user_ns);
	u64 id = attach_flags(ns, ns->root, "/a/m", "/a/x", MS_RDONLY, false);

	copy = mnt_ns_dup(ns, user);
	assert_true(mnt_locked(copy, mnt_by_id(copy, id)));
	assert_int_equal(move_one("/a", "/b"), 0);
	assert_true(mnt_locked(copy, mnt_by_id(copy, id)));
	assert_int_equal(mnt_by_id(copy, id)->flags, MS_RDONLY);
	assert_int_equal(mnt_reconfigure(copy, id, 0), -EPERM);
	assert_false(mnt_locked(ns, mnt_by_id(ns, id)));
	dump(copy);
	mnt_ns_put(copy);
	user_ns_put(user);
	mnt_ns_put(ns);
}

static void a_path_that_becomes_too_long_stays(void **state)
{
	static char to[PATH_MAX];
	struct mnt_ns *ns = new_ns();
	u64 id = attach(ns, ns->root, "/a/0123456789", "/x");

	memset(to, 'n', sizeof(to) - 1);
	memcpy(to, "/", 1);
	to[PATH_MAX - 11] = '\0';
	assert_int_equal(move_one("/a", to), 0);
	assert_string_equal(mnt_by_id(ns, id)->point, "/a/0123456789");
	to[PATH_MAX - 12] = '\0';
	assert_int_equal(move_one("/a", to), 0);
	assert_int_equal(mnt_by_id(ns, id)->point_len, PATH_MAX - 1);
	dump(ns);
	mnt_ns_put(ns);
}

static s64 replace(void *arg)
{
	const struct path_move moves[] = {{"/new", "/old"}, {"/old", NULL}};

	return mnt_paths_moved(moves, 2);
}

static void a_failure_changes_nothing(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy;
	u64 old = attach(ns, ns->root, "/old", "/s/1");

	attach(ns, old, "/s/1/d", "/new/x");
	attach(ns, ns->root, "/new/m", "/s/2");
	copy = mnt_ns_dup(ns, ns->user_ns);
	assert_int_equal(every_failure(ns, replace, NULL), 0);
	assert_string_equal(dump(ns), dump(copy));
	assert_int_equal(ns->nr, 2);
	mnt_ns_put(copy);
	mnt_ns_put(ns);
	assert_int_equal(all_held(), 0);
}

static void a_file_without_a_name_is_shown_where_it_has_one(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy;
	u64 file = (u64)mnt_bind(ns, ns->root, "/x/f", ns->root, "/p", false, false),
	    dir = attach(ns, ns->root, "/q", "/x");

	copy = mnt_ns_dup(ns, ns->user_ns);
	assert_true(mnt_file_shown("/x/f"));
	assert_false(mnt_file_shown("/x") || mnt_file_shown("/x/g"));
	arena_fail_at = 1;
	assert_int_equal(mnt_file_unlinked("/x/f", "/grave"), -ENOMEM);
	arena_fail_at = 0;
	assert_true(mnt_file_shown("/x/f"));
	assert_int_equal(mnt_file_unlinked("/x/f", "/grave"), 0);
	assert_false(mnt_file_shown("/x/f"));
	assert_string_equal(mnt_by_id(ns, file)->host, "/grave");
	assert_string_equal(mnt_by_id(copy, file)->fsroot, "/x/f//deleted");
	assert_string_equal(mnt_by_id(ns, dir)->host, "/x");
	mnt_ns_put(copy);
	mnt_ns_put(ns);
	assert_int_equal(all_held(), 0);
}

/* Where a task is sent whose root was there when it had seen that many changes. */
static const char *root_now(const struct mnt_ns *ns, u64 seen, const char *was)
{
	static char host[PATH_MAX];
	u64 mnt = 1;

	strcpy(host, was);
	for (const struct pivot *p = mnt_first_pivot(ns, seen); p; p = mnt_next_pivot(p))
		mnt_pivot_moves(p, true, &mnt, host);
	assert_int_equal(mnt, 1);
	return host;
}

static s64 exchange_roots(void *arg)
{
	const struct path_move moves[] = {{"/r/b", "/r/a"}, {"/r/a", "/r/b"}};

	return mnt_paths_moved(moves, 2);
}

static void roots_follow_in_every_namespace(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy = mnt_ns_dup(ns, ns->user_ns);
	u64 seen = atomic_load(&arena()->pivots);
	char host[PATH_MAX] = "/r/a";
	u64 mnt = 1;

	arena_fail_at = 2;
	assert_int_equal(mnt_hold_root("/r/a"), -ENOMEM);
	arena_fail_at = 0;
	assert_int_equal(all_held(), 0);
	assert_int_equal(mnt_hold_root("/r/a"), 0);
	assert_int_equal(mnt_hold_root("/r/a"), 0);
	assert_int_equal(all_held(), 2);
	assert_true(held("/r", "a") && mnt_path_used("/r"));
	assert_false(mnt_path_used("/r/b") || mnt_path_fits("/r", HOST_PATH_MAX - 1));
	assert_true(mnt_path_fits("/r", HOST_PATH_MAX - 2));
	assert_int_equal(every_failure(ns, exchange_roots, NULL), 0);
	assert_string_equal(root_now(ns, seen, "/r/a"), "/r/b");
	assert_string_equal(root_now(copy, seen, "/r/b/c"), "/r/a/c");
	assert_false(mnt_pivot_moves(ns->pivots, false, &mnt, host));
	assert_true(held("/r", "b") && !held("/r", "a"));
	assert_int_equal(move_one("/r", "/n"), 0);
	assert_string_equal(root_now(ns, seen, "/r/a"), "/n/b");
	assert_string_equal(root_now(copy, atomic_load(&arena()->pivots), "/r/a"), "/r/a");
	mnt_ns_put(copy);
	mnt_ns_put(ns);
	assert_int_equal(move_one("/n/b", NULL), 0);
	assert_int_equal(all_held(), 0);
}

/* What a mount shows may be a root without chroot(2). Of other mounts nothing is noted: it would stay for ever. */
static void what_a_mount_shows_follows_as_a_root(void **state)
{
	struct mnt_ns *ns = new_ns(), *other = new_ns();
	u64 seen = atomic_load(&arena()->pivots), point;

	point = attach(ns, ns->root, "/a", "/x/y");
	assert_int_equal(move_one("/x", "/z"), 0);
	assert_null(ns->pivots);
	attach(ns, point, "/z/y", "/x/top");
	assert_int_equal(move_one("/x", "/w"), 0);
	assert_string_equal(root_now(ns, seen, "/x/top"), "/w/top");
	point = attach(ns, ns->root, "/b", "/x/new");
	assert_int_equal(mnt_pivot(ns, point, ns->root, point, "/x/new/old"), 0);
	seen = atomic_load(&arena()->pivots);
	assert_int_equal(move_one("/x", "/v"), 0);
	assert_string_equal(root_now(ns, seen, "/x/new"), "/v/new");
	assert_null(other->pivots);
	mnt_ns_put(other);
	mnt_ns_put(ns);
}

static void roots_are_forgotten_with_their_file_system(void **state)
{
	struct mnt_ns *ns = new_ns();

	assert_int_equal(mnt_hold_root("/s/1"), 0);
	assert_int_equal(mnt_hold_root("/s/1/a"), 0);
	assert_int_equal(mnt_hold_root("/s/10"), 0);
	mnt_forget_roots("/s/1");
	assert_true(!held("/s", "1") && !held("/s/1", "a") && held("/s", "10"));
	mnt_forget_roots("/s/10");
	assert_int_equal(all_held(), 0);
	mnt_ns_put(ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_name_is_held_as_long_as_a_mount_has_it_in_a_path),
	    TEST(the_names_of_points_are_counted),
	    TEST(a_path_fits_that_a_walk_comes_to),
	    TEST(a_count_that_is_full_stays_so),
	    TEST(mounts_follow_in_every_namespace),
	    TEST(names_are_exchanged_at_once),
	    TEST(what_is_on_a_name_that_goes_is_taken_off),
	    TEST(a_name_is_replaced),
	    TEST(the_path_in_the_file_system_follows),
	    TEST(what_a_mount_is_stays),
	    TEST(a_path_that_becomes_too_long_stays),
	    TEST(a_failure_changes_nothing),
	    TEST(a_file_without_a_name_is_shown_where_it_has_one),
	    TEST(roots_follow_in_every_namespace),
	    TEST(what_a_mount_shows_follows_as_a_root),
	    TEST(roots_are_forgotten_with_their_file_system),
	};

	return cmocka_run_group_tests_name("kernel/ns/mnt_rename", tests, NULL, NULL);
}
