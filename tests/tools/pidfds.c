/* SPDX-License-Identifier: MIT */
/* Descriptors of processes: opening, polling, signalling, taking descriptors, waiting. */
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/tools/lines.h"

#define PIDFD_THREAD	   O_EXCL
#define SEND_THREAD	   1U
#define SEND_THREAD_GROUP  2U
#define SEND_PROCESS_GROUP 4U
#define PIDFD_SELF_	   (-10000)
#define PIDFD_SELF_GROUP   (-10001)
#define GET_INFO	   _IOC(_IOC_READ | _IOC_WRITE, 0xff, 11, 64)
#define GET_MNT_NAMESPACE  _IO(0xff, 3)

static void pause_ms(int ms)
{
	usleep((useconds_t)ms * 1000);
}

static int pidfd_open(pid_t pid, unsigned flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static long pidfd_send(int fd, int sig, unsigned flags)
{
	return syscall(SYS_pidfd_send_signal, fd, sig, NULL, flags);
}

static int pidfd_getfd(int pidfd, int fd, unsigned flags)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, fd, flags);
}

static pid_t child_waits(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void tell_poll(const char *what, int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	printf("%s: %d %x; ", what, poll(&p, 1, ms), (unsigned)p.revents);
	fflush(stdout);
}

static void tell_fd(const char *what, int fd)
{
	if (fd < 0)
		tell(what, -1);
	else
		printf("%s: flags %x %x; ", what, (unsigned)fcntl(fd, F_GETFD), (unsigned)fcntl(fd, F_GETFL));
}

/* ---- opening ---- */

static void opening(void)
{
	pid_t pid = child_waits(), gone = fork();
	char text[256] = "", link[256] = "", *at;
	struct stat st;
	int fd;

	if (gone == 0)
		_exit(0);
	tell_fd("self", pidfd_open(getpid(), 0));
	tell_fd("child", fd = pidfd_open(pid, 0));
	tell_fd("nonblocking", pidfd_open(pid, O_NONBLOCK));
	tell_fd("thread", pidfd_open(pid, PIDFD_THREAD));
	tell_fd("flags", pidfd_open(pid, 0x4000));
	tell_fd("0", pidfd_open(0, 0));
	tell_fd("-1", pidfd_open(-1, 0));
	tell_fd("none", pidfd_open(999999, 0));
	waitpid(gone, NULL, 0);
	tell_fd("gone", pidfd_open(gone, 0));
	tell("fstat", fstat(fd, &st));
	printf("mode %o; ", st.st_mode);
	snprintf(text, sizeof(text), "/proc/self/fd/%d", fd);
	if (readlink(text, link, sizeof(link) - 1) > 0)
		printf("link %.18s; ", link);
	snprintf(text, sizeof(text), "/proc/self/fdinfo/%d", fd);
	fd = open(text, O_RDONLY);
	text[read(fd, text, sizeof(text) - 1)] = '\0';
	at = strstr(text, "Pid:");
	printf("fdinfo %s; ", at && atoi(at + 4) == pid ? "the child" : "another");
	kill(pid, SIGKILL);
}

static void polling(void)
{
	struct epoll_event event = {.events = EPOLLIN};
	pid_t pid = child_waits();
	int fd = pidfd_open(pid, 0), epoll = epoll_create1(0);

	CHECK_RESULT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
	tell_poll("alive", fd, 0);
	kill(pid, SIGKILL);
	tell_poll("killed", fd, 5000);
	printf("epoll %d; ", epoll_wait(epoll, &event, 1, 5000));
	tell("signal a zombie", pidfd_send(fd, 0, 0));
	waitpid(pid, NULL, 0);
	tell_poll("waited for", fd, 5000);
	tell("signal nobody", pidfd_send(fd, 0, 0));
}

/* ---- signalling ---- */

static volatile sig_atomic_t got;

static void on_signal(int sig, siginfo_t *info, void *uc)
{
	got++;
	printf("signal %d code %d from %s uid %d value %d; ", sig, info->si_code,
	       info->si_pid == getpid() ? "ourselves" : "another", info->si_uid == getuid(),
	       info->si_code == SI_QUEUE ? info->si_value.sival_int : 0);
}

static void handle(int sig)
{
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

	sigaction(sig, &action, NULL);
}

static void signalling(void)
{
	siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE, .si_value.sival_int = 77};
	int self = pidfd_open(getpid(), 0), parent = pidfd_open(getppid(), 0);

	info.si_pid = getpid();
	info.si_uid = getuid();
	handle(SIGUSR1);
	handle(SIGSYS);
	tell("plain", pidfd_send(self, SIGUSR1, 0));
	tell("SIGSYS", pidfd_send(self, SIGSYS, 0));
	tell("info", syscall(SYS_pidfd_send_signal, self, SIGUSR1, &info, 0));
	tell("other number", syscall(SYS_pidfd_send_signal, self, SIGUSR2, &info, 0));
	info.si_code = SI_USER;
	tell("forged", syscall(SYS_pidfd_send_signal, parent, SIGUSR1, &info, 0));
	tell("thread", pidfd_send(self, SIGUSR1, SEND_THREAD));
	tell("group", pidfd_send(self, SIGUSR1, SEND_THREAD_GROUP));
	tell("both", pidfd_send(self, SIGUSR1, SEND_THREAD | SEND_THREAD_GROUP));
	tell("flags", pidfd_send(self, SIGUSR1, 0x80));
	tell("bad signal", pidfd_send(self, 65, 0));
	tell("no pidfd", pidfd_send(0, SIGUSR1, 0));
	tell("no descriptor", pidfd_send(99, SIGUSR1, 0));
	tell("PIDFD_SELF", pidfd_send(PIDFD_SELF_, SIGUSR1, 0));
	tell("PIDFD_SELF_THREAD_GROUP", pidfd_send(PIDFD_SELF_GROUP, SIGUSR1, 0));
	tell("directory of proc", pidfd_send(open("/proc/self", O_RDONLY | O_DIRECTORY), SIGUSR1, 0));
	setpgid(0, 0);
	tell("process group", pidfd_send(self, SIGUSR1, SEND_PROCESS_GROUP));
	tell("init", pidfd_send(pidfd_open(1, 0), 0, 0));
}

/* ---- threads ---- */

static volatile pid_t tid;
static volatile int finish;
static volatile sig_atomic_t on_thread;

static void on_which(int sig)
{
	on_thread = syscall(SYS_gettid) == tid;
	got++;
}

static void *be_thread(void *arg)
{
	tid = (pid_t)syscall(SYS_gettid);
	while (!finish)
		pause_ms(1);
	return NULL;
}

static void threads(void)
{
	pthread_t thread;
	int fd;

	signal(SIGUSR1, on_which);
	pthread_create(&thread, NULL, be_thread, NULL);
	while (!tid)
		pause_ms(1);
	tell_fd("no leader", pidfd_open(tid, 0));
	tell_fd("PIDFD_THREAD", fd = pidfd_open(tid, PIDFD_THREAD));
	tell("signal", pidfd_send(fd, SIGUSR1, 0));
	while (!got)
		pause_ms(1);
	printf("on the thread %d; ", (int)on_thread);
	tell_poll("alive", fd, 0);
	finish = 1;
	pthread_join(thread, NULL);
	tell_poll("gone", fd, 5000);
	tell("signal", pidfd_send(fd, 0, 0));
}

/* ---- descriptors of others ---- */

static void taking(void)
{
	pid_t pid;
	int fds[2], fd, taken;
	char byte;

	CHECK_RESULT(pipe(fds));
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		dup2(fds[1], 50);
		CHECK_RESULT(write(fds[1], "r", 1));
		for (;;)
			pause();
	}
	CHECK_RESULT(read(fds[0], &byte, 1));
	close(fds[1]);
	fd = pidfd_open(pid, 0);
	tell_fd("taken", taken = pidfd_getfd(fd, 50, 0));
	CHECK_RESULT(write(taken, "x", 1));
	printf("read %ld; ", (long)read(fds[0], &byte, 1));
	tell_fd("none", pidfd_getfd(fd, 51, 0));
	tell_fd("flags", pidfd_getfd(fd, 50, 1));
	tell_fd("init's", pidfd_getfd(pidfd_open(1, 0), 0, 0));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	tell_fd("of nobody", pidfd_getfd(fd, 50, 0));
}

/* ---- with clone ---- */

static char stack[1 << 16] __attribute__((aligned(16)));

static int exit_7(void *arg)
{
	return 7;
}

static void cloning(void)
{
	int fd = -1, status;
	pid_t pid;

	pid = clone(exit_7, stack + sizeof(stack), CLONE_PIDFD | SIGCHLD, NULL, &fd);
	tell_fd("CLONE_PIDFD", fd);
	tell_poll("ends", fd, 5000);
	CHECK_RESULT(waitpid(pid, &status, 0));
	printf("status %x; ", (unsigned)status);
	fd = -1;
	pid = clone(exit_7, stack + sizeof(stack), CLONE_PIDFD | CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, &fd);
	tell_fd("and vfork", fd);
	tell_poll("ends", fd, 5000);
	CHECK_RESULT(waitpid(pid, &status, 0));
	tell("with parent_tid",
	     clone(exit_7, stack + sizeof(stack), CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, NULL, &fd));
	tell("bad pointer", clone(exit_7, stack + sizeof(stack), CLONE_PIDFD | SIGCHLD, NULL, (int *)8));
	printf("children left: %s; ", waitpid(-1, NULL, WNOHANG) < 0 ? strerrorname_np(errno) : "some");
}

static void asking(void)
{
	static struct {
		uint64_t mask;
		uint64_t cgroup;
		uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
		int32_t exit_code;
	} info = {.mask = 1};
	int self = pidfd_open(getpid(), 0);
	long result = ioctl(self, GET_INFO, &info);

	tell("PIDFD_GET_INFO", result);
	if (result == 0)
		printf("pid %d tgid %d ppid %d uids %d %d %d gids %d %d; ", info.pid == (uint32_t)getpid(),
		       info.tgid == (uint32_t)getpid(), info.ppid == (uint32_t)getppid(), info.ruid == getuid(),
		       info.euid == geteuid(), info.fsuid == geteuid(), info.rgid == getgid(), info.egid == getegid());
	tell("kcmp", syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 1));
}

static const struct line lines[] = {
    {"opening", opening}, {"polling", polling}, {"signalling", signalling}, {"threads", threads},
    {"taking", taking},	  {"cloning", cloning}, {"asking", asking},
};

int main(void)
{
	SHOW_LINES(lines);
	return 0;
}
