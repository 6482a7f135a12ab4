#!/bin/bash
# SPDX-License-Identifier: MIT
# strace: calls by name, of children, of a thread, of a running process, with errors injected, counted, until an exec.
# needs: strace gcc
. "$TOP/tests/compat/lib.sh"
cat >t.c <<'END'
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread(void *arg)
{
	access("/thread", F_OK);
	return arg;
}

static void handler(int sig)
{
	access("/handler", F_OK);
}

int main(int argc, char **argv)
{
	pthread_t t;
	int status;

	while (argc > 1) {
		access("/loop", F_OK);
		usleep(100000);
	}
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	mkdir("made", 0755);
	if (fork() == 0)
		_exit(3);
	wait(&status);
	printf("%d\n", WEXITSTATUS(status));
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	fflush(stdout);
	access("/etc/passwd", R_OK);
	execl("/bin/true", "true", NULL);
}
END
gcc -g -O0 -pthread -o t t.c
# trace OPTIONS... COMMAND...: without pids, addresses and what is in files; threads come by clone3 or clone, as there is
trace() {
	timeout 30 strace -o out "$@" >/dev/null
	status=$?
	sed -E 's/^[0-9]+ +//; s/0x[0-9a-f]+/X/g; s/(pid=|<|PID |tid=|\{)[0-9]+/\1N/g; s/= [0-9]{2,}/= N/; /CLONE_THREAD/d' out
	return $status
}
check names sh -c 'strace -o out true && grep -o "^[a-z0-9_]*(" out | sort | uniq -c'
check files trace -e trace=openat,access,execve true
check children trace -f -e trace=mkdir,access,execve,exit_group,clone ./t
check status sh -c 'strace -o /dev/null sh -c "exit 7"; echo $?; strace -o /dev/null sh -c "kill -9 \$\$"; echo $?'
check signals trace -e trace=none -e signal=all ./t
check counted sh -c "strace -c -o out true; awk '\$NF ~ /^(execve|close|mmap|openat)\$/ { print \$4, \$NF }' out | sort"
exits 1 inject trace -e trace=mkdir -e inject=mkdir:error=ENOSPC mkdir there
check 'not made' test ! -e there
check strings trace -s 5 -e trace=write echo a long line
check stacks sh -c 'strace -k -e trace=mkdir ./t 2>&1 | grep -c "main+"'
./t forever &
pid=$!
check attach sh -c "timeout -s INT 2 strace -o out -p $pid 2>said; sed 's/[0-9]*//g' said; grep 'access.*ENOENT' out | sort -u"
check 'still there' kill $pid
check 'seccomp filter' trace -f --seccomp-bpf -e trace=mkdir ./t
check raw sh -c 'strace -o out -e raw=mkdir -e trace=mkdir mkdir raw && sed "s/0x7[0-9a-f]*/X/" out'
check paths trace -y -e trace=close cat /dev/null
exits 143 dying trace -e trace=exit_group sh -c 'kill -TERM $$'
