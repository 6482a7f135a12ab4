#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: strace gcc
# strace: every call once, with the program's own arguments and results; forks, filters, faults that it injects, attaching.
cat >program.c <<'END'
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void on_signal(int sig) { }

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char buf[256];
	struct stat st;
	int status;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(what, "fork")) {
		if (!fork())
			_exit(3);
		wait(&status);
		if (!vfork()) {
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		wait(&status);
	} else if (!strcmp(what, "signal")) {
		signal(SIGUSR1, on_signal);
		raise(SIGUSR1);
		kill(getpid(), SIGUSR1);
	} else if (!strcmp(what, "crash")) {
		*(volatile int *)8 = 1;
	} else if (!strcmp(what, "sleep")) {
		pid_t pid = fork();

		if (!pid)
			pause();
		printf("%d\n", pid);
		wait(&status);
		printf("%x\n", status);
	} else {
		access("/etc/passwd", R_OK);
		open("/nonexistent", O_RDONLY);
		printf("%d\n", stat("/", &st));
		if (getcwd(buf, sizeof(buf)))
			printf("%s\n", strrchr(buf, '/'));
		umask(027);
		chdir("/");
	}
	return 4;
}
END
gcc -g -O1 -o program program.c || exit 1

# What differs from run to run: addresses, processes, sizes.
plain() {
	sed -E 's/0x[0-9a-f]+/X/g; s/\b[0-9]{3,7}\b/N/g; s/\[pid +N\]/[pid N]/; s/getrandom\("[^"]*"/getrandom(/
		s/"[^"]*"\.\.\./TEXT/g; s/utime=[0-9]+/utime/; s/stime=[0-9]+/stime/; s, /\* [0-9.]+ s \*/,,g' "$@" |
		tr -s ' ' | sed 's/ = [0-9]*$/ = N/'
}
# trace OPTIONS...: the calls, and the program's own output
trace() {
	echo "== strace $*"
	timeout -k 3 120 strace -o calls "$@" >output 2>errors
	echo "exit $?"
	plain calls output errors
}
trace ./program
trace ./program crash
trace ./program signal
# Who comes first is a matter of chance.
trace -f -e trace=process -e signal=none ./program fork | sed 's/^N //; /resumed/d; s/(.*//' | sort
trace -P /etc/passwd ./program
trace -y -e trace=close ./program
trace -e inject=access:error=EPERM -e trace=access ./program
trace -e inject=umask:retval=5 -e trace=umask ./program
trace -e inject=umask:error=EIO:signal=TERM -e trace=umask,chdir ./program
trace --seccomp-bpf -f -e trace=access,newfstatat,getcwd,umask ./program
trace --seccomp-bpf -f -e trace=access -e inject=access:error=EIO ./program
trace sh -c 'cd /; umask 027; umask; exit 3'

echo '== attaching'
rm output
./program sleep >output &
program=$!
until [ -s output ] && grep -q ') S' /proc/$program/stat; do sleep 0.05; done
strace -o calls -p $program 2>/dev/null &
strace=$!
until grep -q wait4 calls 2>/dev/null; do sleep 0.05; done
kill -TERM $strace
wait $strace 2>/dev/null # whether the shell says of a job that it was terminated is a matter of chance
plain calls
echo
rm calls
strace -o calls -p $program 2>/dev/null &
strace=$!
until grep -q wait4 calls 2>/dev/null; do sleep 0.05; done
kill -TERM "$(cat output)"
wait $program $strace 2>/dev/null
plain calls | grep -v SIGCHLD
tail -n 1 output
