/* SPDX-License-Identifier: MIT */
/*
 * What a session has is used up: the memory of its namespaces, the warden's descriptors, a process's address space.
 * What asks for more fails with the errno that Linux has for it, all else goes on; and when it is released, everything
 * works again and nothing is missing. To be run in a session with little of each: tests/programs/exhaust.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "arena/arena.h"
#include "tests/spec/tap.h"

static unsigned long at_first; /* objects in the arena */

static int all_is_given_back(void)
{
	unsigned long now = 0;

	for (int i = 0; i < 8000 && (now = atomic_load(&arena()->objects)) != at_first; i++)
		usleep(5000);
	if (now != at_first)
		printf("# objects %lu, at first %lu\n", now, at_first);
	return now == at_first;
}

/* In a child: what it had is released with it. */
static void in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fn();
		fflush(stdout);
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- what must work whatever else is used up ---- */

static void reading_works(void)
{
	struct utsname uts;
	struct stat st;
	int status, fd = open("/mnt/src/file", O_RDONLY);
	pid_t pid;

	CHECK(fd >= 0 && close(fd) == 0);
	CHECK(stat("/etc/passwd", &st) == 0 && chdir("/mnt/src") == 0 && stat("file", &st) == 0 && chdir("/") == 0);
	CHECK(uname(&uts) == 0);
	pid = fork();
	if (pid == 0) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void everything_works(void)
{
	reading_works();
	CHECK_OK(unshare(CLONE_NEWNS | CLONE_NEWUTS));
	CHECK_OK(sethostname("exhausted", 9));
	CHECK_OK(mount("none", "/mnt", "tmpfs", 0, NULL));
	CHECK_OK(mkdir("/mnt/dir", 0755));
	CHECK_OK(mount("/mnt/dir", "/mnt/dir", NULL, MS_BIND, NULL));
	CHECK_OK(umount("/mnt/dir"));
	CHECK_OK(umount("/mnt"));
}

static void make_place(void)
{
	CHECK_OK(unshare(CLONE_NEWNS));
	CHECK_OK(mount("none", "/mnt", "tmpfs", 0, NULL));
	CHECK_OK(mkdir("/mnt/src", 0755));
	CHECK(close(creat("/mnt/src/file", 0644)) == 0);
}

/* ---- memory of namespaces ---- */

#define HELD_MAX 5000

static pid_t held[HELD_MAX];
static int nr_held;

/* A child that unshares and waits. 0, or its errno. */
static int hold(int flags)
{
	unsigned char error = 0;
	int fds[2];
	pid_t pid;

	CHECK_OK(pipe2(fds, O_CLOEXEC));
	pid = fork();
	if (pid == 0) {
		error = unshare(flags) == 0 ? 0 : (unsigned char)errno;
		if (write(fds[1], &error, 1) != 1 || error)
			_exit(1);
		for (;;)
			pause();
	}
	CHECK(pid > 0 && read(fds[0], &error, 1) == 1);
	close(fds[0]);
	close(fds[1]);
	held[nr_held++] = pid;
	return error;
}

static int hold_all(int flags)
{
	int error = 0;

	while (!error && nr_held < HELD_MAX)
		error = hold(flags);
	return error;
}

static void let_go(void)
{
	while (nr_held) {
		kill(held[--nr_held], SIGKILL);
		waitpid(held[nr_held], NULL, 0);
	}
}

static void place(char *path, size_t size, int i)
{
	snprintf(path, size, "/mnt/%d", i);
}

/* Binds until there is no more memory; how many. */
static int fill_with_mounts(void)
{
	char path[64];
	int i;

	for (i = 0;; i++) {
		place(path, sizeof(path), i);
		CHECK_OK(mkdir(path, 0755));
		if (mount("/mnt/src", path, NULL, MS_BIND, NULL) != 0)
			break;
	}
	CHECK(errno == ENOMEM || errno == ENOSPC);
	CHECK(i > 500);
	return i;
}

static void release_mounts(int nr)
{
	char path[64];

	while (nr--) {
		place(path, sizeof(path), nr);
		CHECK_OK(umount2(path, MNT_DETACH));
	}
}

static void fill_and_release(void)
{
	int nr, error;

	make_place();
	nr = fill_with_mounts();
	error = hold_all(CLONE_NEWUTS);
	CHECK(error == ENOMEM || error == ENOSPC);
	reading_works();
	/* Whoever releases needs no memory for it. */
	release_mounts(nr);
	in_child(everything_works);
	let_go();
	in_child(everything_works);
}

static void test_mounts(void)
{
	in_child(fill_and_release);
	CHECK(all_is_given_back());
}

/* A path of several directories with long names. */
static void long_path(char *path, size_t size)
{
	size_t len = 4;

	strcpy(path, "/mnt");
	while (len + 210 < size && len < 2600) {
		path[len] = '/';
		memset(path + len + 1, 'x', 200);
		path[len += 201] = '\0';
		CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
	}
}

/* What was in small pieces is there for large ones afterwards. */
static void small_then_large(void)
{
	char path[4096];
	int i;

	make_place();
	release_mounts(fill_with_mounts());
	long_path(path, sizeof(path));
	for (i = 0; i < 100; i++)
		CHECK_OK(mount("/mnt/src", path, NULL, MS_BIND, NULL));
}

static void test_pieces(void)
{
	in_child(small_then_large);
	CHECK(all_is_given_back());
}

/* Killed when all is full. */
static void fill_and_die(void)
{
	make_place();
	fill_with_mounts();
	hold_all(CLONE_NEWUTS);
	for (int i = 0; i < nr_held; i++)
		kill(held[i], SIGKILL);
}

static void begin_anew(void)
{
	make_place();
	everything_works();
}

static void test_killed(void)
{
	for (int i = 0; i < 3; i++) {
		in_child(fill_and_die);
		CHECK(all_is_given_back());
	}
	in_child(begin_anew);
}

/* ---- the warden's descriptors ---- */

static void fill_handles(void)
{
	int error;

	make_place();
	error = hold_all(CLONE_NEWUTS);
	CHECK(error == ENOSPC);
	CHECK(nr_held > 20);
	reading_works();
	/* What needs no further set of namespaces. */
	CHECK_OK(sethostname("x", 1));
	CHECK_OK(mount("/mnt/src", "/mnt/src", NULL, MS_BIND, NULL));
	CHECK_OK(umount("/mnt/src"));
	CHECK_FAILS(unshare(CLONE_NEWUTS), ENOSPC);
	let_go();
	in_child(everything_works);
}

static void test_handles(void)
{
	in_child(fill_handles);
	CHECK(all_is_given_back());
}

/* ---- a process's address space ---- */

static int fine_or(long result, int error)
{
	return result >= 0 || errno == error;
}

static void fill_memory(void)
{
	struct rlimit limit = {256UL << 20, RLIM_INFINITY};
	struct stat st;
	void *list = NULL;
	size_t size;
	pid_t pid;

	make_place();
	CHECK_OK(setrlimit(RLIMIT_AS, &limit));
	for (size = 64UL << 20; size >= 4096; size /= 2)
		for (void *p; (p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
					-1, 0)) != MAP_FAILED;) {
			((size_t *)p)[0] = (size_t)list;
			((size_t *)p)[1] = size;
			list = p;
		}
	for (int i = 0; i < 200; i++) {
		CHECK(fine_or(unshare(CLONE_FS | CLONE_FILES | CLONE_NEWUTS), ENOMEM));
		CHECK(fine_or(chdir("/mnt/src"), ENOMEM));
		CHECK(fine_or(stat("file", &st), ENOMEM));
		CHECK(fine_or(mount("none", "/mnt/src", "tmpfs", 0, NULL), ENOMEM));
		CHECK(fine_or(umount2("/mnt/src", MNT_DETACH), ENOMEM) || errno == EINVAL);
		CHECK(fine_or(chdir("/"), ENOMEM));
		pid = fork();
		if (pid == 0)
			_exit(0);
		CHECK(fine_or(pid, ENOMEM));
		CHECK(pid < 0 || waitpid(pid, NULL, 0) == pid);
	}
	while (list) {
		void *next = (void *)((size_t *)list)[0];

		CHECK_OK(munmap(list, ((size_t *)list)[1]));
		list = next;
	}
	in_child(everything_works);
}

static void test_memory(void)
{
	in_child(fill_memory);
	CHECK(all_is_given_back());
}

static const struct test memory_tests[] = {
    {"mounts and names until there is no memory, and none again", test_mounts},
    {"what small mounts have used up is there for large ones", test_pieces},
    {"processes that are killed when all is full give everything back", test_killed},
    {"an address space that is full", test_memory},
};
static const struct test handle_tests[] = {
    {"sets of namespaces until the warden has no descriptor for more", test_handles},
};

int main(int argc, char **argv)
{
	at_first = atomic_load(&arena()->objects);
	if (argc == 2 && strcmp(argv[1], "memory") == 0)
		return RUN_TESTS(memory_tests);
	if (argc == 2 && strcmp(argv[1], "handles") == 0)
		return RUN_TESTS(handle_tests);
	return 2;
}
