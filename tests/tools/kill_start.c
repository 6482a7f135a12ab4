/* SPDX-License-Identifier: MIT */
/*
 * The start of a session, in which one of those who take part is killed at each host call that it makes: the command
 * itself, the process by which it makes the warden, or the warden. A killed command must leave no warden and no
 * storage; without a warden the command goes on, or fails with one line; nobody waits for ever.
 *
 *	kill_start DIRECTORY STRIDE COMMAND...
 *
 * runs "COMMAND... kill_start --guest DIRECTORY" again and again, tracing it; the second program that is executed has
 *to be the command. The session keeps its storage in DIRECTORY. STRIDE: only every so many-th call.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/spec/tap.h"

#define LIMIT 40 /* seconds for a session */
#define OPTIONS                                                                                                        \
	(PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | \
	 PTRACE_O_EXITKILL)

enum role { COMMAND, MIDWIFE, WARDEN, ROLES };
static const char *const role_names[] = {"the command", "the warden's maker", "the warden"};

static const char *self, *directory;
static char **command;

/* One session. */
static struct {
	pid_t pid[ROLES]; /* 0: not there yet, -1: not there any more */
	int programs;	  /* that the command's process has executed */
	enum role target;
	int until, steps;
	int killed, status; /* the command's */
} run;

static volatile sig_atomic_t late;

static void on_alarm(int sig)
{
	late = 1;
}

/* ---- the guest ---- */

static int guest(void)
{
	int fd = open("/mnt/file", O_RDWR | O_CREAT, 0600);
	struct stat st;

	if (fd < 0 || write(fd, "x", 1) != 1 || stat("/mnt/file", &st) != 0 || st.st_size != 1) {
		perror(fd < 0 ? "open" : "write or stat");
		return 9;
	}
	puts("done");
	return 7;
}

/* ---- tracing ---- */

static pid_t start(int out, int err)
{
	pid_t pid = fork();

	if (pid == 0) {
		char *argv[32];
		int argc = 0;

		dup2(out, 1);
		dup2(err, 2);
		while (argc < 24 && command[argc]) {
			argv[argc] = command[argc];
			argc++;
		}
		argv[argc++] = (char *)self;
		argv[argc++] = "--guest";
		argv[argc] = NULL;
		setenv("XDG_RUNTIME_DIR", directory, 1);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		_exit(127);
	}
	CHECK(waitpid(pid, NULL, WUNTRACED) == pid);
	if (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) != 0) {
		printf("1..0 # SKIP the host forbids to trace: %s\n", strerror(errno));
		kill(pid, SIGKILL);
		exit(0);
	}
	kill(pid, SIGCONT);
	return pid;
}

static enum role role_of(pid_t pid)
{
	int role = COMMAND;

	while (role < ROLES && run.pid[role] != pid)
		role++;
	return (enum role)role;
}

/* A new process: the command's first is the midwife, and that one's first the warden. */
static void born(pid_t parent)
{
	enum role role = role_of(parent);
	unsigned long child = 0;

	ptrace(PTRACE_GETEVENTMSG, parent, 0, &child);
	if (role < WARDEN && !run.pid[role + 1] && run.programs >= 2)
		run.pid[role + 1] = (pid_t)child;
}

static int is_step(pid_t pid, int status)
{
	struct __ptrace_syscall_info info;

	if (WSTOPSIG(status) != (SIGTRAP | 0x80) || role_of(pid) != run.target || run.programs < 2)
		return 0;
	return ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

static void stopped(pid_t pid, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	if (event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE)
		born(pid);
	if (event == PTRACE_EVENT_EXEC && pid == run.pid[COMMAND])
		run.programs++;
	if (is_step(pid, status) && run.steps++ == run.until) {
		run.killed = 1;
		kill(pid, SIGKILL);
		return;
	}
	if (event || sig == (SIGTRAP | 0x80) || sig == SIGTRAP || sig == SIGSTOP)
		sig = 0;
	ptrace(PTRACE_SYSCALL, pid, 0, sig);
}

/* Until all that belong to the session have ended. 0: they do not. */
static int trace_session(void)
{
	int status;
	pid_t pid;

	late = 0;
	alarm(LIMIT);
	while (!late) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno == ECHILD)
			break;
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status))
			stopped(pid, status);
		else if (pid == run.pid[COMMAND])
			run.status = status;
	}
	alarm(0);
	return !late;
}

/* ---- judging ---- */

static int storages(void)
{
	struct dirent *e;
	DIR *d = opendir(directory);
	int n = 0;

	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, "secede-", 7);
	if (d)
		closedir(d);
	return n;
}

static int read_all(int fd, char *buf, size_t size)
{
	ssize_t n = pread(fd, buf, size - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	return (int)n;
}

/* NULL, or what is wrong. */
static const char *judge(const char *out, const char *err)
{
	const char *newline = strchr(err, '\n');
	int code = WIFEXITED(run.status) ? WEXITSTATUS(run.status) : -1;

	if (run.killed && run.target == COMMAND) {
		if (storages())
			return "the storage is left";
		return WIFSIGNALED(run.status) ? NULL : "the command was not killed";
	}
	if (code == 7)
		return !strcmp(out, "done\n") && !*err ? NULL : "the guest did its work, but something was said";
	if (!run.killed)
		return "the session does not work";
	if (code != 1 || *out)
		return "neither the guest's exit code, nor that of a failed start";
	return !strncmp(err, "secede: ", 8) && newline && !newline[1] ? NULL : "not one line is said of it";
}

static int one(enum role target, int until, int *killed)
{
	int out = memfd_create("out", 0), err = memfd_create("err", 0);
	char said[1000], complained[1000];
	const char *what = NULL;

	memset(&run, 0, sizeof(run));
	run.target = target;
	run.until = until;
	run.pid[COMMAND] = start(out, err);
	if (!trace_session())
		what = "somebody is still there";
	read_all(out, said, sizeof(said));
	read_all(err, complained, sizeof(complained));
	what = what ?: judge(said, complained);
	if (what) {
		printf("# %s killed at call %d: %s; status %x, it said: %s%s\n", role_names[target], until, what,
		       (unsigned)run.status, said, complained);
		for (int role = 0; role < ROLES; role++)
			if (run.pid[role] > 0 && late)
				kill(run.pid[role], SIGKILL);
	}
	close(out);
	close(err);
	*killed = run.killed;
	return !what;
}

static int each_call(enum role target, int stride)
{
	int step = 0, killed, good = 1;

	do
		good = one(target, step * stride, &killed);
	while (good && killed && ++step);
	printf("%sok %d - %s, killed at each of %d calls\n", good ? "" : "not ", target + 1, role_names[target], step);
	fflush(stdout);
	return good;
}

/* What killed wardens have left goes with the next session, which clears it away in the background. */
static int cleared(void)
{
	int killed, good = one(COMMAND, -1, &killed), i;

	for (i = 0; i < LIMIT * 100 && storages(); i++)
		usleep(10000);
	printf("%sok 4 - the next session clears away what they have left\n", good && !storages() ? "" : "not ");
	return good && !storages();
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_alarm};
	int stride, good = 1, role;

	if (argc == 2 && !strcmp(argv[1], "--guest"))
		return guest();
	if (argc < 4)
		return 2;
	self = realpath("/proc/self/exe", NULL);
	directory = argv[1];
	stride = atoi(argv[2]);
	command = argv + 3;
	sigaction(SIGALRM, &action, NULL);
	for (role = 0; role < ROLES; role++)
		good &= each_call((enum role)role, role == COMMAND ? stride : 1);
	good &= cleared();
	printf("1..4\n");
	return !good;
}
