/* SPDX-License-Identifier: MIT */
/* The path walk and what it starts from: root, working directory, descriptors of proc, openat2(2)'s RESOLVE flags. */
#include "tests/programs/walk.h"

/* ---- root and working directory ---- */

static void change_root(void)
{
	int out = (int)CHECK_OK(open(".", O_RDONLY));
	char buf[PATH_MAX];

	CHECK_OK(mkdir("jail", 0777));
	CHECK_OK(mkdir("jail/in", 0777));
	put_file("jail/file", "jailed");
	CHECK_OK(symlink("/file", "jail/in/abs"));
	CHECK_OK(symlink("../../../../file", "jail/in/up"));
	CHECK_OK(chroot("jail"));
	CHECK(has("/file", "jailed") && has("/../file", "jailed") && has("/in/abs", "jailed") &&
	      has("/in/up", "jailed"));
	CHECK(has("d/file", "flat"));
	CHECK(syscall(SYS_getcwd, buf, sizeof(buf)) > 0 && !strncmp(buf, "(unreachable)/", 14));
	CHECK_OK(chdir("/in"));
	CHECK(cwd_is("/in"));
	CHECK_OK(chdir("../.."));
	CHECK(cwd_is("/") && has("file", "jailed") && has("../in/../file", "jailed"));
	CHECK(at_has(out, "d/file", "flat") && at_has(out, "../d/../jail/file", "none") == 0);
	CHECK_FAILS(chroot("/file"), ENOTDIR);
	CHECK_FAILS(chroot("/missing"), ENOENT);
	CHECK_OK(fchdir(out));
	CHECK(has("d/sub/../file", "flat"));
}

static void root_in_a_mount(void)
{
	new_mounts();
	bind_dir("src", "m");
	bind_dir("d", "m/in");
	CHECK_OK(chroot("m"));
	CHECK_OK(chdir("/"));
	CHECK(cwd_is("/") && has("/file", "source") && has("/in/file", "flat") && has("/in/../file", "source"));
	CHECK(has("/in/../../file", "source"));
	CHECK_OK(chdir("in/sub"));
	CHECK(cwd_is("/in/sub"));
	CHECK_OK(chroot("../.."));
	CHECK(cwd_is("/in/sub") && has("/file", "source"));
	CHECK_OK(chroot("."));
	CHECK(cwd_is("/") && has("/file", "deep") && has("../file", "deep"));
}

static void working_directory(void)
{
	char buf[PATH_MAX];

	CHECK(syscall(SYS_getcwd, buf, sizeof(buf)) == (long)strlen(top) + 1);
	CHECK_FAILS(syscall(SYS_getcwd, buf, strlen(top)), ERANGE);
	CHECK_OK(syscall(SYS_getcwd, buf, strlen(top) + 1));
	CHECK_FAILS(chdir("d/file"), ENOTDIR);
	CHECK_FAILS(chdir("missing"), ENOENT);
	CHECK_FAILS(chdir("loop"), ELOOP);
	CHECK_FAILS(chdir(""), ENOENT);
	CHECK_FAILS(fchdir(-1), EBADF);
	CHECK_FAILS(fchdir((int)CHECK_OK(open("d/file", O_RDONLY))), ENOTDIR);
	CHECK(cwd_is(top));
	CHECK_OK(chdir("link/sub"));
	CHECK(cwd_is(below_top("d/sub")));
	CHECK_OK(fchdir((int)CHECK_OK(open("..", O_PATH))));
	CHECK(cwd_is(below_top("d")));
	CHECK_OK(chdir("/"));
	CHECK(cwd_is("/") && same(".", "/"));
	CHECK_OK(chdir(".."));
	CHECK(cwd_is("/"));
}

static void renamed_directory(void)
{
	int fd;

	CHECK_OK(mkdir("r1", 0777));
	CHECK_OK(mkdir("r1/in", 0777));
	put_file("r1/file", "moved");
	fd = (int)CHECK_OK(open("r1/in", O_RDONLY));
	CHECK_OK(chdir("r1/in"));
	CHECK_OK(rename("../../r1", "../../r2"));
	CHECK(cwd_is(below_top("r2/in")) && has("../file", "moved") && has("./../file", "moved"));
	CHECK(at_has(fd, "../file", "moved") && at_has(fd, "../in/../file", "moved"));
	CHECK_OK(mkdir("dd", 0777));
	CHECK_OK(chdir("dd"));
	CHECK_OK(rmdir("../dd"));
	CHECK_FAILS(syscall(SYS_getcwd, (char[64]){0}, 64), ENOENT);
	CHECK_FAILS(open("x", O_CREAT | O_RDWR, 0666), ENOENT);
	CHECK(same(".", "."));
	CHECK_OK(chdir(top));
}

/* What has been looked at so often that it may be remembered. */
static void renamed_and_known(void)
{
	struct stat st;
	int fd;

	CHECK(!mkdir("k", 0777) && !mkdir("k/in", 0777) && !mkdir("k/in/sub", 0777));
	put_file("k/in/sub/file", "old");
	CHECK_OK(chdir("k/in"));
	for (int i = 0; i < 2000; i++) {
		CHECK(!stat("sub/file", &st) && st.st_size == 3 && !access("sub/file", R_OK));
		CHECK(!stat("sub/../sub/file", &st) && stat("sub/none", &st));
	}
	CHECK_OK(rename("../../k", "../../k2"));
	CHECK(!mkdir(below_top("k"), 0777) && !mkdir(below_top("k/in"), 0777));
	CHECK_OK(symlink("/", below_top("k/in/sub")));
	CHECK(!stat("sub/file", &st) && st.st_size == 3 && !access("sub/file", R_OK) && has("sub/../sub/file", "old"));
	CHECK(!rename("sub", "real") && !mkdir("other", 0777));
	put_file("other/file", "other");
	CHECK_OK(symlink("other", "sub"));
	CHECK(!stat("sub/file", &st) && st.st_size == 5 && !access("sub/file", R_OK) && has("sub/file", "other"));
	CHECK_FAILS(access("sub/none", F_OK), ENOENT);
	CHECK_OK(symlink("missing", "real/file2"));
	CHECK_FAILS(access("real/file2", F_OK), ENOENT);
	/* What is looked for in a removed directory is not found in one that has its name. */
	for (int i = 0; i < 2000; i++)
		CHECK_OK(stat("sub/file", &st));
	fd = mkdir("gone", 0777) ? -1 : (int)CHECK_OK(open("gone", O_RDONLY));
	CHECK(!rmdir("gone") && !mkdir("gone", 0777) && !symlink("../other", "gone/sub"));
	CHECK_FAILS(openat(fd, "sub/file", O_RDONLY), ENOENT);
	CHECK_FAILS(fstatat(fd, "sub/file", &st, 0), ENOENT);
	CHECK(!stat("gone/sub/file", &st) && st.st_size == 5);
	CHECK_OK(chdir(top));
}

static void *thread_chdir(void *arg)
{
	CHECK_OK(chdir(arg));
	umask(0123);
	return NULL;
}

static void *thread_apart(void *arg)
{
	CHECK_OK(unshare(CLONE_FS));
	CHECK_OK(chdir(arg));
	umask(0777);
	CHECK(has("../src/file", "source"));
	return NULL;
}

static void run_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, fn, arg));
	CHECK(!pthread_join(thread, NULL));
}

static void threads_share(void)
{
	struct stat st;

	umask(022);
	run_thread(thread_chdir, "d");
	CHECK(cwd_is(below_top("d")) && has("file", "flat"));
	run_thread(thread_chdir, "sub");
	CHECK(has("file", "deep"));
	close((int)CHECK_OK(open("masked", O_CREAT | O_EXCL | O_RDWR, 0777)));
	CHECK(stat("masked", &st) == 0 && (st.st_mode & 0777) == 0654);
	CHECK_OK(unlink("masked"));
	CHECK(umask(022) == 0123);
	CHECK_OK(chdir(top));
	run_thread(thread_apart, "d");
	CHECK(cwd_is(top) && umask(022) == 022);
}

/* ---- openat2 ---- */

static void openat2_arguments(void)
{
	struct {
		struct open_how how;
		unsigned long long more[2];
	} long_how = {.how = {.flags = O_RDONLY}};
	struct open_how how = {.flags = O_RDONLY};

	CHECK_OK(syscall(SYS_openat2, AT_FDCWD, "d", &long_how, sizeof(long_how)));
	long_how.more[1] = 1;
	CHECK_FAILS(syscall(SYS_openat2, AT_FDCWD, "d", &long_how, sizeof(long_how)), E2BIG);
	CHECK_FAILS(syscall(SYS_openat2, AT_FDCWD, "d", &how, 16), EINVAL);
	CHECK_FAILS(syscall(SYS_openat2, AT_FDCWD, "d", &how, 65536), E2BIG);
	how.mode = 0600;
	CHECK_FAILS(syscall(SYS_openat2, AT_FDCWD, "d", &how, sizeof(how)), EINVAL);
	CHECK_FAILS(how_open(AT_FDCWD, "d", 1ULL << 40, 0), EINVAL);
	CHECK_FAILS(how_open(AT_FDCWD, "d", O_PATH | O_RDWR, 0), EINVAL);
	CHECK_FAILS(how_open(AT_FDCWD, "d", 0, 1 << 20), EINVAL);
	CHECK_FAILS(how_open(AT_FDCWD, "d", 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT), EINVAL);
	CHECK_FAILS(how_open(-1, "d", 0, 0), EBADF);
	CHECK_FAILS(how_open(AT_FDCWD, "", 0, 0), ENOENT);
}

static void resolve_flags(void)
{
	int src = (int)CHECK_OK(open("src", O_PATH)), fd;

	new_mounts();
	CHECK_OK(symlink("/file", "src/rooted"));
	CHECK_OK(how_open(src, "in/file", 0, RESOLVE_BENEATH));
	CHECK_OK(how_open(src, "in/../file", 0, RESOLVE_BENEATH));
	CHECK_FAILS(how_open(src, "../d", 0, RESOLVE_BENEATH), EXDEV);
	CHECK_FAILS(how_open(src, "in/../../d", 0, RESOLVE_BENEATH), EXDEV);
	CHECK_FAILS(how_open(src, "up", 0, RESOLVE_BENEATH), EXDEV);
	CHECK_FAILS(how_open(src, "rooted", 0, RESOLVE_BENEATH), EXDEV);
	CHECK_FAILS(how_open(src, "/", 0, RESOLVE_BENEATH), EXDEV);
	fd = (int)CHECK_OK(how_open(src, "rooted", 0, RESOLVE_IN_ROOT));
	CHECK(fd_has(fd, "source"));
	fd = (int)CHECK_OK(how_open(src, "/../../in/../../file", 0, RESOLVE_IN_ROOT));
	CHECK(fd_has(fd, "source"));
	CHECK_FAILS(how_open(src, "up", 0, RESOLVE_IN_ROOT), ENOENT);
	CHECK_FAILS(how_open(AT_FDCWD, "link/file", 0, RESOLVE_NO_SYMLINKS), ELOOP);
	CHECK_FAILS(how_open(AT_FDCWD, "flink", 0, RESOLVE_NO_SYMLINKS), ELOOP);
	CHECK_OK(how_open(AT_FDCWD, "flink", O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS));
	CHECK_OK(how_open(AT_FDCWD, "d/sub/../file", 0, RESOLVE_NO_SYMLINKS));
	CHECK_FAILS(how_open(AT_FDCWD, "/proc/self/cwd", O_PATH, RESOLVE_NO_MAGICLINKS), ELOOP);
	CHECK_OK(how_open(AT_FDCWD, "/proc/self/cwd", O_PATH, 0));
	CHECK_OK(how_open(AT_FDCWD, "link/file", 0, RESOLVE_NO_MAGICLINKS));
	bind_dir("src", "m");
	CHECK_FAILS(how_open(AT_FDCWD, "m", O_PATH, RESOLVE_NO_XDEV), EXDEV);
	CHECK_FAILS(how_open(AT_FDCWD, "m/file", 0, RESOLVE_NO_XDEV), EXDEV);
	CHECK_FAILS(how_open((int)CHECK_OK(open("m", O_PATH)), "..", O_PATH, RESOLVE_NO_XDEV), EXDEV);
	CHECK_OK(how_open((int)CHECK_OK(open("m", O_PATH)), "in/file", 0, RESOLVE_NO_XDEV));
	CHECK_OK(how_open(src, "in/file", 0, RESOLVE_NO_XDEV));
}

/* ---- proc ---- */

static void proc_links(void)
{
	char buf[PATH_MAX], path[64];
	int fd, pipes[2];
	ssize_t n;

	new_mounts();
	bind_dir("src", "m");
	CHECK_OK(chdir("m"));
	n = CHECK_OK(readlink("/proc/self/cwd", buf, sizeof(buf) - 1));
	buf[n] = 0;
	CHECK(!strcmp(buf, below_top("m")));
	n = CHECK_OK(readlink("/proc/self/root", buf, sizeof(buf) - 1));
	CHECK(n == 1 && buf[0] == '/');
	CHECK(has("/proc/self/cwd/file", "source") && has("/proc/self/cwd/../d/file", "flat"));
	CHECK(same("/proc/self/root", "/") && same("/proc/thread-self/cwd", "."));
	fd = (int)CHECK_OK(open("in", O_RDONLY));
	snprintf(path, sizeof(path), "/proc/self/fd/%d/../file", fd);
	CHECK(has(path, "source"));
	fd = (int)CHECK_OK(open("file", O_RDONLY));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(has(path, "source"));
	n = CHECK_OK(readlink(path, buf, sizeof(buf) - 1));
	buf[n] = 0;
	CHECK(!strcmp(buf, below_top("m/file")));
	CHECK_OK(pipe(pipes));
	CHECK(write(pipes[1], "x", 1) == 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pipes[0]);
	CHECK(read((int)CHECK_OK(open(path, O_RDONLY)), buf, 1) == 1);
	snprintf(path, sizeof(path), "/proc/%d/status", getpid());
	CHECK_OK(access(path, R_OK));
	CHECK_OK(chdir("/proc/self"));
	CHECK_OK(access("status", R_OK));
	CHECK(same("cwd", ".") && same("../self", "."));
	fd = (int)CHECK_OK(open("/proc", O_RDONLY));
	n = CHECK_OK(readlinkat(fd, "self", buf, sizeof(buf) - 1));
	buf[n] = 0;
	CHECK(atoi(buf) == getpid());
	n = CHECK_OK(readlinkat(fd, "self/cwd", buf, sizeof(buf) - 1));
	buf[n] = 0;
	CHECK(!strncmp(buf, "/proc/", 6));
	CHECK_FAILS(open("/proc/self/fd/999", O_RDONLY), ENOENT);
	CHECK_FAILS(open("/proc/self/missing", O_RDONLY), ENOENT);
}

static void deleted_file(void)
{
	char path[64];
	int fd;

	put_file("gone", "kept");
	fd = (int)CHECK_OK(open("gone", O_RDONLY));
	CHECK_OK(unlink("gone"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	CHECK(has(path, "kept"));
	CHECK(has(path, "kept") && access(path, R_OK) == 0);
}

static const struct test tests[] = {
    {"chroot", change_root},
    {"chroot into a mount", root_in_a_mount},
    {"the working directory", working_directory},
    {"a directory that is renamed or removed", renamed_directory},
    {"one that is renamed and was looked at often", renamed_and_known},
    {"threads share working directory and umask", threads_share},
    {"openat2's arguments", openat2_arguments},
    {"openat2's RESOLVE flags", resolve_flags},
    {"links of proc", proc_links},
    {"a removed file through proc", deleted_file},
};

int main(int argc, char **argv)
{
	return enter_scratch(argc, argv) ? 2 : RUN_TESTS(tests);
}
