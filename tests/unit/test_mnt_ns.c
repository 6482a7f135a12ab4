/* SPDX-License-Identifier: MIT */
/* kernel/ns/mnt_ns.c and pivot_root: whole namespaces. */
#include "mounts.h"

static void a_copy_shows_the_same_and_lives_on_its_own(void **state)
{
	struct mnt_ns *old = new_ns(), *ns;
	u64 a = attach(old, old->root, "/a", "/x"), in_copy;
	char before[1000];

	strcpy(before, dump(old));
	ns = mnt_ns_dup(old, old->user_ns);
	assert_string_equal(dump(ns), before);
	assert_int_not_equal(ns->inum, old->inum);
	assert_int_not_equal(mnt_read_begin(ns), mnt_read_begin(old));
	assert_int_equal(ns->root, old->root);

	in_copy = attach(ns, a, "/x/new", "/n");
	assert_null(mnt_by_id(old, in_copy));
	assert_string_equal(dump(old), before);
	assert_int_equal(mnt_umount(old, a, false), 0);
	assert_non_null(mnt_by_id(ns, a));
	mnt_ns_put(old);
	assert_int_equal(child(ns, a, "/x/new")->id, in_copy);
	dump(ns);
	mnt_ns_put(ns);
}

static void a_copy_costs_the_same_with_ten_thousand_mounts(void **state)
{
	struct mnt_ns *old = new_ns(), *ns;
	char point[32];
	u64 objects;

	for (int i = 0; i < 10000; i++) {
		sprintf(point, "/%d", i);
		attach(old, old->root, point, "/x");
	}
	objects = arena_objects();
	ns = mnt_ns_dup(old, old->user_ns);
	assert_int_equal(arena_objects(), objects + 1);
	mnt_ns_put(ns);
	mnt_ns_put(old);
}

static void versions_are_never_numbered_twice(void **state)
{
	struct mnt_ns *ns = new_ns();
	enum { N = 1000 };
	static u64 seen[N];

	for (int i = 0; i < N; i++) {
		u64 a = attach(ns, ns->root, "/a", "/x");

		seen[i] = mnt_read_begin(ns);
		for (int k = 0; k < i; k++)
			assert_int_not_equal(seen[k], seen[i]);
		assert_int_equal(mnt_umount(ns, a, false), 0);
	}
	mnt_ns_put(ns);
}

static void a_less_privileged_copy_is_locked(void **state)
{
	struct mnt_ns *old = new_ns(), *ns, *same;
	struct user_ns *user = new_user_ns(old->user_ns);
	u64 a = attach_flags(old, old->root, "/a", "/x", MS_RDONLY | MS_NOATIME, false), own;

	ns = mnt_ns_dup(old, user);
	assert_false(mnt_locked(old, mnt_by_id(old, a)));
	assert_true(mnt_locked(ns, mnt_by_id(ns, a)));
	assert_int_equal(mnt_umount(ns, a, true), -EINVAL);
	assert_int_equal(mnt_move(ns, a, ns->root, "/b"), -EINVAL);
	assert_int_equal(mnt_reconfigure(ns, a, 0), -EPERM);

	/* An edited mount is as locked as it was: by what it had then, not by what was added here. */
	assert_int_equal(mnt_reconfigure(ns, a, MS_RDONLY | MS_NOEXEC), -EPERM);
	assert_int_equal(mnt_reconfigure(ns, a, MS_RDONLY | MS_NOEXEC | MS_NOATIME), 0);
	assert_int_equal(mnt_umount(ns, a, true), -EINVAL);
	assert_int_equal(mnt_reconfigure(ns, a, MS_NOEXEC | MS_NOATIME), -EPERM);
	assert_int_equal(mnt_reconfigure(ns, a, MS_RDONLY | MS_NOATIME), 0);

	own = attach(ns, ns->root, "/own", "/o");
	assert_int_equal(mnt_reconfigure(ns, own, MS_RDONLY), 0);
	assert_int_equal(mnt_reconfigure(ns, own, 0), 0);

	/* A copy for the same owner changes nothing, one for the next locks what was made here. */
	same = mnt_ns_dup(ns, user);
	assert_true(mnt_locked(same, mnt_by_id(same, a)));
	assert_false(mnt_locked(same, mnt_by_id(same, own)));
	mnt_ns_put(same);
	same = mnt_ns_dup(ns, old->user_ns);
	assert_true(mnt_locked(same, mnt_by_id(same, own)));
	mnt_ns_put(same);

	assert_int_equal(mnt_umount(ns, own, false), 0);
	assert_int_equal(mnt_umount(old, a, false), 0);
	mnt_ns_put(ns);
	mnt_ns_put(old);
	user_ns_put(user);
}

static void a_copy_fails_cleanly(void **state)
{
	struct mnt_ns *old = new_ns();
	u64 objects = arena_objects();

	arena_fail_at = 1;
	assert_null(mnt_ns_dup(old, old->user_ns));
	assert_int_equal(arena_objects(), objects);
	assert_int_equal(old->user_ns->refs, 1);
	mnt_ns_put(old);
}

static void a_namespace_that_went_is_noticed(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 seq = mnt_read_begin(ns), root = ns->root;

	mnt_ns_put(ns);
	/* A reader that came through another process's handle still holds the pointer. */
	assert_true(mnt_read_retry(ns, seq));
	assert_null(mnt_by_id(ns, root));
	assert_null(child(ns, root, "/x"));
}

/* ---- pivot_root ---- */

static void pivot_exchanges_the_roots(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 old = ns->root, new, a, in;

	a = attach(ns, old, "/a", "/x");
	new = attach(ns, old, "/new", "/n");
	in = attach(ns, new, "/n/in", "/i");
	assert_int_equal(mnt_pivot(ns, new, old, new, "/n/old"), 0);
	assert_int_equal(ns->root, new);
	assert_int_equal(child(ns, new, "/n/old")->id, old);
	assert_int_equal(child(ns, old, "/a")->id, a);
	assert_int_equal(child(ns, new, "/n/in")->id, in);
	assert_null(child(ns, old, "/new"));
	assert_int_equal(ns->nr, 4);
	dump(ns);
	assert_int_equal(mnt_umount(ns, new, true), -EINVAL);
	assert_int_equal(mnt_umount(ns, old, true), 0);
	dump(ns);
	mnt_ns_put(ns);
}

static void pivot_onto_the_new_root_itself(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 old = ns->root, new = attach(ns, old, "/new", "/n");

	/* pivot_root(".", "."): the old root comes to lie on the new one. */
	assert_int_equal(mnt_pivot(ns, new, old, new, "/n"), 0);
	assert_int_equal(child(ns, new, "/n")->id, old);
	assert_int_equal(mnt_umount(ns, old, true), 0);
	assert_int_equal(ns->nr, 1);
	dump(ns);
	mnt_ns_put(ns);
}

static void pivot_of_a_chroot(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 jail = attach(ns, ns->root, "/jail", "/j"), new = attach(ns, jail, "/j/new", "/n");

	assert_int_equal(mnt_pivot(ns, new, jail, new, "/n/old"), 0);
	assert_int_equal(child(ns, ns->root, "/jail")->id, new);
	assert_int_equal(child(ns, new, "/n/old")->id, jail);
	assert_null(child(ns, jail, "/j/new"));
	dump(ns);
	mnt_ns_put(ns);
}

static void pivot_in_a_less_privileged_copy(void **state)
{
	struct mnt_ns *first = new_ns(), *ns;
	struct user_ns *user = new_user_ns(first->user_ns);
	u64 old = first->root, locked = attach(first, old, "/l", "/l"), new;

	ns = mnt_ns_dup(first, user);
	assert_int_equal(mnt_pivot(ns, locked, old, locked, "/l/old"), -EINVAL);
	new = attach(ns, old, "/new", "/n");
	assert_int_equal(mnt_pivot(ns, new, old, new, "/n/old"), 0);
	/* The old root can go, with all that is locked to it. */
	assert_int_equal(mnt_umount(ns, locked, true), -EINVAL);
	assert_int_equal(mnt_umount(ns, old, true), 0);
	assert_int_equal(ns->nr, 1);
	mnt_ns_put(ns);
	mnt_ns_put(first);
	user_ns_put(user);
}

static void pivot_refuses(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 root = ns->root, new = attach(ns, root, "/new", "/n"), beside = attach(ns, root, "/beside", "/b");

	assert_int_equal(mnt_pivot(ns, root, root, root, "/x"), -EBUSY);
	assert_int_equal(mnt_pivot(ns, new, root, root, "/x"), -EBUSY);
	assert_int_equal(mnt_pivot(ns, new, root, beside, "/b/x"), -EINVAL);
	assert_int_equal(mnt_pivot(ns, 999, root, new, "/n/x"), -EINVAL);
	assert_int_equal(mnt_pivot(ns, new, 999, new, "/n/x"), -EINVAL);
	assert_int_equal(mnt_pivot(ns, new, root, 999, "/n/x"), -EINVAL);
	assert_int_equal(mnt_pivot(ns, root, new, root, "/x"), -EINVAL);
	assert_int_equal(ns->root, root);
	mnt_ns_put(ns);
}

struct pivoting {
	struct mnt_ns *ns;
	u64 new, old;
};

static s64 do_pivot(void *arg)
{
	struct pivoting *x = arg;

	return mnt_pivot(x->ns, x->new, x->old, x->new, "/n/old");
}

static void a_failed_pivot_changes_nothing(void **state)
{
	struct pivoting x = {.ns = new_ns()};

	x.old = x.ns->root;
	x.new = attach(x.ns, x.old, "/new", "/n");
	assert_int_equal(every_failure(x.ns, do_pivot, &x), 0);
	assert_int_equal(x.ns->root, x.new);
	mnt_ns_put(x.ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_copy_shows_the_same_and_lives_on_its_own),
	    TEST(a_copy_costs_the_same_with_ten_thousand_mounts),
	    TEST(versions_are_never_numbered_twice),
	    TEST(a_less_privileged_copy_is_locked),
	    TEST(a_copy_fails_cleanly),
	    TEST(a_namespace_that_went_is_noticed),
	    TEST(pivot_exchanges_the_roots),
	    TEST(pivot_onto_the_new_root_itself),
	    TEST(pivot_of_a_chroot),
	    TEST(pivot_in_a_less_privileged_copy),
	    TEST(pivot_refuses),
	    TEST(a_failed_pivot_changes_nothing),
	};

	return cmocka_run_group_tests_name("kernel/ns/mnt_ns", tests, NULL, NULL);
}
