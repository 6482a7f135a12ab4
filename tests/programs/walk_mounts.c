/* SPDX-License-Identifier: MIT */
/* The path walk over mounts: bind mounts, tmpfs, read-only and other flags. */
#include "tests/programs/walk.h"

static void bind_mount(void)
{
	int m, s;

	new_mounts();
	bind_dir("src", "m");
	CHECK(has("m/file", "source") && has(below_top("m/in/file"), "inner"));
	CHECK(has("m/../d/file", "flat") && has("m/in/../../d/file", "flat"));
	CHECK(has("m/up/file", "flat") && has("m/around/file", "inner") && has("src/around/file", "inner"));
	CHECK(same("m", "src") && same("m/..", "."));
	m = (int)CHECK_OK(open("m", O_RDONLY));
	s = (int)CHECK_OK(open("src", O_PATH));
	CHECK(at_has(m, "file", "source") && at_has(m, "../d/file", "flat") && at_has(m, "up/file", "flat"));
	CHECK(at_has(s, "../m/file", "source"));
	CHECK_OK(chdir("m/in"));
	CHECK(cwd_is(below_top("m/in")));
	CHECK(has("file", "inner") && has("../file", "source") && has("../../d/file", "flat"));
	CHECK_OK(chdir(".."));
	CHECK(cwd_is(below_top("m")));
	CHECK_OK(chdir(".."));
	CHECK(cwd_is(top));
	CHECK_OK(fchdir(m));
	CHECK(cwd_is(below_top("m")));
	CHECK_OK(fchdir(s));
	CHECK(cwd_is(below_top("src")));
	put_file("via", "written");
	CHECK(has(below_top("m/via"), "written"));
}

static void bound_twice(void)
{
	int a, b, in;

	new_mounts();
	CHECK_OK(mkdir("p1", 0777));
	CHECK_OK(mkdir("p1/at", 0777));
	CHECK_OK(mkdir("p2", 0777));
	CHECK_OK(mkdir("p2/at", 0777));
	put_file("p1/who", "one");
	put_file("p2/who", "two");
	bind_dir("src", "p1/at");
	bind_dir("src", "p2/at");
	a = (int)CHECK_OK(open("p1/at", O_RDONLY));
	b = (int)CHECK_OK(open("p2/at", O_RDONLY));
	CHECK(at_has(a, "../who", "one") && at_has(b, "../who", "two"));
	in = (int)CHECK_OK(openat(b, "in", O_PATH));
	CHECK(at_has(in, "../../who", "two"));
	CHECK_OK(fchdir(in));
	CHECK(cwd_is(below_top("p2/at/in")) && has("../../who", "two"));
	a = dup(a);
	CHECK(at_has(a, "../who", "one"));
	CHECK_OK(dup2(b, a));
	CHECK(at_has(a, "../who", "two"));
}

static void stacked_mounts(void)
{
	new_mounts();
	bind_dir("src", "m");
	bind_dir("d", "m");
	CHECK(has("m/file", "flat") && has("m/../src/file", "source"));
	CHECK_OK(chdir("m"));
	bind_dir(below_top("other"), ".");
	CHECK(has("file", "flat") && cwd_is(below_top("m")));
	CHECK_FAILS(open(below_top("m/file"), O_RDONLY), ENOENT);
	CHECK_OK(umount2(below_top("m"), 0));
	CHECK_OK(chdir(".."));
	CHECK_OK(umount2("m", 0));
	CHECK(has("m/file", "source"));
	CHECK_OK(umount2("m", 0));
	CHECK_FAILS(open("m/file", O_RDONLY), ENOENT);
}

static void mount_in_mount(void)
{
	int m, top_fd;

	new_mounts();
	top_fd = (int)CHECK_OK(open(".", O_PATH));
	bind_dir("src", "m");
	bind_dir("d", "m/in");
	CHECK(has("m/in/file", "flat") && has("src/in/file", "inner"));
	m = (int)CHECK_OK(open("m", O_RDONLY));
	CHECK(at_has(m, "in/file", "flat") && at_has(m, "in/../file", "source") && at_has(m, "in/sub/../file", "flat"));
	CHECK(at_has(top_fd, "m/in/file", "flat") && at_has(top_fd, "src/in/file", "inner"));
	CHECK_OK(chdir("m"));
	CHECK(has("in/file", "flat") && has("./in/sub/file", "deep"));
	CHECK_OK(chdir("in/sub"));
	CHECK(cwd_is(below_top("m/in/sub")) && has("../../file", "source"));
	CHECK_OK(chdir(below_top("src")));
	CHECK(has("in/file", "inner"));
}

static void file_on_file(void)
{
	struct stat st;

	new_mounts();
	CHECK_OK(mount("src/file", "d/file", NULL, MS_BIND, NULL));
	CHECK(has("d/file", "source") && has("link/file", "source") && has("flink", "source"));
	CHECK(same("d/file", "src/file") && has("d/sub/file", "deep"));
	CHECK_FAILS(stat("d/file/", &st), ENOTDIR);
	CHECK_FAILS(stat("d/file/..", &st), ENOTDIR);
	CHECK_FAILS(stat("d/file/x", &st), ENOTDIR);
	close((int)CHECK_OK(open("d/file", O_RDWR | O_CREAT | O_NOFOLLOW, 0600)));
	CHECK_OK(umount2("d/file", 0));
	CHECK(has("d/file", "flat"));
}

static void tmpfs_mount(void)
{
	struct stat here, there, other;
	struct statx stx;
	struct statfs fs;
	int fd, dir;

	new_mounts();
	CHECK_OK(mount("none", "t", "tmpfs", 0, NULL));
	CHECK_OK(mount("none", "m2", "tmpfs", 0, NULL));
	CHECK_OK(stat(".", &here));
	CHECK_OK(stat("t", &there));
	CHECK_OK(stat("m2", &other));
	CHECK(here.st_dev != there.st_dev && there.st_dev != other.st_dev && here.st_dev != other.st_dev);
	put_file("t/file", "tmp");
	CHECK_OK(symlink("../d/file", "t/out"));
	CHECK_OK(symlink(below_top("d"), "t/absout"));
	CHECK(has("t/out", "flat") && has("t/absout/sub/file", "deep"));
	fd = (int)CHECK_OK(open("t/file", O_RDONLY));
	dir = (int)CHECK_OK(open("t", O_RDONLY));
	CHECK(fstat(fd, &here) == 0 && here.st_dev == there.st_dev);
	CHECK(fstat(dir, &here) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino);
	CHECK(fstatat(dir, "file", &here, 0) == 0 && here.st_dev == there.st_dev);
	CHECK(fstatat(fd, "", &here, AT_EMPTY_PATH) == 0 && here.st_dev == there.st_dev);
	CHECK(lstat("t/out", &here) == 0 && here.st_dev == there.st_dev);
	CHECK(stat("t/out", &here) == 0 && here.st_dev != there.st_dev);
	CHECK_OK(statx(AT_FDCWD, "t/file", 0, STATX_BASIC_STATS, &stx));
	CHECK(makedev(stx.stx_dev_major, stx.stx_dev_minor) == there.st_dev);
	CHECK_OK(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx));
	CHECK(makedev(stx.stx_dev_major, stx.stx_dev_minor) == there.st_dev);
	CHECK(statfs("t", &fs) == 0 && fs.f_type == 0x01021994);
	CHECK(fstatfs(fd, &fs) == 0 && fs.f_type == 0x01021994);
	bind_dir("t", "m");
	CHECK(stat("m/file", &here) == 0 && here.st_dev == there.st_dev);
	CHECK_OK(chdir("t"));
	CHECK(cwd_is(below_top("t")) && has("file", "tmp") && has("../d/file", "flat"));
}

static void statx_mounts(void)
{
	struct statx a, b;

	new_mounts();
	bind_dir("src", "m");
	CHECK_OK(statx(AT_FDCWD, "src", 0, STATX_BASIC_STATS | STATX_MNT_ID, &a));
	CHECK_OK(statx(AT_FDCWD, "m", 0, STATX_BASIC_STATS | STATX_MNT_ID, &b));
	CHECK(a.stx_ino == b.stx_ino && a.stx_mnt_id != b.stx_mnt_id);
	CHECK(!(a.stx_attributes & STATX_ATTR_MOUNT_ROOT) && (b.stx_attributes & STATX_ATTR_MOUNT_ROOT));
	CHECK_OK(statx(AT_FDCWD, "m/in", 0, STATX_BASIC_STATS | STATX_MNT_ID, &a));
	CHECK(a.stx_mnt_id == b.stx_mnt_id && !(a.stx_attributes & STATX_ATTR_MOUNT_ROOT));
	CHECK_FAILS(statx(AT_FDCWD, "m", 0x10000, STATX_BASIC_STATS, &a), EINVAL);
	CHECK_FAILS(statx(AT_FDCWD, "m", 0, 0x80000000U, &a), EINVAL);
	CHECK_FAILS(statx(AT_FDCWD, "m", 0x6000, STATX_BASIC_STATS, &a), EINVAL);
}

static void read_only(void)
{
	struct stat st;
	struct statfs fs;
	int m, before, fifo;

	CHECK_OK(mkfifo("src/fifo", 0666));
	new_mounts();
	bind_dir("src", "m");
	before = (int)CHECK_OK(open("m", O_RDONLY));
	remount("m", MS_RDONLY);
	m = (int)CHECK_OK(open("m", O_PATH));
	CHECK(has("m/file", "source"));
	CHECK_FAILS(open("m/file", O_WRONLY), EROFS);
	CHECK_FAILS(open("m/file", O_RDWR), EROFS);
	CHECK_FAILS(open("m/file", O_RDONLY | O_TRUNC), EROFS);
	CHECK_FAILS(open("m/new", O_CREAT | O_WRONLY, 0666), EROFS);
	CHECK_FAILS(open("m/new", O_CREAT | O_RDONLY, 0666), EROFS);
	CHECK_FAILS(open("m/no/new", O_CREAT | O_RDONLY, 0666), ENOENT);
	CHECK_FAILS(open("m/file", O_CREAT | O_EXCL | O_WRONLY, 0666), EEXIST);
	CHECK_FAILS(open("m/in", O_WRONLY), EISDIR);
	CHECK_FAILS(open("m/in", O_CREAT | O_RDONLY, 0666), EISDIR);
	CHECK_FAILS(open("m", O_TMPFILE | O_RDWR, 0666), EROFS);
	CHECK_FAILS(openat(m, "file", O_RDWR), EROFS);
	CHECK_FAILS(openat(m, "new", O_RDWR | O_CREAT, 0666), EROFS);
	CHECK_FAILS(openat(before, "new", O_RDWR | O_CREAT, 0666), EROFS);
	close((int)CHECK_OK(open("m/file", O_CREAT | O_RDONLY, 0666)));
	fifo = (int)CHECK_OK(open("m/fifo", O_RDWR | O_NONBLOCK));
	CHECK(write(fifo, "x", 1) == 1);
	CHECK_FAILS(access("m/file", W_OK), EROFS);
	CHECK_FAILS(access("m", W_OK), EROFS);
	CHECK_OK(access("m/fifo", W_OK));
	CHECK_OK(access("m/file", R_OK));
	CHECK_FAILS(faccessat(m, "file", W_OK, 0), EROFS);
	CHECK(statfs("m/file", &fs) == 0 && (fs.f_flags & 1));
	CHECK(fstatfs(m, &fs) == 0 && (fs.f_flags & 1));
	CHECK(statfs("src/file", &fs) == 0 && !(fs.f_flags & 1));
	CHECK(has("m/up/file", "flat"));
	close((int)CHECK_OK(open("m/up/file", O_RDWR)));
	CHECK_OK(chdir("m"));
	CHECK_FAILS(open("file", O_RDWR), EROFS);
	CHECK_FAILS(fchmod((int)CHECK_OK(open("file", O_RDONLY)), 0600), EROFS);
	CHECK_OK(chdir("../src"));
	close((int)CHECK_OK(open("file", O_RDWR)));
	remount(below_top("m"), 0);
	CHECK_OK(stat(below_top("m"), &st));
	close((int)CHECK_OK(open(below_top("m/file"), O_RDWR)));
}

static void nodev_noexec(void)
{
	struct statfs fs;

	new_mounts();
	bind_dir("/dev", "m");
	close((int)CHECK_OK(open("m/null", O_RDWR)));
	remount("m", MS_NODEV | MS_NOSUID | MS_NOEXEC);
	CHECK_FAILS(open("m/null", O_RDWR), EACCES);
	CHECK_FAILS(open("m/null", O_RDONLY), EACCES);
	close((int)CHECK_OK(open("m/null", O_PATH)));
	close((int)CHECK_OK(open("/dev/null", O_RDWR)));
	CHECK(statfs("m", &fs) == 0 && (fs.f_flags & 0xe) == 0xe);
	CHECK_OK(chmod("src/file", 0777));
	bind_dir("src", "m2");
	CHECK_OK(access("m2/file", X_OK));
	remount("m2", MS_NOEXEC);
	CHECK_FAILS(access("m2/file", X_OK), EACCES);
	CHECK_OK(access("m2/in", X_OK));
	CHECK_OK(access("src/file", X_OK));
	CHECK_OK(chmod("src/file", 0666));
}

static void detached(void)
{
	int fd;

	new_mounts();
	bind_dir("src", "m");
	fd = (int)CHECK_OK(open("m", O_RDONLY));
	CHECK_OK(chdir("m"));
	CHECK_OK(umount2(below_top("m"), MNT_DETACH));
	CHECK(has("file", "source") && at_has(fd, "file", "source") && at_has(fd, "in/file", "inner"));
	CHECK_FAILS(open(below_top("m/file"), O_RDONLY), ENOENT);
	CHECK(same(".", below_top("src")));
	CHECK(same("..", "."));
	CHECK_OK(chdir(top));
}

static void other_mounts_by_name(void)
{
	new_mounts();
	/* A name that is a mount point's elsewhere is still an ordinary name here. */
	CHECK_OK(mkdir("x", 0777));
	CHECK_OK(mkdir("x/m", 0777));
	put_file("x/m/file", "plain");
	bind_dir("src", "m");
	CHECK(has("x/m/file", "plain") && has("m/file", "source"));
	CHECK_OK(chdir("x"));
	CHECK(has("m/file", "plain") && has("../m/file", "source") && has("m/../m/file", "plain"));
}

static void directory_listing(void)
{
	struct dirent *entry;
	int found = 0;
	DIR *dir;

	new_mounts();
	bind_dir("d", "m");
	dir = opendir("m");
	CHECK(dir != NULL);
	while ((entry = readdir(dir)))
		found += !strcmp(entry->d_name, "sub") || !strcmp(entry->d_name, "file");
	CHECK(found == 2);
	CHECK(at_has(dirfd(dir), "sub/file", "deep"));
	closedir(dir);
}

static const struct test tests[] = {
    {"a bind mount", bind_mount},
    {"one directory bound twice", bound_twice},
    {"stacked mounts", stacked_mounts},
    {"a mount in a mount", mount_in_mount},
    {"a file mounted on a file", file_on_file},
    {"a tmpfs and device numbers", tmpfs_mount},
    {"statx and mounts", statx_mounts},
    {"a read-only mount", read_only},
    {"nodev and noexec", nodev_noexec},
    {"a detached mount", detached},
    {"a mount point's name elsewhere", other_mounts_by_name},
    {"listing a directory below a mount", directory_listing},
};

int main(int argc, char **argv)
{
	return enter_scratch(argc, argv) ? 2 : RUN_TESTS(tests);
}
