/* SPDX-License-Identifier: MIT */
/*
 * /proc/PID/maps, smaps, smaps_rollup, numa_maps, map_files: what programs that read them rely on, and none of the
 * runtime's mappings in them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include "tests/programs/asleep.h"

#define PAGE 4096UL
#define TEXT (4UL << 20)

/* Where the runtime and what belongs to it lies (kernel/mm.h). */
#define OURS	 0x550000000000UL
#define OURS_END 0x551100000000UL

static const char *self, *directory;

/* ---- reading ---- */

/* The whole file from where the descriptor stands, in pieces of that size. */
static char *read_all(int fd, size_t piece)
{
	char *text = malloc(TEXT);
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, piece < TEXT - 1 - len ? piece : TEXT - 1 - len)) > 0)
		len += (size_t)n;
	CHECK(n == 0);
	text[len] = 0;
	return text;
}

static char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	char *text;

	CHECK(fd >= 0);
	text = read_all(fd, 65536);
	CHECK_OK(close(fd));
	return text;
}

static int file_has(const char *path, const char *wanted)
{
	char *text = read_file(path);
	int found = strstr(text, wanted) != NULL;

	free(text);
	return found;
}

/* Goes through the lines that begin with "start-end "; false at the end. */
static int next_mapping(const char **at, unsigned long *start, unsigned long *end, const char **line)
{
	while (**at) {
		*line = *at;
		*at = strchr(*at, '\n') + 1;
		if (sscanf(*line, "%lx-%lx ", start, end) == 2)
			return 1;
	}
	return 0;
}

/* In order, none over another, none of ours. How many there are. */
static int check_mappings(const char *text)
{
	unsigned long start, end, last = 0;
	const char *line;
	int n = 0;

	CHECK(!*text || text[strlen(text) - 1] == '\n');
	while (next_mapping(&text, &start, &end, &line)) {
		CHECK(start >= last && end > start && start % PAGE == 0 && end % PAGE == 0);
		CHECK(end <= OURS || start >= OURS_END);
		CHECK(!strstr(line, "secede-runtime\n") && !strstr(line, "secede-arena"));
		last = end;
		n++;
	}
	return n;
}

/* Is [page, page + size) in the text, with these permissions? NULL: any. */
static int shows(const char *text, const void *page, size_t size, const char *permissions)
{
	unsigned long start, end, from = (unsigned long)page;
	const char *line;

	while (next_mapping(&text, &start, &end, &line))
		if (start <= from && from + size <= end)
			return !permissions || !strncmp(strchr(line, ' ') + 1, permissions, 4);
	return 0;
}

static char *map_page(int permissions)
{
	char *page = mmap(NULL, PAGE, permissions, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	return page;
}

/* ---- who may be looked at ---- */

static void of_oneself(void)
{
	char path[64], *page = map_page(PROT_READ), *text;

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path),
			 i == 0	  ? "/proc/self/maps"
			 : i == 1 ? "/proc/thread-self/maps"
			 : i == 2 ? "/proc/%d/maps"
				  : "/proc/self/task/%d/maps",
			 getpid());
		text = read_file(path);
		CHECK(check_mappings(text) > 5);
		CHECK(shows(text, page, PAGE, "r--s"));
		CHECK(shows(text, (void *)((unsigned long)map_page & -PAGE), PAGE, "r-xp"));
		CHECK(strstr(text, self) && strstr(text, "[stack]\n") && strstr(text, "[heap]\n"));
	}
}

static void *look_at_thread(void *arg)
{
	char path[64], *text;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/maps", syscall(SYS_gettid));
	text = read_file(path);
	return check_mappings(text) > 5 && shows(text, arg, PAGE, "rw-s") ? arg : NULL;
}

static void of_a_thread(void)
{
	char *page = map_page(PROT_READ | PROT_WRITE);
	pthread_t thread;
	void *result;

	CHECK(pthread_create(&thread, NULL, look_at_thread, page) == 0 && pthread_join(thread, &result) == 0);
	CHECK(result == page);
}

static void of_a_child(void)
{
	char path[64], *page = map_page(PROT_READ), *own, *text;
	pid_t pid = fork();

	if (pid == 0) {
		munmap(page, PAGE);
		pause();
	}
	until_asleep(pid);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	text = read_file(path);
	own = read_file("/proc/self/maps");
	CHECK(check_mappings(text) > 5 && check_mappings(own) > 5);
	CHECK(shows(own, page, PAGE, "r--s") && !shows(text, page, PAGE, NULL));
	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	CHECK(check_mappings(read_file(path)) > 5);
	kill(pid, SIGKILL);
}

static void of_a_program(void)
{
	char path[64], *text;
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/sleep", "sleep", "100", NULL);
		_exit(1);
	}
	until_asleep(pid);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	text = read_file(path);
	CHECK(check_mappings(text) > 5);
	CHECK(strstr(text, "/sleep\n") && strstr(text, "/libc"));
	CHECK(!strcmp(strchr(text, '/'), strstr(text, "/usr/bin/sleep\n") ? strstr(text, "/usr/bin/sleep\n")
									  : strstr(text, "/bin/sleep\n")));
	kill(pid, SIGKILL);
}

/* ---- how it is read ---- */

static void in_small_pieces(void)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	char *whole = read_all(fd, 65536), *pieces;

	for (size_t piece = 1; piece < 300; piece = piece * 2 + 1) {
		CHECK(lseek(fd, 0, SEEK_SET) == 0);
		/* malloc(3) may have changed the one or the other. */
		pieces = read_all(fd, piece);
		CHECK(check_mappings(pieces) >= check_mappings(whole) - 3);
		CHECK(!strncmp(pieces, whole, 60));
		free(pieces);
	}
}

static void from_any_place(void)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	char whole[65536] = "", part[200] = "";
	struct iovec iov[2] = {{part, 10}, {part + 10, 20}};
	ssize_t len = read(fd, whole, sizeof(whole));

	CHECK(len > 300 && check_mappings(whole) > 2);
	CHECK(pread(fd, part, 100, 150) == 100 && !memcmp(part, whole + 150, 100));
	CHECK(lseek(fd, 0, SEEK_CUR) == len);
	CHECK(lseek(fd, 70, SEEK_SET) == 70 && read(fd, part, 50) == 50 && !memcmp(part, whole + 70, 50));
	CHECK(lseek(fd, 0, SEEK_SET) == 0 && readv(fd, iov, 2) == 30 && !memcmp(part, whole, 30));
	CHECK_FAILS(lseek(fd, 0, SEEK_END), EINVAL);
	CHECK_FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK(pread(fd, part, 10, 1 << 30) == 0);
}

/*
 * What has been read stays whole lines, what comes is what there is now. No page becomes like the one beside it: a
 * mapping that has been read, and grows because the next one becomes a part of it, Linux shows once more.
 */
static void while_it_changes(void)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	char text[65536] = "", *page = mmap(NULL, 64 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, 37)) > 0) {
		len += (size_t)n;
		CHECK_OK(
		    mprotect(page + (len % 31 * 2 + 1) * PAGE, PAGE, len % 3 ? PROT_READ | PROT_WRITE : PROT_NONE));
	}
	CHECK(n == 0 && check_mappings(text) > 5);
	CHECK(strstr(text, "[stack]\n") != NULL);
}

static void again_from_the_beginning(void)
{
	int fd = open("/proc/self/maps", O_RDONLY), copy = dup(fd);
	char text[65536] = "", *page;

	CHECK(read(fd, text, sizeof(text)) > 0);
	for (int i = 0; i < 6; i++) {
		page = map_page(PROT_READ | PROT_EXEC);
		CHECK(!shows(text, page, PAGE, "r-xs"));
		memset(text, 0, sizeof(text));
		if (i == 5)
			close(fd);
		if (i % 2) {
			CHECK(lseek(copy, 0, SEEK_SET) == 0);
			CHECK(read(copy, text, sizeof(text)) > 0);
		} else {
			CHECK(pread(fd, text, sizeof(text), 0) > 0);
		}
		CHECK(check_mappings(text) > 5 && shows(text, page, PAGE, "r-xs"));
	}
	close(copy);
}

/* The first read shows what there is then, not what there was at open(2). */
static void at_the_first_read(void)
{
	int fd = open("/proc/self/maps", O_RDONLY);
	char text[65536] = "", *page = map_page(PROT_READ | PROT_EXEC);

	CHECK(read(fd, text, sizeof(text)) > 0 && shows(text, page, PAGE, "r-xs"));
}

/* The memory is that of the process that opened the file. */
static void inherited(void)
{
	int fd = open("/proc/self/maps", O_RDONLY), status;
	char *page = map_page(PROT_READ | PROT_EXEC);
	pid_t pid = fork();

	if (pid == 0) {
		char text[65536] = "", *own = map_page(PROT_READ | PROT_EXEC);

		munmap(page, PAGE);
		CHECK(read(fd, text, sizeof(text)) > 0);
		CHECK(check_mappings(text) > 5 && shows(text, page, PAGE, "r-xs") && !shows(text, own, PAGE, "r-xs"));
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void after_execve(void)
{
	char command[4096], *text;

	/* The shell's memory is gone when the other program reads. */
	snprintf(command, sizeof(command),
		 "exec 3</proc/self/maps 4</proc/self/status 5</proc/self/smaps_rollup;"
		 "exec sh -c 'cat <&3; head -n 1 <&4; cat 2>/dev/null <&5' >%s/out",
		 directory);
	CHECK(system(command) >= 0);
	snprintf(command, sizeof(command), "%s/out", directory);
	text = read_file(command);
	CHECK(!strcmp(text, "Name:\tsh\n"));
}

static void as_the_file_that_it_is(void)
{
	struct stat by_name, by_fd;
	struct statx stx;
	struct statfs fs;
	char link[128], wanted[64];
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	CHECK_OK(stat("/proc/self/maps", &by_name));
	CHECK_OK(fstat(fd, &by_fd));
	CHECK(by_fd.st_mode == (S_IFREG | 0444) && by_fd.st_size == 0 && by_fd.st_nlink == 1);
	CHECK(by_fd.st_dev == by_name.st_dev && by_fd.st_uid == by_name.st_uid);
	CHECK_OK(statx(fd, "", AT_EMPTY_PATH, STATX_ALL, &stx));
	CHECK(stx.stx_mode == by_fd.st_mode && stx.stx_size == 0);
	CHECK(fstatfs(fd, &fs) == 0 && fs.f_type == 0x9fa0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	memset(wanted, 0, sizeof(wanted));
	CHECK(readlink(link, wanted, sizeof(wanted) - 1) > 0);
	snprintf(link, sizeof(link), "/proc/%d/maps", getpid());
	CHECK(!strcmp(link, wanted));
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	CHECK_FAILS(write(fd, "x", 1), EBADF);
	CHECK_FAILS(open("/proc/self/maps", O_RDONLY | O_DIRECTORY), ENOTDIR);
	snprintf(link, sizeof(link), "/dev/fd/%d", fd);
	CHECK(check_mappings(read_file(link)) > 5);
}

/* ---- the others ---- */

static void smaps_has_the_same(void)
{
	const char *smaps = read_file("/proc/self/smaps"), *line;
	unsigned long start, end, rss;
	int n = check_mappings(smaps), sizes = 0;

	CHECK(n >= check_mappings(read_file("/proc/self/maps")) - 3 && n > 5);
	while (next_mapping(&smaps, &start, &end, &line)) {
		CHECK(sscanf(strchr(line, '\n') + 1, "Size: %lu kB", &rss) == 1);
		CHECK(rss * 1024 == end - start);
		sizes++;
	}
	CHECK(sizes == n);
}

static long rollup(const char *text, const char *key)
{
	const char *at = strstr(text, key);
	long kb;

	return at && sscanf(at + strlen(key), " %ld kB", &kb) == 1 ? kb : -1;
}

static void smaps_rollup_is_the_sum(void)
{
	const char *text = read_file("/proc/self/smaps_rollup"), *maps = read_file("/proc/self/maps"), *line;
	long before = rollup(text, "\nRss:"), after;
	unsigned long start, end, first, last;
	char *page = mmap(NULL, 4UL << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(strstr(text, "---p 00000000 00:00 0                          [rollup]\n") != NULL);
	CHECK(sscanf(text, "%lx-%lx", &first, &last) == 2);
	CHECK(next_mapping(&maps, &start, &end, &line) && start == first);
	while (next_mapping(&maps, &start, &end, &line))
		;
	/* The vsyscall page counts as no mapping of the process's. */
	CHECK(last == end || start == 0xffffffffff600000);
	memset(page, 1, 4UL << 20);
	after = rollup(read_file("/proc/self/smaps_rollup"), "\nRss:");
	CHECK(before > 0 && after >= before + 4096 && after < before + 8192);
	CHECK(rollup(text, "\nPss:") > 0 && rollup(text, "\nAnonymous:") > 0 && rollup(text, "\nLocked:") >= 0);
}

static void numa_maps_has_none_of_ours(void)
{
	char *text, *line, *rest;
	int fd = open("/proc/self/numa_maps", O_RDONLY), n = 0;

	if (fd < 0 && errno == ENOENT)
		return;
	text = read_all(fd, 4096);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned long start = strtoul(line, NULL, 16);

		CHECK(start < OURS || start >= OURS_END);
		n++;
	}
	CHECK(n > 5);
}

static void map_files_has_none_of_ours(void)
{
	DIR *dir = opendir("/proc/self/map_files");
	const char *maps = read_file("/proc/self/maps");
	struct dirent *entry;
	struct stat st;
	int n = 0;

	CHECK(dir != NULL);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		CHECK(strstr(maps, entry->d_name) != NULL);
		n++;
	}
	CHECK(n > 2);
	closedir(dir);
	dir = opendir("/proc/self/map_files");
	CHECK_FAILS(fstatat(dirfd(dir), "551000000000-551000100000", &st, AT_SYMLINK_NOFOLLOW), ENOENT);
	CHECK_FAILS(lstat("/proc/self/map_files/551000000000-551000100000", &st), ENOENT);
}

/* A file is called what the reader calls it, also where that is not the host's name. */
static void names_are_those_of_the_tree(void)
{
	int fd;
	char *text;

	CHECK_OK(unshare(CLONE_NEWNS));
	CHECK_OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_OK(mount("none", "/mnt", "tmpfs", 0, NULL));
	fd = open("/mnt/a file", O_RDWR | O_CREAT, 0600);
	CHECK(write(fd, "x", 1) == 1);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
	text = read_file("/proc/self/maps");
	CHECK(strstr(text, "   /mnt/a file\n") != NULL);
	CHECK(strstr(text, "secede-1000") == NULL);
	CHECK(file_has("/proc/self/smaps", "   /mnt/a file\n"));
	CHECK_OK(unlink("/mnt/a file"));
	CHECK(file_has("/proc/self/maps", "   /mnt/a file (deleted)\n"));
	CHECK_OK(mkdir("/mnt/dir", 0700));
	fd = open("/mnt/dir/file", O_RDWR | O_CREAT, 0600);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
	CHECK_OK(mkdir("/mnt/dir/proc", 0700));
	CHECK_OK(mount("/proc", "/mnt/dir/proc", NULL, MS_BIND | MS_REC, NULL));
	CHECK_OK(chroot("/mnt/dir"));
	CHECK_OK(chdir("/"));
	CHECK(file_has("/proc/self/maps", "   /file\n"));
}

static const struct test tests[] = {
    {"of oneself", of_oneself},
    {"of a thread", of_a_thread},
    {"of a child", of_a_child},
    {"of a program", of_a_program},
    {"in small pieces", in_small_pieces},
    {"from any place", from_any_place},
    {"while it changes", while_it_changes},
    {"again from the beginning", again_from_the_beginning},
    {"at the first read", at_the_first_read},
    {"inherited", inherited},
    {"after execve(2)", after_execve},
    {"as the file that it is", as_the_file_that_it_is},
    {"smaps has the same", smaps_has_the_same},
    {"smaps_rollup is the sum", smaps_rollup_is_the_sum},
    {"numa_maps has none of ours", numa_maps_has_none_of_ours},
    {"map_files has none of ours", map_files_has_none_of_ours},
    {"names are those of the tree", names_are_those_of_the_tree},
};

/* maps DIRECTORY [secede] */
int main(int argc, char **argv)
{
	self = strrchr(argv[0], '/');
	directory = argv[1];
	setvbuf(stdout, NULL, _IONBF, 0);
	return RUN_TESTS(tests);
}
