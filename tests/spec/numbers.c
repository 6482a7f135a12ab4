/* SPDX-License-Identifier: MIT */
/* Process numbers wherever a program meets them: those of a task that moved, or of a child (tests/spec/moved.h). */
#include <dirent.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>

#include "tests/spec/moved.h"

/* ---- texts ---- */

__attribute__((format(printf, 1, 2))) static const char *say(const char *format, ...)
{
	static char buf[4][128];
	static unsigned next;
	char *at = buf[next++ % ARRAY_SIZE(buf)];
	va_list args;

	va_start(args, format);
	vsnprintf(at, sizeof(buf[0]), format, args);
	va_end(args);
	return at;
}

static const char *link_text(const char *path)
{
	static char buf[PATH_MAX];
	ssize_t n = readlink(path, buf, sizeof(buf) - 1);

	CHECK(n > 0);
	buf[n] = '\0';
	return buf;
}

static const char *file_text(const char *path)
{
	static char buf[16384];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	CHECK(fd >= 0);
	n = read(fd, buf, sizeof(buf) - 1);
	CHECK(n >= 0);
	buf[n] = '\0';
	close(fd);
	return buf;
}

/* The number behind that label in a status file. */
static int status_of(int pid, const char *label)
{
	const char *line = strstr(file_text(say("/proc/%d/status", pid)), label);

	CHECK(line != NULL);
	return atoi(line + strlen(label));
}

/* Field `n` of a stat file, from 1 on; none before it may hold a blank. */
static int stat_of(const char *path, int n)
{
	const char *at = file_text(path);

	while (--n > 0)
		at = strchr(at, ' ') + 1;
	return atoi(at);
}

static int times_listed(const char *path, int number)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int times = 0;

	CHECK(dir != NULL);
	while ((e = readdir(dir)))
		times += e->d_name[0] >= '0' && e->d_name[0] <= '9' && atoi(e->d_name) == number;
	closedir(dir);
	return times;
}

/* ---- /proc ---- */

static void finds_itself(void)
{
	int pid = getpid(), fd;
	char here[PATH_MAX];
	struct stat a, b;

	CHECK(!strcmp(link_text("/proc/self"), say("%d", pid)));
	CHECK(!strcmp(link_text("/proc/thread-self"), say("%d/task/%d", pid, pid)));
	CHECK(stat_of("/proc/self/stat", 1) == pid);
	CHECK(stat_of("/proc/self/stat", 4) == getppid());
	CHECK(stat_of("/proc/self/stat", 5) == getpgrp());
	CHECK(stat_of("/proc/self/stat", 6) == getsid(0));
	CHECK(stat_of(say("/proc/%d/task/%d/stat", pid, pid), 1) == pid);
	CHECK_OK(stat("/proc/self/", &a));
	CHECK_OK(stat(say("/proc/%d", pid), &b));
	CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
	CHECK(times_listed("/proc", pid) == 1);
	CHECK(times_listed("/proc/self/task", pid) == 1);
	CHECK_OK(chdir("/proc/self"));
	CHECK(getcwd(here, sizeof(here)) && !strcmp(here, say("/proc/%d", pid)));
	CHECK_OK(access("task", F_OK));
	CHECK_OK(access(say("../%d/stat", pid), F_OK));
	CHECK_OK(access(say("task/%d/stat", pid), F_OK));
	fd = open(say("/proc/%d/task", pid), O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0);
	CHECK(!strcmp(link_text(say("/proc/self/fd/%d", fd)), say("/proc/%d/task", pid)));
	CHECK_OK(faccessat(fd, say("%d/comm", pid), F_OK, 0));
	CHECK(!strcmp(link_text("/proc/self/cwd"), say("/proc/%d", pid)));
	CHECK(open(say("/proc/%d/status", pid), O_RDONLY) >= 0);
}

static void its_status(void)
{
	int pid = getpid();

	CHECK(status_of(pid, "\nTgid:") == pid);
	CHECK(status_of(pid, "\nPid:") == pid);
	CHECK(status_of(pid, "\nPPid:") == getppid());
	CHECK(status_of(pid, "\nNStgid:") == pid);
	CHECK(status_of(pid, "\nNSpid:") == pid);
	CHECK(status_of(pid, "\nNSpgid:") == getpgrp());
	CHECK(status_of(pid, "\nNSsid:") == getsid(0));
}

static void look_at_it(void)
{
	int pid = board->pid;

	CHECK_OK(access(say("/proc/%d", pid), F_OK));
	CHECK(times_listed("/proc", pid) == 1);
	CHECK(times_listed(say("/proc/%d/task", pid), pid) == 1);
	CHECK(stat_of(say("/proc/%d/stat", pid), 1) == pid);
	CHECK(stat_of(say("/proc/%d/stat", pid), 4) == getpid());
	CHECK(status_of(pid, "\nPid:") == pid);
	CHECK(status_of(pid, "\nPPid:") == getpid());
	CHECK(strstr(file_text(say("/proc/%d/task/%d/children", getpid(), getpid())), say("%d ", pid)) != NULL);
	CHECK(!strcmp(link_text(say("/proc/%d/exe", pid)), link_text("/proc/self/exe")));
	CHECK(link_text(say("/proc/%d/ns/uts", pid))[0] == 'u');
	CHECK_FAILS(access(say("/proc/%d/no-such", pid), F_OK), ENOENT);
}

static void sits_with_child(void)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (!child) {
		CHECK(status_of(getpid(), "\nPPid:") == board->pid);
		CHECK(stat_of("/proc/self/stat", 4) == board->pid);
		_exit(0);
	}
	ended_well(child);
	sit();
}

static void in_proc(void)
{
	with_task(finds_itself, NULL);
}

static void in_status(void)
{
	with_task(its_status, NULL);
}

static void in_proc_of_others(void)
{
	with_task(sits_with_child, look_at_it);
}

/* Nobody finds one that has ended. */
static void gone_from_proc(void)
{
	with_task(sit, look_at_it);
	CHECK_FAILS(access(say("/proc/%d", board->pid), F_OK), ENOENT);
	CHECK(times_listed("/proc", board->pid) == 0);
}

/* One that has ended and has not been waited for has a number, too. */
static void look_at_zombie(void)
{
	siginfo_t info = {0};
	int pid = board->pid;

	reach(2);
	CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	CHECK(stat_of(say("/proc/%d/stat", pid), 1) == pid);
	CHECK(stat_of(say("/proc/%d/stat", pid), 4) == getpid());
	CHECK(status_of(pid, "\nPid:") == pid);
	CHECK(strstr(file_text(say("/proc/%d/status", pid)), "\nState:\tZ") != NULL);
	CHECK(times_listed("/proc", pid) == 1);
}

static void in_proc_of_the_dead(void)
{
	with_task(sit, look_at_zombie);
}

static void executes(void)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", getpid());
	execl("/bin/sh", "sh", "-c",
	      "test $$ = $0 && test $(readlink /proc/self) != $0 && exec sh -c 'read me rest </proc/self/stat && test "
	      "$me = $$'",
	      number, NULL);
	_exit(1);
}

static void in_a_program(void)
{
	with_task(executes, NULL);
}

/* ---- sockets and owners of descriptors ---- */

static void pairs_sockets(void)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);
	int pair[2];

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	CHECK_OK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	CHECK(cred.pid == getpid());
}

static void peer(void)
{
	with_task(pairs_sockets, NULL);
}

static struct f_owner_ex owner_of(int fd)
{
	struct f_owner_ex owner = {0};

	CHECK_OK(fcntl(fd, F_GETOWN_EX, &owner));
	return owner;
}

static void owns(void)
{
	int pair[2], pid = getpid(), number = pid;
	struct f_owner_ex owner = {F_OWNER_TID, pid};

	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	CHECK_OK(fcntl(pair[0], F_SETOWN, pid));
	CHECK(fcntl(pair[0], F_GETOWN) == pid);
	CHECK(owner_of(pair[0]).type == F_OWNER_PID && owner_of(pair[0]).pid == pid);
	CHECK_OK(fcntl(pair[0], F_SETOWN_EX, &owner));
	CHECK(owner_of(pair[0]).type == F_OWNER_TID && owner_of(pair[0]).pid == pid);
	CHECK_OK(setpgid(0, 0));
	CHECK_OK(fcntl(pair[0], F_SETOWN, -pid));
	CHECK(syscall(SYS_fcntl, pair[0], F_GETOWN) == -pid || errno == pid); /* a group below 4096 is an errno, too */
	CHECK(owner_of(pair[0]).type == F_OWNER_PGRP && owner_of(pair[0]).pid == pid);
	CHECK_OK(ioctl(pair[0], FIOSETOWN, &number));
	number = 0;
	CHECK_OK(ioctl(pair[0], FIOGETOWN, &number));
	CHECK(number == pid);
	number = 0;
	CHECK_OK(ioctl(pair[0], SIOCGPGRP, &number));
	CHECK(number == pid);
}

static void owner(void)
{
	with_task(owns, NULL);
}

/* The task holds a lock, and asks about it as its own child. */
static void locks(void)
{
	struct flock lock = {.l_type = F_WRLCK}, found = {.l_type = F_WRLCK};
	int fd = open("locked", O_RDWR | O_CREAT, 0600);
	pid_t child;

	CHECK(fd >= 0);
	CHECK_OK(fcntl(fd, F_SETLK, &lock));
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		CHECK_OK(fcntl(fd, F_GETLK, &found));
		CHECK(found.l_type == F_WRLCK && found.l_pid == getppid());
		_exit(0);
	}
	ended_well(child);
	CHECK(strstr(file_text("/proc/locks"), say(" %d ", getpid())) != NULL);
}

static void lock_holder(void)
{
	with_task(locks, NULL);
}

/* ---- terminals ---- */

static void has_terminal(void)
{
	int master, slave;
	pid_t pid = getpid(), child;

	CHECK_OK(setsid());
	CHECK_OK(openpty(&master, &slave, NULL, NULL, NULL));
	CHECK_OK(ioctl(slave, TIOCSCTTY, 0));
	CHECK(tcgetpgrp(slave) == pid);
	CHECK(tcgetsid(slave) == pid);
	CHECK(getsid(0) == pid && getpgrp() == pid);
	CHECK(stat_of("/proc/self/stat", 8) == pid);
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		CHECK(tcgetsid(slave) == getppid());
		_exit(0);
	}
	CHECK_OK(setpgid(child, child));
	signal(SIGTTOU, SIG_IGN);
	CHECK(tcsetpgrp(slave, child) == 0 || errno == ESRCH);
	ended_well(child);
	CHECK_OK(tcsetpgrp(slave, pid));
	CHECK(tcgetpgrp(slave) == pid);
	CHECK_FAILS(tcsetpgrp(slave, 0x3ffffff), ESRCH);
}

static void terminal(void)
{
	with_task(has_terminal, NULL);
}

/* ---- timers ---- */

static void has_timer(void)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
	struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
	struct timespec limit = {10, 0};
	sigset_t set;
	timer_t timer;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	event._sigev_un._tid = gettid();
	CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
	CHECK_OK(timer_settime(timer, 0, &soon, NULL));
	CHECK(sigtimedwait(&set, NULL, &limit) == SIGUSR1);
	event._sigev_un._tid = getppid();
	CHECK_FAILS(timer_create(CLOCK_MONOTONIC, &event, &timer), EINVAL);
	CHECK_FAILS(syscall(SYS_timer_create, CLOCK_MONOTONIC, 8, &timer), EFAULT);
	CHECK_OK(timer_create(CLOCK_MONOTONIC, NULL, &timer));
}

static void timer_of_thread(void)
{
	with_task(has_timer, NULL);
}

/* ---- others ---- */

static void reads_signals(void)
{
	struct signalfd_siginfo info = {0};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
	fd = signalfd(-1, &set, 0);
	CHECK(fd >= 0);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK(read(fd, &info, sizeof(info)) == sizeof(info));
	CHECK(info.ssi_pid == (unsigned)getpid());
}

static void signal_by_descriptor(void)
{
	with_task(reads_signals, NULL);
}

static void uses_ipc(void)
{
	int pid = getpid(), queue = msgget(IPC_PRIVATE, 0600), memory = shmget(IPC_PRIVATE, 4096, 0600);
	int semaphore = semget(IPC_PRIVATE, 1, 0600);
	struct {
		long type;
		char text[1];
	} message = {1, "x"};
	struct sembuf up = {0, 1, 0};
	struct msqid_ds of_queue;
	struct shmid_ds of_memory;

	CHECK(queue >= 0 && memory >= 0 && semaphore >= 0);
	CHECK_OK(msgsnd(queue, &message, 1, 0));
	CHECK_OK(msgrcv(queue, &message, 1, 0, 0));
	CHECK_OK(msgctl(queue, IPC_STAT, &of_queue));
	CHECK_OK(shmctl(memory, IPC_STAT, &of_memory));
	CHECK_OK(semop(semaphore, &up, 1));
	CHECK(of_queue.msg_lspid == pid && of_queue.msg_lrpid == pid);
	CHECK(of_memory.shm_cpid == pid && of_memory.shm_lpid == 0);
	CHECK(semctl(semaphore, 0, GETPID) == pid);
	CHECK_OK(msgctl(queue, IPC_RMID, NULL));
	CHECK_OK(shmctl(memory, IPC_RMID, NULL));
	CHECK_OK(semctl(semaphore, 0, IPC_RMID));
}

static void ipc(void)
{
	with_task(uses_ipc, NULL);
}

/* By the calls themselves, with little room, and from the beginning again. */
static int times_read(long nr, int fd, size_t size, size_t name_at, int number)
{
	char buf[4096] __attribute__((aligned(8)));
	long n, at;
	int times = 0;

	CHECK_OK(lseek(fd, 0, SEEK_SET));
	while ((n = CHECK_OK(syscall(nr, fd, buf, size))) > 0) {
		for (at = 0; at < n; at += *(unsigned short *)(buf + at + 16)) {
			times += atoi(buf + at + name_at) == number;
			if (nr == SYS_getdents && atoi(buf + at + name_at) == number)
				CHECK(buf[at + *(unsigned short *)(buf + at + 16) - 1] == DT_DIR);
		}
	}
	return times;
}

static void lists(void)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY);

	CHECK(fd >= 0);
	for (size_t size = 48; size <= 4096; size *= 3) {
		CHECK(times_read(SYS_getdents64, fd, size, 19, getpid()) == 1);
		CHECK(times_read(SYS_getdents, fd, size, 18, getpid()) == 1);
	}
	close(fd);
	fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY);
	CHECK(times_read(SYS_getdents64, fd, 64, 19, getpid()) == 1);
}

static void listings(void)
{
	with_task(lists, NULL);
}

static const struct test tests[] = {
    {"/proc/self, thread-self and /proc/PID of the task itself", in_proc},
    {"/proc/PID/status", in_status},
    {"/proc/PID of another one, and of its children", in_proc_of_others},
    {"/proc/PID when it has ended", gone_from_proc},
    {"/proc/PID when nobody has waited for it", in_proc_of_the_dead},
    {"a program that it executes", in_a_program},
    {"SO_PEERCRED", peer},
    {"F_SETOWN, F_GETOWN, FIOSETOWN and their kin", owner},
    {"F_GETLK and /proc/locks", lock_holder},
    {"sessions and groups of terminals", terminal},
    {"a timer that names a thread", timer_of_thread},
    {"signalfd()", signal_by_descriptor},
    {"System V queues, memory and semaphores", ipc},
    {"listings of /proc, in pieces", listings},
};

int main(int argc, char **argv)
{
	return run_with_tasks(tests, ARRAY_SIZE(tests), OF_ALL, argc, argv);
}
