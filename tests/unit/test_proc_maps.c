/* SPDX-License-Identifier: MIT */
/* vfs/proc_maps.c, proc_name.c: what is mapped, without what is the runtime's, and with names as guests have them. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vfs.h"
#include "vfs/proc.h"

/* Pages between two that cannot be read, so that each is a mapping of its own. */
#define PAGES 5
static char *pages;

static char *page(int nr)
{
	return pages + nr * 4096;
}

static void map_pages(void)
{
	pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(pages != MAP_FAILED);
	for (int i = 0; i < PAGES; i++)
		page(i)[0] = 1;
	assert_int_equal(mprotect(page(0), 4096, PROT_NONE), 0);
	assert_int_equal(mprotect(page(4), 4096, PROT_NONE), 0);
}

static const char *mapping(const char *text, const char *from, const char *to)
{
	char begins[64];

	snprintf(begins, sizeof(begins), "%08lx-%08lx ", (unsigned long)from, (unsigned long)to);
	return line_of(text, begins);
}

/* How many lines there are that do not begin a mapping of that range. */
static bool tells_of(const char *text, const char *from)
{
	char begins[32];

	snprintf(begins, sizeof(begins), "%08lx", (unsigned long)from);
	return line_of(text, begins);
}

static void own_ranges_are_left_out(void **state)
{
	const char *maps = rel_of(getpid(), "maps"), *text;

	map_pages();
	text = guest_text(maps);
	assert_non_null(mapping(text, page(1), page(4)));
	assert_non_null(mapping(text, page(0), page(1)));
	/* In the middle, at the beginning, at the end, and all of it. */
	vfs_own_range = (struct mm_range){(u64)page(2), (u64)page(3)};
	text = guest_text(maps);
	assert_non_null(mapping(text, page(1), page(2)));
	assert_non_null(mapping(text, page(3), page(4)));
	assert_false(tells_of(text, page(2)));
	vfs_own_range = (struct mm_range){(u64)page(1), (u64)page(2)};
	assert_non_null(mapping(guest_text(maps), page(2), page(4)));
	vfs_own_range = (struct mm_range){(u64)page(3), (u64)page(4)};
	assert_non_null(mapping(guest_text(maps), page(1), page(3)));
	vfs_own_range = (struct mm_range){(u64)page(1), (u64)page(4)};
	text = guest_text(maps);
	assert_false(tells_of(text, page(1)));
	assert_non_null(mapping(text, page(4), page(5)));
	munmap(pages, PAGES * 4096);
}

static u64 sum_in(const char *text, const char *key)
{
	const char *value = line_of(text, key);

	assert_non_null(value);
	return strtoul(value, NULL, 10);
}

/* Where smaps has the mapping at that address. */
static const char *details(const char *text, const char *from)
{
	char begins[32];

	snprintf(begins, sizeof(begins), "\n%08lx-", (unsigned long)from);
	return strstr(text, begins);
}

static void smaps_is_without_them(void **state)
{
	const char *smaps = rel_of(getpid(), "smaps"), *rollup = rel_of(getpid(), "smaps_rollup"), *text;
	u64 all, rest;

	map_pages();
	text = guest_text(smaps);
	assert_non_null(details(text, page(1)));
	assert_int_equal(sum_in(details(text, page(1)) + 1, "Size:"), 12);
	all = sum_in(guest_text(rollup), "Anonymous:");
	vfs_own_range = (struct mm_range){(u64)page(1), (u64)page(4)};
	text = guest_text(smaps);
	assert_null(details(text, page(1)));
	assert_non_null(details(text, page(4)));
	/* What is read between may have grown. */
	rest = sum_in(guest_text(rollup), "Anonymous:");
	assert_true(rest + 12 >= all && rest <= sum_in(host_text(rollup), "Anonymous:") - 12);
	text = guest_text(rollup);
	assert_non_null(strstr(text, " ---p 00000000 00:00 0"));
	assert_non_null(strstr(text, "[rollup]\n"));
	assert_int_equal(strcspn(text, "\n"), strcspn(host_text(rollup), "\n"));
	munmap(pages, PAGES * 4096);
}

static void numa_maps_is_without_them(void **state)
{
	const char *numa = rel_of(getpid(), "numa_maps");

	if (access("/proc/self/numa_maps", R_OK))
		return;
	map_pages();
	assert_true(tells_of(guest_text(numa), page(1)));
	vfs_own_range = (struct mm_range){(u64)page(1), (u64)page(4)};
	assert_false(tells_of(guest_text(numa), page(1)));
	assert_true(tells_of(guest_text(numa), page(4)));
	munmap(pages, PAGES * 4096);
}

/* ---- names ---- */

static char *file_at(const char *name)
{
	static char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", scratch(), name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4096), 0);
	pages = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	assert_true(pages != MAP_FAILED);
	return path;
}

/* The task sees the scratch directory at /elsewhere. */
static u64 show_elsewhere(struct super *sb)
{
	struct mnt_ns *ns = vfs_task()->nsproxy->mnt;
	struct mount_spec spec = {.parent = ns->root, .point = "/elsewhere", .host = scratch(), .dir = true, .sb = sb};
	s64 id = mnt_attach(ns, &spec);

	assert_true(id > 0);
	return (u64)id;
}

static struct super *tmpfs(void)
{
	return super_create(SUPER_TMPFS, "tmpfs", "none", "", 0, 77, 5);
}

static void assert_name(const char *want)
{
	const char *line = mapping(guest_text(rel_of(getpid(), "maps")), pages, pages + 4096);

	assert_non_null(line);
	assert_string_equal(strchr(line, '/') ?: line, want);
}

static void files_have_the_readers_names(void **state)
{
	char *path = file_at("file"), deleted[160];
	struct super *sb = tmpfs();

	assert_name(path);
	/* Through which mount it was opened nobody remembers, and where the host has it, it is to be seen. */
	show_elsewhere(sb);
	assert_name(path);
	/* What lies in the storage is in a tmpfs. */
	strcpy(arena()->storage, "/tmp");
	assert_name("/elsewhere/file");
	unlink(path);
	snprintf(deleted, sizeof(deleted), "/elsewhere/file (deleted)");
	assert_name(deleted);
	/* To a task in there it is in its root. */
	set_fs_root(vfs_task()->fs, place(3, scratch()));
	super_put(sb);
	munmap(pages, 4096);
}

static void the_programs_name_is_remembered(void **state)
{
	char *path = file_at("program");
	struct super *sb = tmpfs();
	u64 mnt = show_elsewhere(sb);

	mm.exe_place = place(mnt, path);
	assert_name("/elsewhere/program");
	path_put(&mm.exe_place);
	mm.exe_place.host = NULL;
	assert_name(path);
	unlink(path);
	super_put(sb);
	munmap(pages, 4096);
}

static void what_cannot_be_named_keeps_the_hosts_name(void **state)
{
	char *path = file_at("file"), root[160];

	snprintf(root, sizeof(root), "%s/root", scratch());
	assert_int_equal(mkdir(root, 0755), 0);
	set_fs_root(vfs_task()->fs, place(vfs_task()->nsproxy->mnt->root, root));
	assert_name(path);
	rmdir(root);
	unlink(path);
	munmap(pages, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    VFS_TEST(own_ranges_are_left_out),	       VFS_TEST(smaps_is_without_them),
	    VFS_TEST(numa_maps_is_without_them),       VFS_TEST(files_have_the_readers_names),
	    VFS_TEST(the_programs_name_is_remembered), VFS_TEST(what_cannot_be_named_keeps_the_hosts_name),
	};

	return cmocka_run_group_tests_name("vfs/proc: maps", tests, NULL, NULL);
}
