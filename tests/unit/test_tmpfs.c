/* SPDX-License-Identifier: MIT */
/* vfs/tmpfs.c, tmpfs_usage.c: what a tmpfs with limits holds, by what lies in its directory of the storage. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#include "vfs.h"
#include "vfs/tmpfs.h"

#define STORAGE 0x12
#define PAGE	4096

static struct super *sb;
static u64 mnt;

static int tmpfs_setup(void **state)
{
	static u32 storage = STORAGE; /* what was measured of another test's is not this one's */
	struct mount_spec spec = {.point = "/mnt", .dir = true};
	char host[128];

	if (vfs_setup(state))
		return -1;
	strcpy(arena()->storage, scratch());
	storage++;
	snprintf(host, sizeof(host), "%s/%08x", scratch(), storage);
	assert_int_equal(mkdir(host, 0755), 0);
	assert_int_equal(chdir(host), 0);
	sb = super_create(SUPER_TMPFS, "tmpfs", "none", "", 0, 77, 5);
	sb->storage = storage;
	spec.parent = vfs_task()->nsproxy->mnt->root;
	spec.host = host;
	spec.sb = sb;
	mnt = (u64)mnt_attach(vfs_task()->nsproxy->mnt, &spec);
	return 0;
}

static int tmpfs_teardown(void **state)
{
	char host[PATH_MAX];

	super_put(sb);
	assert_non_null(getcwd(host, sizeof(host)));
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(host), 0);
	return vfs_teardown(state);
}

#define TMPFS_TEST(f) cmocka_unit_test_setup_teardown(f, tmpfs_setup, tmpfs_teardown)

/* A directory, a file of two pages that has another name, a sparse one, and a symlink: five names, two pages. */
static void fill(void)
{
	static const char pages[2 * PAGE] = "x";
	int fd;

	assert_int_equal(mkdir("dir", 0755), 0);
	fd = open("dir/file", O_CREAT | O_WRONLY, 0644);
	assert_int_equal(write(fd, pages, sizeof(pages)), sizeof(pages));
	fsync(fd); /* some file systems find blocks only then */
	close(fd);
	assert_int_equal(link("dir/file", "again"), 0);
	assert_int_equal(truncate("again", sizeof(pages)), 0);
	assert_int_equal(symlink("nowhere", "link"), 0);
	fd = open("dir/sparse", O_CREAT | O_WRONLY, 0644);
	assert_int_equal(ftruncate(fd, 16L * PAGE), 0);
	close(fd);
}

static void empty(void)
{
	unlink("dir/file");
	unlink("dir/sparse");
	unlink("again");
	unlink("link");
	assert_int_equal(rmdir("dir"), 0);
}

static void names_and_pages_are_counted(void **state)
{
	struct tmpfs_usage usage;
	struct tmpfs fs;

	assert_true(tmpfs_of_mount(vfs_task(), mnt, &fs));
	assert_int_equal(fs.magic, TMPFS_MAGIC);
	assert_int_equal(tmpfs_measure(&fs, TMPFS_ALL, &usage), 0);
	assert_int_equal(usage.inodes, 1);
	assert_int_equal(usage.bytes, 0);
	fill();
	assert_int_equal(tmpfs_measure(&fs, TMPFS_ALL, &usage), 0);
	assert_int_equal(usage.inodes, 6);
	assert_int_equal(usage.bytes, 2 * PAGE);
	assert_int_equal(tmpfs_measure(&fs, 6, &usage), 0);
	assert_int_equal(tmpfs_measure(&fs, 5, &usage), -E2BIG);
	empty();
	kzalloc_fail_at = 1;
	assert_int_equal(tmpfs_measure(&fs, TMPFS_ALL, &usage), -ENOMEM);
	fs.storage = 0xffffff;
	assert_int_equal(tmpfs_measure(&fs, TMPFS_ALL, &usage), -ENOENT);
	assert_false(tmpfs_of_mount(vfs_task(), vfs_task()->nsproxy->mnt->root, &fs));
	assert_false(tmpfs_of_mount(vfs_task(), 99, &fs));
}

static void what_is_full_takes_no_more(void **state)
{
	struct task *task = vfs_task();

	fill();
	sb->max_inodes = 7;
	sb->max_bytes = 4 * PAGE;
	/* What was added since the last look counts, and before anything is refused there is another. */
	assert_int_equal(tmpfs_may_create(task, mnt, 0), 0);
	assert_int_equal(tmpfs_may_create(task, mnt, 0), 0);
	assert_int_equal(mkdir("one", 0755), 0);
	assert_int_equal(tmpfs_may_create(task, mnt, 0), -ENOSPC);
	assert_int_equal(rmdir("one"), 0);
	assert_int_equal(tmpfs_may_create(task, mnt, PAGE), 0);
	assert_int_equal(tmpfs_may_append(task, mnt), 0);
	assert_int_equal(tmpfs_may_allocate(task, mnt, 2 * PAGE), 0);
	assert_int_equal(tmpfs_may_allocate(task, mnt, 3 * PAGE), -ENOSPC);
	/* Where there is no limit, and in what is no tmpfs. */
	sb->max_inodes = sb->max_bytes = 0;
	assert_int_equal(tmpfs_may_allocate(task, mnt, 1UL << 40), 0);
	assert_int_equal(tmpfs_may_create(task, task->nsproxy->mnt->root, PAGE), 0);
	empty();
}

static void statfs_tells_what_is_left(void **state)
{
	struct statfs st = {.f_bsize = 1, .f_bavail = 7 * PAGE};
	long half = sysconf(_SC_PHYS_PAGES) / 2;
	struct tmpfs fs;

	fill();
	tmpfs_of_mount(vfs_task(), mnt, &fs);
	tmpfs_statfs(&fs, &st);
	assert_int_equal(st.f_type, TMPFS_MAGIC);
	assert_int_equal(st.f_bsize, PAGE);
	assert_int_equal(st.f_blocks, half);
	assert_int_equal(st.f_bfree, half - 2);
	assert_int_equal(st.f_bavail, 7); /* what the storage has */
	assert_int_equal(st.f_files, half);
	assert_int_equal(st.f_ffree, half - 6);
	fs.max_bytes = 5 * PAGE;
	fs.max_inodes = 10;
	tmpfs_statfs(&fs, &st);
	assert_int_equal(st.f_bsize, PAGE);
	assert_int_equal(st.f_blocks, 5);
	assert_int_equal(st.f_bfree, 3);
	assert_int_equal(st.f_bavail, 3);
	assert_int_equal(st.f_files, 10);
	assert_int_equal(st.f_ffree, 4);
	/* More than full; and a limit of none. */
	fs.max_bytes = PAGE;
	fs.max_inodes = SUPER_NO_LIMIT;
	tmpfs_statfs(&fs, &st);
	assert_int_equal(st.f_bfree, 0);
	assert_int_equal(st.f_files, 0);
	fs.magic = RAMFS_MAGIC;
	tmpfs_statfs(&fs, &st);
	assert_int_equal(st.f_type, RAMFS_MAGIC);
	assert_int_equal(st.f_blocks, 0);
	empty();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TMPFS_TEST(names_and_pages_are_counted),
	    TMPFS_TEST(what_is_full_takes_no_more),
	    TMPFS_TEST(statfs_tells_what_is_left),
	};

	return cmocka_run_group_tests_name("vfs/tmpfs", tests, NULL, NULL);
}
