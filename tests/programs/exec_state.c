/* SPDX-License-Identifier: MIT */
/*
 * What a program finds when execve(2) has started it. Each test executes this program again, which
 * then looks around (the functions see_*) and ends with status 0 when all is as it should be.
 */
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/programs/elf.h"

static char self[PATH_MAX];
static int seen_argc;
static char **seen_argv;

#define EXEC(...)                                                                                                      \
	do {                                                                                                           \
		char *argv_[] = {"exec_state", __VA_ARGS__, NULL};                                                     \
		execv(self, argv_);                                                                                    \
		CHECK(!"execv");                                                                                       \
	} while (0)

/* ---- arguments and environment ---- */

static size_t read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	CHECK(fd >= 0);
	while ((n = read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	close(fd);
	return len;
}

static void see_args(void)
{
	static const char cmdline[] = "exec_state\0see_args\0\0two words";
	char buf[4096];

	CHECK(seen_argc == 4 && !seen_argv[4] && !*seen_argv[2] && strcmp(seen_argv[3], "two words") == 0);
	CHECK(environ[0] && strcmp(environ[0], "A=1") == 0 && strcmp(environ[1], "B") == 0 && !environ[2]);
	CHECK(read_file("/proc/self/cmdline", buf, sizeof(buf)) == sizeof(cmdline));
	CHECK(memcmp(buf, cmdline, sizeof(cmdline)) == 0);
	CHECK(read_file("/proc/self/environ", buf, sizeof(buf)) == 6 && memcmp(buf, "A=1\0B", 6) == 0);
}

static void test_args(void)
{
	char *argv[] = {"exec_state", "see_args", "", "two words", NULL}, *envp[] = {"A=1", "B", NULL};

	execve(self, argv, envp);
	CHECK(!"execve");
}

/* The program cannot be told what to look at here: it goes by having no arguments. */
static void see_nothing(void)
{
	CHECK(seen_argc == 1 && !*seen_argv[0] && !seen_argv[1] && !environ[0]);
}

static void test_no_args(void)
{
	syscall(SYS_execve, self, NULL, NULL);
	CHECK(!"execve");
}

#define MANY 60000

static void see_many(void)
{
	int i;

	CHECK(seen_argc == MANY + 2);
	for (i = 2; i < seen_argc; i++)
		CHECK(strcmp(seen_argv[i], "an argument of 25 letters") == 0);
	for (i = 0; environ[i]; i++)
		CHECK(strncmp(environ[i], "a", 1) == 0 && strlen(environ[i]) == 131071);
	CHECK(i == 2);
}

/* Just below the 2 MiB that a stack limit of 8 MiB allows. */
static void test_many(void)
{
	static char *argv[MANY + 3], big[131072];
	char *envp[] = {big, big, NULL};
	struct rlimit limit;
	int i;

	CHECK_OK(getrlimit(RLIMIT_STACK, &limit));
	limit.rlim_cur = 9 << 20;
	CHECK_OK(setrlimit(RLIMIT_STACK, &limit));
	memset(big, 'a', sizeof(big) - 1);
	argv[0] = "exec_state";
	argv[1] = "see_many";
	for (i = 2; i < MANY + 2; i++)
		argv[i] = "an argument of 25 letters";
	execve(self, argv, envp);
	CHECK(!"execve");
}

/* ---- what the kernel says of the program ---- */

static int first_object(struct dl_phdr_info *info, size_t size, void *out)
{
	(void)size;
	*(struct dl_phdr_info *)out = *info;
	return 1;
}

static void see_auxv(void)
{
	const char *execfn = (const char *)getauxval(AT_EXECFN), *slash = strrchr(self, '/') + 1;
	const ElfW(Ehdr) *ehdr = (const void *)(getauxval(AT_PHDR) - sizeof(*ehdr));
	struct dl_phdr_info info;
	char comm[17] = {0};

	CHECK(strcmp(execfn, self) == 0);
	CHECK(access(execfn, X_OK) == 0); /* the kernel takes that pointer, too */
	CHECK(memcmp(ehdr->e_ident, ELFMAG, SELFMAG) == 0 && ehdr->e_phnum == getauxval(AT_PHNUM));
	CHECK(getauxval(AT_PHENT) == sizeof(ElfW(Phdr)) && getauxval(AT_PAGESZ) == 4096);
	dl_iterate_phdr(first_object, &info);
	CHECK((unsigned long)info.dlpi_phdr == getauxval(AT_PHDR));
	CHECK(info.dlpi_addr + ehdr->e_entry == getauxval(AT_ENTRY) ||
	      ehdr->e_entry == getauxval(AT_ENTRY)); /* ET_EXEC */
	CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid());
	CHECK(getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid() && !getauxval(AT_SECURE));
	CHECK(getauxval(AT_RANDOM) && getauxval(AT_SYSINFO_EHDR));
	CHECK_OK(prctl(PR_GET_NAME, comm));
	CHECK(strncmp(comm, slash, 15) == 0);
}

static void test_auxv(void)
{
	EXEC("see_auxv");
}

static void see_proc(void)
{
	unsigned long start_code, end_code, start_stack, start_data, end_data, start_brk, arg_start, env_end;
	char buf[4096], *p;
	int field;

	CHECK(readlink("/proc/self/exe", buf, sizeof(buf)) == (ssize_t)strlen(self));
	CHECK(memcmp(buf, self, strlen(self)) == 0);
	buf[read_file("/proc/self/stat", buf, sizeof(buf) - 1)] = 0;
	/* field 3 comes behind the name in parentheses */
	for (p = strrchr(buf, ')') + 2, field = 3; field < 26; field++)
		p = strchr(p, ' ') + 1;
	CHECK(sscanf(p, "%lu %lu %lu", &start_code, &end_code, &start_stack) == 3);
	for (; field < 45; field++)
		p = strchr(p, ' ') + 1;
	CHECK(sscanf(p, "%lu %lu %lu %lu %*u %*u %lu", &start_data, &end_data, &start_brk, &arg_start, &env_end) == 5);
	CHECK(start_code <= (unsigned long)see_proc && (unsigned long)see_proc < end_code);
	CHECK(start_stack <= (unsigned long)seen_argv && start_data < end_data);
	CHECK(arg_start == (unsigned long)seen_argv[0] && env_end > arg_start);
	/* the heap begins near the program and grows */
	CHECK(start_brk > (unsigned long)see_proc && (unsigned long)sbrk(0) >= start_brk);
	CHECK(sbrk(1 << 20) != (void *)-1);
	memset((char *)sbrk(0) - (1 << 20), 1, 1 << 20);
}

static void test_proc(void)
{
	EXEC("see_proc");
}

/* ---- what execve keeps ---- */

static void see_kept(void)
{
	struct stat st;
	int fd;

	CHECK(umask(0) == 0027);
	CHECK(access("kept_dir_marker", F_OK) == 0); /* the working directory */
	CHECK(fcntl(10, F_GETFD) == 0 && fcntl(12, F_GETFD) == 0);
	CHECK_FAILS(fcntl(11, F_GETFD), EBADF);
	/* a directory, still good for what needs its place; and nothing else below 100 */
	CHECK(fstatat(10, "../kept_dir/kept_dir_marker", &st, 0) == 0);
	for (fd = 3; fd < 100; fd++)
		CHECK(fd == 10 || fd == 12 || fcntl(fd, F_GETFD) < 0);
}

static void test_kept(void)
{
	int fd;

	for (fd = 3; fd < 100; fd++)
		close(fd);
	umask(0027);
	CHECK_OK(mkdir("kept_dir", 0755));
	CHECK_OK(chdir("kept_dir"));
	put_text("kept_dir_marker", "", 0644);
	fd = open(".", O_RDONLY | O_DIRECTORY);
	CHECK(dup2(fd, 10) == 10);
	CHECK(dup3(fd, 11, O_CLOEXEC) == 11);
	close(fd);
	fd = open("/proc/self/maps", O_RDONLY);
	CHECK(dup2(fd, 12) == 12);
	close(fd);
	EXEC("see_kept");
}

static void handler(int sig)
{
	(void)sig;
}

static void see_signals(void)
{
	struct sigaction action;
	sigset_t set, none;
	stack_t stack;

	sigemptyset(&none);
	CHECK_OK(sigprocmask(SIG_BLOCK, &none, &set));
	CHECK(sigismember(&set, SIGUSR1) && sigismember(&set, SIGSEGV) && !sigismember(&set, SIGUSR2));
	CHECK_OK(sigpending(&set));
	CHECK(sigismember(&set, SIGUSR1) && !sigismember(&set, SIGUSR2));
	CHECK(!sigaction(SIGUSR2, NULL, &action) && action.sa_handler == SIG_DFL);
	CHECK(!sigaction(SIGHUP, NULL, &action) && action.sa_handler == SIG_IGN);
	CHECK(!sigaction(SIGBUS, NULL, &action) && action.sa_handler == SIG_IGN);
	CHECK(!sigaction(SIGSEGV, NULL, &action) && action.sa_handler == SIG_DFL);
	CHECK(!sigaltstack(NULL, &stack) && stack.ss_flags == SS_DISABLE);
	kill(getpid(), SIGHUP);
}

static void test_signals(void)
{
	struct sigaction action = {.sa_handler = handler};
	stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGSEGV);
	CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
	CHECK_OK(sigaction(SIGUSR2, &action, NULL));
	CHECK_OK(sigaction(SIGSEGV, &action, NULL));
	CHECK(signal(SIGHUP, SIG_IGN) != SIG_ERR && signal(SIGBUS, SIG_IGN) != SIG_ERR);
	CHECK_OK(sigaltstack(&stack, NULL));
	raise(SIGUSR1);
	EXEC("see_signals");
}

/* ---- who calls execve ---- */

static void see_pid(void)
{
	char buf[4096];
	size_t len = read_file("/proc/self/status", buf, sizeof(buf) - 1);

	buf[len] = 0;
	CHECK(getpid() == atoi(seen_argv[2]) && gettid() == getpid());
	CHECK(strstr(buf, "\nThreads:\t1\n") != NULL);
}

static void *wait_for_ever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *exec_in_thread(void *arg)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	EXEC("see_pid", pid);
	return arg;
}

static void test_thread(void)
{
	pthread_t thread;
	int i;

	for (i = 0; i < 4; i++)
		CHECK(!pthread_create(&thread, NULL, wait_for_ever, NULL));
	CHECK(!pthread_create(&thread, NULL, exec_in_thread, NULL));
	for (;;)
		pause();
}

static void *exec_alone(void *arg)
{
	usleep(50000);
	return exec_in_thread(arg);
}

/* The group's first thread has gone when the other one executes. */
static void test_thread_alone(void)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, exec_alone, NULL));
	syscall(SYS_exit, 0);
}

static int count_maps(void)
{
	static char buf[1 << 16];
	size_t i, len = read_file("/proc/self/maps", buf, sizeof(buf));
	int n = 0;

	for (i = 0; i < len; i++)
		n += buf[i] == '\n';
	return n;
}

static void vfork_once(char *const argv[], char *const bad_argv[])
{
	int status;
	pid_t pid = vfork();

	if (pid == 0) {
		execv("missing", bad_argv);
		execv(self, bad_argv);
		execv(self, argv);
		_exit(1);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

/* vfork, a failing execve, then one that works; nothing of it stays in the parent. */
static void test_vfork(void)
{
	char *argv[] = {"exec_state", "nothing", NULL}, *bad_argv[] = {(char *)8, NULL};
	int i, before, fd;

	vfork_once(argv, bad_argv);
	before = count_maps();
	fd = dup(0);
	for (i = 0; i < 100; i++)
		vfork_once(argv, bad_argv);
	CHECK(count_maps() <= before + 1);
	CHECK(dup(0) == fd + 1);
}

static void test_spawn(void)
{
	char *argv[] = {"exec_state", "nothing", NULL};
	int status;
	pid_t pid;

	CHECK(posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(posix_spawn(&pid, "missing", NULL, NULL, argv, environ) == ENOENT);
}

static void see_again(void)
{
	char left[16];

	if (atoi(seen_argv[2]) == 0)
		return;
	snprintf(left, sizeof(left), "%d", atoi(seen_argv[2]) - 1);
	EXEC("see_again", left);
}

static void test_again(void)
{
	EXEC("see_again", "50");
}

static void see_all_right(void)
{
}

static const struct test tests[] = {
    {"arguments and environment", test_args},
    {"no arguments and no environment", test_no_args},
    {"two megabytes of arguments", test_many},
    {"the auxiliary vector and the name", test_auxv},
    {"what /proc says", test_proc},
    {"descriptors, working directory, umask", test_kept},
    {"signals", test_signals},
    {"from a thread", test_thread},
    {"from a thread that outlived the first", test_thread_alone},
    {"from a vfork child", test_vfork},
    {"posix_spawn", test_spawn},
    {"fifty times in a row", test_again},
};

static const struct {
	const char *name;
	void (*see)(void);
} sights[] = {
    {"see_args", see_args}, {"see_many", see_many},   {"see_auxv", see_auxv},
    {"see_proc", see_proc}, {"see_kept", see_kept},   {"see_signals", see_signals},
    {"see_pid", see_pid},   {"see_again", see_again}, {"nothing", see_all_right},
};

int main(int argc, char **argv)
{
	size_t i;

	seen_argc = argc;
	seen_argv = argv;
	CHECK(realpath("/proc/self/exe", self) != NULL);
	for (i = 0; argc > 1 && i < sizeof(sights) / sizeof(sights[0]); i++)
		if (strcmp(argv[1], sights[i].name) == 0)
			return sights[i].see(), 0;
	if (!*argv[0])
		return see_nothing(), 0;
	enter_scratch();
	return RUN_TESTS(tests);
}
