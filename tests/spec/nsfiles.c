/* SPDX-License-Identifier: MIT */
/*
 * The files through which namespaces and mounts are seen: /proc/PID/ns, setns(2), mountinfo, the magic links, and
 * the control files (namespaces(7), proc(5)).
 */
#include <limits.h>
#include <pthread.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "tests/spec/world.h"

static void read_all(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	CHECK_OK(fd);
	while ((n = read(fd, buf + used, size - 1 - used)) > 0)
		used += (size_t)n;
	CHECK(n == 0);
	buf[used] = 0;
	close(fd);
}

static int link_is(const char *path, const char *wanted)
{
	char text[PATH_MAX];
	ssize_t n = readlink(path, text, sizeof(text) - 1);

	CHECK_OK(n);
	text[n] = 0;
	if (strcmp(text, wanted) != 0)
		printf("# %s leads to %s\n", path, text);
	return strcmp(text, wanted) == 0;
}

static int open_ns(pid_t pid, const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	return (int)CHECK_OK(open(path, O_RDONLY | O_CLOEXEC));
}

/* A child in new namespaces that does `in_child`, and stays until release_child(). */
struct held {
	pid_t pid;
	int go;
};

static struct held hold_child(int flags, void (*in_child)(void))
{
	int ready[2], go[2];
	struct held child;
	char byte;

	CHECK_OK(pipe2(ready, O_CLOEXEC));
	CHECK_OK(pipe2(go, O_CLOEXEC));
	child.pid = fork();
	if (child.pid == 0) {
		close(go[1]);
		CHECK_OK(unshare(flags));
		if (in_child)
			in_child();
		CHECK(write(ready[1], "x", 1) == 1);
		_exit(read(go[0], &byte, 1) == 0 ? 0 : 1);
	}
	CHECK_OK(child.pid);
	close(ready[1]);
	close(go[0]);
	CHECK(read(ready[0], &byte, 1) == 1);
	close(ready[0]);
	child.go = go[1];
	return child;
}

static void release_child(struct held *child)
{
	close(child->go);
	check_child(child->pid);
}

/* ---- /proc/PID/ns ---- */

static void ns_links(void)
{
	static const char *const kinds[] = {"mnt", "uts", "user"};
	char path[64], before[64], after[64], wanted[64];
	struct stat by_path, by_fd;
	int fd;

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		ns_name(kinds[i], before, sizeof(before));
		CHECK_OK(stat(path, &by_path));
		snprintf(wanted, sizeof(wanted), "%s:[%lu]", kinds[i], by_path.st_ino);
		CHECK(strcmp(before, wanted) == 0);
		fd = open_ns(getpid(), kinds[i]);
		CHECK_OK(fstat(fd, &by_fd));
		CHECK(by_fd.st_dev == by_path.st_dev && by_fd.st_ino == by_path.st_ino && S_ISREG(by_fd.st_mode));
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		CHECK(link_is(path, before));
		CHECK_FAILS(open("/proc/self/ns/uts", O_RDONLY | O_NOFOLLOW), ELOOP);
		CHECK_FAILS(open("/proc/self/ns/uts", O_RDONLY | O_DIRECTORY), ENOTDIR);
		close(fd);
	}
	ns_name("uts", before, sizeof(before));
	ns_name("mnt", wanted, sizeof(wanted));
	CHECK_OK(unshare(CLONE_NEWUTS));
	ns_name("uts", after, sizeof(after));
	CHECK(strcmp(before, after) != 0);
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)getppid());
	CHECK(link_is(path, before));
	ns_name("mnt", after, sizeof(after));
	CHECK(strcmp(wanted, after) == 0);
}

static void ns_fd_cloexec(void)
{
	int keep = (int)CHECK_OK(open("/proc/self/ns/uts", O_RDONLY));
	int close_it = open_ns(getpid(), "uts");

	CHECK(fcntl(keep, F_GETFD) == 0);
	CHECK(fcntl(close_it, F_GETFD) == FD_CLOEXEC);
	CHECK(close_it == keep + 1);
}

static void name_child(void)
{
	CHECK_OK(sethostname("child", 5));
}

static void setns_uts(void)
{
	struct held child = hold_child(CLONE_NEWUTS, name_child);
	int own = open_ns(getpid(), "uts"), other = open_ns(child.pid, "uts"), again;
	char path[64], name[64], inside[64];

	CHECK_OK(unshare(CLONE_NEWUTS));
	CHECK_OK(sethostname("parent", 6));
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", (int)child.pid);
	CHECK_OK(setns(other, CLONE_NEWUTS));
	CHECK(nodename_is("child"));
	ns_name("uts", inside, sizeof(inside));
	CHECK(link_is(path, inside));
	/* The namespace outlives its last process: the descriptor holds it. */
	CHECK_OK(setns(own, 0));
	release_child(&child);
	again = dup(other);
	close(other);
	CHECK_OK(setns(again, 0));
	CHECK(nodename_is("child"));
	ns_name("uts", name, sizeof(name));
	CHECK(strcmp(name, inside) == 0);
}

static void setns_inherited(void)
{
	int fd = open_ns(getpid(), "uts");
	pid_t pid;

	CHECK_OK(unshare(CLONE_NEWUTS));
	CHECK_OK(sethostname("new", 3));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(setns(fd, CLONE_NEWUTS));
		CHECK(!nodename_is("new"));
		_exit(0);
	}
	check_child(pid);
	CHECK(nodename_is("new"));
}

static void setns_errors(void)
{
	int uts = open_ns(getpid(), "uts"), user = open_ns(getpid(), "user");
	int file = (int)CHECK_OK(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
	int path = (int)CHECK_OK(open("/proc/self/ns/uts", O_PATH | O_CLOEXEC));

	CHECK_FAILS(setns(-1, 0), EBADF);
	CHECK_FAILS(setns(999, 0), EBADF);
	CHECK_FAILS(setns(file, 0), EINVAL);
	CHECK_FAILS(setns(path, 0), EBADF);
	CHECK_FAILS(setns(uts, CLONE_NEWNS), EINVAL);
	CHECK_FAILS(setns(uts, CLONE_NEWUTS | CLONE_NEWNS), EINVAL);
	CHECK_FAILS(setns(uts, 1), EINVAL);
	CHECK_FAILS(setns(user, 0), EINVAL); /* one's own */
	drop_capability(CAP_SYS_ADMIN);
	CHECK_FAILS(setns(uts, 0), EPERM);
}

static void setns_user(void)
{
	struct held child = hold_child(CLONE_NEWUSER | CLONE_NEWUTS, NULL);
	int user = open_ns(child.pid, "user"), uts = open_ns(child.pid, "uts");

	CHECK_OK(setns(user, CLONE_NEWUSER));
	CHECK(getuid() == 65534);
	CHECK_FAILS(setns(user, CLONE_NEWUSER), EINVAL);
	CHECK_FAILS(sethostname("x", 1), EPERM);
	CHECK_OK(setns(uts, CLONE_NEWUTS));
	CHECK_OK(sethostname("x", 1));
	release_child(&child);
}

static void *try_setns_user(void *arg)
{
	CHECK_FAILS(setns(*(int *)arg, CLONE_NEWUSER), EINVAL);
	return NULL;
}

static void setns_user_threads(void)
{
	struct held child = hold_child(CLONE_NEWUSER, NULL);
	int user = open_ns(child.pid, "user");
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, try_setns_user, &user) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	release_child(&child);
}

static void *try_setns_mnt(void *arg)
{
	CHECK_FAILS(setns(*(int *)arg, CLONE_NEWNS), EINVAL); /* threads share fs */
	CHECK_OK(unshare(CLONE_FS));
	CHECK_OK(setns(*(int *)arg, CLONE_NEWNS));
	CHECK(cwd_is("/"));
	CHECK(mark_seen(BASE "/a"));
	return NULL;
}

static void mark_in_child(void)
{
	CHECK_OK(mount_mark(BASE "/a"));
}

static void setns_mnt(void)
{
	struct held child;
	pthread_t thread;
	int mnt, own;

	make_world();
	child = hold_child(CLONE_NEWNS, mark_in_child);
	mnt = open_ns(child.pid, "mnt");
	own = open_ns(getpid(), "mnt");
	CHECK(!mark_seen(BASE "/a"));
	CHECK(pthread_create(&thread, NULL, try_setns_mnt, &mnt) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(cwd_is(BASE) && !mark_seen(BASE "/a"));
	CHECK_OK(setns(mnt, 0));
	CHECK(cwd_is("/") && mark_seen(BASE "/a"));
	CHECK_OK(setns(own, 0));
	CHECK(!mark_seen(BASE "/a"));
	release_child(&child);
}

static void mark_and_name(void)
{
	mark_in_child();
	name_child();
}

static void setns_pidfd(void)
{
	struct held child;
	int fd;

	make_world();
	child = hold_child(CLONE_NEWNS | CLONE_NEWUTS, mark_and_name);
	fd = (int)CHECK_OK(syscall(SYS_pidfd_open, child.pid, 0));
	CHECK_FAILS(setns(fd, 0), EINVAL);
	CHECK_FAILS(setns(fd, 1), EINVAL);
	CHECK_OK(setns(fd, CLONE_NEWNS | CLONE_NEWUTS));
	CHECK(mark_seen(BASE "/a") && nodename_is("child") && cwd_is("/"));
	release_child(&child);
	CHECK_FAILS(setns(fd, CLONE_NEWUTS), ESRCH);
}

/* ---- mounts, mountinfo ---- */

/* The mountinfo line of the mount at `point`, the last one of them; NULL: there is none. */
static char *line_of(char *text, const char *point)
{
	char *found = NULL, *save, at[PATH_MAX];

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		CHECK(sscanf(line, "%*d %*d %*d:%*d %*s %4095s", at) == 1);
		if (strcmp(at, point) == 0)
			found = line;
	}
	return found;
}

static void mountinfo(void)
{
	static char text[1 << 16];
	unsigned major, minor, id, parent;
	char root[256], point[256], options[256], type[64], source[64], super[256], *line;
	struct stat st;

	make_world();
	CHECK_OK(mkdir("a b\t\\#\n", 0777));
	CHECK_OK(mount("some source", BASE "/a b\t\\#\n", "tmpfs", MS_NOSUID | MS_NODEV, "mode=700"));
	CHECK_OK(mkdir(BASE "/a b\t\\#\n/inner", 0777));
	CHECK_OK(mount(BASE "/a b\t\\#\n/inner", BASE "/b", NULL, MS_BIND, NULL));
	CHECK_OK(mount(NULL, BASE "/b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL));
	read_all("/proc/self/mountinfo", text, sizeof(text));
	line = line_of(text, BASE "/a\\040b\\011\\134#\\012");
	CHECK(line != NULL);
	CHECK(sscanf(line, "%u %u %u:%u %255s %255s %255s - %63s %63s %255s", &id, &parent, &major, &minor, root, point,
		     options, type, source, super) == 10);
	CHECK_OK(stat(BASE "/a b\t\\#\n", &st));
	CHECK(st.st_dev == makedev(major, minor));
	CHECK(!strcmp(root, "/") && !strcmp(options, "rw,nosuid,nodev,relatime") && !strcmp(type, "tmpfs"));
	CHECK(!strcmp(source, "some\\040source") && !strncmp(super, "rw", 2) && strstr(super, "mode=700"));
	read_all("/proc/self/mountinfo", text, sizeof(text));
	line = line_of(text, BASE "/b");
	CHECK(line != NULL);
	CHECK(sscanf(line, "%u %u %u:%u %255s %255s %255s - %63s %63s %255s", &id, &parent, &major, &minor, root, point,
		     options, type, source, super) == 10);
	CHECK(!strcmp(root, "/inner") && !strcmp(options, "ro,nosuid,nodev,relatime") && !strncmp(super, "rw", 2));
}

static void mounts(void)
{
	static char text[1 << 16];

	make_world();
	CHECK_OK(mount("device#1", BASE "/a", "tmpfs", MS_RDONLY | MS_NOEXEC, NULL));
	read_all("/proc/mounts", text, sizeof(text));
	CHECK(strstr(text, "\ndevice\\0431 " BASE "/a tmpfs ro,noexec,relatime") != NULL);
	read_all("/proc/self/mountstats", text, sizeof(text));
	CHECK(strstr(text, "device device\\0431 mounted on " BASE "/a with fstype tmpfs\n") != NULL);
	CHECK_OK(umount(BASE "/a"));
	read_all("/proc/mounts", text, sizeof(text));
	CHECK(strstr(text, "device\\0431") == NULL);
}

static void mounts_below_root(void)
{
	static char text[1 << 16];
	char path[64];
	pid_t pid;

	make_world();
	CHECK_OK(mkdir("a/proc", 0777));
	CHECK_OK(mkdir("a/x", 0777));
	CHECK_OK(mount("below", BASE "/a/x", "tmpfs", 0, NULL));
	CHECK_OK(mount("/proc", BASE "/a/proc", NULL, MS_BIND | MS_REC, NULL));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(chroot(BASE "/a"));
		CHECK_OK(chdir("/"));
		read_all("/proc/self/mounts", text, sizeof(text));
		CHECK(strstr(text, "below /x tmpfs ") != NULL);
		CHECK(strstr(text, BASE) == NULL);
		CHECK(strncmp(text, "below ", 6) == 0);
		CHECK(link_is("/proc/self/root", "/"));
		CHECK(link_is("/proc/self/cwd", "/"));
		snprintf(path, sizeof(path), "/proc/%d/mounts", (int)getppid());
		read_all("/proc/self/mounts", text, sizeof(text));
		_exit(0);
	}
	check_child(pid);
	CHECK_OK(chroot(BASE "/a/x"));
	CHECK_FAILS(open("/proc/self/mounts", O_RDONLY), ENOENT);
}

static void mounts_of_another(void)
{
	static char text[1 << 16];
	struct held child;
	char path[64];

	make_world();
	child = hold_child(CLONE_NEWNS, mark_in_child);
	snprintf(path, sizeof(path), "/proc/%d/mounts", (int)child.pid);
	read_all(path, text, sizeof(text));
	CHECK(strstr(text, " " BASE "/a ") != NULL);
	read_all("/proc/self/mounts", text, sizeof(text));
	CHECK(strstr(text, " " BASE "/a ") == NULL);
	release_child(&child);
}

static void mounts_with_little(void)
{
	struct rlimit {
		unsigned long cur, max;
	} none = {1, 1};
	static char text[1 << 16];

	make_world();
	CHECK_OK(syscall(SYS_prlimit64, 0, 1 /* RLIMIT_FSIZE */, &none, NULL));
	read_all("/proc/self/mounts", text, sizeof(text));
	CHECK(strstr(text, " " BASE " tmpfs ") != NULL);
}

/* ---- magic links ---- */

static void own_links(void)
{
	char program[PATH_MAX], path[64];
	struct stat a, b;
	ssize_t n;
	int fd;

	make_world();
	n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	CHECK_OK(n);
	program[n] = 0;
	CHECK(strcmp(strrchr(program, '/'), "/nsfiles") == 0);
	CHECK_OK(stat("/proc/self/exe", &a));
	CHECK_OK(stat(program, &b));
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	CHECK(link_is("/proc/self/cwd", BASE));
	CHECK(link_is("/proc/self/root", "/"));
	CHECK(link_is("/proc/thread-self/cwd", BASE));
	CHECK_OK(access("/proc/self/cwd/marked/mark", R_OK));
	CHECK_OK(access("/proc/self/root" BASE "/marked/mark", R_OK));
	fd = (int)CHECK_OK(open(BASE "/marked", O_RDONLY | O_DIRECTORY));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(link_is(path, BASE "/marked"));
	CHECK_OK(mount_mark(BASE "/b"));
	fd = (int)CHECK_OK(open(BASE "/b", O_RDONLY | O_DIRECTORY));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(link_is(path, BASE "/b"));
	fd = (int)CHECK_OK(open(BASE "/file", O_RDONLY));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(link_is(path, BASE "/file"));
	CHECK_OK(unlink(BASE "/file"));
	CHECK(link_is(path, BASE "/file (deleted)"));
	CHECK_OK(access(path, R_OK));
	CHECK_OK(mkdir(BASE "/gone", 0700));
	CHECK_OK(chdir(BASE "/gone"));
	CHECK_OK(rmdir(BASE "/gone"));
	CHECK(link_is("/proc/self/cwd", BASE "/gone (deleted)"));
}

static void read_only_descriptor(void)
{
	char path[64];
	int fd;

	make_world();
	CHECK_OK(mount_mark(BASE "/b"));
	CHECK_OK(mount(NULL, BASE "/b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	fd = (int)CHECK_OK(open(BASE "/b/mark", O_RDONLY));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_FAILS(open(path, O_RDWR), EROFS);
	fd = (int)CHECK_OK(open(BASE "/b/mark", O_PATH));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_FAILS(open(path, O_RDWR), EROFS);
	CHECK(link_is(path, BASE "/b/mark"));
	CHECK_OK(open(path, O_RDONLY));
	fd = (int)CHECK_OK(open(BASE "/marked/mark", O_RDONLY));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK_OK(open(path, O_RDWR));
}

static void go_to_etc(void)
{
	CHECK_OK(chdir("/etc"));
}

static void links_of_another(void)
{
	char path[64], program[PATH_MAX];
	struct held child = hold_child(CLONE_NEWUTS, go_to_etc);
	ssize_t n;

	n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	CHECK_OK(n);
	program[n] = 0;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)child.pid);
	CHECK(link_is(path, program));
	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)child.pid);
	CHECK(link_is(path, "/etc"));
	snprintf(path, sizeof(path), "/proc/%d/cwd/passwd", (int)child.pid);
	CHECK_OK(access(path, R_OK));
	release_child(&child);
}

/* ---- control files ---- */

static void names(void)
{
	char text[128];

	CHECK_OK(unshare(CLONE_NEWUTS));
	CHECK_OK(sethostname("a-name", 6));
	CHECK_OK(setdomainname("a-domain", 8));
	read_all("/proc/sys/kernel/hostname", text, sizeof(text));
	CHECK(!strcmp(text, "a-name\n"));
	read_all("/proc/sys/kernel/domainname", text, sizeof(text));
	CHECK(!strcmp(text, "a-domain\n"));
}

static char id_line[64];

static int open_control(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	return (int)CHECK_OK(open(path, O_RDWR | O_CLOEXEC));
}

static void enter(void)
{
	snprintf(id_line, sizeof(id_line), "0 %u 1\n", getuid());
	CHECK_OK(unshare(CLONE_NEWUSER));
}

static void control_offsets(void)
{
	static char much[8192];
	size_t len;
	int fd;

	enter();
	len = strlen(id_line);
	fd = open_control("uid_map");
	memset(much, '0', sizeof(much));
	CHECK_FAILS(write(fd, much, 4096), EINVAL);
	CHECK_FAILS(pwrite(fd, id_line, len, 0), ESPIPE);
	CHECK(lseek(fd, 1, SEEK_SET) >= 0);
	CHECK_FAILS(write(fd, id_line, len), EINVAL);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK_FAILS(write(fd, (char *)8, len), EFAULT);
	CHECK(getuid() == 65534);
	CHECK(write(fd, id_line, len) == (ssize_t)len);
	CHECK(getuid() == 0);
	CHECK_FAILS(write(fd, id_line, len), EINVAL); /* not at the beginning any more */
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK_FAILS(write(fd, id_line, len), EPERM);
	close(fd);
	fd = open_control("setgroups");
	CHECK_FAILS(write(fd, "deny    ", 8), EINVAL);
	CHECK(write(fd, "deny\n", 5) == 5);
	close(fd);
	CHECK(getppid() > 1); /* calls are as ever */
}

static void control_dup(void)
{
	struct iovec iov[] = {{id_line, 0}, {"5 0 1", 5}};
	int fd, other;

	enter();
	fd = open_control("uid_map");
	other = dup(fd);
	close(fd);
	CHECK(dup2(other, 77) == 77);
	close(other);
	iov[0].iov_len = strlen(id_line);
	CHECK(writev(77, iov, 2) == (ssize_t)strlen(id_line)); /* one write a piece: the second is too late */
	CHECK(getuid() == 0);
	close(77);
}

static void control_child(void)
{
	pid_t pid;
	int fd;

	enter();
	fd = open_control("uid_map");
	pid = fork();
	if (pid == 0) {
		CHECK_FAILS(write(fd, "nonsense", 8), EINVAL);
		CHECK(write(fd, id_line, strlen(id_line)) == (ssize_t)strlen(id_line));
		_exit(0);
	}
	check_child(pid);
	CHECK(getuid() == 0);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	CHECK_FAILS(write(fd, id_line, strlen(id_line)), EPERM);
}

/* What a shell does for `cat <file >/proc/self/uid_map`. */
static void control_exec(void)
{
	int in[2];
	pid_t pid;

	enter();
	CHECK_OK(pipe(in));
	CHECK(write(in[1], id_line, strlen(id_line)) == (ssize_t)strlen(id_line));
	close(in[1]);
	pid = vfork();
	if (pid == 0) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)getppid());
		fd = open(path, O_WRONLY);
		dup2(fd, 1);
		dup2(in[0], 0);
		execlp("cat", "cat", NULL);
		_exit(9);
	}
	check_child(pid);
	CHECK(getuid() == 0);
}

static void map_of_child(void)
{
	struct held child = hold_child(CLONE_NEWUSER, NULL);
	char path[64], text[128], wanted[64];
	uid_t uid = getuid();
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)child.pid);
	read_all(path, text, sizeof(text));
	CHECK(!strcmp(text, ""));
	fd = (int)CHECK_OK(open(path, O_WRONLY | O_CLOEXEC));
	snprintf(wanted, sizeof(wanted), "5 %u 1", uid);
	CHECK(write(fd, wanted, strlen(wanted)) == (ssize_t)strlen(wanted));
	close(fd);
	read_all(path, text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "%10u %10u %10u\n", 5U, uid, 1U);
	CHECK(!strcmp(text, wanted));
	read_all("/proc/self/uid_map", text, sizeof(text));
	CHECK(!strcmp(text, "         0          0 4294967295\n"));
	release_child(&child);
}

/* When clone(2) has returned, however little of the child has run. */
static void ns_of_newborn(void)
{
	static const char *const kinds[] = {"mnt", "uts"};

	for (int i = 0; i < 200; i++) {
		struct stat own, newborn;
		char path[64];
		int told[2], gate[2];
		pid_t pid;

		CHECK_OK(pipe(told));
		CHECK_OK(pipe(gate));
		pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWNS | CLONE_NEWUTS, NULL, NULL, NULL, 0);
		CHECK_OK(pid);
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)(pid ? pid : getpid()), kinds[i % 2]);
		CHECK_OK(stat(path, &newborn));
		if (pid == 0) {
			close(gate[1]);
			CHECK(write(told[1], &newborn, sizeof(newborn)) == (ssize_t)sizeof(newborn));
			_exit(read(gate[0], path, 1) != 1);
		}
		CHECK(read(told[0], &own, sizeof(own)) == (ssize_t)sizeof(own));
		CHECK(own.st_ino == newborn.st_ino && own.st_dev == newborn.st_dev);
		CHECK(write(gate[1], "", 1) == 1);
		check_child(pid);
		for (int end = 0; end < 2; end++) {
			close(told[end]);
			close(gate[end]);
		}
	}
}

static const struct test tests[] = {
    {"links, stat and descriptors name the same namespace", ns_links},
    {"a child's namespaces are there when it is", ns_of_newborn},
    {"a namespace's descriptor is the lowest free one, close-on-exec as asked", ns_fd_cloexec},
    {"setns into a child's UTS namespace, also after its end", setns_uts},
    {"a descriptor on a namespace is inherited", setns_inherited},
    {"setns: errors", setns_errors},
    {"setns into a user namespace gives its capabilities", setns_user},
    {"setns into a user namespace needs a single thread", setns_user_threads},
    {"setns into a mount namespace goes to its root", setns_mnt},
    {"setns by pidfd", setns_pidfd},
    {"mountinfo: fields and escapes", mountinfo},
    {"mounts and mountstats", mounts},
    {"mounts as seen from a changed root", mounts_below_root},
    {"mounts of another process", mounts_of_another},
    {"mounts under RLIMIT_FSIZE", mounts_with_little},
    {"exe, cwd, root and fd links of one's own", own_links},
    {"a read-only mount holds for descriptors opened again", read_only_descriptor},
    {"exe and cwd links of another process", links_of_another},
    {"hostname and domainname in /proc/sys", names},
    {"control files: offsets, sizes, once only", control_offsets},
    {"control files: duplicates and writev", control_dup},
    {"control files: inherited by a child", control_child},
    {"control files: inherited by a program", control_exec},
    {"control files of a child", map_of_child},
};

int main(void)
{
	return RUN_TESTS(tests);
}
