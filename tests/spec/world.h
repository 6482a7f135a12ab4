/* SPDX-License-Identifier: MIT */
/*
 * A small world of a test's own: private mounts and names, a tmpfs to work in, and what a task can
 * see of the contexts that unshare(2) and clone(2) speak of.
 */
#ifndef SECEDE_TESTS_SPEC_WORLD_H
#define SECEDE_TESTS_SPEC_WORLD_H

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "tests/spec/tap.h"

#define BASE	    "/mnt" /* the world's tmpfs */
#define KEPT_FD	    100	   /* open from the beginning */
#define WORLD_UMASK 0026

/* A file at `path` with `text` in it, open; its descriptor. */
static inline int make_file(const char *path, const char *text)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	return fd;
}

static inline void make_world(void)
{
	int fd;

	CHECK_OK(unshare(CLONE_NEWNS | CLONE_NEWUTS));
	CHECK_OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_OK(mount("none", BASE, "tmpfs", 0, NULL));
	CHECK_OK(chmod(BASE, 0777));
	CHECK_OK(mkdir(BASE "/marked", 0777));
	close(make_file(BASE "/marked/mark", "here"));
	CHECK_OK(mkdir(BASE "/a", 0777));
	CHECK_OK(mkdir(BASE "/b", 0777));
	fd = make_file(BASE "/file", "before");
	CHECK_OK(dup3(fd, KEPT_FD, O_CLOEXEC));
	close(fd);
	CHECK_OK(sethostname("before", 6));
	CHECK_OK(setdomainname("domain", 6));
	CHECK_OK(chdir(BASE));
	umask(WORLD_UMASK);
}

static inline mode_t get_umask(void)
{
	mode_t mask = umask(0777);

	umask(mask);
	return mask;
}

static inline int cwd_is(const char *path)
{
	char buf[4096];

	return getcwd(buf, sizeof(buf)) != NULL && strcmp(buf, path) == 0;
}

static inline int fd_is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static inline int nodename_is(const char *name)
{
	struct utsname uts;

	return uname(&uts) == 0 && strcmp(uts.nodename, name) == 0;
}

/* Shows BASE/marked at `point`, and asks whether that is seen. */
static inline int mount_mark(const char *point)
{
	return mount(BASE "/marked", point, NULL, MS_BIND, NULL);
}
static inline int mark_seen(const char *point)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/mark", point);
	return access(path, F_OK) == 0;
}

/* The name of one of the calling thread's namespaces, e.g. "uts:[4026531838]". */
static inline void ns_name(const char *kind, char *buf, size_t size)
{
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", kind);
	len = readlink(path, buf, size - 1);
	CHECK(len > 0);
	buf[len] = 0;
}

/* Everything that must be equal in value after unshare(2). */
struct view {
	mode_t umask;
	char cwd[256];
	int fd_flags;
	off_t fd_offset;
	char kept[16];
	struct utsname uts;
	struct stat root, here;
	char mounts[65536]; /* of each mount: root, point, options */
};

static inline void view_mounts(char *out, size_t size)
{
	char line[8192], root[4096], point[4096], options[512];
	FILE *f = fopen("/proc/thread-self/mountinfo", "re");
	size_t len = 0;

	CHECK(f != NULL);
	out[0] = 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		CHECK(sscanf(line, "%*d %*d %*s %4095s %4095s %511s", root, point, options) == 3);
		len += (size_t)snprintf(out + len, size - len, "%s %s %s\n", root, point, options);
		CHECK(len < size);
	}
	fclose(f);
}

static inline void take_view(struct view *v)
{
	memset(v, 0, sizeof(*v));
	v->umask = get_umask();
	CHECK(getcwd(v->cwd, sizeof(v->cwd)) != NULL);
	v->fd_flags = fcntl(KEPT_FD, F_GETFD);
	v->fd_offset = lseek(KEPT_FD, 0, SEEK_CUR);
	CHECK(pread(KEPT_FD, v->kept, sizeof(v->kept), 0) > 0);
	CHECK_OK(uname(&v->uts));
	CHECK_OK(stat("/", &v->root));
	CHECK_OK(stat(".", &v->here));
	view_mounts(v->mounts, sizeof(v->mounts));
}

static inline void check_same_view(const struct view *a, const struct view *b)
{
	CHECK(a->umask == b->umask);
	CHECK(strcmp(a->cwd, b->cwd) == 0);
	CHECK(a->fd_flags == b->fd_flags && a->fd_offset == b->fd_offset && strcmp(a->kept, b->kept) == 0);
	CHECK(memcmp(&a->uts, &b->uts, sizeof(a->uts)) == 0);
	CHECK(a->root.st_dev == b->root.st_dev && a->root.st_ino == b->root.st_ino);
	CHECK(a->here.st_dev == b->here.st_dev && a->here.st_ino == b->here.st_ino);
	CHECK(strcmp(a->mounts, b->mounts) == 0);
}

/* Takes CAP_SYS_ADMIN, or any other, out of the effective and permitted sets. */
static inline void drop_capability(int cap)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	CHECK_OK(syscall(SYS_capget, &header, data));
	data[cap / 32].effective &= ~(1U << (cap % 32));
	data[cap / 32].permitted &= ~(1U << (cap % 32));
	CHECK_OK(syscall(SYS_capset, &header, data));
}

/* The end of a child's life, seen from its parent: it must have gone well. */
static inline void check_child(pid_t pid)
{
	int status;

	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
