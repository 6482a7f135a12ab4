/* SPDX-License-Identifier: MIT */
/*
 * The warden is not there for guests: whoever names its number is told what one is told of a number that no process
 * has. Natively that is such a number, so the host says what is right.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "arena/arena.h"
#include "tests/spec/tap.h"

static long nobody; /* the number */

static long call(long nr, long a, long b, long c, long d, long e)
{
	errno = 0;
	return syscall(nr, a, b, c, d, e, 0L);
}

/* ---- calls that take the number of a process, a thread or a group ---- */

static void signals_do_not_reach_it(void)
{
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};

	for (int sig = 0; sig <= SIGKILL; sig += SIGKILL) {
		CHECK_FAILS(call(SYS_kill, nobody, sig, 0, 0, 0), ESRCH);
		CHECK_FAILS(call(SYS_kill, -nobody, sig, 0, 0, 0), ESRCH);
		CHECK_FAILS(call(SYS_tkill, nobody, sig, 0, 0, 0), ESRCH);
		CHECK_FAILS(call(SYS_tgkill, nobody, nobody, sig, 0, 0), ESRCH);
		CHECK_FAILS(call(SYS_tgkill, getpid(), nobody, sig, 0, 0), ESRCH);
		CHECK_FAILS(call(SYS_rt_sigqueueinfo, nobody, sig, (long)&info, 0, 0), ESRCH);
		CHECK_FAILS(call(SYS_rt_tgsigqueueinfo, nobody, nobody, sig, (long)&info, 0), ESRCH);
	}
	/* Upper halves do not count. */
	CHECK_FAILS(call(SYS_kill, nobody | 7L << 32, SIGKILL, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_kill, nobody, 4711, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_pidfd_open, nobody, 0, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_pidfd_open, nobody, 1, 0, 0, 0), EINVAL);
}

static void it_cannot_own_a_descriptor(void)
{
	struct f_owner_ex owner = {F_OWNER_PID, (pid_t)nobody};
	int fd = open("/dev/null", O_RDONLY);

	CHECK_FAILS(fcntl(fd, F_SETOWN, (int)nobody), ESRCH);
	CHECK_FAILS(fcntl(fd, F_SETOWN, (int)-nobody), ESRCH);
	CHECK_FAILS(fcntl(fd, F_SETOWN_EX, &owner), ESRCH);
	owner.type = F_OWNER_PGRP;
	CHECK_FAILS(fcntl(fd, F_SETOWN_EX, &owner), ESRCH);
	owner.type = F_OWNER_TID;
	CHECK_FAILS(fcntl(fd, F_SETOWN_EX, &owner), ESRCH);
	owner.pid = getpid();
	CHECK_OK(fcntl(fd, F_SETOWN_EX, &owner));
	CHECK_OK(fcntl(fd, F_SETOWN, getpid()));
	CHECK(fcntl(fd, F_GETOWN) == getpid());
	CHECK_FAILS(fcntl(fd, F_SETOWN_EX, (void *)1), EFAULT);
	CHECK_FAILS(fcntl(99, F_SETOWN_EX, &owner), EBADF);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	for (int sign = -1; sign <= 1; sign += 2) {
		int number = sign * (int)nobody;

		CHECK_FAILS(ioctl(fd, FIOSETOWN, &number), ESRCH);
		CHECK_FAILS(ioctl(fd, SIOCSPGRP, &number), ESRCH);
	}
	owner.pid = getpid();
	CHECK_OK(ioctl(fd, FIOSETOWN, &owner.pid));
	CHECK(fcntl(fd, F_GETOWN) == getpid());
	CHECK_FAILS(ioctl(fd, FIOSETOWN, 1), EFAULT);
}

/* Of one's own terminal: a new session's. */
static void it_is_not_in_the_foreground(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), terminal, number = (int)nobody;

	CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	CHECK_OK(setsid());
	terminal = open(ptsname(master), O_RDWR);
	CHECK_OK(terminal);
	CHECK_FAILS(ioctl(terminal, TIOCSPGRP, &number), ESRCH);
	number = getpid();
	CHECK_OK(ioctl(terminal, TIOCSPGRP, &number));
	CHECK(tcgetpgrp(terminal) == getpid());
}

static void it_is_in_no_group_and_no_session(void)
{
	CHECK_FAILS(getpgid((pid_t)nobody), ESRCH);
	CHECK_FAILS(getsid((pid_t)nobody), ESRCH);
	CHECK_FAILS(setpgid((pid_t)nobody, 0), ESRCH);
	CHECK_FAILS(setpgid(0, (pid_t)nobody), EPERM);
}

static void its_priority_is_nobodys(void)
{
	CHECK_FAILS(call(SYS_getpriority, PRIO_PROCESS, nobody, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_getpriority, PRIO_PGRP, nobody, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_setpriority, PRIO_PROCESS, nobody, 5, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_setpriority, PRIO_PGRP, nobody, 5, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_getpriority, 4, nobody, 0, 0, 0), EINVAL);
	CHECK_FAILS(call(SYS_ioprio_get, IOPRIO_WHO_PROCESS, nobody, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_ioprio_get, IOPRIO_WHO_PGRP, nobody, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_ioprio_set, IOPRIO_WHO_PROCESS, nobody, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7), 0, 0),
		    ESRCH);
	CHECK_OK(call(SYS_getpriority, PRIO_PROCESS, 0, 0, 0, 0));
	CHECK_OK(call(SYS_getpriority, PRIO_USER, getuid(), 0, 0, 0));
}

static void it_is_not_scheduled(void)
{
	struct sched_param param = {0};
	unsigned long cpus[16] = {1};
	struct timespec interval;
	char attr[64] = {48};

	CHECK_FAILS(call(SYS_sched_setparam, nobody, (long)&param, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_sched_getparam, nobody, (long)&param, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_sched_setscheduler, nobody, SCHED_BATCH, (long)&param, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_sched_getscheduler, nobody, 0, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_sched_rr_get_interval, nobody, (long)&interval, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_sched_setaffinity, nobody, sizeof(cpus), (long)cpus, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_sched_getaffinity, nobody, sizeof(cpus), (long)cpus, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_sched_setattr, nobody, (long)attr, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_sched_getattr, nobody, (long)attr, sizeof(attr), 0, 0), ESRCH);
	CHECK_OK(call(SYS_sched_getaffinity, 0, sizeof(cpus), (long)cpus, 0, 0));
}

static void its_memory_and_limits_are_nobodys(void)
{
	struct perf_event_attr attr = {.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE, .exclude_kernel = 1};
	char byte;
	struct iovec own = {&byte, 1}, other = {&byte, 1};
	struct rlimit limit = {0};
	void *list = NULL;
	size_t len;

	CHECK_FAILS(call(SYS_process_vm_readv, nobody, (long)&own, 1, (long)&other, 1), ESRCH);
	CHECK_FAILS(call(SYS_process_vm_writev, nobody, (long)&own, 1, (long)&other, 1), ESRCH);
	CHECK_FAILS(call(SYS_ptrace, PTRACE_ATTACH, nobody, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_ptrace, PTRACE_SEIZE, nobody, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_ptrace, PTRACE_CONT, nobody, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_prlimit64, nobody, RLIMIT_NOFILE, 0, (long)&limit, 0), ESRCH);
	CHECK_FAILS(call(SYS_prlimit64, nobody, RLIMIT_CORE, (long)&limit, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_kcmp, nobody, getpid(), KCMP_VM, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_kcmp, getpid(), nobody, KCMP_VM, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_get_robust_list, nobody, (long)&list, (long)&len, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_move_pages, nobody, 0, 0, 0, 0), ESRCH);
	CHECK_FAILS(call(SYS_perf_event_open, (long)&attr, nobody, -1, -1, 0), ESRCH);
	CHECK_OK(call(SYS_get_robust_list, getpid(), (long)&list, (long)&len, 0, 0));
}

static void its_capabilities_are_nobodys(void)
{
	struct {
		unsigned version;
		int pid;
	} header = {0x20080522, (int)nobody};
	unsigned data[6];

	CHECK_FAILS(call(SYS_capget, (long)&header, (long)data, 0, 0, 0), ESRCH);
	header.pid = getppid();
	CHECK_OK(call(SYS_capget, (long)&header, (long)data, 0, 0, 0));
}

static void nobody_waits_for_it(void)
{
	siginfo_t info;
	int status;

	CHECK_FAILS(waitpid((pid_t)nobody, &status, WNOHANG), ECHILD);
	CHECK_FAILS(waitpid((pid_t)-nobody, &status, WNOHANG), ECHILD);
	CHECK_FAILS(waitpid((pid_t)nobody, &status, WNOHANG | __WALL), ECHILD);
	CHECK_FAILS(waitid(P_PID, (id_t)nobody, &info, WEXITED | WNOHANG), ECHILD);
	CHECK_FAILS(waitid(P_PGID, (id_t)nobody, &info, WEXITED | WNOHANG), ECHILD);
	CHECK_FAILS(waitpid(-1, &status, WNOHANG), ECHILD);
	CHECK_FAILS(waitpid(-1, &status, 0), ECHILD);
}

/* ---- /proc ---- */

static void it_has_no_directory_in_proc(void)
{
	static const char *const below[] = {"",	    "/",    "/.",     "/stat",	  "/maps",	 "/exe",
					    "/cwd", "/fd/", "/task/", "/../self", "/../../proc", "/status"};
	char path[128], number[32];
	struct stat st;
	int proc = open("/proc", O_RDONLY | O_DIRECTORY);

	snprintf(number, sizeof(number), "%ld", nobody);
	for (size_t i = 0; i < ARRAY_SIZE(below); i++) {
		snprintf(path, sizeof(path), "/proc/%ld%s", nobody, below[i]);
		CHECK_FAILS(stat(path, &st), ENOENT);
		CHECK_FAILS(lstat(path, &st), ENOENT);
		CHECK_FAILS(open(path, O_RDONLY), ENOENT);
		CHECK_FAILS(open(path, O_PATH), ENOENT);
		CHECK_FAILS(access(path, F_OK), ENOENT);
		CHECK_FAILS(chdir(path), ENOENT);
		CHECK_FAILS(fstatat(proc, path + strlen("/proc/"), &st, 0), ENOENT);
	}
	snprintf(path, sizeof(path), "/proc/self/root/proc/%ld/stat", nobody);
	CHECK_FAILS(access(path, F_OK), ENOENT);
	snprintf(path, sizeof(path), "/proc/self/task/%ld", nobody);
	CHECK_FAILS(access(path, F_OK), ENOENT);
	CHECK_OK(chdir("/proc"));
	CHECK_FAILS(stat(number, &st), ENOENT);
	CHECK_FAILS(open(number, O_RDONLY), ENOENT);
	CHECK_FAILS(rename(number, "x"), ENOENT);
}

static int listed(const char *number)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int found = 0, others = 0;

	CHECK(dir != NULL);
	while ((entry = readdir(dir))) {
		found += !strcmp(entry->d_name, number);
		others += !strcmp(entry->d_name, "self") || atoi(entry->d_name) == getpid();
	}
	closedir(dir);
	CHECK(others == 2);
	return found;
}

/* getdents(2)'s entries: a name at byte 18. */
static int listed_the_old_way(const char *number)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY), found = 0;
	char buf[1000];
	long len, at;

	while ((len = syscall(SYS_getdents, fd, buf, sizeof(buf))) > 0)
		for (at = 0; at < len; at += *(unsigned short *)(buf + at + 16))
			found += !strcmp(buf + at + 18, number);
	CHECK(len == 0);
	close(fd);
	return found;
}

static void it_is_in_no_list(void)
{
	char number[32];

	snprintf(number, sizeof(number), "%ld", nobody);
	CHECK(!listed(number));
	CHECK(!listed_the_old_way(number));
	snprintf(number, sizeof(number), "%d", getpid());
	CHECK(listed(number) == 1);
	CHECK(listed_the_old_way(number) == 1);
}

/* The warden locks the directory that file systems of the session are stored in. */
static void its_locks_are_nobodys(void)
{
	char line[256];
	int own = 0, fd;
	long pid;
	FILE *f;

	CHECK_OK(unshare(CLONE_NEWNS));
	CHECK_OK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK_OK(mount("none", "/mnt", "tmpfs", 0, NULL));
	fd = open("/mnt/file", O_RDWR | O_CREAT, 0600);
	CHECK_OK(flock(fd, LOCK_EX));
	f = fopen("/proc/locks", "re");
	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f)) {
		CHECK(sscanf(line, "%*d: %*[-> ]%*s %*s %*s %ld", &pid) == 1 ||
		      sscanf(line, "%*d: %*s %*s %*s %ld", &pid) == 1);
		CHECK(pid != nobody);
		own += pid == getpid();
	}
	fclose(f);
	CHECK(own == 1);
}

static const struct test tests[] = {
    {"signals do not reach it", signals_do_not_reach_it},
    {"it cannot own a descriptor", it_cannot_own_a_descriptor},
    {"it is not in the foreground", it_is_not_in_the_foreground},
    {"it is in no group and no session", it_is_in_no_group_and_no_session},
    {"its priority is nobody's", its_priority_is_nobodys},
    {"it is not scheduled", it_is_not_scheduled},
    {"its memory and limits are nobody's", its_memory_and_limits_are_nobodys},
    {"its capabilities are nobody's", its_capabilities_are_nobodys},
    {"nobody waits for it", nobody_waits_for_it},
    {"it has no directory in /proc", it_has_no_directory_in_proc},
    {"it is in no list", it_is_in_no_list},
    {"its locks are nobody's", its_locks_are_nobodys},
};

/* One that has just been given back: the host does not use it again for a long time. */
static pid_t number_of_nobody(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

/* hidden DIRECTORY [secede] */
int main(int argc, char **argv)
{
	nobody = argc > 2 ? (long)arena()->warden : number_of_nobody();
	return RUN_TESTS(tests);
}
