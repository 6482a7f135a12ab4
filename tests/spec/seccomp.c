/* SPDX-License-Identifier: MIT */
/* Filters that a program installs over itself (seccomp(2)): they are obeyed, and nothing else stops working. */
#include "tests/spec/filters.h"

static void still_works(void)
{
	struct stat st;
	char text[64];
	int fd;

	CHECK_OK(stat("/proc/self/exe", &st));
	fd = (int)CHECK_OK(open("/proc/self/status", O_RDONLY));
	CHECK(read(fd, text, sizeof(text)) > 0);
	close(fd);
}

static void error_of_file_call(void)
{
	CHECK_OK(install(SYS_mkdirat, ERROR(ENETDOWN)));
	CHECK_FAILS(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700), ENETDOWN);
	CHECK_FAILS(access("/tmp/never", F_OK), ENOENT);
	still_works();
}

static void error_of_other_call(void)
{
	CHECK_OK(install(SYS_getpgid, ERROR(ENETDOWN)));
	CHECK_FAILS(getpgid(0), ENETDOWN);
	still_works();
}

static void error_zero(void)
{
	CHECK_OK(install(SYS_mkdirat, ERROR(0)));
	CHECK(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700) == 0);
	CHECK_FAILS(access("/tmp/never", F_OK), ENOENT);
}

static void last_filter_wins(void)
{
	CHECK_OK(install(SYS_mkdirat, ERROR(ENETDOWN)));
	CHECK_OK(install(SYS_mkdirat, ERROR(ENOANO)));
	CHECK_OK(install(SYS_rmdir, ERROR(ENOANO)));
	CHECK_FAILS(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700), ENOANO);
}

static void inherited(void)
{
	pid_t pid;

	CHECK_OK(install(SYS_mkdirat, ERROR(ENETDOWN)));
	CHECK_OK(install(SYS_mkdir, ERROR(ENETDOWN)));
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "mkdir /tmp/never 2>&1 | grep -q 'Network is down'", NULL);
		_exit(1);
	}
	check_child(pid);
}

static volatile int trapped_data, trapped_call;

static void on_sigsys(int sig, siginfo_t *info, void *context)
{
	trapped_data = info->si_errno;
	trapped_call = info->si_syscall;
}

static void trap(int nr)
{
	struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};

	CHECK_OK(sigaction(SIGSYS, &action, NULL));
	CHECK_OK(install(nr, SECCOMP_RET_TRAP | 77));
	syscall(nr, -1, "/", 0);
	CHECK(trapped_data == 77 && trapped_call == nr);
	still_works();
}

static void trap_file_call(void)
{
	trap(SYS_mkdirat);
}

static void trap_other_call(void)
{
	trap(SYS_getpgid);
}

static void kills(int nr)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		CHECK_OK(install(nr, SECCOMP_RET_KILL_PROCESS));
		syscall(nr, -1, "/", 0);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void kill_calls(void)
{
	kills(SYS_mkdirat);
	kills(SYS_getpgid);
}

/* As sandboxes do it: nothing but what is listed. */
static void allow_list(void)
{
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getuid, 2, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
	uid_t uid = getuid();

	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_OK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	_exit(getuid() == uid ? 0 : 1);
}

static void bad_arguments(void)
{
	struct sock_filter bad[] = {BPF_STMT(0xffff, 0)};
	struct sock_fprog program = {1, bad}, empty = {0, bad}, nowhere = {1, (void *)8};

	CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CHECK_FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 8L), EFAULT);
	CHECK_FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &nowhere), EFAULT);
	CHECK_FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), EINVAL);
	CHECK_FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &empty), EINVAL);
	CHECK_FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 1 << 30, &program), EINVAL);
	CHECK_FAILS(syscall(SYS_seccomp, 99, 0, NULL), EINVAL);
	CHECK_FAILS(prctl(PR_SET_SECCOMP, 99, 0, 0, 0), EINVAL);
}

static const struct test tests[] = {
    {"an errno for a call on files", error_of_file_call},
    {"an errno for another call", error_of_other_call},
    {"an errno of 0", error_zero},
    {"of several filters the last one's errno", last_filter_wins},
    {"a filter is inherited by programs", inherited},
    {"a trap on a call on files", trap_file_call},
    {"a trap on another call", trap_other_call},
    {"a filter that kills", kill_calls},
    {"an allow list", allow_list},
    {"bad arguments", bad_arguments},
};

int main(void)
{
	return RUN_TESTS(tests);
}
