/* SPDX-License-Identifier: MIT */
/* kernel/ns/mnt_bind.c */
#include "mounts.h"

static u64 show(struct mnt_ns *ns, u64 src, const char *host, u64 dst, const char *point, bool rec)
{
	s64 id = mnt_bind(ns, src, host, dst, point, true, rec);

	assert_true(id > 0);
	return (u64)id;
}

static void a_bind_shows_the_source_place(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach_flags(ns, ns->root, "/a", "/x", MS_NOSUID, false);
	u64 id = show(ns, a, "/x/sub/dir", ns->root, "/mnt", false);
	const struct mount *m = mnt_by_id(ns, id), *src = mnt_by_id(ns, a);

	assert_ptr_equal(child(ns, ns->root, "/mnt"), m);
	assert_string_equal(m->host, "/x/sub/dir");
	assert_string_equal(m->fsroot, "/sub/dir");
	assert_int_equal(m->flags, MS_NOSUID);
	assert_true(m->dir);
	assert_ptr_equal(m->sb, src->sb);
	assert_int_equal(m->sb->refs, 2);
	dump(ns);
	mnt_ns_put(ns);
}

static void a_bind_of_a_file_says_so(void **state)
{
	struct mnt_ns *ns = new_ns();
	s64 id = mnt_bind(ns, ns->root, "/etc/passwd", ns->root, "/etc/group", false, false);

	assert_false(mnt_by_id(ns, (u64)id)->dir);
	assert_string_equal(mnt_by_id(ns, (u64)id)->fsroot, "/etc/passwd");
	mnt_ns_put(ns);
}

static void fsroots_are_joined(void **state)
{
	static const struct {
		const char *host, *fsroot, *src, *expected;
	} t[] = {
	    {"/", "/", "/", "/"},	   {"/", "/", "/a/b", "/a/b"},	     {"/", "/vol", "/", "/vol"},
	    {"/", "/vol", "/a", "/vol/a"}, {"/x", "/", "/x", "/"},	     {"/x", "/", "/x/y", "/y"},
	    {"/x", "/vol", "/x", "/vol"},  {"/x", "/vol", "/x/y", "/vol/y"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct mnt_ns *ns = new_ns();
		struct mount_spec spec = {.parent = ns->root,
					  .point = "/p",
					  .host = t[i].host,
					  .fsroot = t[i].fsroot,
					  .sb = mnt_by_id(ns, ns->root)->sb};
		u64 src = (u64)mnt_attach(ns, &spec);

		assert_string_equal(mnt_by_id(ns, show(ns, src, t[i].src, ns->root, "/q", false))->fsroot,
				    t[i].expected);
		mnt_ns_put(ns);
	}
}

static void a_bind_refuses_what_is_not_there(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x");

	assert_int_equal(mnt_bind(ns, 999, "/x", ns->root, "/m", true, false), -EINVAL);
	assert_int_equal(mnt_bind(ns, a, "/x", 999, "/m", true, false), -EINVAL);
	assert_int_equal(mnt_bind(ns, a, "/xy", ns->root, "/m", true, false), -EINVAL);
	assert_int_equal(ns->nr, 2);
	mnt_ns_put(ns);
}

static void a_plain_bind_leaves_the_mounts_below_behind(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), id;

	attach(ns, a, "/x/b", "/y");
	id = show(ns, a, "/x", ns->root, "/m", false);
	assert_null(child(ns, id, "/x/b"));
	assert_int_equal(ns->nr, 4);
	mnt_ns_put(ns);
}

static void rbind_copies_the_subtree(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b, c, top;
	const struct mount *copy;

	b = attach_flags(ns, a, "/x/in/b", "/y", MS_NODEV, false);
	c = attach(ns, b, "/y/c", "/z");
	attach(ns, c, "/z", "/stacked");
	attach(ns, a, "/x/out", "/o");
	attach(ns, a, "/x/inner", "/o2");
	top = show(ns, a, "/x/in", ns->root, "/m", true);
	assert_int_equal(ns->nr, 7 + 4);

	copy = child(ns, top, "/x/in/b");
	assert_string_equal(copy->host, "/y");
	assert_int_equal(copy->flags, MS_NODEV);
	assert_ptr_equal(copy->sb, mnt_by_id(ns, b)->sb);
	copy = child(ns, copy->id, "/y/c");
	assert_string_equal(copy->host, "/z");
	copy = child(ns, copy->id, "/z");
	assert_string_equal(copy->host, "/stacked");
	assert_null(child(ns, top, "/x/out"));
	assert_null(child(ns, top, "/x/inner"));
	dump(ns);
	mnt_ns_put(ns);
}

static void rbind_into_itself_ends(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), top;

	top = show(ns, ns->root, "/", a, "/x/m", true);
	assert_int_equal(ns->nr, 4);
	a = child(ns, top, "/a")->id;
	assert_null(child(ns, a, "/x/m"));
	show(ns, ns->root, "/", ns->root, "/m", true);
	/* Root, its /a, /a/x/m and that one's /a. */
	assert_int_equal(ns->nr, 8);
	dump(ns);
	mnt_ns_put(ns);
}

static void rbind_follows_moved_mounts(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 old = attach(ns, ns->root, "/old", "/1"), b = attach(ns, ns->root, "/b", "/2"), top;

	assert_int_equal(mnt_move(ns, old, b, "/2/in"), 0);
	top = show(ns, ns->root, "/b", ns->root, "/m", true);
	assert_string_equal(child(ns, child(ns, top, "/b")->id, "/2/in")->host, "/1");
	dump(ns);
	mnt_ns_put(ns);
}

static void mounts_of_the_host_can_be_taken_apart(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 top;

	attach_flags(ns, ns->root, "/proc", "/proc", MS_NOSUID, true);
	show(ns, ns->root, "/", ns->root, "/one", false);
	top = show(ns, ns->root, "/", ns->root, "/all", true);
	assert_int_equal(mnt_umount(ns, child(ns, top, "/proc")->id, false), 0);
	mnt_ns_put(ns);
}

static void locked_mounts_stay_together(void **state)
{
	struct mnt_ns *old = new_ns(), *ns;
	struct user_ns *user;
	u64 a = attach_flags(old, old->root, "/a", "/x", MS_RDONLY, false), b = attach(old, a, "/x/b", "/y"), top;

	user = new_user_ns(old->user_ns);
	ns = mnt_ns_dup(old, user);
	/* What /x/b hides must not show. */
	assert_int_equal(mnt_bind(ns, a, "/x", ns->root, "/m", true, false), -EINVAL);
	assert_int_equal(mnt_bind(ns, ns->root, "/", ns->root, "/m", true, false), -EINVAL);
	show(ns, a, "/x/elsewhere", ns->root, "/m", false);
	show(ns, b, "/y", ns->root, "/m2", false);

	top = show(ns, a, "/x", ns->root, "/r", true);
	assert_int_equal(mnt_umount(ns, child(ns, top, "/x/b")->id, false), -EINVAL);
	/* The copy is read-only for good, like its source, but it can go as a whole. */
	assert_int_equal(mnt_reconfigure(ns, top, 0), -EPERM);
	assert_int_equal(mnt_umount(ns, top, false), -EBUSY);
	assert_int_equal(mnt_umount(ns, top, true), 0);
	dump(ns);
	mnt_ns_put(ns);
	mnt_ns_put(old);
	user_ns_put(user);
}

struct change {
	struct mnt_ns *ns;
	u64 src;
	bool rec;
};

static s64 do_bind(void *arg)
{
	struct change *x = arg;

	return mnt_bind(x->ns, x->src, "/", x->src, "/m", true, x->rec);
}

static void a_failed_bind_changes_nothing(void **state)
{
	for (int rec = 0; rec < 2; rec++) {
		struct change x = {.ns = new_ns(), .rec = rec};
		u64 a;

		x.src = x.ns->root;
		a = attach(x.ns, x.src, "/a", "/x");
		a = attach(x.ns, a, "/x/b", "/y");
		attach(x.ns, a, "/y/b", "/z");
		assert_true(every_failure(x.ns, do_bind, &x) > 0);
		assert_int_equal(x.ns->nr, rec ? 8 : 5);
		mnt_ns_put(x.ns);
	}
}

static void there_is_a_limit(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 before;
	s64 id;

	attach(ns, ns->root, "/a", "/x");
	do {
		before = ns->nr;
		id = mnt_bind(ns, ns->root, "/", ns->root, "/m", true, true);
		if (id > 0)
			assert_int_equal(mnt_move(ns, (u64)id, ns->root, "/n"), 0);
	} while (id > 0 && ns->nr < 30000);
	assert_true(id > 0);
	/* The next ones would be too many, or too large. */
	while (id > 0) {
		before = ns->nr;
		id = mnt_bind(ns, ns->root, "/", ns->root, "/m", true, true);
	}
	assert_true(id == -ENOSPC || id == -ENOMEM);
	assert_int_equal(ns->nr, before);
	assert_true(ns->nr <= MNT_MAX);
	mnt_ns_put(ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_bind_shows_the_source_place),
	    TEST(a_bind_of_a_file_says_so),
	    TEST(fsroots_are_joined),
	    TEST(a_bind_refuses_what_is_not_there),
	    TEST(a_plain_bind_leaves_the_mounts_below_behind),
	    TEST(rbind_copies_the_subtree),
	    TEST(rbind_into_itself_ends),
	    TEST(rbind_follows_moved_mounts),
	    TEST(mounts_of_the_host_can_be_taken_apart),
	    TEST(locked_mounts_stay_together),
	    TEST(a_failed_bind_changes_nothing),
	    TEST(there_is_a_limit),
	};

	return cmocka_run_group_tests_name("kernel/ns/mnt_bind", tests, NULL, NULL);
}
