/* SPDX-License-Identifier: MIT */
/* The path walk: names, symlinks, "..", permission, creating files, limits and signals. */
#include "tests/programs/walk.h"

static void plain_names(void)
{
	int d = (int)CHECK_OK(open("d", O_RDONLY | O_DIRECTORY));
	int p = (int)CHECK_OK(open("d", O_PATH));

	CHECK(has(below_top("d/sub/file"), "deep"));
	CHECK(has("d/sub/file", "deep") && has("./d//sub/./file", "deep"));
	CHECK(at_has(d, "sub/file", "deep") && at_has(p, "sub/file", "deep"));
	CHECK(at_has(d, "../d/sub/file", "deep") && at_has(p, "../src/file", "source"));
	CHECK(at_has(-1, below_top("d/file"), "flat"));
	CHECK_FAILS(openat(-1, "d", O_RDONLY), EBADF);
	CHECK_FAILS(openat(open("d/file", O_RDONLY), "d", O_RDONLY), ENOTDIR);
	CHECK_FAILS(openat(open("d/file", O_RDONLY), "..", O_RDONLY), ENOTDIR);
	CHECK_FAILS(openat(999, "../d", O_RDONLY), EBADF);
	CHECK_FAILS(open("", O_RDONLY), ENOENT);
	CHECK_FAILS(open("missing", O_RDONLY), ENOENT);
	CHECK_FAILS(open("d/file/x", O_RDONLY), ENOTDIR);
	CHECK_FAILS(open("d/file/", O_RDONLY), ENOTDIR);
	CHECK_FAILS(open("d/file/.", O_RDONLY), ENOTDIR);
	CHECK_FAILS(open("d/file", O_RDONLY | O_DIRECTORY), ENOTDIR);
	CHECK_FAILS(open("d", O_RDWR), EISDIR);
}

static void dotdot(void)
{
	CHECK(has("d/sub/../file", "flat") && has("d/sub/../../src/file", "source"));
	CHECK(has("link/sub/../file", "flat") && has("link/../src/file", "source"));
	CHECK(same("/..", "/") && same("/../../..", "/") && same("/../proc", "/proc"));
	CHECK_FAILS(open("d/file/..", O_RDONLY), ENOTDIR);
	CHECK_FAILS(open("d/file/../file", O_RDONLY), ENOTDIR);
	CHECK_FAILS(open("missing/..", O_RDONLY), ENOENT);
	CHECK_FAILS(open("dangling/..", O_RDONLY), ENOENT);
	CHECK_FAILS(open("flink/..", O_RDONLY), ENOTDIR);
	CHECK_OK(chdir("d/sub"));
	CHECK(has("../file", "flat") && has("../../src/file", "source") && has("../sub/../file", "flat"));
	CHECK(same("..", below_top("d")) && same("../", below_top("d")) && same("../.", below_top("d")));
}

static void symlinks(void)
{
	struct stat st;

	CHECK(has("link/sub/file", "deep") && has("abs/sub/file", "deep") && has("flink", "flat"));
	CHECK(has(below_top("abs/file"), "flat") && has("src/up/file", "flat"));
	CHECK(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(lstat("link/", &st) == 0 && S_ISDIR(st.st_mode));
	CHECK(lstat("link/.", &st) == 0 && S_ISDIR(st.st_mode));
	CHECK(stat("link", &st) == 0 && S_ISDIR(st.st_mode));
	CHECK_FAILS(lstat("flink/", &st), ENOTDIR);
	CHECK_FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK_FAILS(open("flink", O_RDWR | O_NOFOLLOW), ELOOP);
	CHECK_FAILS(open("link", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
	CHECK(has("link/sub/file", "deep"));
	close((int)CHECK_OK(open("link/sub", O_RDONLY | O_NOFOLLOW)));
	CHECK(fstat((int)CHECK_OK(open("link", O_PATH | O_NOFOLLOW)), &st) == 0 && S_ISLNK(st.st_mode));
	CHECK_FAILS(stat("dangling", &st), ENOENT);
	CHECK_OK(lstat("dangling", &st));
	CHECK_FAILS(stat("loop", &st), ELOOP);
	CHECK_FAILS(stat("loop/x", &st), ELOOP);
	CHECK_OK(lstat("loop", &st));
}

static void forty_symlinks(void)
{
	char name[16], target[16];
	struct stat st;
	int i;

	CHECK_OK(mkdir("chain", 0777));
	CHECK_OK(chdir("chain"));
	put_file("0", "end");
	for (i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "%d", i);
		snprintf(target, sizeof(target), "%d", i - 1);
		CHECK_OK(symlink(target, name));
	}
	CHECK(has("40", "end"));
	CHECK_FAILS(stat("41", &st), ELOOP);
	CHECK_OK(lstat("41", &st));
}

static void long_names(void)
{
	char name[PATH_MAX + 16], deep[PATH_MAX + 16];
	struct stat st;
	size_t i;

	memset(name, 'n', sizeof(name));
	name[255] = 0;
	CHECK_FAILS(stat(name, &st), ENOENT);
	CHECK_FAILS(mkdir(below_top("no/such"), 0777), ENOENT);
	name[255] = 'n';
	name[256] = 0;
	CHECK_FAILS(stat(name, &st), ENAMETOOLONG);
	CHECK_FAILS(mkdir(name, 0777), ENAMETOOLONG);
	CHECK_FAILS(open(name, O_CREAT | O_RDWR, 0666), ENAMETOOLONG);
	for (i = 0; i + 6 < PATH_MAX; i += 2)
		memcpy(deep + i, "./", 2);
	strcpy(deep + i, "/////");
	deep[PATH_MAX - 1] = 0;
	CHECK(strlen(deep) == PATH_MAX - 1);
	CHECK_OK(stat(deep, &st));
	strcpy(deep + PATH_MAX - 1, "/");
	CHECK_FAILS(stat(deep, &st), ENAMETOOLONG);
	CHECK_FAILS(open(deep, O_RDONLY), ENAMETOOLONG);
}

static void bad_pointers(void)
{
	char *bad = (char *)8;
	struct stat st;
	struct statfs fs;
	char buf[64];

	CHECK_FAILS(syscall(SYS_open, bad, O_RDONLY), EFAULT);
	CHECK_FAILS(syscall(SYS_stat, bad, &st), EFAULT);
	CHECK_FAILS(syscall(SYS_stat, "d", bad), EFAULT);
	CHECK_FAILS(syscall(SYS_fstat, 0, bad), EFAULT);
	CHECK_FAILS(syscall(SYS_newfstatat, AT_FDCWD, "d", bad, 0), EFAULT);
	CHECK_FAILS(syscall(SYS_statx, AT_FDCWD, "d", 0, STATX_BASIC_STATS, bad), EFAULT);
	CHECK_FAILS(syscall(SYS_statx, AT_FDCWD, bad, 0, STATX_BASIC_STATS, buf), EFAULT);
	CHECK_FAILS(syscall(SYS_access, bad, R_OK), EFAULT);
	CHECK_FAILS(syscall(SYS_readlink, bad, buf, sizeof(buf)), EFAULT);
	CHECK_FAILS(syscall(SYS_readlink, "link", bad, 64), EFAULT);
	CHECK_FAILS(syscall(SYS_statfs, bad, &fs), EFAULT);
	CHECK_FAILS(syscall(SYS_statfs, "d", bad), EFAULT);
	CHECK_FAILS(syscall(SYS_chdir, bad), EFAULT);
	CHECK_FAILS(syscall(SYS_chroot, bad), EFAULT);
	CHECK_FAILS(syscall(SYS_getcwd, bad, PATH_MAX), EFAULT);
	CHECK_FAILS(syscall(SYS_openat2, AT_FDCWD, "d", bad, sizeof(struct open_how)), EFAULT);
}

/* A name may end where the memory does, and nothing behind it is read. */
static void names_at_the_end_of_memory(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *end = map + page,
	     *p;
	struct stat st;

	CHECK(map != MAP_FAILED && !munmap(end, page));
	for (size_t slashes = 1; slashes < 40; slashes++) {
		p = end - sizeof("d/file") - slashes;
		p[0] = 'd';
		memset(p + 1, '/', slashes);
		memcpy(p + 1 + slashes, "/file", sizeof("/file"));
		CHECK_OK(syscall(SYS_stat, p, &st));
		end[-1] = '/';
		CHECK_FAILS(syscall(SYS_stat, p, &st), EFAULT);
		CHECK_FAILS(syscall(SYS_stat, end - slashes, &st), EFAULT);
	}
	CHECK_OK(munmap(map, page));
}

static void access_and_readlink(void)
{
	char buf[PATH_MAX];

	CHECK_OK(access("d/file", R_OK | W_OK));
	CHECK_OK(access("d", X_OK));
	CHECK_FAILS(access("d/file", X_OK), EACCES);
	CHECK_FAILS(access("missing", F_OK), ENOENT);
	CHECK_FAILS(access("d/file", 8), EINVAL);
	CHECK_FAILS(access("dangling", F_OK), ENOENT);
	CHECK_FAILS(syscall(SYS_faccessat2, AT_FDCWD, "d", R_OK, 1), EINVAL);
	CHECK_OK(syscall(SYS_faccessat2, AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
	CHECK_OK(syscall(SYS_faccessat2, open("d/file", O_PATH), "", R_OK, AT_EMPTY_PATH | AT_EACCESS));
	CHECK(readlink("link", buf, sizeof(buf)) == 1 && buf[0] == 'd');
	CHECK(readlink("flink", buf, 3) == 3 && !memcmp(buf, "d/f", 3));
	CHECK(readlink("abs", buf, sizeof(buf)) == (ssize_t)strlen(below_top("d")));
	CHECK(readlinkat((int)CHECK_OK(open("link", O_PATH | O_NOFOLLOW)), "", buf, sizeof(buf)) == 1);
	CHECK(readlinkat((int)CHECK_OK(open("src", O_PATH)), "up", buf, sizeof(buf)) == 4);
	CHECK_FAILS(readlink("d", buf, sizeof(buf)), EINVAL);
	CHECK_FAILS(readlink("d/file", buf, sizeof(buf)), EINVAL);
	CHECK_FAILS(readlink("link/", buf, sizeof(buf)), EINVAL);
	CHECK_FAILS(readlink("missing", buf, sizeof(buf)), ENOENT);
	CHECK_FAILS(readlink("", buf, sizeof(buf)), ENOENT);
	CHECK_FAILS(syscall(SYS_readlink, "link", buf, 0), EINVAL);
	CHECK_FAILS(syscall(SYS_readlink, "link", buf, -1), EINVAL);
}

static void search_permission(void)
{
	struct stat st;
	int fd;

	CHECK_OK(mkdir("closed", 0777));
	CHECK_OK(mkdir("closed/in", 0777));
	put_file("closed/in/file", "closed");
	CHECK_OK(chmod("closed/in/file", 0666));
	become_ordinary();
	fd = (int)CHECK_OK(open("closed/in", O_RDONLY));
	if (chmod("closed", 0600) < 0) { /* natively it is root's */
		CHECK(errno == EPERM);
		return;
	}
	CHECK_FAILS(stat("closed/in", &st), EACCES);
	CHECK_FAILS(stat("closed/in/../in", &st), EACCES);
	CHECK_FAILS(stat("closed/..", &st), EACCES);
	CHECK_FAILS(stat("closed/.", &st), EACCES);
	CHECK_OK(stat("closed/", &st));
	CHECK_FAILS(chdir("closed"), EACCES);
	CHECK_FAILS(chroot("closed"), EACCES);
	CHECK_FAILS(fchdir(open("closed", O_RDONLY)), EACCES);
	CHECK(at_has(fd, "file", "closed"));
	CHECK_OK(fchdir(fd));
	CHECK(has("file", "closed"));
	CHECK_OK(fchmodat(AT_FDCWD, below_top("closed"), 0777, 0));
}

/* ---- creating ---- */

static void creating(void)
{
	struct stat st;

	CHECK_OK(mkdir("made", 0777));
	CHECK_OK(symlink("target", "made/ln"));
	umask(027);
	close((int)CHECK_OK(open("made/new", O_CREAT | O_EXCL | O_RDWR, 0666)));
	CHECK(stat("made/new", &st) == 0 && (st.st_mode & 07777) == 0640);
	close((int)CHECK_OK(open("made/ln", O_CREAT | O_WRONLY, 0600)));
	CHECK(lstat("made/target", &st) == 0 && S_ISREG(st.st_mode));
	CHECK_FAILS(open("made/ln", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
	CHECK_FAILS(open("made/new", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
	CHECK_FAILS(open("made/ln", O_CREAT | O_WRONLY | O_NOFOLLOW, 0600), ELOOP);
	CHECK_FAILS(open("made/x/", O_CREAT | O_WRONLY, 0600), EISDIR);
	CHECK_FAILS(open("made/no/x", O_CREAT | O_WRONLY, 0600), ENOENT);
	CHECK_FAILS(open("made/new/x", O_CREAT | O_WRONLY, 0600), ENOTDIR);
	CHECK_FAILS(open("made", O_CREAT | O_RDONLY, 0600), EISDIR);
	CHECK_FAILS(open("loop", O_CREAT | O_RDONLY, 0600), ELOOP);
	close((int)CHECK_OK(creat("made/sub/../created", 0666) < 0 ? creat("made/created", 0666) : 0));
	close((int)CHECK_OK(open("link/../made/viadots", O_CREAT | O_EXCL | O_RDWR, 0666)));
	CHECK_OK(stat("made/viadots", &st));
	CHECK(fstat((int)CHECK_OK(open("made", O_TMPFILE | O_RDWR, 0666)), &st) == 0 && st.st_nlink == 0);
}

/* ---- limits and signals ---- */

static void full_table(void)
{
	struct rlimit limit = {16, 16};
	struct stat st;
	char buf[64];

	CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
	while (dup(0) >= 0)
		;
	CHECK(errno == EMFILE);
	CHECK_FAILS(open("d", O_RDONLY), EMFILE);
	CHECK_FAILS(open("missing", O_RDONLY), EMFILE);
	CHECK_OK(stat("d/file", &st));
	CHECK_OK(stat("link/sub/../file", &st));
	CHECK_OK(stat(below_top("abs/file"), &st));
	CHECK(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
	CHECK_FAILS(stat("missing", &st), ENOENT);
	CHECK_FAILS(stat("d/file/", &st), ENOTDIR);
	CHECK_OK(access("d/file", R_OK));
	CHECK(readlink("link", buf, sizeof(buf)) == 1);
	CHECK_OK(chdir("link/sub"));
	CHECK(cwd_is(below_top("d/sub")));
	CHECK_OK(chdir(top));
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void interrupted_open(void)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval often = {{0, 100}, {0, 100}}, never = {};
	int i, status;
	pid_t pid;

	CHECK_OK(mkfifo("fifo", 0666));
	CHECK_OK(sigaction(SIGALRM, &action, NULL));
	pid = when_asleep(ring_parent);
	CHECK_FAILS(open("fifo", O_RDONLY), EINTR);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK_OK(setitimer(ITIMER_REAL, &often, NULL));
	for (i = 0; i < 5000; i++)
		close((int)CHECK_OK(open("d/file", O_RDWR)));
	CHECK_OK(setitimer(ITIMER_REAL, &never, NULL));
}

static void *feed_fifo(void *arg)
{
	usleep(100000);
	CHECK(write(open(arg, O_WRONLY), "fed", 3) == 3);
	return NULL;
}

static void waiting_open(void)
{
	pthread_t thread;
	char buf[3];

	CHECK_OK(mkfifo("fifo2", 0666));
	CHECK(!pthread_create(&thread, NULL, feed_fifo, "fifo2"));
	CHECK(read((int)CHECK_OK(open("fifo2", O_RDONLY)), buf, 3) == 3);
	CHECK(!pthread_join(thread, NULL));
}

static const struct test tests[] = {
    {"plain names, relative and to descriptors", plain_names},
    {"dot dot", dotdot},
    {"symlinks", symlinks},
    {"forty symlinks and one more", forty_symlinks},
    {"long names", long_names},
    {"bad pointers", bad_pointers},
    {"names at the end of memory", names_at_the_end_of_memory},
    {"access and readlink", access_and_readlink},
    {"search permission", search_permission},
    {"creating files", creating},
    {"a full descriptor table", full_table},
    {"an open that is interrupted", interrupted_open},
    {"an open that waits", waiting_open},
};

int main(int argc, char **argv)
{
	return enter_scratch(argc, argv) ? 2 : RUN_TESTS(tests);
}
