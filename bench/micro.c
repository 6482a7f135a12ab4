/* SPDX-License-Identifier: MIT */
/*
 * What one system call costs: calls that pass through, calls that trap, calls that take a path below DIRECTORY, and
 * what makes processes and threads.
 *
 *	micro DIRECTORY
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench/measure.h"
#include "bench/path.h"

static int zero_fd, null_fd, word;

static void call_read(void)
{
	char c;

	if (read(zero_fd, &c, 1) != 1)
		abort();
}

static void call_write(void)
{
	if (write(null_fd, "x", 1) != 1)
		abort();
}

static void call_futex(void)
{
	syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void call_getpid(void)
{
	syscall(SYS_getpid);
}

static void call_sigprocmask(void)
{
	sigset_t set;

	sigemptyset(&set);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		abort();
}

static void call_fstat(void)
{
	struct stat st;

	if (fstat(zero_fd, &st) != 0)
		abort();
}

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		abort();
}

static void call_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	wait_for(pid);
}

static void call_spawn(void)
{
	static char *argv[] = {"true", NULL};
	pid_t pid;

	if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) != 0)
		abort();
	wait_for(pid);
}

static void *nothing(void *arg)
{
	return arg;
}

static void call_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, nothing, NULL) != 0 || pthread_join(thread, NULL) != 0)
		abort();
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	snprintf(path, sizeof(path), "%s/some/where/below/file", argv[1]);
	zero_fd = open("/dev/zero", O_RDONLY);
	null_fd = open("/dev/null", O_WRONLY);
	report("read", call_read);
	report("write", call_write);
	report("futex", call_futex);
	report("getpid", call_getpid);
	report("sigprocmask", call_sigprocmask);
	report("fstat", call_fstat);
	report("stat", call_stat);
	report("open+close", call_open_close);
	report_few("fork", call_fork, 10);
	report_few("spawn", call_spawn, 10);
	report_few("thread", call_thread, 10);
	return 0;
}
