/* SPDX-License-Identifier: MIT */
/* Shared subtrees: kernel/ns/mnt_group.c, mnt_propagate.c, mnt_umount.c, mnt_set_attr(). */
#include "mounts.h"

#include <time.h>

static void set(struct mnt_ns *ns, u64 id, u32 type)
{
	assert_int_equal(mnt_set_attr(ns, id, 0, 0, type, false), 0);
}

static bool anywhere(const struct mount *m, void *arg)
{
	return true;
}

static struct peer_numbers numbers(const struct mnt_ns *ns, u64 id)
{
	struct peer_numbers n;

	mnt_peer_numbers(ns, mnt_by_id(ns, id), anywhere, NULL, &n);
	return n;
}

static u64 shared(const struct mnt_ns *ns, u64 id)
{
	return numbers(ns, id).shared;
}

static u64 master(const struct mnt_ns *ns, u64 id)
{
	return numbers(ns, id).master;
}

static u64 show(struct mnt_ns *ns, u64 src, const char *host, u64 dst, const char *point)
{
	s64 id = mnt_bind(ns, src, host, dst, point, true, false);

	assert_true(id > 0);
	return (u64)id;
}

static void only_the_four_types_are_types(void **state)
{
	struct mnt_ns *ns = new_ns();

	assert_int_equal(mnt_set_attr(ns, ns->root, 0, 0, MS_SHARED | MS_SLAVE, false), -EINVAL);
	assert_int_equal(mnt_set_attr(ns, ns->root, 0, 0, MS_RDONLY, false), -EINVAL);
	assert_int_equal(mnt_set_attr(ns, 999, 0, 0, MS_SHARED, false), -EINVAL);
	assert_true(mnt_all_private(ns));
	mnt_ns_put(ns);
}

static void what_does_not_change_is_no_new_version(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 seq = mnt_read_begin(ns);

	assert_int_equal(mnt_set_attr(ns, ns->root, 0, 0, MS_PRIVATE, true), 0);
	set(ns, ns->root, MS_SLAVE);
	assert_false(mnt_read_retry(ns, seq));
	set(ns, ns->root, MS_SHARED);
	seq = mnt_read_begin(ns);
	set(ns, ns->root, MS_SHARED);
	assert_false(mnt_read_retry(ns, seq));
	mnt_ns_put(ns);
}

static void a_type_follows_another(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b;

	set(ns, a, MS_SHARED);
	b = show(ns, a, "/x", ns->root, "/b");
	assert_int_equal(shared(ns, a), shared(ns, b));
	set(ns, b, MS_SLAVE);
	assert_int_equal(shared(ns, b), 0);
	assert_int_equal(master(ns, b), shared(ns, a));
	set(ns, b, MS_SHARED);
	assert_int_equal(master(ns, b), shared(ns, a));
	assert_int_not_equal(shared(ns, b), shared(ns, a));
	set(ns, b, MS_UNBINDABLE);
	assert_int_equal(shared(ns, b) + master(ns, b), 0);
	assert_int_equal(mnt_bind(ns, b, "/x", ns->root, "/c", true, false), -EINVAL);
	set(ns, b, MS_SLAVE);
	assert_int_equal(mnt_propagation(ns, mnt_by_id(ns, b)), PROP_UNBINDABLE);
	set(ns, b, MS_PRIVATE);
	dump(ns);
	mnt_ns_put(ns);
}

static void with_rec_all_below_change(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), in = attach(ns, a, "/x/in", "/i"),
	    beside = attach(ns, ns->root, "/c", "/z");

	assert_int_equal(mnt_set_attr(ns, a, 0, 0, MS_SHARED, true), 0);
	assert_true(shared(ns, a) && shared(ns, in) && shared(ns, a) != shared(ns, in));
	assert_int_equal(shared(ns, beside), 0);
	dump(ns);
	mnt_ns_put(ns);
}

static void the_last_member_leaves_its_slaves_to_the_master(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b, c, d;

	set(ns, a, MS_SHARED);
	b = show(ns, a, "/x", ns->root, "/b");
	set(ns, b, MS_SLAVE);
	set(ns, b, MS_SHARED);
	c = show(ns, b, "/x", ns->root, "/c");
	set(ns, c, MS_SLAVE);
	d = show(ns, c, "/x", ns->root, "/d");
	set(ns, d, MS_SHARED);
	assert_int_equal(master(ns, c), shared(ns, b));
	assert_int_equal(mnt_umount(ns, b, false), 0);
	assert_int_equal(master(ns, c), shared(ns, a));
	assert_int_equal(master(ns, d), shared(ns, a));
	/* It goes on receiving. */
	attach(ns, a, "/x/in", "/i");
	assert_non_null(child(ns, c, "/x/in"));
	assert_non_null(child(ns, d, "/x/in"));
	set(ns, a, MS_PRIVATE);
	assert_int_equal(master(ns, c) + master(ns, d), 0);
	dump(ns);
	mnt_ns_put(ns);
}

static void copies_are_peers_and_receive(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy;
	u64 objects, in;
	const struct mount *there;

	set(ns, ns->root, MS_SHARED);
	objects = arena_objects();
	copy = mnt_ns_dup(ns, ns->user_ns);
	assert_int_equal(arena_objects(), objects + 1);
	assert_int_equal(shared(copy, copy->root), shared(ns, ns->root));
	in = attach(ns, ns->root, "/in", "/i");
	there = child(copy, copy->root, "/in");
	assert_non_null(there);
	assert_int_not_equal(there->id, in);
	assert_int_equal(shared(copy, there->id), shared(ns, in));
	assert_int_equal(mnt_umount(copy, there->id, false), 0);
	assert_int_equal(ns->nr, 1);
	dump(ns);
	dump(copy);
	mnt_ns_put(ns);
	mnt_ns_put(copy);
}

static void a_less_privileged_copy_only_receives(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy, *last;
	struct user_ns *user = new_user_ns(ns->user_ns);
	const struct mount *there;
	u64 in;

	set(ns, ns->root, MS_SHARED);
	copy = mnt_ns_dup(ns, user);
	last = mnt_ns_dup(copy, user);
	assert_int_equal(shared(copy, copy->root), 0);
	assert_int_equal(master(copy, copy->root), shared(ns, ns->root));
	assert_int_equal(master(last, last->root), shared(ns, ns->root));
	in = attach(ns, ns->root, "/in", "/i");
	there = child(copy, copy->root, "/in");
	assert_int_equal(master(copy, there->id), shared(ns, in));
	assert_false(mnt_locked(copy, there));
	attach(copy, copy->root, "/own", "/o");
	assert_null(child(ns, ns->root, "/own"));
	assert_null(child(last, last->root, "/own"));
	/* Nobody is left to receive from. */
	mnt_ns_put(ns);
	assert_int_equal(master(copy, copy->root), 0);
	assert_int_equal(master(last, last->root), 0);
	mnt_ns_put(copy);
	dump(last);
	mnt_ns_put(last);
	user_ns_put(user);
}

static void a_group_is_no_longer_than_its_namespaces(void **state)
{
	struct mnt_ns *ns = new_ns(), *copies[3];
	struct user_ns *user = new_user_ns(ns->user_ns);

	set(ns, ns->root, MS_SHARED);
	for (int i = 0; i < 3; i++)
		copies[i] = mnt_ns_dup(ns, i == 2 ? user : ns->user_ns);
	mnt_ns_put(ns);
	mnt_ns_put(copies[0]);
	assert_int_not_equal(master(copies[2], copies[2]->root), 0);
	mnt_ns_put(copies[1]);
	assert_int_equal(master(copies[2], copies[2]->root), 0);
	mnt_ns_put(copies[2]);
	user_ns_put(user);
}

static void a_copy_comes_to_lie_under_what_is_there(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b, on, in;
	const struct mount *there;

	set(ns, a, MS_SHARED);
	b = show(ns, a, "/x", ns->root, "/b");
	set(ns, b, MS_SLAVE);
	on = attach(ns, b, "/x/in", "/o");
	in = attach(ns, a, "/x/in", "/i");
	there = child(ns, b, "/x/in");
	assert_string_equal(there->host, "/i");
	assert_int_equal(child(ns, there->id, "/i")->id, on);
	/* And sinks back when that goes. */
	assert_int_equal(mnt_umount(ns, in, false), 0);
	assert_int_equal(child(ns, b, "/x/in")->id, on);
	dump(ns);
	mnt_ns_put(ns);
}

static void what_is_there_comes_to_lie_on_all_of_a_stack(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), stack = attach(ns, ns->root, "/stack", "/lower"), b, on, in;
	const struct mount *lower, *middle, *upper;

	attach(ns, attach(ns, stack, "/lower", "/middle"), "/middle", "/upper");
	set(ns, a, MS_SHARED);
	b = show(ns, a, "/x", ns->root, "/b");
	set(ns, b, MS_SLAVE);
	on = attach(ns, b, "/x/in", "/o");
	in = (u64)mnt_bind(ns, stack, "/lower", a, "/x/in", true, true);
	lower = child(ns, b, "/x/in");
	assert_string_equal(lower->host, "/lower");
	middle = child(ns, lower->id, "/lower");
	assert_string_equal(middle->host, "/middle");
	upper = child(ns, middle->id, "/middle");
	assert_string_equal(upper->host, "/upper");
	assert_int_equal(child(ns, upper->id, "/upper")->id, on);
	dump(ns);
	/* And sinks back when that goes. */
	assert_int_equal(mnt_umount(ns, in, true), 0);
	assert_int_equal(child(ns, b, "/x/in")->id, on);
	dump(ns);
	mnt_ns_put(ns);
}

static void moves_and_pivots_mind_shared_parents(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), in, un;

	in = attach(ns, a, "/x/in", "/i");
	un = attach(ns, ns->root, "/un", "/u");
	set(ns, a, MS_SHARED);
	set(ns, un, MS_UNBINDABLE);
	assert_int_equal(mnt_move(ns, in, ns->root, "/d"), -EINVAL);
	assert_int_equal(mnt_move(ns, un, a, "/x/un"), -EINVAL);
	assert_int_equal(mnt_pivot(ns, a, ns->root, a, "/x/old"), -EINVAL);
	set(ns, a, MS_PRIVATE);
	assert_int_equal(mnt_move(ns, in, ns->root, "/d"), 0);
	assert_int_equal(mnt_move(ns, un, a, "/x/un"), 0);
	dump(ns);
	mnt_ns_put(ns);
}

/* ---- all or nothing ---- */

/* A shared mount with a peer, a slave, and the same in a copy and in a less privileged copy. */
struct world {
	struct mnt_ns *ns, *copy, *other;
	struct user_ns *user;
	u64 a, in, beside;
};

static struct world world_create(void)
{
	struct world w = {.ns = new_ns()};
	u64 b;

	w.user = new_user_ns(w.ns->user_ns);
	w.a = attach(w.ns, w.ns->root, "/a", "/x");
	w.beside = attach(w.ns, w.ns->root, "/beside", "/s");
	attach(w.ns, w.beside, "/s/deep", "/d");
	set(w.ns, w.a, MS_SHARED);
	b = show(w.ns, w.a, "/x", w.ns->root, "/b");
	set(w.ns, b, MS_SLAVE);
	w.copy = mnt_ns_dup(w.ns, w.ns->user_ns);
	w.other = mnt_ns_dup(w.ns, w.user);
	w.in = attach(w.ns, w.a, "/x/in", "/i");
	attach(w.ns, w.in, "/i/deep", "/d");
	return w;
}

static void world_put(struct world *w)
{
	mnt_ns_put(w->ns);
	mnt_ns_put(w->copy);
	mnt_ns_put(w->other);
	user_ns_put(w->user);
}

static s64 do_attach(void *arg)
{
	struct world *w = arg;
	struct mount_spec spec = {
	    .parent = w->a, .point = "/x/new", .host = "/n", .dir = true, .sb = mnt_by_id(w->ns, w->ns->root)->sb};

	return mnt_attach(w->ns, &spec);
}

static s64 do_bind(void *arg)
{
	struct world *w = arg;

	return mnt_bind(w->ns, w->beside, "/s", w->a, "/x/new", true, true);
}

static s64 do_move(void *arg)
{
	struct world *w = arg;

	return mnt_move(w->ns, w->beside, w->a, "/x/in");
}

static s64 do_umount(void *arg)
{
	struct world *w = arg;

	return mnt_umount(w->ns, w->in, true);
}

static s64 do_share(void *arg)
{
	struct world *w = arg;

	return mnt_set_attr(w->copy, w->copy->root, 0, 0, MS_SHARED, true);
}

static s64 do_private(void *arg)
{
	struct world *w = arg;

	return mnt_set_attr(w->ns, w->ns->root, 0, 0, MS_PRIVATE, true);
}

static void a_failed_change_changes_no_namespace(void **state)
{
	static s64 (*const ops[])(void *arg) = {do_attach, do_bind, do_move, do_umount, do_share, do_private};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		struct world w = world_create();
		u64 copy = mnt_read_begin(w.copy), other = mnt_read_begin(w.other);
		s64 ret = -ENOMEM;

		/* Each failure by itself, so that the others are looked at in between. */
		for (unsigned n = 1; ret == -ENOMEM; n++) {
			assert_false(mnt_read_retry(w.copy, copy) || mnt_read_retry(w.other, other));
			arena_fail_at = n;
			ret = ops[i](&w);
		}
		arena_fail_at = 0;
		assert_true(ret >= 0);
		dump(w.ns);
		dump(w.copy);
		dump(w.other);
		world_put(&w);

		w = world_create();
		assert_true(every_failure(w.ns, ops[i], &w) >= 0);
		world_put(&w);
	}
}

static void a_full_namespace_refuses_for_all(void **state)
{
	struct mnt_ns *ns = new_ns(), *full;
	struct mount_spec spec = {
	    .parent = ns->root, .point = "/in", .host = "/i", .dir = true, .sb = mnt_by_id(ns, ns->root)->sb};
	char point[32];
	u64 a;

	set(ns, ns->root, MS_SHARED);
	full = mnt_ns_dup(ns, ns->user_ns);
	a = attach(full, full->root, "/a", "/x");
	set(full, a, MS_PRIVATE);
	/* Binds of the root of a private mount double it. */
	while (full->nr <= MNT_MAX / 2) {
		sprintf(point, "/x/%u", full->nr);
		assert_true(mnt_bind(full, a, "/x", a, point, true, true) > 0);
	}
	while (full->nr < MNT_MAX) {
		sprintf(point, "/x/%u", full->nr);
		attach(full, a, point, "/y");
	}
	assert_int_equal(mnt_attach(ns, &spec), -ENOSPC);
	assert_null(child(ns, ns->root, "/in"));
	assert_int_equal(full->nr, MNT_MAX);
	mnt_ns_put(ns);
	mnt_ns_put(full);
}

static void a_long_chain_of_slaves(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 first = attach(ns, ns->root, "/0", "/x"), last = first;
	char point[32];

	set(ns, first, MS_SHARED);
	for (int i = 1; i < 2000; i++) {
		sprintf(point, "/%d", i);
		last = show(ns, last, "/x", ns->root, point);
		set(ns, last, MS_SLAVE);
		set(ns, last, MS_SHARED);
	}
	attach(ns, first, "/x/in", "/i");
	assert_non_null(child(ns, last, "/x/in"));
	assert_int_equal(mnt_umount(ns, child(ns, first, "/x/in")->id, false), 0);
	assert_null(child(ns, last, "/x/in"));
	mnt_ns_put(ns);
}

/* The CPU time to unmount a deep tree in a shared mount, of whose copy in a slave something at the bottom stays. */
static clock_t unmount_deep(bool keeps)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b, at = a;
	unsigned stay = 3;
	clock_t start;

	set(ns, a, MS_SHARED);
	b = show(ns, a, "/x", ns->root, "/b");
	set(ns, b, MS_SLAVE);
	for (int i = 0; i < 3000; i++)
		at = attach(ns, at, "/x/in", "/x");
	if (keeps) {
		for (at = b; child(ns, at, "/x/in"); stay++)
			at = child(ns, at, "/x/in")->id;
		attach(ns, at, "/x/own", "/o");
		stay++;
	}
	start = clock();
	assert_int_equal(mnt_umount(ns, child(ns, a, "/x/in")->id, true), 0);
	start = clock() - start;
	assert_int_equal(ns->nr, stay);
	mnt_ns_put(ns);
	return start;
}

static void what_stays_deep_down_makes_nothing_dear(void **state)
{
	clock_t goes = unmount_deep(false);

	assert_true(unmount_deep(true) < 10 * goes + CLOCKS_PER_SEC / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(only_the_four_types_are_types),
	    TEST(what_does_not_change_is_no_new_version),
	    TEST(a_type_follows_another),
	    TEST(with_rec_all_below_change),
	    TEST(the_last_member_leaves_its_slaves_to_the_master),
	    TEST(copies_are_peers_and_receive),
	    TEST(a_less_privileged_copy_only_receives),
	    TEST(a_group_is_no_longer_than_its_namespaces),
	    TEST(a_copy_comes_to_lie_under_what_is_there),
	    TEST(what_is_there_comes_to_lie_on_all_of_a_stack),
	    TEST(moves_and_pivots_mind_shared_parents),
	    TEST(a_failed_change_changes_no_namespace),
	    TEST(a_full_namespace_refuses_for_all),
	    TEST(a_long_chain_of_slaves),
	    TEST(what_stays_deep_down_makes_nothing_dear),
	};

	return cmocka_run_group_tests_name("kernel/ns/mnt_propagate", tests, NULL, NULL);
}
