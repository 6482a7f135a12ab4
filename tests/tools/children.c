/* SPDX-License-Identifier: MIT */
/* Children: how they are made, how they end, and who is told by which wait. */
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/tools/lines.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef __WNOTHREAD
#define __WNOTHREAD 0x20000000
#endif

static char stack[1 << 16] __attribute__((aligned(16)));
#define STACK_TOP (stack + sizeof(stack))

static volatile int shared;

static void pause_ms(int ms)
{
	usleep((useconds_t)ms * 1000);
}

static pid_t child_exits(int code)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(code);
	return pid;
}

static pid_t child_waits(void)
{
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			pause();
	return pid;
}

static void until_zombie(pid_t pid)
{
	siginfo_t info;

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | __WALL);
}

static void tell_wait4(const char *what, pid_t whom, int options, pid_t expected)
{
	int status = 0x5a5a;
	struct rusage usage = {.ru_maxrss = -1};
	pid_t got = (pid_t)syscall(SYS_wait4, whom, &status, options, &usage);

	if (got < 0)
		printf("%s: %s; ", what, strerrorname_np(errno));
	else
		printf("%s: %s status %x rusage %s; ", what,
		       got == 0		 ? "none"
		       : got == expected ? "child"
					 : "another",
		       got ? (unsigned)status : 0, usage.ru_maxrss == -1 ? "untouched" : "there");
	fflush(stdout);
}

static void tell_waitid(const char *what, int type, id_t id, int options, pid_t expected)
{
	siginfo_t info;
	long result;

	memset(&info, 0x77, sizeof(info));
	result = syscall(SYS_waitid, type, id, &info, options, NULL);
	printf("%s: ", what);
	if (result < 0)
		printf("%s ", strerrorname_np(errno));
	if (info.si_signo == 0x77777777)
		printf("untouched; ");
	else
		printf("signo %d errno %d code %d %s uid %d status %x; ", info.si_signo, info.si_errno, info.si_code,
		       info.si_pid == expected ? "child"
		       : info.si_pid	       ? "another"
					       : "none",
		       info.si_pid && info.si_uid == getuid(), (unsigned)info.si_status);
	fflush(stdout);
}

/* ---- wait4 ---- */

static void wait4_plain(void)
{
	pid_t pid = child_exits(3);

	tell_wait4("wait", pid, 0, pid);
	tell_wait4("again", pid, 0, pid);
	pid = child_exits(4);
	tell_wait4("any", -1, 0, pid);
	pid = child_exits(5);
	tell_wait4("own group", 0, 0, pid);
	pid = child_exits(6);
	tell_wait4("group", -getpgrp(), 0, pid);
	tell_wait4("no such group", -999999, 0, pid);
	tell_wait4("least", INT32_MIN, 0, pid);
	tell_wait4("options", -1, 0x100, pid);
	pid = child_waits();
	tell_wait4("WNOHANG", pid, WNOHANG, pid);
	kill(pid, SIGKILL);
	tell_wait4("killed", pid, 0, pid);
}

static void wait4_stops(void)
{
	pid_t pid = child_waits();

	kill(pid, SIGSTOP);
	tell_wait4("WUNTRACED", pid, WUNTRACED, pid);
	tell_wait4("again", pid, WUNTRACED | WNOHANG, pid);
	kill(pid, SIGCONT);
	tell_wait4("WCONTINUED", pid, WCONTINUED, pid);
	tell_wait4("again", pid, WCONTINUED | WNOHANG, pid);
	kill(pid, SIGTSTP);
	tell_wait4("SIGTSTP", pid, WUNTRACED, pid);
	kill(pid, SIGTERM);
	kill(pid, SIGCONT);
	tell_wait4("ended", pid, 0, pid);
}

static int exit_7(void *arg)
{
	_exit(7);
}

/* Children whose end is told by another signal, or by none. */
static void wait4_clone(void)
{
	static const int signals[] = {0, SIGUSR1, SIGCHLD, 64};
	size_t i;

	for (i = 0; i < 4; i++) {
		pid_t pid = clone(exit_7, STACK_TOP, signals[i], NULL);

		if (pid < 0) {
			tell("clone", pid);
			continue;
		}
		until_zombie(pid);
		tell_wait4("plain", pid, WNOHANG, pid);
		tell_wait4("__WCLONE", pid, WNOHANG | __WCLONE, pid);
		tell_wait4("__WALL", pid, WNOHANG | __WALL, pid);
	}
}

static int exec_true(void *arg)
{
	execl("/bin/true", "true", NULL);
	return 1;
}

/* Who executes a program tells its end by SIGCHLD. */
static void wait4_clone_exec(void)
{
	pid_t pid = clone(exec_true, STACK_TOP, SIGUSR1, NULL);

	until_zombie(pid);
	tell_wait4("__WCLONE", pid, WNOHANG | __WCLONE, pid);
	tell_wait4("plain", pid, WNOHANG, pid);
}

static pid_t threads_child;
static volatile int done;

static void *have_child(void *arg)
{
	threads_child = child_exits(8);
	until_zombie(threads_child);
	shared = 1;
	while (!done)
		pause_ms(1);
	tell_wait4("its thread", threads_child, WNOHANG | __WNOTHREAD, threads_child);
	return NULL;
}

static void wait4_nothread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, have_child, NULL);
	while (!shared)
		pause_ms(1);
	tell_wait4("another thread", threads_child, WNOHANG | __WNOTHREAD, threads_child);
	done = 1;
	pthread_join(thread, NULL);
	tell_wait4("none", threads_child, WNOHANG, threads_child);
}

/* ---- waitid ---- */

static void waitid_plain(void)
{
	pid_t pid = child_exits(3);

	tell_waitid("WNOWAIT", P_PID, (id_t)pid, WEXITED | WNOWAIT, pid);
	tell_waitid("again", P_ALL, 0, WEXITED | WNOWAIT, pid);
	tell_waitid("P_PID", P_PID, (id_t)pid, WEXITED, pid);
	tell_waitid("no more", P_PID, (id_t)pid, WEXITED, pid);
	pid = child_exits(4);
	tell_waitid("P_PGID", P_PGID, (id_t)getpgrp(), WEXITED, pid);
	pid = child_exits(5);
	tell_waitid("P_PGID 0", P_PGID, 0, WEXITED, pid);
	pid = child_waits();
	tell_waitid("WNOHANG", P_ALL, 0, WEXITED | WNOHANG, pid);
	tell_waitid("no event", P_ALL, 0, WNOHANG, pid);
	tell_waitid("bad type", 77, 0, WEXITED, pid);
	tell_waitid("bad option", P_ALL, 0, WEXITED | 0x100, pid);
	tell_waitid("P_PID 0", P_PID, 0, WEXITED | WNOHANG, pid);
	kill(pid, SIGKILL);
	tell_waitid("killed", P_ALL, 0, WEXITED, pid);
}

static void waitid_stops(void)
{
	pid_t pid = child_waits();

	kill(pid, SIGSTOP);
	tell_waitid("WSTOPPED, WNOWAIT", P_PID, (id_t)pid, WSTOPPED | WNOWAIT, pid);
	tell_waitid("WSTOPPED", P_PID, (id_t)pid, WSTOPPED, pid);
	tell_waitid("again", P_PID, (id_t)pid, WSTOPPED | WNOHANG, pid);
	kill(pid, SIGCONT);
	tell_waitid("WCONTINUED, WNOWAIT", P_PID, (id_t)pid, WCONTINUED | WNOWAIT, pid);
	tell_waitid("WCONTINUED", P_PID, (id_t)pid, WCONTINUED, pid);
	tell_waitid("again", P_PID, (id_t)pid, WCONTINUED | WNOHANG, pid);
	kill(pid, SIGKILL);
	tell_waitid("ended", P_PID, (id_t)pid, WEXITED | WSTOPPED | WCONTINUED, pid);
}

static void waitid_pidfd(void)
{
	pid_t pid = child_waits();
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), nonblock = (int)syscall(SYS_pidfd_open, pid, O_NONBLOCK);

	tell_waitid("WNOHANG", P_PIDFD, (id_t)fd, WEXITED | WNOHANG, pid);
	tell_waitid("nonblocking", P_PIDFD, (id_t)nonblock, WEXITED, pid);
	tell_waitid("no pidfd", P_PIDFD, 0, WEXITED, pid);
	tell_waitid("no descriptor", P_PIDFD, 99, WEXITED, pid);
	kill(pid, SIGKILL);
	tell_waitid("P_PIDFD", P_PIDFD, (id_t)fd, WEXITED, pid);
	tell_waitid("no more", P_PIDFD, (id_t)fd, WEXITED, pid);
}

static void waitid_core(void)
{
	struct rlimit none = {0, 0};
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &none);
		abort();
	}
	tell_waitid("abort", P_PID, (id_t)pid, WEXITED, pid);
}

/* ---- signals about children ---- */

static volatile sig_atomic_t told;

static void on_child(int sig, siginfo_t *info, void *uc)
{
	told++;
	printf("signal %d code %d status %d uid %d; ", sig, info->si_code, info->si_status, info->si_uid == getuid());
}

static void exit_signals(void)
{
	struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
	static const int signals[] = {SIGUSR1, SIGCHLD, SIGSYS, SIGSEGV, 40};
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		pid_t pid;

		sigaction(signals[i], &action, NULL);
		pid = clone(exit_7, STACK_TOP, signals[i], NULL);
		tell_wait4("wait", pid, __WALL, pid);
	}
	printf("told %d times; ", told);
}

/* ---- children in the same memory ---- */

static int write_shared(void *arg)
{
	shared = (int)(intptr_t)arg;
	return 9;
}

static void clone_vm_with(const char *name, int flags)
{
	pid_t pid;

	shared = 0;
	pid = clone(write_shared, STACK_TOP, flags | SIGCHLD, (void *)5);
	if (pid < 0) {
		tell(name, pid);
		return;
	}
	if (!(flags & CLONE_VFORK))
		until_zombie(pid);
	printf("%s: shared %d, ", name, shared);
	tell_wait4("wait", pid, 0, pid);
}

static void clone_vm(void)
{
	clone_vm_with("nothing", 0);
	clone_vm_with("CLONE_VM", CLONE_VM);
	clone_vm_with("CLONE_VM, VFORK", CLONE_VM | CLONE_VFORK);
	clone_vm_with("CLONE_VFORK", CLONE_VFORK);
	clone_vm_with("CLONE_VM, SIGHAND", CLONE_VM | CLONE_SIGHAND);
	clone_vm_with("CLONE_SIGHAND", CLONE_SIGHAND);
	clone_vm_with("CLONE_THREAD", CLONE_THREAD);
	clone_vm_with("CLONE_VM, FILES, FS", CLONE_VM | CLONE_FILES | CLONE_FS);
	clone_vm_with("CLONE_PARENT, THREAD", CLONE_PARENT | CLONE_THREAD);
}

static int set_handler(void *arg)
{
	signal(SIGUSR2, SIG_IGN);
	return 0;
}

static void clone_sighand_with(const char *name, int flags)
{
	struct sigaction now;
	pid_t pid;

	signal(SIGUSR2, SIG_DFL);
	pid = clone(set_handler, STACK_TOP, flags | SIGCHLD, NULL);
	waitpid(pid, NULL, 0);
	sigaction(SIGUSR2, NULL, &now);
	printf("%s: %s; ", name, now.sa_handler == SIG_IGN ? "shared" : "apart");
}

static void clone_sighand(void)
{
	clone_sighand_with("fork", 0);
	clone_sighand_with("CLONE_VM", CLONE_VM);
	clone_sighand_with("vfork", CLONE_VM | CLONE_VFORK);
	clone_sighand_with("CLONE_SIGHAND", CLONE_VM | CLONE_SIGHAND);
}

static void vfork_ends(void)
{
	static const int ends[] = {0, 3, -SIGKILL, -SIGSEGV};
	size_t i;

	for (i = 0; i < 4; i++) {
		volatile int end = ends[i];
		pid_t pid = vfork();

		if (pid == 0) {
			shared = 6;
			if (end >= 0)
				_exit(end);
			kill(getpid(), -end);
			_exit(1);
		}
		printf("shared %d, ", shared);
		tell_wait4("wait", pid, 0, pid);
	}
}

static void vfork_execs(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "exit 11", NULL);
		_exit(1);
	}
	tell_wait4("program", pid, 0, pid);
	pid = vfork();
	if (pid == 0) {
		shared = execl("/nowhere", "nowhere", NULL);
		shared = errno;
		_exit(12);
	}
	printf("no program: %s, ", strerrorname_np(shared));
	tell_wait4("wait", pid, 0, pid);
}

static void vfork_nested(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		pid_t inner = vfork();
		int status;

		if (inner == 0) {
			shared = 20;
			_exit(2);
		}
		waitpid(inner, &status, 0);
		_exit(WEXITSTATUS(status) + 1);
	}
	printf("shared %d, ", shared);
	tell_wait4("wait", pid, 0, pid);
}

static void *count_on(void *arg)
{
	while (!done)
		shared++;
	return NULL;
}

/* Only the thread that called waits. */
static void vfork_thread(void)
{
	pthread_t thread;
	pid_t pid;
	int before;

	pthread_create(&thread, NULL, count_on, NULL);
	before = shared;
	pid = vfork();
	if (pid == 0) {
		int n = 0;

		while (shared == before && n++ < 5000)
			pause_ms(1);
		_exit(shared == before);
	}
	tell_wait4("others go on", pid, 0, pid);
	done = 1;
	pthread_join(thread, NULL);
}

static int sleep_and_exit(void *arg)
{
	pause_ms(50);
	return 0;
}

static int make_sibling(void *arg)
{
	static char inner[1 << 16] __attribute__((aligned(16)));

	return clone(sleep_and_exit, inner + sizeof(inner), CLONE_PARENT | SIGCHLD, NULL) < 0;
}

static void clone_parent(void)
{
	pid_t pid = clone(make_sibling, STACK_TOP, SIGCHLD, NULL);

	tell_wait4("child", pid, 0, pid);
	tell_wait4("its sibling", -1, 0, 0);
	tell_wait4("no more", -1, 0, 0);
}

/* ---- a child that leaves the memory it shares, where that is possible, while its group stops and goes on ---- */

#define LEAVERS 500

static pid_t bystander; /* leads the group: it keeps its number */

static int leave_in_group(void *arg)
{
	syscall(SYS_setpgid, 0, bystander);
	shared = 1;
	syscall(SYS_unshare, CLONE_VM);
	syscall(SYS_exit_group, 7);
	return 0;
}

static void spin(int most)
{
	for (volatile int i = rand() % most; i > 0; i--)
		;
}

/* The next child that has ended; 0: none yet. Of the others it hears as well. */
static pid_t next_end(int id, int options)
{
	for (;;) {
		siginfo_t info = {0};
		int status = 0;

		if (!id)
			info.si_pid = waitpid(-1, &status, options | WUNTRACED | WCONTINUED);
		else
			waitid(P_ALL, 0, &info, options | WEXITED | WSTOPPED | WCONTINUED);
		if (info.si_pid <= 0 || (id ? info.si_code == CLD_EXITED : WIFEXITED(status)))
			return info.si_pid;
	}
}

/* How many others end than the child. */
static int leave_and_end(int id)
{
	pid_t pid, ended = 0;
	int others = 0, i;

	shared = 0;
	pid = clone(leave_in_group, STACK_TOP, CLONE_VM | SIGCHLD, NULL);
	while (!shared)
		;
	spin(30000);
	for (i = 0; i < 60 && ended != pid; i++) {
		kill(-bystander, SIGSTOP);
		spin(3000);
		kill(-bystander, SIGCONT);
		spin(100);
		ended = next_end(id, WNOHANG);
		others += ended && ended != pid;
	}
	while (ended != pid) {
		ended = next_end(id, 0);
		others += ended != pid;
	}
	return others;
}

static void leave_stopped(int id)
{
	int others = 0, i;

	bystander = child_waits();
	setpgid(bystander, bystander);
	for (i = 0; i < LEAVERS; i++)
		others += leave_and_end(id);
	printf("others have ended: %d; ", others);
	kill(bystander, SIGKILL);
	tell_wait4("bystander", -1, 0, bystander);
	tell_wait4("no more", -1, 0, 0);
}

static void wait4_leavers(void)
{
	leave_stopped(0);
}

static void waitid_leavers(void)
{
	leave_stopped(1);
}

static const struct line lines[] = {
    {"wait4", wait4_plain},
    {"wait4, stops", wait4_stops},
    {"wait4, clone", wait4_clone},
    {"wait4, clone and exec", wait4_clone_exec},
    {"wait4, __WNOTHREAD", wait4_nothread},
    {"waitid", waitid_plain},
    {"waitid, stops", waitid_stops},
    {"waitid, pidfd", waitid_pidfd},
    {"waitid, abort", waitid_core},
    {"exit signals", exit_signals},
    {"same memory", clone_vm},
    {"same handlers", clone_sighand},
    {"vfork", vfork_ends},
    {"vfork and exec", vfork_execs},
    {"vfork in vfork", vfork_nested},
    {"vfork beside threads", vfork_thread},
    {"CLONE_PARENT", clone_parent},
    {"wait4, leavers stop", wait4_leavers},
    {"waitid, leavers stop", waitid_leavers},
};

int main(void)
{
	SHOW_LINES(lines);
	return 0;
}
