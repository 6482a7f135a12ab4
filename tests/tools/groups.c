/* SPDX-License-Identifier: MIT */
/* Process groups, sessions, terminals, and who looks after whom: orphans, subreapers, the parent's death. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>

#include "tests/tools/lines.h"

static const char *self;

/* What processes that nobody waits for have to say. */
static struct shared {
	volatile int ready, done, value;
	volatile pid_t pid, parent;
	volatile int signals[65];
} * shared;

static void pause_ms(int ms)
{
	usleep((useconds_t)ms * 1000);
}

static void until(const volatile int *flag)
{
	int i;

	for (i = 0; i < 30000 && !*flag; i++)
		pause_ms(1);
	if (!*flag)
		printf("waited in vain; ");
}

static void on_signal(int sig)
{
	shared->signals[sig]++;
}

static void handle(int sig)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(sig, &action, NULL);
}

static const char *whose(pid_t pid)
{
	return pid == getpid() ? "own" : pid == getppid() ? "parent" : pid < 0 ? strerrorname_np(errno) : "another";
}

/* ---- groups and sessions ---- */

static void groups(void)
{
	pid_t pid, other;
	int status;

	printf("pgrp %s, sid %s; ", whose(getpgrp()), whose(getsid(0)));
	tell("setpgid own", setpgid(0, 0));
	printf("pgrp %s; ", whose(getpgrp()));
	tell("setsid as leader", setsid());
	tell("negative", setpgid(0, -1));
	tell("no such group", setpgid(0, 999999));
	tell("no such process", setpgid(999999, 0));
	tell("not a child", setpgid(getppid(), 0));
	tell("getpgid", getpgid(999999));
	tell("getsid", getsid(999999));
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	other = fork();
	if (other == 0)
		for (;;)
			pause();
	tell("child", setpgid(pid, pid));
	tell("another into it", setpgid(other, pid));
	printf("same %d; ", getpgid(other) == pid);
	tell("kill group", kill(-pid, SIGTERM));
	while (wait(&status) > 0)
		printf("ended %x; ", (unsigned)status);
	tell("kill nobody", kill(-pid, 0));
}

static void setpgid_after_exec(void)
{
	pid_t pid;
	int fds[2];
	char byte;

	CHECK_RESULT(pipe2(fds, O_CLOEXEC));
	pid = fork();
	if (pid == 0) {
		execl("/bin/sleep", "sleep", "10", NULL);
		_exit(1);
	}
	close(fds[1]);
	CHECK_RESULT(read(fds[0], &byte, 1)); /* ends when it has executed */
	tell("setpgid", setpgid(pid, pid));
	kill(pid, SIGKILL);
	wait(NULL);
}

static void sessions(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		tell_number("setsid", setsid() == getpid());
		printf("pgrp %s, sid %s; ", whose(getpgrp()), whose(getsid(0)));
		tell("join the old group", setpgid(0, getpgid(getppid())));
		tell("leader's setpgid", setpgid(0, 0));
		fflush(stdout);
		shared->ready = 1;
		pause_ms(100);
		_exit(0);
	}
	until(&shared->ready);
	tell("child of another session", setpgid(pid, 0));
	waitpid(pid, NULL, 0);
}

/* A stopped member of a group that becomes an orphan gets SIGHUP and SIGCONT. */
static void orphaned_group(void)
{
	pid_t leader = fork(), member;

	if (leader == 0) {
		setpgid(0, 0);
		handle(SIGHUP);
		handle(SIGCONT);
		member = fork();
		if (member == 0) {
			raise(SIGSTOP);
			shared->done = 1;
			_exit(0);
		}
		waitpid(member, NULL, WUNTRACED);
		_exit(0);
	}
	waitpid(leader, NULL, 0);
	until(&shared->done);
	printf("SIGHUP %d, SIGCONT %d; ", shared->signals[SIGHUP], shared->signals[SIGCONT]);
}

/* ---- terminals ---- */

static int open_terminal(int *master)
{
	*master = posix_openpt(O_RDWR | O_NOCTTY);
	grantpt(*master);
	unlockpt(*master);
	return open(ptsname(*master), O_RDWR | O_NOCTTY);
}

static void tell_status(const char *what, pid_t pid, int options)
{
	int status = 0;
	pid_t got;

	while ((got = waitpid(pid, &status, options)) < 0 && errno == EINTR)
		;
	if (got < 0)
		tell(what, -1);
	else
		printf("%s: status %x; ", what, (unsigned)status);
	fflush(stdout);
}

static void in_background(int tty, void (*fn)(int))
{
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		fn(tty);
		_exit(0);
	}
	tell_status("background", pid, WUNTRACED);
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void read_tty(int tty)
{
	char byte;

	tell("read", read(tty, &byte, 1));
}

static void write_tty(int tty)
{
	tell("write", write(tty, "x", 1));
}

static void set_tty(int tty)
{
	struct termios mode;

	tcgetattr(tty, &mode);
	tell("tcsetattr", tcsetattr(tty, TCSANOW, &mode));
}

static void ignore_and_read(int tty)
{
	signal(SIGTTIN, SIG_IGN);
	read_tty(tty);
}

static void take_foreground(int tty)
{
	signal(SIGTTOU, SIG_IGN);
	tell("tcsetpgrp", tcsetpgrp(tty, getpgrp()));
	printf("foreground %d; ", tcgetpgrp(tty) == getpgrp());
	fflush(stdout);
}

static void session_with_terminal(void)
{
	int master, tty;
	char byte;
	pid_t pid;

	setsid();
	tty = open_terminal(&master);
	tell("before", tcgetpgrp(tty));
	tell("TIOCSCTTY", ioctl(tty, TIOCSCTTY, 0));
	printf("sid %d, foreground %d; ", tcgetsid(tty) == getpid(), tcgetpgrp(tty) == getpid());
	in_background(tty, read_tty);
	in_background(tty, write_tty);
	in_background(tty, set_tty);
	in_background(tty, ignore_and_read);
	in_background(tty, take_foreground);
	signal(SIGTTOU, SIG_IGN);
	tell("take it back", tcsetpgrp(tty, getpgrp()));
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	signal(SIGINT, SIG_IGN);
	CHECK_RESULT(write(master, "\003", 1));
	tell_status("interrupt key", pid, 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	signal(SIGTSTP, SIG_IGN);
	setpgid(pid, pid);
	tcsetpgrp(tty, pid);
	CHECK_RESULT(write(master, "\032", 1));
	tell_status("stop key", pid, WUNTRACED);
	handle(SIGHUP);
	handle(SIGCONT);
	close(master);
	kill(pid, SIGKILL);
	tell_status("child", pid, 0);
	printf("SIGHUP %d; ", shared->signals[SIGHUP]);
	tell("read", read(tty, &byte, 1));
	tell("/dev/tty", open("/dev/tty", O_RDWR));
}

static void terminal(void)
{
	fflush(stdout);
	if (fork() == 0) {
		session_with_terminal();
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
}

/* ---- the parent's death ---- */

static int get_pdeathsig(void)
{
	int sig = -1;

	prctl(PR_GET_PDEATHSIG, &sig);
	return sig;
}

static void wait_for_death(void)
{
	shared->ready = 1;
	for (;;)
		pause();
}

static void report(int sig)
{
	shared->value = sig;
	shared->parent = getppid();
	shared->done = 1;
	_exit(0);
}

static void pdeathsig(void)
{
	pid_t pid;

	tell("bad signal", prctl(PR_SET_PDEATHSIG, 65));
	CHECK_RESULT(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	pid = fork();
	if (pid == 0) {
		printf("child has %d; ", get_pdeathsig());
		signal(SIGUSR1, report);
		prctl(PR_SET_PDEATHSIG, SIGUSR1);
		fflush(stdout);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGUSR1);
			wait_for_death();
		}
		until(&shared->ready);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	until(&shared->done);
	printf("signal %d, parent %s; ", shared->value, shared->parent == pid ? "the dead" : "another");
}

static void *make_child_and_go(void *arg)
{
	if (fork() == 0) {
		signal(SIGUSR1, report);
		prctl(PR_SET_PDEATHSIG, SIGUSR1);
		wait_for_death();
	}
	until(&shared->ready);
	return NULL;
}

/* The parent is the thread that forked. */
static void pdeathsig_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, make_child_and_go, NULL);
	pthread_join(thread, NULL);
	until(&shared->done);
	printf("signal %d, parent %s; ", shared->value, shared->parent == getpid() ? "still ours" : "another");
	wait(NULL);
}

static void pdeathsig_exec(void)
{
	CHECK_RESULT(prctl(PR_SET_PDEATHSIG, SIGUSR2));
	fflush(stdout);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGUSR2);
		execl(self, "groups", "--pdeathsig", NULL);
	}
	wait(NULL);
	execl(self, "groups", "--pdeathsig", NULL);
}

/* ---- orphans ---- */

static pid_t make_orphan(void)
{
	pid_t pid;

	shared->pid = 0;
	pid = fork();
	if (pid == 0) {
		if (fork() == 0) {
			pid_t parent = getppid();

			shared->pid = getpid();
			while (getppid() == parent)
				pause_ms(1);
			shared->parent = getppid();
			shared->done = 1;
			_exit(9);
		}
		until(&shared->pid);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	return pid;
}

static void orphan(void)
{
	pid_t dead = make_orphan();

	until(&shared->done);
	printf("parent %s; ", shared->parent == getpid() ? "we" : shared->parent == dead ? "the dead" : "another");
	tell_status("wait", shared->pid, 0);
}

static void subreaper(void)
{
	int is = -1;

	CHECK_RESULT(prctl(PR_SET_CHILD_SUBREAPER, 1));
	CHECK_RESULT(prctl(PR_GET_CHILD_SUBREAPER, &is));
	printf("subreaper %d; ", is);
	fflush(stdout);
	if (fork() == 0) {
		prctl(PR_GET_CHILD_SUBREAPER, &is);
		printf("child %d; ", is);
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	orphan();
	shared->done = 0;
	make_orphan();
	until(&shared->done);
	tell_status("any", -1, 0);
	tell_status("no more", -1, 0);
	tell("off", prctl(PR_SET_CHILD_SUBREAPER, 0));
	shared->done = 0;
	orphan();
}

static const struct line lines[] = {
    {"groups", groups},
    {"setpgid after exec", setpgid_after_exec},
    {"sessions", sessions},
    {"orphaned group", orphaned_group},
    {"terminal", terminal},
    {"PR_SET_PDEATHSIG", pdeathsig},
    {"thread's death", pdeathsig_thread},
    {"PR_SET_PDEATHSIG and exec", pdeathsig_exec},
    {"orphan", orphan},
    {"subreaper", subreaper},
};

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 2) {
		printf("after exec %d; ", get_pdeathsig());
		return 0;
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		memset((void *)shared, 0, sizeof(*shared));
		show_lines(&lines[i], 1);
	}
	return 0;
}
