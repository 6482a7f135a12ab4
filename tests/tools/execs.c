/* SPDX-License-Identifier: MIT */
/* execve(2) and what goes on around it: other threads, what the process keeps, what it loses, files that are busy. */
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "tests/tools/lines.h"

static const char *self;

static void pause_ms(int ms)
{
	usleep((useconds_t)ms * 1000);
}

/* ---- the new program ---- */

static long status_number(const char *label)
{
	static char text[8192];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	const char *at;

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, label);
	return at ? strtol(at + strlen(label), NULL, 0) : -1;
}

static int tell_pid(const char *pid, const char *tid)
{
	char name[17] = "";

	prctl(PR_GET_NAME, name);
	printf("pid %s, tid %s, threads %ld, name %s; ", atoi(pid) == getpid() ? "kept" : "new",
	       (pid_t)syscall(SYS_gettid) == getpid() ? "the leader's" : "another", status_number("Threads:"), name);
	fflush(stdout);
	return 0;
}

static int tell_state(void)
{
	struct itimerval timer;
	struct rlimit limit;
	struct sched_param param;
	cpu_set_t cpus;
	sigset_t pending;
	stack_t ss;
	int sig = 0, reaper = 0, i;

	prctl(PR_GET_PDEATHSIG, &sig);
	prctl(PR_GET_CHILD_SUBREAPER, &reaper);
	printf("pdeathsig %d, subreaper %d, dumpable %d, keepcaps %d, nnp %d, slack %d, thp %d, ", sig, reaper,
	       prctl(PR_GET_DUMPABLE), prctl(PR_GET_KEEPCAPS), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
	       prctl(PR_GET_TIMERSLACK), prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	getitimer(ITIMER_REAL, &timer);
	getrlimit(RLIMIT_NOFILE, &limit);
	sigpending(&pending);
	sigaltstack(NULL, &ss);
	sched_getparam(0, &param);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	printf("alarm %d, limit %d, pending", timer.it_value.tv_sec > 0, (int)limit.rlim_cur);
	for (i = 1; i < 65; i++)
		if (sigismember(&pending, i) == 1)
			printf(" %d", i);
	printf(", altstack %x, nice %d, policy %d, cpus %d, persona %x, umask %o, locked %ld, seccomp %d, ",
	       (unsigned)ss.ss_flags, getpriority(PRIO_PROCESS, 0), sched_getscheduler(0), CPU_COUNT(&cpus),
	       (unsigned)personality(0xffffffff), umask(0), status_number("VmLck:"), status_number("Seccomp:") > 0);
	printf("secure %ld; ", (long)getauxval(AT_SECURE));
	fflush(stdout);
	return 0;
}

static int tell_locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open("posix-lock", O_RDWR), other = open("flock", O_RDWR);

	fcntl(fd, F_GETLK, &lock);
	printf("our own lock is %s, ", lock.l_type == F_UNLCK ? "ours" : "another's");
	if (fork() == 0) {
		lock.l_type = F_WRLCK;
		fcntl(fd, F_GETLK, &lock);
		printf("for others it is %s of %s, flock: ", lock.l_type == F_UNLCK ? "free" : "held",
		       lock.l_pid == getppid() ? "ours" : "another's");
		tell("try", flock(other, LOCK_EX | LOCK_NB));
		_exit(0);
	}
	wait(NULL);
	return 0;
}

/* ---- from a thread ---- */

static void exec_tell_pid(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	execl(self, "execs", "--pid", pid, "x", NULL);
}

static void *exec_in_thread(void *arg)
{
	pause_ms(20);
	exec_tell_pid();
	return arg;
}

static int fds[2];

static void in_read(void)
{
	char byte;

	CHECK_RESULT(read(fds[0], &byte, 1));
}

static void in_pause(void)
{
	pause();
}

static void in_fifo(void)
{
	open("fifo", O_RDONLY);
}

static void in_suspend(void)
{
	sigset_t none;

	sigfillset(&none);
	sigsuspend(&none);
}

static void in_calls(void)
{
	struct stat st;

	for (;;)
		stat("/nowhere", &st);
}

static void in_forks(void)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

static void in_vforks(void)
{
	for (;;) {
		pid_t pid = vfork();

		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

static void *new_thread(void *arg)
{
	return arg;
}

static void in_threads(void)
{
	pthread_t thread;

	for (;;)
		if (pthread_create(&thread, NULL, new_thread, NULL) == 0)
			pthread_join(thread, NULL);
}

static void in_lock(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&mutex);
	pthread_mutex_lock(&mutex);
}

static void in_exit(void)
{
	syscall(SYS_exit, 0);
}

static void (*const busy[])(void) = {in_read,  in_pause,  in_fifo,    in_suspend, in_calls,
				     in_forks, in_vforks, in_threads, in_lock,	  in_exit};
#define BUSY (sizeof(busy) / sizeof(busy[0]))

/* The first thread is about that while another executes a program. */
static void from_thread(void)
{
	size_t i;

	mkfifo("fifo", 0600);
	CHECK_RESULT(pipe(fds));
	for (i = 0; i < BUSY; i++) {
		fflush(stdout);
		if (fork() == 0) {
			pthread_t thread;

			alarm(60);
			pthread_create(&thread, NULL, exec_in_thread, NULL);
			busy[i]();
		}
		wait(NULL);
	}
	unlink("fifo");
}

static void *be_busy(void *arg)
{
	busy[(size_t)arg]();
	return NULL;
}

static void beside_threads(void)
{
	pthread_t thread;
	size_t i;

	mkfifo("fifo", 0600);
	CHECK_RESULT(pipe(fds));
	for (i = 0; i < BUSY; i++)
		pthread_create(&thread, NULL, be_busy, (void *)i);
	pause_ms(20);
	exec_tell_pid();
}

static pthread_barrier_t all;

static void *exec_at_once(void *arg)
{
	pthread_barrier_wait(&all);
	execl("/bin/sh", "sh", "-c", "exit 3", NULL);
	return arg;
}

/* All at once: one of them does it. */
static void race(void)
{
	pthread_t threads[4];
	int i, round, status, good = 0;

	for (round = 0; round < 20; round++) {
		if (fork() == 0) {
			alarm(60);
			pthread_barrier_init(&all, NULL, 4);
			for (i = 0; i < 4; i++)
				pthread_create(&threads[i], NULL, exec_at_once, NULL);
			pause();
		}
		wait(&status);
		good += status == 0x300;
	}
	printf("%d good; ", good);
}

/* A robust mutex in shared memory, held by the thread that goes. */
static void robust(void)
{
	pthread_mutex_t *mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(mutex, &attr);
	if (fork() == 0) {
		pthread_mutex_lock(mutex);
		execl("/bin/true", "true", NULL);
	}
	wait(NULL);
	printf("%s; ", strerrorname_np(pthread_mutex_lock(mutex)));
}

/* ---- what is kept ---- */

static char altstack[1 << 15];

static void state(void)
{
	struct rlimit limit = {77, 77};
	struct itimerval timer = {{0, 0}, {1000, 0}};
	stack_t ss = {.ss_sp = altstack, .ss_size = sizeof(altstack)};
	cpu_set_t cpus;
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	kill(getpid(), SIGUSR1);
	raise(SIGUSR2);
	raise(SIGSEGV);
	raise(SIGSYS);
	raise(SIGRTMIN + 2);
	prctl(PR_SET_PDEATHSIG, SIGHUP);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_KEEPCAPS, 1);
	prctl(PR_SET_TIMERSLACK, 77777);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	prctl(PR_SET_NAME, "another name");
	setitimer(ITIMER_REAL, &timer, NULL);
	setrlimit(RLIMIT_NOFILE, &limit);
	sigaltstack(&ss, NULL);
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	setpriority(PRIO_PROCESS, 0, 5);
	personality(ADDR_NO_RANDOMIZE);
	umask(051);
	CHECK_RESULT(mlock(altstack, sizeof(altstack)));
	execl(self, "execs", "--state", NULL);
}

static void locks(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	CHECK_RESULT(fcntl(open("posix-lock", O_CREAT | O_RDWR, 0600), F_SETLK, &lock));
	CHECK_RESULT(flock(open("flock", O_CREAT | O_RDWR, 0600), LOCK_EX));
	execl(self, "execs", "--locks", NULL);
}

/* Signals that come while execve is at work are there for the new program. */
static void signals_meanwhile(void)
{
	int i, status, pending = 0;

	signal(SIGTERM, SIG_IGN);
	for (i = 0; i < 30; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl("/bin/sh", "sh", "-c", "exit 5", NULL);
		}
		if (i % 3 == 0)
			usleep((useconds_t)i * 30);
		kill(pid, SIGTERM);
		waitpid(pid, &status, 0);
		pending += status == 0x500;
	}
	printf("%d unharmed; ", pending);
}

/* ---- files ---- */

static void copy_program(const char *name)
{
	static char buffer[1 << 16];
	int from = open("/bin/true", O_RDONLY | O_CLOEXEC);
	int to = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0700);
	ssize_t n;

	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		CHECK_RESULT(write(to, buffer, (size_t)n));
	close(from);
	close(to);
}

static void try_exec(const char *what, const char *name)
{
	int status;

	fflush(stdout);
	if (fork() == 0) {
		execl(name, name, NULL);
		tell(what, -1);
		_exit(1);
	}
	wait(&status);
	printf("%s: status %x; ", what, (unsigned)status);
}

/* To execute a file that is open for writing, and a script, and one whose interpreter is. */
static void busy_file(void)
{
	int fd;

	copy_program("busy");
	fd = open("busy", O_WRONLY | O_CLOEXEC);
	try_exec("open for writing", "./busy");
	close(fd);
	fd = open("busy", O_RDWR | O_CLOEXEC);
	try_exec("for both", "./busy");
	close(fd);
	fd = open("busy", O_RDONLY | O_CLOEXEC);
	try_exec("for reading", "./busy");
	close(fd);
	fd = open("script", O_CREAT | O_WRONLY | O_CLOEXEC, 0700);
	dprintf(fd, "#!/bin/sh\nexit 3\n");
	try_exec("script", "./script");
	close(fd);
	try_exec("script", "./script");
	fd = open("script", O_TRUNC | O_WRONLY | O_CLOEXEC);
	dprintf(fd, "#!./busy\n");
	close(fd);
	fd = open("busy", O_WRONLY | O_CLOEXEC);
	try_exec("interpreter", "./script");
	close(fd);
	unlink("busy");
	unlink("script");
}

static void modes(void)
{
	static const mode_t list[] = {0700, 0500, 0600, 0400, 0000, 0011, 04755, 02755, 06711 | 0444};
	size_t i;

	copy_program("mode");
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		char what[16];

		chmod("mode", list[i]);
		snprintf(what, sizeof(what), "%o", list[i]);
		try_exec(what, "./mode");
	}
	unlink("mode");
}

/* Not enough memory for the new program, but for the old one. */
static void limits(void)
{
	static const struct {
		int resource;
		rlim_t value;
	} list[] = {{RLIMIT_FSIZE, 0},	    {RLIMIT_DATA, 1 << 20}, {RLIMIT_STACK, 1 << 17}, {RLIMIT_MEMLOCK, 0},
		    {RLIMIT_SIGPENDING, 0}, {RLIMIT_MSGQUEUE, 0},   {RLIMIT_CORE, 0}};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		char what[16];

		snprintf(what, sizeof(what), "limit %d", list[i].resource);
		fflush(stdout);
		if (fork() == 0) {
			struct rlimit limit = {list[i].value, list[i].value};

			setrlimit(list[i].resource, &limit);
			try_exec(what, "/bin/true");
			fflush(stdout);
			_exit(0);
		}
		wait(NULL);
	}
}

static const struct line lines[] = {
    {"from a thread", from_thread},
    {"beside threads", beside_threads},
    {"race", race},
    {"robust mutex", robust},
    {"state", state},
    {"locks", locks},
    {"signals meanwhile", signals_meanwhile},
    {"busy files", busy_file},
    {"modes", modes},
    {"limits", limits},
};

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1 && strcmp(argv[1], "--pid") == 0)
		return tell_pid(argv[2], argv[3]);
	if (argc > 1 && strcmp(argv[1], "--state") == 0)
		return tell_state();
	if (argc > 1 && strcmp(argv[1], "--locks") == 0)
		return tell_locks();
	SHOW_LINES(lines);
	return 0;
}
