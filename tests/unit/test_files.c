/* SPDX-License-Identifier: MIT */
/* kernel/files.c: the notes on descriptors. */
#include <limits.h>

#include "tasks.h"

static struct files_struct *new_files(void)
{
	struct files_struct *files = kzalloc(sizeof(*files));

	files->users = 1;
	return files;
}

static int note(struct files_struct *files, int fd, u64 mnt)
{
	const struct fd_info info = {.fd = fd, .kind = FD_DIR, .mnt = mnt};

	return files_set(files, &info);
}

/* The mount noted for fd, 0 for none. */
static u64 noted(struct files_struct *files, int fd)
{
	struct fd_info info;

	if (!files_get(files, fd, &info))
		return 0;
	assert_int_equal(info.fd, fd);
	return info.mnt;
}

static void notes_are_found_in_any_order(void **state)
{
	struct files_struct *files = new_files();

	assert_int_equal(noted(files, 0), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(note(files, i * 7919 % 1000, (u64)(i * 7919 % 1000) + 1), 0);
	assert_int_equal(files->nr, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(noted(files, i), (u64)i + 1);
		assert_int_equal(files->tab[i].fd, i);
	}
	assert_int_equal(noted(files, 1000), 0);
	assert_int_equal(noted(files, -1), 0);
	put_files(files);
}

static void a_second_note_replaces_the_first(void **state)
{
	struct files_struct *files = new_files();

	note(files, 5, 1);
	note(files, 5, 2);
	assert_int_equal(files->nr, 1);
	assert_int_equal(noted(files, 5), 2);
	put_files(files);
}

static void clear_takes_exactly_the_range(void **state)
{
	struct files_struct *files = new_files();

	files_clear(files, 0, UINT_MAX);
	for (int fd = 0; fd < 20; fd += 2)
		note(files, fd, 1);
	note(files, INT_MAX, 1);
	files_clear(files, 5, 9);
	assert_int_equal(files->nr, 9);
	assert_int_equal(noted(files, 4), 1);
	assert_int_equal(noted(files, 6), 0);
	assert_int_equal(noted(files, 8), 0);
	assert_int_equal(noted(files, 10), 1);
	files_clear(files, 3, 3);
	files_clear(files, 9, 5);
	files_clear(files, UINT_MAX, UINT_MAX);
	assert_int_equal(files->nr, 9);
	files_clear(files, 18, UINT_MAX);
	assert_int_equal(noted(files, INT_MAX), 0);
	assert_int_equal(files->nr, 7);
	files_clear(files, 0, UINT_MAX);
	assert_int_equal(files->nr, 0);
	put_files(files);
}

static void dup_carries_over_or_forgets(void **state)
{
	struct files_struct *files = new_files();

	note(files, 3, 33);
	note(files, 4, 44);
	assert_int_equal(files_dup_entry(files, 3, 4), 0);
	assert_int_equal(noted(files, 4), 33);
	assert_int_equal(files_dup_entry(files, 9, 4), 0);
	assert_int_equal(noted(files, 4), 0);
	assert_int_equal(files_dup_entry(files, 3, 3), 0);
	assert_int_equal(noted(files, 3), 33);
	put_files(files);
}

static void a_copy_goes_its_own_way(void **state)
{
	struct files_struct *files = new_files(), *copy;

	copy = dup_files(files);
	assert_int_equal(copy->nr, 0);
	put_files(copy);
	for (int fd = 0; fd < 100; fd++)
		note(files, fd, 1);
	copy = dup_files(files);
	assert_int_equal(copy->users, 1);
	files_clear(files, 0, 50);
	note(copy, 200, 2);
	assert_int_equal(copy->nr, 101);
	assert_int_equal(noted(copy, 50), 1);
	assert_int_equal(noted(files, 200), 0);
	put_files(files);
	assert_int_equal(noted(copy, 99), 1);
	put_files(copy);
	put_files(NULL);
}

static void a_failed_allocation_keeps_the_notes(void **state)
{
	struct files_struct *files = new_files();
	unsigned failed = 0;

	for (int fd = 0; fd < 100; fd++) {
		kzalloc_fail_at = 1;
		if (note(files, fd, (u64)fd + 1) == -ENOMEM) {
			failed++;
			assert_int_equal(noted(files, fd), 0);
			assert_int_equal(files->nr, fd);
			kzalloc_fail_at = 0;
			assert_int_equal(note(files, fd, (u64)fd + 1), 0);
		}
		for (int k = 0; k <= fd; k++)
			assert_int_equal(noted(files, k), (u64)k + 1);
	}
	assert_true(failed > 3);
	kzalloc_fail_at = 0;
	put_files(files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(notes_are_found_in_any_order),	 TEST(a_second_note_replaces_the_first),
	    TEST(clear_takes_exactly_the_range), TEST(dup_carries_over_or_forgets),
	    TEST(a_copy_goes_its_own_way),	 TEST(a_failed_allocation_keeps_the_notes),
	};

	return cmocka_run_group_tests_name("kernel/files", tests, NULL, NULL);
}
