/* SPDX-License-Identifier: MIT */
/*
 * What the programs that test the path walk share. Each takes an empty directory to work in as its
 * argument, and passes natively as root and under secede.
 */
#ifndef SECEDE_TESTS_PROGRAMS_WALK_H
#define SECEDE_TESTS_PROGRAMS_WALK_H

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>

#include "tests/programs/asleep.h"

static char top[PATH_MAX]; /* the scratch directory: where each test begins */

static inline void put_file(const char *path, const char *text)
{
	int fd = (int)CHECK_OK(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666));

	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static inline int fd_has(int fd, const char *text)
{
	char buf[256];
	ssize_t n = pread(fd, buf, sizeof(buf), 0);

	return n == (ssize_t)strlen(text) && !memcmp(buf, text, (size_t)n);
}

static inline int at_has(int dfd, const char *path, const char *text)
{
	int fd = openat(dfd, path, O_RDONLY), has;

	if (fd < 0)
		return 0;
	has = fd_has(fd, text);
	close(fd);
	return has;
}

static inline int has(const char *path, const char *text)
{
	return at_has(AT_FDCWD, path, text);
}

static inline int same(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static inline const char *below_top(const char *name)
{
	static char buf[4][2 * PATH_MAX];
	static int next;
	char *p = buf[next++ % 4];

	snprintf(p, sizeof(buf[0]), "%s/%s", top, name);
	return p;
}

static inline int cwd_is(const char *path)
{
	char buf[PATH_MAX];

	return getcwd(buf, sizeof(buf)) && !strcmp(buf, path);
}

static inline int how_open(int dfd, const char *path, unsigned long long flags, unsigned long long resolve)
{
	struct open_how how = {.flags = flags, .resolve = resolve};

	return (int)syscall(SYS_openat2, dfd, path, &how, sizeof(how));
}

static inline void bind_dir(const char *from, const char *to)
{
	CHECK_OK(mount(from, to, NULL, MS_BIND, NULL));
}

static inline void new_mounts(void)
{
	CHECK_OK(unshare(CLONE_NEWNS));
	CHECK_OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static inline void remount(const char *point, unsigned long flags)
{
	CHECK_OK(mount("none", point, NULL, MS_REMOUNT | MS_BIND | flags, NULL));
}

/* Without privilege over files, natively as well. */
static inline void become_ordinary(void)
{
	if (geteuid() == 0)
		CHECK_OK(setresuid(65534, 65534, 65534));
}

/*
 * d/sub/file "deep"; d/file "flat"; src/file "source", src/in/file "inner"; other/; empty, m, m2 and t to mount on.
 */
static inline void make_files(void)
{
	CHECK_OK(mkdir("d", 0777));
	CHECK_OK(mkdir("d/sub", 0777));
	put_file("d/file", "flat");
	put_file("d/sub/file", "deep");
	CHECK_OK(mkdir("src", 0777));
	CHECK_OK(mkdir("src/in", 0777));
	put_file("src/file", "source");
	put_file("src/in/file", "inner");
	CHECK_OK(mkdir("other", 0777));
	CHECK_OK(mkdir("m", 0777));
	CHECK_OK(mkdir("m2", 0777));
	CHECK_OK(mkdir("t", 0777));
	CHECK_OK(symlink("d", "link"));
	CHECK_OK(symlink(below_top("d"), "abs"));
	CHECK_OK(symlink("d/file", "flink"));
	CHECK_OK(symlink("loop", "loop"));
	CHECK_OK(symlink("nowhere", "dangling"));
	CHECK_OK(symlink("../d", "src/up"));
	CHECK_OK(symlink(below_top("m/in"), "src/around"));
}

static inline int enter_scratch(int argc, char **argv)
{
	if (argc < 2 || chdir(argv[1]) < 0 || !getcwd(top, sizeof(top))) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return -1;
	}
	umask(0);
	make_files();
	return 0;
}

#endif
