/* SPDX-License-Identifier: MIT */
/*
 * RLIMIT_NOFILE: a program may have as many descriptors as its limit says, and no more; with a full table everything
 * works that natively needs none.
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <signal.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "lib/types.h"
#include "tests/spec/tap.h"

static const char *self;

static struct rlimit files(void)
{
	struct rlimit limit;

	CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
	return limit;
}

static void set_files(rlim_t soft, rlim_t hard)
{
	struct rlimit limit = {soft, hard};

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	limit = files();
	CHECK(limit.rlim_cur == soft && limit.rlim_max == hard);
}

/* Only 0, 1 and 2 are open. */
static void close_all(void)
{
	CHECK_OK(close_range(3, ~0U, 0));
}

/* In every way that there is, until one fails. How many there are in all. */
static rlim_t fill(void)
{
	rlim_t count = 3;
	int pair[2];

	for (;; count++) {
		int fd = count % 4 == 0	  ? open("/dev/null", O_RDONLY)
			 : count % 4 == 1 ? dup(0)
			 : count % 4 == 2 ? socket(AF_UNIX, SOCK_STREAM, 0)
					  : eventfd(0, 0);

		if (fd < 0)
			break;
	}
	CHECK(errno == EMFILE);
	CHECK_FAILS(dup(0), EMFILE);
	CHECK_FAILS(open("/dev/null", O_RDONLY), EMFILE);
	CHECK_FAILS(fcntl(0, F_DUPFD, 0), EMFILE);
	CHECK_FAILS(pipe(pair), EMFILE);
	CHECK_FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), EMFILE);
	CHECK_FAILS(open("/proc/self/status", O_RDONLY), EMFILE);
	return count;
}

/* ---- counts ---- */

static void as_many_as_the_limit_says(void)
{
	close_all();
	CHECK(fill() == files().rlim_cur);
}

static void as_many_as_a_lower_limit_says(void)
{
	static const rlim_t limits[] = {1500, 1030, 1025, 1024, 1023, 256, 64, 20, 10};

	close_all();
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		set_files(limits[i], files().rlim_max);
		CHECK(fill() == limits[i]);
		close_all();
	}
	for (size_t i = ARRAY_SIZE(limits); i-- > 0;) {
		set_files(limits[i], files().rlim_max);
		CHECK(fill() == limits[i]);
		close_all();
	}
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		set_files(limits[i], limits[i]);
		CHECK(fill() == limits[i]);
		close_all();
	}
}

static void in_children_and_programs(void)
{
	int status;

	close_all();
	set_files(100, 200);
	for (int i = 0; i < 3; i++) {
		pid_t pid = i == 2 ? vfork() : fork();

		if (pid == 0 && i == 0)
			_exit(fill() != 100);
		if (pid == 0) {
			execl(self, self, "--count", "100", "200", NULL);
			_exit(9);
		}
		CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	}
}

static int count_in_program(rlim_t soft, rlim_t hard)
{
	struct rlimit limit = files();

	return limit.rlim_cur == soft && limit.rlim_max == hard && fill() == soft ? 0 : 1;
}

/* ---- numbers ---- */

static void each_number_can_be_had(void)
{
	rlim_t limits[] = {16, 64, 1024, 1100};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		int end = (int)limits[i];

		set_files(limits[i], files().rlim_max);
		close_all();
		for (int fd = 3; fd < end; fd++)
			CHECK(dup2(0, fd) == fd);
		CHECK_FAILS(dup2(0, end), EBADF);
		CHECK_FAILS(dup2(0, end + 1), EBADF);
		CHECK_FAILS(dup3(0, end + 1, O_CLOEXEC), EBADF);
		CHECK_FAILS(fcntl(0, F_DUPFD, end), EINVAL);
		CHECK_FAILS(fcntl(0, F_DUPFD_CLOEXEC, end + 100), EINVAL);
		CHECK_FAILS(dup(0), EMFILE);
		CHECK_OK(access("/etc/passwd", R_OK));
		CHECK_OK(close(end - 1));
		CHECK(fcntl(0, F_DUPFD, end - 1) == end - 1);
		close_all();
	}
}

static void nothing_is_open_but_what_was_opened(void)
{
	close_all();
	for (int fd = 3; fd < 2000; fd++) {
		CHECK_FAILS(fcntl(fd, F_GETFD), EBADF);
		CHECK_FAILS(fcntl(fd, F_SETFD, FD_CLOEXEC), EBADF);
		CHECK_FAILS(fcntl(fd, F_GETFL), EBADF);
		CHECK_FAILS(close(fd), EBADF);
		CHECK_FAILS(dup(fd), EBADF);
	}
	CHECK_OK(access("/etc/passwd", R_OK));
}

/* ---- the limit itself ---- */

static void read_limits_file(const char *path, struct rlimit *limit)
{
	FILE *f = fopen(path, "re");
	char line[256];
	int found = 0;

	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f))
		found += sscanf(line, "Max open files %lu %lu files", &limit->rlim_cur, &limit->rlim_max) == 2 &&
			 strlen(line) == 79;
	fclose(f);
	CHECK(found == 1);
}

static void everybody_says_the_same(void)
{
	struct rlimit limit, old, new = {50, 90};
	char path[64];
	pid_t pid;

	read_limits_file("/proc/self/limits", &limit);
	CHECK(limit.rlim_cur == files().rlim_cur && limit.rlim_max == files().rlim_max);
	set_files(60, 100);
	CHECK(sysconf(_SC_OPEN_MAX) == 60 && getdtablesize() == 60);
	CHECK(syscall(SYS_getrlimit, RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 60 && limit.rlim_max == 100);
	read_limits_file("/proc/self/limits", &limit);
	CHECK(limit.rlim_cur == 60 && limit.rlim_max == 100);
	CHECK(prlimit(getpid(), RLIMIT_NOFILE, NULL, &limit) == 0 && limit.rlim_cur == 60 && limit.rlim_max == 100);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	CHECK(prlimit(pid, RLIMIT_NOFILE, &new, &old) == 0 && old.rlim_cur == 60 && old.rlim_max == 100);
	CHECK(prlimit(pid, RLIMIT_NOFILE, NULL, &old) == 0 && old.rlim_cur == 50 && old.rlim_max == 90);
	snprintf(path, sizeof(path), "/proc/%d/limits", pid);
	read_limits_file(path, &limit);
	CHECK(limit.rlim_cur == 50 && limit.rlim_max == 90);
	CHECK(files().rlim_cur == 60);
	kill(pid, SIGKILL);
}

static void what_is_wrong_is_refused(void)
{
	struct rlimit limit = {20, 10};
	int pid;

	CHECK_FAILS(setrlimit(RLIMIT_NOFILE, &limit), EINVAL);
	CHECK_FAILS(prlimit(0, RLIMIT_NOFILE, &limit, NULL), EINVAL);
	CHECK_FAILS(syscall(SYS_setrlimit, RLIMIT_NOFILE, 1), EFAULT);
	CHECK_FAILS(syscall(SYS_getrlimit, RLIMIT_NOFILE, 1), EFAULT);
	CHECK_FAILS(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, 1), EFAULT);
	CHECK_FAILS(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 1, NULL), EFAULT);
	CHECK_FAILS(syscall(SYS_prlimit64, 0, 99, NULL, &limit), EINVAL);
	limit = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
	CHECK_FAILS(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	CHECK_FAILS(prlimit(pid, RLIMIT_NOFILE, NULL, &limit), ESRCH);
	set_files(10, 12);
	limit = (struct rlimit){11, 12};
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	if (geteuid() == 0)
		return;
	for (limit.rlim_max = 13; limit.rlim_max < 40; limit.rlim_max = limit.rlim_max * 3 / 2) {
		CHECK_FAILS(setrlimit(RLIMIT_NOFILE, &limit), EPERM);
		CHECK_FAILS(prlimit(getpid(), RLIMIT_NOFILE, &limit, NULL), EPERM);
	}
	limit = (struct rlimit){5, 5};
	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
}

/* ---- with a full table ---- */

static void calls_that_need_no_descriptor(const char *dir)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
	int sock = socket(AF_UNIX, SOCK_STREAM, 0), listening = socket(AF_UNIX, SOCK_STREAM, 0), status;
	struct stat st;
	char buf[256];
	pid_t pid;

	CHECK_OK(chdir(dir));
	CHECK(sock >= 0 && listening >= 0);
	fill();
	CHECK_OK(mkdir("d", 0777));
	CHECK_OK(symlink("d", "link"));
	CHECK_OK(mkdir("link/../link/sub", 0777));
	CHECK_OK(chdir("link/sub"));
	CHECK_OK(chdir("../.."));
	CHECK_OK(mknod("link/fifo", S_IFIFO | 0600, 0));
	CHECK_OK(chmod("link/fifo", 0640));
	CHECK_OK(chown("link/fifo", geteuid(), getegid()));
	CHECK_OK(rename("link/fifo", "d/sub/fifo"));
	CHECK_OK(link("link/sub/fifo", "link/again"));
	CHECK_OK(unlink("link/again"));
	CHECK_OK(truncate("/dev/null", 0) || errno == EINVAL);
	CHECK_OK(stat("link/sub/../sub/fifo", &st));
	CHECK(readlink("link/../link", buf, sizeof(buf)) == 1);
	CHECK(readlink("/proc/self/exe", buf, sizeof(buf)) > 0);
	CHECK(readlink("/proc/self/cwd", buf, sizeof(buf)) > 0);
	CHECK_OK(access("link/sub", W_OK));
	CHECK_OK(bind(listening, (struct sockaddr *)&address, sizeof(address)));
	CHECK_OK(listen(listening, 5));
	CHECK_OK(connect(sock, (struct sockaddr *)&address, sizeof(address)));
	CHECK_OK(rmdir("link/sub") || errno == ENOTEMPTY);
	CHECK(getcwd(buf, sizeof(buf)) != NULL);
	for (int i = 0; i < 2; i++) {
		pid = i ? vfork() : fork();
		if (pid == 0) {
			/* The program itself will want to open something. */
			close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
			execl("/bin/sh", "sh", "-c", "exit $(($# + 3))", "x", "y", NULL);
			_exit(9);
		}
		CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 4);
	}
	CHECK_OK(unshare(CLONE_NEWNS | CLONE_NEWUTS));
	CHECK_OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_OK(mount("d", "d/sub", NULL, MS_BIND, NULL));
	CHECK_OK(umount("d/sub"));
	CHECK_OK(sethostname("full", 4));
	CHECK_OK(chroot("link"));
}

static void test_full_table(void)
{
	close_all();
	set_files(30, 30);
	calls_that_need_no_descriptor("full");
}

static void test_full_table_without_a_lower_limit(void)
{
	close_all();
	calls_that_need_no_descriptor("whole");
}

/* What others do in the meantime is counted as ever. */
static void *keep_opening(void *arg)
{
	static _Atomic int most;
	int fd;

	for (int i = 0; i < 2000; i++) {
		fd = dup(0);
		if (fd > most)
			most = fd;
		if (fd >= 0)
			close(fd);
	}
	return (void *)(long)most;
}

static void test_threads(void)
{
	pthread_t threads[2];
	void *most;

	close_all();
	set_files(30, files().rlim_max);
	for (int i = 3; i < 29; i++)
		CHECK_OK(dup(0));
	for (int i = 0; i < 2; i++)
		CHECK(pthread_create(&threads[i], NULL, keep_opening, NULL) == 0);
	for (int i = 0; i < 500; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%d", i);
		CHECK_OK(mkdir(name, 0777));
		CHECK_OK(rmdir(name));
	}
	for (int i = 0; i < 2; i++)
		CHECK(pthread_join(threads[i], &most) == 0 && (long)most < 40);
	CHECK(files().rlim_cur == 30);
	close_all();
	CHECK(fill() == 30);
}

static const struct test tests[] = {
    {"as many as the limit says", as_many_as_the_limit_says},
    {"as many as a lower limit says", as_many_as_a_lower_limit_says},
    {"in children and programs", in_children_and_programs},
    {"each number can be had", each_number_can_be_had},
    {"nothing is open but what was opened", nothing_is_open_but_what_was_opened},
    {"everybody says the same of the limit", everybody_says_the_same},
    {"what is wrong is refused", what_is_wrong_is_refused},
    {"calls that need no descriptor, with a full table", test_full_table},
    {"the same without a lower limit", test_full_table_without_a_lower_limit},
    {"threads at the limit", test_threads},
};

/* limits DIRECTORY [secede], or limits --count SOFT HARD */
int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "--count"))
		return count_in_program(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
	self = argv[0];
	CHECK_OK(chdir(argv[1]));
	CHECK_OK(mkdir("full", 0777));
	CHECK_OK(mkdir("whole", 0777));
	return RUN_TESTS(tests);
}
