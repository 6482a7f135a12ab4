/* SPDX-License-Identifier: MIT */
/* kernel/ns/mnt.c, mnt_tree.c, mnt_change.c: looking up, attaching, remounting, moving, taking off. */
#include "mounts.h"

#include <time.h>

static void an_empty_namespace_has_nothing(void **state)
{
	struct user_ns *user = new_user_ns(NULL);
	struct mnt_ns *ns = mnt_ns_create(user);

	assert_int_equal(ns->nr, 0);
	assert_null(mnt_by_id(ns, 1));
	assert_null(child(ns, 1, "/"));
	assert_false(mnt_name_used(ns, "x", 1));
	assert_string_equal(dump(ns), "");
	mnt_ns_put(ns);
	user_ns_put(user);
}

static void the_first_mount_is_the_root(void **state)
{
	struct mnt_ns *ns = new_ns();
	const struct mount *m = mnt_by_id(ns, ns->root);

	assert_int_equal(ns->nr, 1);
	assert_int_equal(m->parent, m->id);
	assert_string_equal(m->host, "/");
	/* It covers nothing, or a walk up its stack would never end. */
	assert_null(child(ns, ns->root, "/"));
	mnt_ns_put(ns);
}

static void a_mount_is_found_by_place_id_and_name(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 id = attach(ns, ns->root, "/srv/data", "/elsewhere");
	const struct mount *m = child(ns, ns->root, "/srv/data");

	assert_int_equal(m->id, id);
	assert_string_equal(m->host, "/elsewhere");
	assert_string_equal(m->fsroot, "/");
	assert_ptr_equal(mnt_by_id(ns, id), m);
	assert_ptr_equal(mnt_child(ns, ns->root, "/srv/data/below", 9), m);
	assert_null(child(ns, ns->root, "/srv/dat"));
	assert_null(child(ns, ns->root, "/srv/data/"));
	assert_null(child(ns, id, "/srv/data"));
	assert_null(mnt_by_id(ns, id + 1));
	assert_true(mnt_name_used(ns, "data", 4));
	assert_false(mnt_name_used(ns, "srv", 3));
	mnt_ns_put(ns);
}

static void attach_copies_its_strings_and_counts_the_super(void **state)
{
	struct mnt_ns *ns = new_ns();
	struct super *sb = super_create(SUPER_TMPFS, "tmpfs", "none", "size=1m", MS_NOSUID, 77, 5);
	char point[] = "/a", host[] = "/b", fsroot[] = "/c";
	struct mount_spec spec = {.parent = ns->root,
				  .point = point,
				  .host = host,
				  .fsroot = fsroot,
				  .sb = sb,
				  .flags = MS_NODEV | MS_REMOUNT | MS_BIND};
	const struct mount *m = mnt_by_id(ns, (u64)mnt_attach(ns, &spec));

	memset(point, 'x', 2);
	memset(host, 'x', 2);
	memset(fsroot, 'x', 2);
	assert_string_equal(m->point, "/a");
	assert_string_equal(m->host, "/b");
	assert_string_equal(m->fsroot, "/c");
	assert_int_equal(m->flags, MS_NODEV);
	assert_int_equal(sb->refs, 2);
	assert_int_equal(mnt_umount(ns, m->id, false), 0);
	assert_int_equal(sb->refs, 1);
	super_put(sb);
	mnt_ns_put(ns);
}

static void attach_refuses_an_unknown_parent(void **state)
{
	struct mnt_ns *ns = new_ns();
	struct mount_spec spec = {.parent = 999, .point = "/a", .host = "/b", .sb = mnt_by_id(ns, ns->root)->sb};

	assert_int_equal(mnt_attach(ns, &spec), -EINVAL);
	mnt_ns_put(ns);
}

static void mounts_stack(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/mnt", "/a"), b = attach(ns, a, "/a", "/b");

	assert_int_equal(child(ns, ns->root, "/mnt")->id, a);
	assert_int_equal(child(ns, a, "/a")->id, b);
	assert_null(child(ns, b, "/b"));
	dump(ns);
	assert_int_equal(mnt_umount(ns, a, false), -EBUSY);
	assert_int_equal(mnt_umount(ns, b, false), 0);
	assert_int_equal(mnt_umount(ns, a, false), 0);
	mnt_ns_put(ns);
}

static void the_root_can_be_covered(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 over = attach(ns, ns->root, "/", "/tmp/new");

	assert_int_equal(child(ns, ns->root, "/")->id, over);
	assert_null(child(ns, over, "/tmp/new"));
	dump(ns);
	assert_int_equal(mnt_umount(ns, over, false), 0);
	assert_null(child(ns, ns->root, "/"));
	mnt_ns_put(ns);
}

static void a_mount_expires_unless_it_is_used(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach_flags(ns, ns->root, "/a", "/x", MS_NOSUID, false), b = attach(ns, a, "/x/b", "/y");
	u64 locked = attach_flags(ns, ns->root, "/l", "/z", 0, true), copy;

	assert_int_equal(mnt_expire(ns, a), -EBUSY);
	assert_int_equal(mnt_expire(ns, ns->root), -EINVAL);
	assert_int_equal(mnt_expire(ns, locked), -EINVAL);
	assert_int_equal(mnt_expire(ns, 999), -EINVAL);
	assert_int_equal(mnt_expire(ns, b), -EAGAIN);
	assert_int_equal(mnt_expire(ns, b), 0);
	assert_int_equal(mnt_used(ns, b), 0);
	assert_int_equal(mnt_expire(ns, b), -EAGAIN);
	/* What is changed has been used, and a bind is another mount. */
	copy = (u64)mnt_bind(ns, b, "/y", ns->root, "/c", true, false);
	assert_int_equal(mnt_by_id(ns, copy)->flags & MNT_EXPIRING, 0);
	assert_int_equal(mnt_reconfigure(ns, b, 0), 0);
	assert_int_equal(mnt_expire(ns, b), -EAGAIN);
	assert_int_equal(mnt_umount(ns, b, false), 0);
	assert_int_equal(mnt_expire(ns, a), -EAGAIN);
	assert_int_equal(mnt_by_id(ns, a)->flags, MS_NOSUID | MNT_EXPIRING);
	assert_int_equal(mnt_used(ns, a), 0);
	assert_int_equal(mnt_by_id(ns, a)->flags, MS_NOSUID);
	assert_int_equal(mnt_used(ns, 999), 0);
	dump(ns);
	mnt_ns_put(ns);
}

static void a_name_is_used_until_its_last_mount_has_gone(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 id[5];
	char point[32];

	for (int i = 0; i < 5; i++) {
		sprintf(point, "/d%d/same", i);
		id[i] = attach(ns, ns->root, point, "/x");
	}
	for (int i = 0; i < 5; i++) {
		assert_true(mnt_name_used(ns, "same", 4));
		assert_int_equal(mnt_umount(ns, id[i], false), 0);
		dump(ns);
	}
	assert_false(mnt_name_used(ns, "same", 4));
	mnt_ns_put(ns);
}

static void a_name_follows_a_move(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 id = attach(ns, ns->root, "/old", "/x");

	assert_int_equal(mnt_move(ns, id, ns->root, "/new"), 0);
	assert_false(mnt_name_used(ns, "old", 3));
	assert_true(mnt_name_used(ns, "new", 3));
	dump(ns);
	mnt_ns_put(ns);
}

/* ---- remount ---- */

static void remount_sets_flags_and_keeps_the_rest(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach_flags(ns, ns->root, "/a", "/x", MS_NOEXEC, false), b = attach(ns, a, "/x/b", "/y");

	assert_int_equal(mnt_reconfigure(ns, a, MS_RDONLY | MS_NOSUID | MS_REMOUNT | MS_BIND), 0);
	assert_int_equal(mnt_by_id(ns, a)->flags, MS_RDONLY | MS_NOSUID);
	assert_ptr_equal(child(ns, ns->root, "/a"), mnt_by_id(ns, a));
	assert_int_equal(child(ns, a, "/x/b")->id, b);
	assert_int_equal(mnt_reconfigure(ns, 999, 0), -EINVAL);
	assert_int_equal(mnt_reconfigure(ns, ns->root, MS_NODEV), 0);
	assert_int_equal(mnt_by_id(ns, ns->root)->flags, MS_NODEV);
	dump(ns);
	mnt_ns_put(ns);
}

static void remount_keeps_locked_flags(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 id = attach_flags(ns, ns->root, "/a", "/x", MS_RDONLY | MS_NODEV | MS_NOATIME, true);

	assert_int_equal(mnt_reconfigure(ns, id, MS_RDONLY | MS_NOATIME), -EPERM);
	assert_int_equal(mnt_reconfigure(ns, id, MS_NODEV | MS_NOATIME), -EPERM);
	assert_int_equal(mnt_reconfigure(ns, id, MS_RDONLY | MS_NODEV), -EPERM);
	assert_int_equal(mnt_reconfigure(ns, id, MS_RDONLY | MS_NODEV | MS_NOATIME | MS_NOEXEC), 0);
	/* What was added here may go here. */
	assert_int_equal(mnt_reconfigure(ns, id, MS_RDONLY | MS_NODEV | MS_NOATIME), 0);
	mnt_ns_put(ns);
}

/* ---- umount ---- */

static void umount_refuses_root_locked_and_unknown(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 locked = attach_flags(ns, ns->root, "/l", "/x", 0, true);

	for (int detach = 0; detach < 2; detach++) {
		assert_int_equal(mnt_umount(ns, ns->root, detach), -EINVAL);
		assert_int_equal(mnt_umount(ns, locked, detach), -EINVAL);
		assert_int_equal(mnt_umount(ns, 999, detach), -EINVAL);
	}
	assert_int_equal(ns->nr, 2);
	mnt_ns_put(ns);
}

static void detach_takes_everything_below_along(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b = attach(ns, a, "/x/b", "/y"), other;
	char before[256];

	other = attach(ns, ns->root, "/other", "/o");
	attach(ns, b, "/y/c", "/z");
	attach(ns, b, "/y/c/file", "/z2");
	assert_int_equal(mnt_umount(ns, a, false), -EBUSY);
	assert_int_equal(mnt_umount(ns, a, true), 0);
	assert_int_equal(ns->nr, 2);
	assert_null(child(ns, ns->root, "/a"));
	assert_false(mnt_name_used(ns, "c", 1));
	sprintf(before, "%lu %lu / / / 0 0\n%lu %lu /other /o / 0 0\n", ns->root, ns->root, other, ns->root);
	assert_string_equal(dump(ns), before);
	mnt_ns_put(ns);
}

static void detach_finds_a_subtree_that_was_moved_around(void **state)
{
	struct mnt_ns *ns = new_ns();
	/* Children older than their parents: d below c below b below a. */
	u64 d = attach(ns, ns->root, "/d", "/4"), c = attach(ns, ns->root, "/c", "/3");
	u64 b = attach(ns, ns->root, "/b", "/2"), a = attach(ns, ns->root, "/a", "/1");

	assert_int_equal(mnt_move(ns, d, c, "/3/d"), 0);
	assert_int_equal(mnt_move(ns, c, b, "/2/c"), 0);
	assert_int_equal(mnt_move(ns, b, a, "/1/b"), 0);
	assert_int_equal(child(ns, c, "/3/d")->id, d);
	assert_int_equal(mnt_umount(ns, a, true), 0);
	assert_int_equal(ns->nr, 1);
	dump(ns);
	mnt_ns_put(ns);
}

/* Below ns->root stand n mounts, each in the next (`young`: which is younger) or the one before. The outermost. */
static u64 chain(struct mnt_ns *ns, int n, bool young)
{
	u64 ids[5000] = {0};
	char point[32];

	for (int i = 0; i < n; i++) {
		sprintf(point, "/%d", i);
		ids[i] = attach(ns, ns->root, point, "/x");
	}
	for (int i = 0; i + 1 < n; i++)
		assert_int_equal(mnt_move(ns, ids[young ? i : n - 1 - i], ids[young ? i + 1 : n - 2 - i], "/x/in"), 0);
	return ids[young ? n - 1 : 0];
}

static void the_age_of_parents_makes_nothing_dear(void **state)
{
	struct mnt_ns *ns = new_ns();
	clock_t start, took[2];

	for (int young = 0; young < 2; young++) {
		u64 top = chain(ns, 5000, young);

		start = clock();
		assert_int_equal(mnt_umount(ns, top, true), 0);
		took[young] = clock() - start;
		assert_int_equal(ns->nr, 1);
	}
	assert_true(took[1] < 20 * took[0] + CLOCKS_PER_SEC / 10);
	mnt_ns_put(ns);
}

static s64 detach_chain(void *arg)
{
	u64 *ids = arg;

	return mnt_umount((struct mnt_ns *)ids[0], ids[1], true);
}

static void a_failure_on_the_way_up_changes_nothing(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 other = chain(ns, 40, true), ids[] = {(u64)ns, 0};

	assert_int_equal(mnt_move(ns, other, ns->root, "/other"), 0);
	ids[1] = chain(ns, 40, true);
	assert_int_equal(every_failure(ns, detach_chain, ids), 0);
	assert_int_equal(ns->nr, 41);
	mnt_ns_put(ns);
}

struct expected {
	const struct mnt_tree *tree;
	const struct trie_node *below;
	u64 top;
};

static int check_below(const struct mount *m, void *arg)
{
	const struct expected *x = arg;
	bool below = m->id != x->top && tree_is_below(x->tree, m->id, x->top);

	assert_ptr_equal(trie_find(x->below, m->id, NULL, NULL), below ? m : NULL);
	return 0;
}

static void what_is_below_is_found_in_any_order_of_age(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 ids[40];
	char point[32];

	srandom(1);
	for (int i = 0; i < 40; i++) {
		sprintf(point, "/%d", i);
		ids[i] = attach(ns, ns->root, point, "/x");
	}
	for (int round = 0; round < 300; round++) {
		sprintf(point, "/x/%d", round);
		mnt_move(ns, ids[random() % 40], ids[random() % 40], point);
		for (int i = 0; i < 40; i += 3) {
			struct expected x = {.tree = mnt_tree(ns), .top = ids[i]};

			assert_int_equal(tree_below(x.tree, x.top, NULL, &x.below), 0);
			mnt_for_each(ns, check_below, &x);
			trie_put(x.below, NULL);
		}
	}
	dump(ns);
	mnt_ns_put(ns);
}

static unsigned released;

static void note_release(const struct super *sb)
{
	released += sb->storage;
}

static void the_last_mount_releases_its_super(void **state)
{
	struct mnt_ns *ns = new_ns(), *copy;
	struct super *sb = super_create(SUPER_TMPFS, "tmpfs", "none", "", 0, 9, 5);
	struct mount_spec spec = {.parent = ns->root, .point = "/t", .host = "/s/7", .dir = true, .sb = sb};
	u64 id = (u64)mnt_attach(ns, &spec);

	sb->storage = 7;
	released = 0;
	super_released = note_release;
	super_put(sb);
	copy = mnt_ns_dup(ns, ns->user_ns);
	assert_int_equal(mnt_umount(ns, id, false), 0);
	assert_int_equal(released, 0);
	mnt_ns_put(copy);
	assert_int_equal(released, 7);
	super_released = NULL;
	mnt_ns_put(ns);
}

/* ---- move ---- */

static void a_move_takes_the_children_along(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b = attach(ns, a, "/x/b", "/y"), t = attach(ns, ns->root, "/t", "/z");

	assert_int_equal(mnt_move(ns, a, t, "/z/new"), 0);
	assert_null(child(ns, ns->root, "/a"));
	assert_int_equal(child(ns, t, "/z/new")->id, a);
	assert_int_equal(child(ns, a, "/x/b")->id, b);
	dump(ns);
	mnt_ns_put(ns);
}

static void a_move_beneath_lifts_what_covered(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b = attach(ns, a, "/x/b", "/y"), t = attach(ns, ns->root, "/t", "/z");
	u64 locked = attach_flags(ns, ns->root, "/l", "/q", 0, true);

	assert_int_equal(mnt_move_beneath(ns, t, ns, a), 0);
	assert_null(child(ns, ns->root, "/t"));
	assert_int_equal(child(ns, ns->root, "/a")->id, t);
	assert_int_equal(child(ns, t, "/z")->id, a);
	assert_int_equal(child(ns, a, "/x/b")->id, b);
	dump(ns);
	/* Covered itself, below itself, above itself, beneath the root, locked, unknown. */
	assert_int_equal(mnt_move_beneath(ns, t, ns, b), -EINVAL);
	assert_int_equal(mnt_move_beneath(ns, a, ns, b), -ELOOP);
	assert_int_equal(mnt_move_beneath(ns, b, ns, a), -EINVAL);
	assert_int_equal(mnt_move_beneath(ns, b, ns, b), -EINVAL);
	assert_int_equal(mnt_move_beneath(ns, b, ns, ns->root), -EINVAL);
	assert_int_equal(mnt_move_beneath(ns, locked, ns, b), -EINVAL);
	assert_int_equal(mnt_move_beneath(ns, 999, ns, b), -EINVAL);
	assert_int_equal(mnt_move_beneath(ns, b, ns, 999), -EINVAL);
	mnt_ns_put(ns);
}

static void a_move_refuses_loops_root_locked_and_unknown(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b = attach(ns, a, "/x/b", "/y");
	u64 locked = attach_flags(ns, ns->root, "/l", "/z", 0, true);

	assert_int_equal(mnt_move(ns, a, a, "/x/c"), -ELOOP);
	assert_int_equal(mnt_move(ns, a, b, "/y/c"), -ELOOP);
	assert_int_equal(mnt_move(ns, ns->root, a, "/x"), -ELOOP);
	assert_int_equal(mnt_move(ns, locked, a, "/x"), -EINVAL);
	assert_int_equal(mnt_move(ns, 999, a, "/x"), -EINVAL);
	assert_int_equal(mnt_move(ns, a, 999, "/x"), -EINVAL);
	mnt_ns_put(ns);
}

/* ---- strings ---- */

static void strings_are_copied_out_bounded(void **state)
{
	struct mnt_ns *ns = new_ns();
	const struct mount *m = mnt_by_id(ns, attach(ns, ns->root, "/mnt", "/host/path"));
	char buf[8], *end = (char *)ARENA_BASE + ARENA_SIZE;

	assert_int_equal(mnt_copy_string(buf, sizeof(buf), m->point), 4);
	assert_string_equal(buf, "/mnt");
	assert_int_equal(mnt_copy_string(buf, sizeof(buf), m->host), 7);
	assert_string_equal(buf, "/host/p");
	assert_int_equal(mnt_copy_string(buf, sizeof(buf), NULL), 0);
	assert_int_equal(mnt_copy_string(buf, sizeof(buf), "outside"), 0);
	memset(end - 3, 'x', 3);
	assert_int_equal(mnt_copy_string(buf, sizeof(buf), end - 3), 3);
	assert_string_equal(buf, "xxx");
	mnt_ns_put(ns);
}

/* ---- many ---- */

static void ten_thousand_mounts(void **state)
{
	struct mnt_ns *ns = new_ns();
	enum { N = 10000 };
	static u64 id[N];
	u64 objects = arena_objects();
	char point[64];

	for (int i = 0; i < N; i++) {
		sprintf(point, "/many/d%d/m", i);
		id[i] = attach(ns, ns->root, point, "/x");
	}
	for (int i = 0; i < N; i++) {
		sprintf(point, "/many/d%d/m", i);
		assert_int_equal(child(ns, ns->root, point)->id, id[i]);
		assert_int_equal(mnt_by_id(ns, id[i])->id, id[i]);
	}
	dump(ns);
	for (int i = 0; i < N; i++)
		assert_int_equal(mnt_umount(ns, id[i * 7 % N], true), 0);
	assert_int_equal(ns->nr, 1);
	assert_int_equal(arena_objects(), objects);
	mnt_ns_put(ns);
}

/* ---- every allocation failing ---- */

struct change {
	struct mnt_ns *ns;
	u64 a, b, c;
	struct super *sb;
};

static s64 do_attach(void *arg)
{
	struct change *x = arg;
	struct mount_spec spec = {.parent = x->b, .point = "/y/new", .host = "/new", .sb = x->sb};

	return mnt_attach(x->ns, &spec);
}

static s64 do_reconfigure(void *arg)
{
	struct change *x = arg;

	return mnt_reconfigure(x->ns, x->a, MS_RDONLY);
}

static s64 do_move(void *arg)
{
	struct change *x = arg;

	return mnt_move(x->ns, x->b, x->c, "/z/moved");
}

static s64 do_move_beneath(void *arg)
{
	struct change *x = arg;

	return mnt_move_beneath(x->ns, x->b, x->ns, x->c);
}

static s64 do_umount(void *arg)
{
	struct change *x = arg;

	return mnt_umount(x->ns, x->c, false);
}

static s64 do_detach(void *arg)
{
	struct change *x = arg;

	return mnt_umount(x->ns, x->a, true);
}

static void a_failed_change_changes_nothing(void **state)
{
	static s64 (*const ops[])(void *arg) = {do_attach, do_reconfigure,  do_umount,
						do_move,   do_move_beneath, do_detach};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		struct change x = {.ns = new_ns()};

		x.a = attach(x.ns, x.ns->root, "/a", "/x");
		x.b = attach(x.ns, x.a, "/x/b", "/y");
		x.c = attach(x.ns, x.ns->root, "/c", "/z");
		attach(x.ns, x.a, "/x/a", "/q");
		x.sb = mnt_by_id(x.ns, x.a)->sb;
		assert_true(every_failure(x.ns, ops[i], &x) >= 0);
		dump(x.ns);
		mnt_ns_put(x.ns);
	}
}

static void creation_fails_cleanly(void **state)
{
	struct user_ns *user = new_user_ns(NULL);
	u64 objects = arena_objects();

	for (unsigned n = 1; n <= 2; n++) {
		arena_fail_at = n;
		assert_null(mnt_ns_create(user));
		assert_int_equal(arena_objects(), objects);
	}
	assert_int_equal(user->refs, 1);
	arena_fail_at = 1;
	assert_null(super_create(SUPER_HOST, "x", "y", "z", 0, 1, 1));
	user_ns_put(user);
}

static void a_super_cuts_long_names(void **state)
{
	char name[1000];
	struct super *sb;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	sb = super_create(SUPER_HOST, name, name, name, 0, 1, 1);
	assert_int_equal(strlen(sb->fstype), sizeof(sb->fstype) - 1);
	assert_int_equal(strlen(sb->source), sizeof(sb->source) - 1);
	assert_int_equal(strlen(super_options(sb)), SUPER_OPTIONS - 1);
	super_put(sb);
}

static void options_are_copied_out_whole(void **state)
{
	struct super *sb = super_create(SUPER_HOST, "ext4", "/dev/sda", "rw", 0, 5, 5);
	char options[SUPER_OPTIONS], longer[SUPER_OPTIONS + 10];

	assert_int_equal(super_copy_options(options, sb), 2);
	assert_string_equal(options, "rw");
	super_set_options(sb, "ro,size=4k");
	assert_int_equal(super_copy_options(options, sb), 10);
	assert_string_equal(options, "ro,size=4k");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	super_set_options(sb, longer);
	assert_int_equal(super_copy_options(options, sb), SUPER_OPTIONS - 1);
	super_put(sb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_empty_namespace_has_nothing),
	    TEST(the_first_mount_is_the_root),
	    TEST(a_mount_is_found_by_place_id_and_name),
	    TEST(attach_copies_its_strings_and_counts_the_super),
	    TEST(attach_refuses_an_unknown_parent),
	    TEST(mounts_stack),
	    TEST(the_root_can_be_covered),
	    TEST(a_mount_expires_unless_it_is_used),
	    TEST(a_name_is_used_until_its_last_mount_has_gone),
	    TEST(a_name_follows_a_move),
	    TEST(remount_sets_flags_and_keeps_the_rest),
	    TEST(remount_keeps_locked_flags),
	    TEST(umount_refuses_root_locked_and_unknown),
	    TEST(detach_takes_everything_below_along),
	    TEST(detach_finds_a_subtree_that_was_moved_around),
	    TEST(the_age_of_parents_makes_nothing_dear),
	    TEST(a_failure_on_the_way_up_changes_nothing),
	    TEST(what_is_below_is_found_in_any_order_of_age),
	    TEST(the_last_mount_releases_its_super),
	    TEST(a_move_takes_the_children_along),
	    TEST(a_move_beneath_lifts_what_covered),
	    TEST(a_move_refuses_loops_root_locked_and_unknown),
	    TEST(strings_are_copied_out_bounded),
	    TEST(ten_thousand_mounts),
	    TEST(a_failed_change_changes_nothing),
	    TEST(creation_fails_cleanly),
	    TEST(a_super_cuts_long_names),
	    TEST(options_are_copied_out_whole),
	};

	return cmocka_run_group_tests_name("kernel/ns/mnt", tests, NULL, NULL);
}
