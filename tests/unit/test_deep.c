/* SPDX-License-Identifier: MIT */
/* vfs/deep.c, deep_path.c: names in and through directories that are too deep for a path mean what they mean elsewhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vfs.h"
#include "vfs/walk.h"

#define LEVELS	  30 /* of directories with a name of so many bytes: */
#define NAME_LEN  200
#define HALF	  15 /* where a path is still long enough for the host, but not with as many names again */
#define DEEP_PATH (LEVELS * (NAME_LEN + 1) + 64)

static char name[NAME_LEN + 1];

/* The same in two directories: each file has a size, and each directory a mode, that no other has. */
static void furnish(void)
{
	static const struct {
		const char *name;
		int size;
	} files[] = {{"f", 1}, {"sub/g", 2}, {"sub/under/h", 3}};

	assert_int_equal(mkdir("sub", 0751), 0);
	assert_int_equal(mkdir("sub/under", 0715), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int fd = open(files[i].name, O_CREAT | O_WRONLY, 0644);

		assert_int_equal(ftruncate(fd, files[i].size), 0);
		close(fd);
	}
	assert_int_equal(symlink("sub/under", "link"), 0);
	assert_int_equal(symlink("../f", "sub/up"), 0);
	assert_int_equal(symlink("/etc/passwd", "away"), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	assert_int_equal(symlink("sub/up", "twice"), 0);
	assert_int_equal(symlink("nowhere", "dangling"), 0);
}

static void clear(void)
{
	static const char *const names[] = {"f",    "sub/g", "sub/under/h", "link", "sub/up",	 "away",
					    "loop", "twice", "dangling",    "new",  "sub/under", "sub"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (unlink(names[i]) && errno == EISDIR)
			rmdir(names[i]);
}

/* The host's thread goes down or up. */
static void go_down(int levels)
{
	for (int i = 0; i < levels; i++)
		assert_int_equal(chdir(name), 0);
}

/* The task stands where the host's thread does. */
static void stand_here(const char *path, size_t len)
{
	struct task *task = vfs_task();

	set_fs_pwd(task->fs, (struct path){task->nsproxy->mnt->root, hpath_new(path, len)});
	task->host_fs_seq = task->fs->seq;
}

static char deep[DEEP_PATH], half[DEEP_PATH], shallow[128];

static int deep_setup(void **state)
{
	size_t len;

	if (vfs_setup(state))
		return -1;
	umask(0);
	memset(name, 'n', NAME_LEN);
	snprintf(shallow, sizeof(shallow), "%s/shallow", scratch());
	assert_int_equal(mkdir(shallow, 0700), 0);
	assert_int_equal(chdir(shallow), 0);
	furnish();
	assert_int_equal(chdir(scratch()), 0);
	len = (size_t)sprintf(deep, "%s", scratch());
	for (int i = 0; i < LEVELS; i++) {
		assert_int_equal(mkdir(name, 0700), 0);
		go_down(1);
		len += (size_t)sprintf(deep + len, "/%s", name);
		if (i + 1 == HALF)
			memcpy(half, deep, len + 1);
	}
	furnish();
	stand_here(deep, len);
	return 0;
}

static int deep_teardown(void **state)
{
	assert_int_equal(chdir(scratch()), 0);
	go_down(LEVELS);
	clear();
	for (int i = 0; i < LEVELS; i++) {
		assert_int_equal(chdir(".."), 0);
		assert_int_equal(rmdir(name), 0);
	}
	assert_int_equal(chdir(shallow), 0);
	clear();
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(rmdir(shallow), 0);
	return vfs_teardown(state);
}

#define DEEP_TEST(f) cmocka_unit_test_setup_teardown(f, deep_setup, deep_teardown)

/* ---- names ---- */

static const char *const names[] = {
    "f",
    "sub",
    "sub/g",
    "sub/under/h",
    "./f",
    "sub/../f",
    "sub//g",
    "link",
    "link/h",
    "link/../g",
    "link/",
    "sub/up",
    "twice",
    "away",
    "loop",
    "loop/x",
    "dangling",
    "dangling/x",
    "missing",
    "missing/x",
    "f/x",
    "f/",
    "sub/",
    "sub/.",
    "sub/under/.",
    ".",
    "./",
    "sub/under/../..",
    "link/../up",
    "sub/g/..",
    "away/x",
    "sub/under/../under/h",
    "./sub/./under/.././g",
};

struct found {
	long err;
	mode_t mode;
	off_t size;
};

/* What the descriptor, or -errno, stands for. */
static struct found what_is(long fd)
{
	struct found found = {.err = fd < 0 ? fd : 0};
	struct stat st;

	if (fd < 0)
		return found;
	assert_int_equal(fstat((int)fd, &st), 0);
	found.mode = st.st_mode;
	if (!S_ISDIR(st.st_mode))
		found.size = st.st_size;
	return found;
}

static struct found looked_up(const char *path, unsigned flags)
{
	struct nameidata nd;
	int err = path_lookup(vfs_task(), AT_FDCWD, path, flags | LOOKUP_LAZY, &nd);
	struct found found = what_is(err ? err : nd.fd == AT_FDCWD ? open(".", O_PATH) : nd.fd);

	if (!err)
		path_release(&nd);
	return found;
}

static struct found opened(const char *path, u64 flags)
{
	int fd = do_filp_open(vfs_task(), AT_FDCWD, path, flags, flags & O_CREAT ? 0640 : 0, 0);
	struct found found = what_is(fd);

	if (fd >= 0)
		close_guest(fd);
	return found;
}

static void assert_same(const char *path, struct found a, struct found b)
{
	if (a.err != b.err || a.mode != b.mode || a.size != b.size)
		print_error("%s: %ld %o %ld, elsewhere %ld %o %ld\n", path, a.err, a.mode, a.size, b.err, b.mode,
			    b.size);
	assert_int_equal(a.err, b.err);
	assert_int_equal(a.mode, b.mode);
	assert_int_equal(a.size, b.size);
}

/* In both directories, one after the other. */
static void compare(struct found (*find)(const char *path, u64 flags), u64 flags)
{
	struct found in_deep[ARRAY_SIZE(names)];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		in_deep[i] = find(names[i], flags);
	assert_int_equal(chdir(shallow), 0);
	stand_here(shallow, strlen(shallow));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_same(names[i], in_deep[i], find(names[i], flags));
}

static struct found look_up(const char *path, u64 flags)
{
	return looked_up(path, (unsigned)flags);
}

static void lookups_are_the_same(void **state)
{
	compare(look_up, 0);
}

static void lookups_that_follow_are_the_same(void **state)
{
	compare(look_up, LOOKUP_FOLLOW);
}

static void lookups_of_directories_are_the_same(void **state)
{
	compare(look_up, LOOKUP_FOLLOW | LOOKUP_DIRECTORY);
}

static void opens_are_the_same(void **state)
{
	compare(opened, O_RDONLY);
}

static void opens_that_do_not_follow_are_the_same(void **state)
{
	compare(opened, O_RDONLY | O_NOFOLLOW);
}

static void opens_of_directories_are_the_same(void **state)
{
	compare(opened, O_PATH | O_DIRECTORY);
}

static void a_file_is_made(void **state)
{
	struct found made = opened("new", O_CREAT | O_EXCL | O_WRONLY);

	assert_int_equal(made.err, 0);
	assert_int_equal(made.mode, S_IFREG | 0640);
	assert_int_equal(access("new", F_OK), 0);
	assert_int_equal(opened("new", O_CREAT | O_EXCL | O_WRONLY).err, -EEXIST);
	assert_int_equal(opened("sub/", O_CREAT | O_WRONLY).err, -EISDIR);
}

/* What needs a host path has none; what is too long, is. */
static void what_has_no_path(void **state)
{
	char longer[NAME_MAX + 2] = "";
	struct nameidata nd;

	assert_int_equal(path_lookup(vfs_task(), AT_FDCWD, "f", 0, &nd), -ENAMETOOLONG);
	assert_int_equal(path_lookup(vfs_task(), AT_FDCWD, "sub/g", LOOKUP_LAZY | 8U << LOOKUP_RESOLVE_SHIFT, &nd),
			 -ENAMETOOLONG);
	memset(longer, 'l', NAME_MAX + 1);
	assert_int_equal(looked_up(longer, 0).err, -ENAMETOOLONG);
	assert_int_equal(path_lookup(vfs_task(), AT_FDCWD, "sub/g", LOOKUP_PARENT, &nd), 0);
	assert_int_equal(nd.len, 0);
	assert_string_equal(nd.last, "g");
	path_release(&nd);
}

/* From a directory that has a path, through those that have none, and out again. */
static void a_way_through(void **state)
{
	char way[PATH_MAX];
	size_t len = 0;

	assert_int_equal(chdir(scratch()), 0);
	go_down(HALF);
	stand_here(half, strlen(half));
	for (int i = HALF; i < LEVELS; i++)
		len += (size_t)sprintf(way + len, "%s/", name);
	strcpy(way + len, "sub/g");
	assert_int_equal(looked_up(way, 0).size, 2);
	assert_int_equal(opened(way, O_RDONLY).size, 2);
	strcpy(way + len, "link/../g");
	assert_int_equal(looked_up(way, 0).err, 0);
	assert_int_equal(looked_up(way, 0).size, 2);
	strcpy(way + len, "away");
	assert_int_equal(looked_up(way, LOOKUP_FOLLOW).err, 0);
	/* Up to where there are paths again, whose mounts are known. */
	for (int i = HALF; i < LEVELS; i++)
		len += (size_t)sprintf(way + len, "../");
	for (int i = 0; i < HALF; i++)
		len += (size_t)sprintf(way + len, "../");
	strcpy(way + len, "shallow/f");
	assert_int_equal(looked_up(way, 0).size, 1);
	assert_int_equal(opened(way, O_RDONLY).size, 1);
}

/* From a descriptor as from a working directory. */
static void a_descriptor_is_a_beginning(void **state)
{
	struct nameidata nd;
	int fd = open(".", O_PATH | O_DIRECTORY);

	assert_int_equal(chdir("/"), 0);
	stand_here("/", 1);
	assert_false(has_host_path(fd));
	assert_int_equal(path_lookup(vfs_task(), fd, "link/h", LOOKUP_LAZY, &nd), 0);
	assert_int_equal(what_is(nd.fd).size, 3);
	path_release(&nd);
	close(fd);
}

/* ---- the path of a working directory ---- */

static struct path pwd_of(const char *old, const char *way)
{
	struct hpath *from = hpath_new(old, strlen(old)), *path = NULL;
	struct path out = {1, NULL};

	assert_int_equal(deep_pwd(from, way, &path), 0);
	hpath_put(from);
	out.host = path;
	return out;
}

static void the_path_is_found(void **state)
{
	static const char *const ways[] = {"", "wrong", "../", "/etc"};
	char above[DEEP_PATH], slashes[NAME_LEN + 3];
	struct path path;

	strcpy(above, deep);
	*strrchr(above, '/') = '\0';
	/* Where one goes down step by step, and by any other way. */
	path = pwd_of(above, name);
	assert_string_equal(path.host->s, deep);
	path_put(&path);
	snprintf(slashes, sizeof(slashes), "%s//", name);
	path = pwd_of(above, slashes);
	assert_string_equal(path.host->s, deep);
	path_put(&path);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		path = pwd_of(above, ways[i]);
		assert_string_equal(path.host->s, deep);
		path_put(&path);
	}
}

static void no_memory_for_the_path(void **state)
{
	struct hpath *from = hpath_new("/", 1), *path;

	for (unsigned n = 1; n <= 2; n++) {
		kzalloc_fail_at = n;
		assert_int_equal(deep_pwd(from, "x", &path), -ENOMEM);
	}
	hpath_put(from);
}

static void the_thread_goes_there(void **state)
{
	struct hpath *path = hpath_new(deep, strlen(deep)), *gone;
	struct stat here, there;
	char wrong[DEEP_PATH];

	assert_int_equal(stat(".", &here), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(chdir_deep(path), 0);
	assert_int_equal(stat(".", &there), 0);
	assert_int_equal(here.st_ino, there.st_ino);
	strcpy(wrong, deep);
	wrong[strlen(wrong) - 1] = 'x';
	gone = hpath_new(wrong, strlen(wrong));
	assert_int_equal(chdir_deep(gone), -ENOENT);
	hpath_put(path);
	hpath_put(gone);
}

/* A descriptor's link in proc leads nowhere that has a path: the host's tree is what is seen. */
static void the_place_has_no_path(void **state)
{
	struct nameidata nd;

	nd_init(&nd);
	assert_int_equal(pwd_place(vfs_task(), &nd), 0);
	assert_int_equal(nd.len, 0);
	assert_int_equal(nd.mnt, vfs_task()->nsproxy->mnt->root);
	assert_false(nd.gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    DEEP_TEST(lookups_are_the_same),
	    DEEP_TEST(lookups_that_follow_are_the_same),
	    DEEP_TEST(lookups_of_directories_are_the_same),
	    DEEP_TEST(opens_are_the_same),
	    DEEP_TEST(opens_that_do_not_follow_are_the_same),
	    DEEP_TEST(opens_of_directories_are_the_same),
	    DEEP_TEST(a_file_is_made),
	    DEEP_TEST(what_has_no_path),
	    DEEP_TEST(a_way_through),
	    DEEP_TEST(a_descriptor_is_a_beginning),
	    DEEP_TEST(the_path_is_found),
	    DEEP_TEST(no_memory_for_the_path),
	    DEEP_TEST(the_thread_goes_there),
	    DEEP_TEST(the_place_has_no_path),
	};

	return cmocka_run_group_tests_name("vfs/deep", tests, NULL, NULL);
}
