/* SPDX-License-Identifier: MIT */
/* Strict mode, no_new_privs, filters of threads and of programs: who is under which filter (seccomp(2)). */
#include <pthread.h>
#include <signal.h>

#include "tests/spec/filters.h"

#define LONG_MS 40000 /* nothing takes as long */

/* The container that the tests run in may have a filter, or no_new_privs, of its own. */
static int outside(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
}

/* ---- strict mode ---- */

static int status_of(pid_t pid)
{
	int status;

	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

static void strict(void)
{
	int pipe_fds[2], status;
	char text[4] = {0};
	pid_t pid;

	if (outside()) {
		CHECK_FAILS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0), EINVAL);
		return;
	}
	CHECK_OK(pipe(pipe_fds));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
		syscall(SYS_write, pipe_fds[1], "abc", 3);
		syscall(SYS_exit, 7);
	}
	CHECK(status_of(pid) == 7 << 8);
	CHECK(read(pipe_fds[0], text, 3) == 3 && strcmp(text, "abc") == 0);
	for (int trapped = 0; trapped < 2; trapped++) {
		pid = fork();
		if (pid == 0) {
			CHECK_OK(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL));
			syscall(trapped ? SYS_umask : SYS_getpgid, 0);
			syscall(SYS_exit, 0);
		}
		status = status_of(pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	CHECK_FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL), EINVAL);
	CHECK_FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, ""), EINVAL);
}

static volatile int handled;

static void on_signal(int sig)
{
	handled++;
}

static void strict_handler(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	pid_t pid;

	if (outside())
		return;
	CHECK_OK(sigaction(SIGSEGV, &action, NULL));
	CHECK_OK(sigaction(SIGALRM, &action, NULL));
	pid = fork();
	if (pid == 0) {
		CHECK_OK(ualarm(20000, 0));
		CHECK_OK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
		while (!handled)
			;
		syscall(SYS_exit, handled == 1 ? 0 : 1);
	}
	check_child(pid);
}

static void *strict_thread_main(void *arg)
{
	CHECK_OK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
	syscall(SYS_getpgid, 0);
	return NULL;
}

/* Only the thread dies. It has no chance to say so. */
static void strict_thread(void)
{
	pthread_t thread;
	int i;

	if (outside())
		return;
	CHECK(pthread_create(&thread, NULL, strict_thread_main, NULL) == 0);
	for (i = 0; i < LONG_MS / 10 && pthread_tryjoin_np(thread, NULL) == EBUSY; i++)
		usleep(10000);
	CHECK(i < LONG_MS / 10);
	CHECK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0);
}

/* ---- who may, and what there is ---- */

static void no_new_privs(void)
{
	int before = (int)CHECK_OK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {1, allow};
	pid_t pid;

	CHECK_FAILS(prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0), EINVAL);
	CHECK_FAILS(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
	CHECK_FAILS(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0), EINVAL);
	CHECK_OK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == before);
	if (!before) {
		drop_capability(CAP_SYS_ADMIN);
		CHECK_FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), EACCES);
		CHECK_FAILS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), EACCES);
		CHECK_FAILS(syscall(SYS_landlock_restrict_self, -1, 0), EPERM);
	}
	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_OK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	CHECK_FAILS(syscall(SYS_landlock_restrict_self, -1, 0), EBADF);
	pid = fork();
	if (pid == 0)
		_exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1);
	check_child(pid);
	pid = vfork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "grep -q 'NoNewPrivs:.1' /proc/self/status", NULL);
		_exit(127);
	}
	check_child(pid);
}

static void get_seccomp(void)
{
	struct seccomp_notif_sizes sizes = {0};
	unsigned action = SECCOMP_RET_USER_NOTIF, unknown = 0x12340000;

	CHECK(outside() == 0 || outside() == 2);
	CHECK_OK(install(SYS_getpgid, ERROR(ENETDOWN)));
	CHECK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2);
	CHECK_FAILS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0), EINVAL);
	CHECK_OK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
	CHECK_FAILS(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &unknown), EOPNOTSUPP);
	CHECK_OK(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes));
	CHECK(sizes.seccomp_notif >= sizeof(struct seccomp_notif));
	CHECK(sizes.seccomp_data >= sizeof(struct seccomp_data));
}

/* ---- filters that look at arguments and at where the call is made ---- */

extern char there[];

__attribute__((noinline)) static long call_there(long nr, long arg)
{
	long ret;

	__asm__ volatile("syscall\n.globl there\nthere:" : "=a"(ret) : "a"(nr), "D"(arg) : "rcx", "r11", "memory");
	return ret;
}

static void instruction_pointer(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_umask, 1, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 4),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(unsigned long)there, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	    BPF_STMT(BPF_RET | BPF_K, ERROR(ENETDOWN)),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	umask(022);
	CHECK_OK(set_filter(&program, 0));
	CHECK(call_there(SYS_umask, 022) == 022);
	CHECK(call_there(SYS_getpgid, 0) == getpgrp());
	CHECK_FAILS(syscall(SYS_umask, 022), ENETDOWN);
	CHECK_FAILS(syscall(SYS_getpgid, 0), ENETDOWN);
}

static void argument(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, ERROR(EROFS)),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	CHECK_OK(set_filter(&program, 0));
	CHECK_OK(open("/dev/null", O_RDONLY));
	CHECK_FAILS(open("/dev/null", O_RDWR), EROFS);
}

/* Nobody traces: the call is not there. */
static void trace(void)
{
	CHECK_OK(install(SYS_umask, SECCOMP_RET_TRACE | 5));
	CHECK_OK(install(SYS_getpgid, SECCOMP_RET_TRACE | 5));
	CHECK_FAILS(syscall(SYS_umask, 022), ENOSYS);
	CHECK_FAILS(syscall(SYS_getpgid, 0), ENOSYS);
}

/* ---- threads ---- */

struct meeting {
	pthread_barrier_t before, after;
	int own_filter;
};

static void *member(void *arg)
{
	struct meeting *meeting = arg;
	long ret;

	if (meeting->own_filter)
		CHECK_OK(install(SYS_getpgid, SECCOMP_RET_ALLOW));
	pthread_barrier_wait(&meeting->before);
	pthread_barrier_wait(&meeting->after);
	ret = syscall(SYS_umask, 022);
	return (void *)(ret < 0 ? (long)errno : ret);
}

/* What the other thread gets from umask after this one has installed a filter that denies it. */
static long seen_by_other(int own_filter, unsigned flags, long *result)
{
	struct meeting meeting = {.own_filter = own_filter};
	pthread_t thread;
	void *ret;

	umask(022);
	pthread_barrier_init(&meeting.before, NULL, 2);
	pthread_barrier_init(&meeting.after, NULL, 2);
	CHECK(pthread_create(&thread, NULL, member, &meeting) == 0);
	pthread_barrier_wait(&meeting.before);
	*result = install_with(SYS_umask, ERROR(ENETDOWN), flags);
	if (*result < 0)
		*result = -errno;
	pthread_barrier_wait(&meeting.after);
	CHECK(pthread_join(thread, &ret) == 0);
	return (long)ret;
}

static void one_thread(void)
{
	long result;

	CHECK(seen_by_other(0, 0, &result) == 022 && result == 0);
	CHECK_FAILS(syscall(SYS_umask, 022), ENETDOWN);
}

static void all_threads(void)
{
	long result;

	CHECK(seen_by_other(0, SECCOMP_FILTER_FLAG_TSYNC, &result) == ENETDOWN && result == 0);
	CHECK_FAILS(syscall(SYS_umask, 022), ENETDOWN);
}

static void threads_apart(void)
{
	long result;

	CHECK(seen_by_other(1, SECCOMP_FILTER_FLAG_TSYNC, &result) == 022 && result > 0);
	CHECK(seen_by_other(1, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH, &result) == 022);
	CHECK(result == -ESRCH);
	CHECK(syscall(SYS_umask, 022) == 022);
}

static void *get_umask_errno(void *arg)
{
	return (void *)(syscall(SYS_umask, 022) < 0 ? (long)errno : 0);
}

static void later_thread(void)
{
	pthread_t thread;
	void *ret;

	CHECK_OK(install(SYS_umask, ERROR(ENETDOWN)));
	CHECK(pthread_create(&thread, NULL, get_umask_errno, NULL) == 0);
	CHECK(pthread_join(thread, &ret) == 0 && (long)ret == ENETDOWN);
}

static void *killed_thread(void *arg)
{
	CHECK_OK(install(SYS_umask, SECCOMP_RET_KILL_THREAD));
	syscall(SYS_umask, 022);
	return NULL;
}

/* The process lives on, and does not count the dead. */
static void kill_thread(void)
{
	pthread_t thread;
	int i;

	CHECK(pthread_create(&thread, NULL, killed_thread, NULL) == 0);
	for (i = 0; i < LONG_MS / 10 && pthread_tryjoin_np(thread, NULL) == EBUSY; i++)
		usleep(10000);
	CHECK(i < LONG_MS / 10);
	CHECK_OK(unshare(CLONE_NEWUSER));
}

/* ---- programs ---- */

static void programs(void)
{
	pid_t pid;

	umask(022);
	/* The list is longer than any string that execve(2) takes. */
	for (int i = 0; i < 4; i++) {
		struct sock_filter filter[4000];
		struct sock_fprog program = {4000, filter};

		for (int j = 0; j < 3999; j++)
			filter[j] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, (unsigned)j);
		filter[3999] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
		CHECK_OK(set_filter(&program, 0));
	}
	CHECK_OK(install(SYS_umask, ERROR(ENETDOWN)));
	CHECK_OK(install(SYS_mkdirat, SECCOMP_RET_TRACE));
	for (int with_vfork = 0; with_vfork < 2; with_vfork++) {
		pid = with_vfork ? vfork() : fork();
		if (pid == 0) {
			execl("/proc/self/exe", "seccomp_modes", "-", "child", NULL);
			_exit(127);
		}
		check_child(pid);
	}
}

static int program(void)
{
	CHECK_FAILS(syscall(SYS_umask, 022), ENETDOWN);
	CHECK_FAILS(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700), ENOSYS);
	CHECK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2);
	return 0;
}

static const struct test tests[] = {
    {"strict mode", strict},
    {"strict mode lets handlers run", strict_handler},
    {"strict mode kills one thread", strict_thread},
    {"no_new_privs", no_new_privs},
    {"what prctl and seccomp tell", get_seccomp},
    {"a filter on the instruction pointer", instruction_pointer},
    {"a filter on an argument", argument},
    {"a filter that asks a tracer who is not there", trace},
    {"a filter is one thread's", one_thread},
    {"a filter for all threads", all_threads},
    {"threads whose filters differ", threads_apart},
    {"a thread that starts later", later_thread},
    {"a thread that is killed", kill_thread},
    {"filters stay when a program is executed", programs},
};

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[2], "child") == 0)
		return program();
	return RUN_TESTS(tests);
}
