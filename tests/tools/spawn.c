/* SPDX-License-Identifier: MIT */
/* posix_spawn(3) with every attribute and file action: what the new program finds. Built with both C libraries. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/tools/lines.h"

static const char *self;
static char *no_environment[] = {NULL};

/* ---- the new program ---- */

static uint64_t ignored_signals(void)
{
	uint64_t ignored = 0;
	int sig;

	for (sig = 1; sig <= 31; sig++) {
		struct sigaction action;

		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			ignored |= 1UL << (sig - 1);
	}
	return ignored;
}

static int tell_self(void)
{
	struct sched_param param;
	uint64_t mask = 0;
	char cwd[4096], *base;
	int fd;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
	sched_getparam(0, &param);
	base = getcwd(cwd, sizeof(cwd)) ? strrchr(cwd, '/') : NULL;
	printf("{group %s, session %s, mask %lx, ignored %lx, policy %d %d, in %s, ids %d, open",
	       getpgrp() == getpid() ? "own" : "parent's", getsid(0) == getpid() ? "own" : "parent's",
	       (unsigned long)mask, (unsigned long)ignored_signals(), sched_getscheduler(0), param.sched_priority,
	       base && strcmp(base, "/elsewhere") == 0 ? base : "the same", getuid() == geteuid());
	for (fd = 0; fd < 20; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d", fd);
	printf("} ");
	fflush(stdout);
	return 42;
}

/* ---- spawning ---- */

static posix_spawn_file_actions_t actions;
static posix_spawnattr_t attributes;

static void begin(void)
{
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
}

static void spawn(const char *path)
{
	char *argv[] = {"spawn", "--tell", NULL};
	pid_t pid = -1;
	int status = -1, err = posix_spawn(&pid, path, &actions, &attributes, argv, no_environment);

	if (err) {
		printf("%s ", strerror(err));
		return;
	}
	waitpid(pid, &status, 0);
	printf("status %x; ", (unsigned)status);
	fflush(stdout);
}

static void spawn_flags(short flags)
{
	posix_spawnattr_setflags(&attributes, flags);
	spawn(self);
}

static void plain(void)
{
	begin();
	spawn(self);
}

static void group(void)
{
	begin();
	posix_spawnattr_setpgroup(&attributes, 0);
	spawn_flags(POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attributes, getpgrp());
	spawn_flags(POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attributes, 999999);
	spawn_flags(POSIX_SPAWN_SETPGROUP);
}

static void session(void)
{
	begin();
	spawn_flags(POSIX_SPAWN_SETSID);
}

static void masks(void)
{
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGSYS, SIG_IGN);
	signal(SIGSEGV, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGSYS);
	sigprocmask(SIG_BLOCK, &set, NULL);
	begin();
	spawn(self);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	posix_spawnattr_setsigmask(&attributes, &set);
	spawn_flags(POSIX_SPAWN_SETSIGMASK);
	sigfillset(&set);
	posix_spawnattr_setsigmask(&attributes, &set);
	spawn_flags(POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &set);
	spawn_flags(POSIX_SPAWN_SETSIGDEF);
}

static void on_signal(int sig)
{
}

static void handlers(void)
{
	struct sigaction now;

	signal(SIGUSR1, on_signal);
	signal(SIGSYS, on_signal);
	begin();
	spawn(self);
	sigaction(SIGUSR1, NULL, &now);
	printf("ours: %s; ", now.sa_handler == on_signal ? "kept" : "gone");
	sigaction(SIGSYS, NULL, &now);
	printf("ours: %s; ", now.sa_handler == on_signal ? "kept" : "gone");
}

static void scheduling(void)
{
	struct sched_param param = {.sched_priority = 0};

	begin();
	posix_spawnattr_setschedpolicy(&attributes, SCHED_BATCH);
	posix_spawnattr_setschedparam(&attributes, &param);
	spawn_flags(POSIX_SPAWN_SETSCHEDULER);
	spawn_flags(POSIX_SPAWN_SETSCHEDPARAM);
	param.sched_priority = 5;
	posix_spawnattr_setschedpolicy(&attributes, SCHED_FIFO);
	posix_spawnattr_setschedparam(&attributes, &param);
	spawn_flags(POSIX_SPAWN_SETSCHEDULER);
}

static void ids(void)
{
	begin();
	spawn_flags(POSIX_SPAWN_RESETIDS);
}

/* ---- file actions ---- */

static void descriptors(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), kept = open("/dev/null", O_RDONLY);

	begin();
	spawn(self);
	posix_spawn_file_actions_adddup2(&actions, fd, 10);
	posix_spawn_file_actions_adddup2(&actions, fd, fd);
	posix_spawn_file_actions_addclose(&actions, kept);
	posix_spawn_file_actions_addopen(&actions, 12, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addclose(&actions, 19);
	spawn(self);
	printf("ours: %d %d; ", fcntl(fd, F_GETFD), fcntl(kept, F_GETFD));
}

static void creating(void)
{
	struct stat st;

	umask(027);
	begin();
	posix_spawn_file_actions_addopen(&actions, 5, "created", O_CREAT | O_WRONLY, 0666);
	spawn(self);
	printf("mode %o; ", stat("created", &st) ? 0 : st.st_mode);
	unlink("created");
}

static void directories(void)
{
	int fd;

	mkdir("elsewhere", 0700);
	fd = open("elsewhere", O_RDONLY | O_CLOEXEC);
	begin();
	posix_spawn_file_actions_addchdir_np(&actions, "elsewhere");
	spawn(self);
	begin();
	posix_spawn_file_actions_addfchdir_np(&actions, fd);
	spawn(self);
	begin();
	posix_spawn_file_actions_addchdir_np(&actions, "nowhere");
	spawn(self);
	begin();
	posix_spawn_file_actions_addfchdir_np(&actions, 99);
	spawn(self);
	rmdir("elsewhere");
}

static void failures(void)
{
	char *argv[] = {"x", NULL};
	pid_t pid = -7;

	begin();
	spawn("/nowhere");
	spawn("/etc/passwd");
	spawn("/");
	printf("%s ", strerror(posix_spawnp(&pid, "no-such-program", NULL, NULL, argv, no_environment)));
	posix_spawn_file_actions_adddup2(&actions, 77, 10);
	spawn(self);
	begin();
	posix_spawn_file_actions_addopen(&actions, 5, "/nowhere/x", O_RDONLY, 0);
	spawn(self);
	printf("children left: %s; ", waitpid(-1, NULL, WNOHANG) < 0 ? strerrorname_np(errno) : "some");
}

#ifdef __GLIBC__
static void more_actions(void)
{
	begin();
	open("/dev/null", O_RDONLY);
	open("/dev/null", O_RDONLY);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	spawn(self);
	begin();
	posix_spawn_file_actions_addtcsetpgrp_np(&actions, 0);
	spawn(self);
}
#endif

/* A script that names no interpreter. */
static void script(void)
{
	char *argv[] = {"script", NULL};
	int fd = open("script", O_CREAT | O_WRONLY, 0700), status;
	pid_t pid;

	dprintf(fd, "exit 5\n");
	close(fd);
	spawn("./script");
	printf("posix_spawnp %s ", strerror(posix_spawnp(&pid, "./script", NULL, NULL, argv, no_environment)));
	while (waitpid(-1, &status, 0) > 0)
		printf("status %x; ", (unsigned)status);
	unlink("script");
}

static void shells(void)
{
	char text[64] = "";
	FILE *pipe;

	printf("system %x; ", (unsigned)system("exit 3"));
	pipe = popen("echo from a shell; exit 4", "r");
	if (pipe && fgets(text, sizeof(text), pipe))
		printf("popen %.*s; ", (int)strcspn(text, "\n"), text);
	printf("pclose %x; ", (unsigned)pclose(pipe));
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	alarms++;
}

/* Many, while signals come. */
static void storm(void)
{
	struct itimerspec each = {{0, 300000}, {0, 300000}};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
	char *argv[] = {"true", NULL};
	int i, status, bad = 0;
	timer_t timer;

	signal(SIGUSR2, on_alarm);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &each, NULL);
	for (i = 0; i < 100; i++) {
		pid_t pid;

		if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, no_environment))
			bad++;
		while (waitpid(pid, &status, 0) != pid)
			;
		bad += status != 0;
	}
	printf("%d bad, %s; ", bad, alarms > 20 ? "many signals" : "few signals");
}

static const struct line lines[] = {
    {"plain", plain},
    {"POSIX_SPAWN_SETPGROUP", group},
    {"POSIX_SPAWN_SETSID", session},
    {"masks and defaults", masks},
    {"handlers", handlers},
    {"scheduling", scheduling},
    {"POSIX_SPAWN_RESETIDS", ids},
    {"descriptors", descriptors},
    {"creating a file", creating},
    {"directories", directories},
    {"failures", failures},
#ifdef __GLIBC__
    {"more actions", more_actions},
#endif
    {"script", script},
    {"shells", shells},
    {"storm", storm},
};

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 2)
		return tell_self();
	SHOW_LINES(lines);
	return 0;
}
