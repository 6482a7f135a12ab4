/* SPDX-License-Identifier: MIT */
/* Mounts that are not in one's namespace: taken off (mnt_gone()), in another one (mnt_ns_of()), or known by a message.
 */
#include "mounts.h"

static const char *path_in_gone(u64 id, const char *host)
{
	u32 root = mnt_gone_root(id, host, (u32)strlen(host));

	return root ? host + root : NULL;
}

static void one_that_was_taken_off_is_remembered(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach_flags(ns, ns->root, "/a", "/x", MS_RDONLY | MS_NOATIME, false),
	    below = attach(ns, a, "/x/b", "/y/z");

	assert_false(mnt_gone(a).taken_off);
	assert_null(path_in_gone(a, "/x"));
	assert_int_equal(mnt_umount(ns, a, true), 0);
	assert_true(mnt_gone(a).taken_off);
	assert_int_equal(mnt_gone(a).flags, MS_RDONLY);
	assert_int_equal(mnt_gone(below).flags, 0);
	assert_string_equal(path_in_gone(a, "/x"), "");
	assert_string_equal(path_in_gone(a, "/x/dir"), "/dir");
	assert_string_equal(path_in_gone(below, "/y/z/dir"), "/dir");
	/* What only begins like it, and what has another name by now. */
	assert_null(path_in_gone(a, "/xx"));
	assert_null(path_in_gone(a, "/y/dir"));
	assert_null(path_in_gone(below, "/y"));
	mnt_ns_put(ns);
}

static void the_root_of_the_host_is_above_all(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/");

	assert_int_equal(mnt_umount(ns, a, true), 0);
	assert_int_equal(mnt_gone_root(a, "/", 1), 1);
	assert_int_equal(mnt_gone_root(a, "/dir", 4), 1);
	mnt_ns_put(ns);
}

static void those_that_restrict_are_not_pushed_out(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 readonly = attach_flags(ns, ns->root, "/a", "/x", MS_RDONLY, false),
	    plain = attach(ns, ns->root, "/b", "/x"), other;

	assert_int_equal(mnt_umount(ns, readonly, true), 0);
	assert_int_equal(mnt_umount(ns, plain, true), 0);
	for (int i = 0; i < MOUNTS_GONE / 2; i++) {
		other = attach(ns, ns->root, "/c", "/x");
		assert_int_equal(mnt_umount(ns, other, true), 0);
	}
	assert_int_equal(mnt_gone(readonly).flags, MS_RDONLY);
	assert_false(mnt_gone(plain).taken_off);
	assert_true(mnt_gone(other).taken_off);
	mnt_ns_put(ns);
}

/* What a mount is sent as is not what it is when it is taken off. */
static void one_is_remembered_once(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x");

	mnt_send(mnt_by_id(ns, a), 1, 2);
	assert_false(mnt_gone(a).taken_off);
	assert_string_equal(path_in_gone(a, "/x/f"), "/f");
	assert_int_equal(mnt_reconfigure(ns, a, MS_NOEXEC), 0);
	assert_int_equal(mnt_umount(ns, a, true), 0);
	assert_true(mnt_gone(a).taken_off);
	assert_int_equal(mnt_gone(a).flags, MS_NOEXEC);
	mnt_ns_put(ns);
}

static void what_was_sent_last_counts(void **state)
{
	struct mnt_ns *ns = new_ns();
	u64 a = attach(ns, ns->root, "/a", "/x"), b = attach(ns, ns->root, "/b", "/x");

	assert_int_equal(mnt_sent(7, 8), 0);
	mnt_send(mnt_by_id(ns, a), 7, 8);
	mnt_send(mnt_by_id(ns, b), 7, 9);
	assert_true(any_file_sent());
	assert_int_equal(mnt_sent(7, 8), a);
	mnt_send(mnt_by_id(ns, b), 7, 8);
	assert_int_equal(mnt_sent(7, 8), b);
	assert_int_equal(mnt_sent(8, 8), 0);
	for (u64 ino = 0; ino < FILES_SENT; ino++)
		mnt_send(mnt_by_id(ns, a), 6, 100 + ino);
	assert_int_equal(mnt_sent(7, 8), 0);
	mnt_ns_put(ns);
}

static void one_in_another_namespace_is_found(void **state)
{
	struct mnt_ns *own = new_ns(), *other = mnt_ns_dup(own, own->user_ns);
	u64 theirs = attach(other, other->root, "/a", "/x");
	struct handle *handles = arena_alloc(HANDLES_CHUNK * sizeof(*handles));

	arena()->handles[0] = handles;
	arena()->nr_handles = 3;
	handles[1] = (struct handle){.inode = 11, .mnt = own};
	assert_ptr_equal(mnt_ns_of(own, theirs), own); /* nobody is there */
	assert_null(mnt_ns_in_use(other->inum));
	handles[2] = (struct handle){.inode = 12, .mnt = other};
	assert_ptr_equal(mnt_ns_of(own, theirs), other);
	assert_ptr_equal(mnt_ns_in_use(other->inum), other);
	assert_ptr_equal(mnt_ns_of(own, own->root), own); /* which is in both */
	assert_ptr_equal(mnt_ns_of(own, 0), own);
	assert_int_equal(mnt_umount(other, theirs, true), 0);
	assert_ptr_equal(mnt_ns_of(own, theirs), own);
	arena()->nr_handles = 0;
	arena()->handles[0] = NULL;
	arena_free(handles);
	mnt_ns_put(other);
	mnt_ns_put(own);
}

/* Own ones that were taken off are not somebody else's copies of them. */
static void what_was_taken_off_is_nowhere(void **state)
{
	struct mnt_ns *own = new_ns(), *copy;
	struct handle *handles = arena_alloc(HANDLES_CHUNK * sizeof(*handles));
	u64 a = attach(own, own->root, "/a", "/x");

	copy = mnt_ns_dup(own, own->user_ns);
	arena()->handles[0] = handles;
	arena()->nr_handles = 1;
	handles[0] = (struct handle){.inode = 11, .mnt = copy};
	assert_int_equal(mnt_umount(own, a, true), 0);
	assert_ptr_equal(mnt_ns_of(own, a), own);
	arena()->nr_handles = 0;
	arena()->handles[0] = NULL;
	arena_free(handles);
	mnt_ns_put(copy);
	mnt_ns_put(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(one_that_was_taken_off_is_remembered),
	    TEST(the_root_of_the_host_is_above_all),
	    TEST(those_that_restrict_are_not_pushed_out),
	    TEST(one_is_remembered_once),
	    TEST(what_was_sent_last_counts),
	    TEST(one_in_another_namespace_is_found),
	    TEST(what_was_taken_off_is_nowhere),
	};

	return cmocka_run_group_tests_name("kernel/ns/mnt_gone", tests, NULL, NULL);
}
