#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: gdb gcc
# gdb: breakpoints, steps, threads, forks, a crash, another process.
cat >program.c <<'END'
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int g = 1;

int f(int n)
{
	g += n;
	return g;
}

static void *thread(void *arg)
{
	f(10);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int status;

	for (int i = 0; i < 3; i++)
		f(i);
	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	if (!fork())
		_exit(3);
	wait(&status);
	printf("g %d, child %d\n", g, WEXITSTATUS(status));
	access("/etc/passwd", R_OK);
	if (argc > 1)
		*(volatile int *)0 = 1;
	return 4;
}
END
gcc -g -O0 -pthread -o program program.c || exit 1

# debug SHELL ARGUMENTS...: what differs from run to run is left out.
debug() {
	shell=$1
	shift
	gdb -q -batch -nx -ex 'set debuginfod enabled off' -ex "set startup-with-shell $shell" "$@" 2>&1 |
		sed -E 's/0x[0-9a-f]+/X/g; s/(LWP|process) [0-9]+/\1/g; s/Thread X/Thread/g'
}
debug on -ex 'break f' -ex run -ex bt -ex next -ex step -ex 'watch g' -ex c -ex c -ex delete -ex 'print g' -ex c ./program
debug off -ex run -ex bt --args ./program crash
debug off -ex 'set detach-on-fork off' -ex 'break f' -ex run -ex 'call f(5)' -ex finish -ex kill ./program
# shellcheck disable=SC2016  # gdb's variables
debug off -ex 'catch fork' -ex run -ex bt -ex 'print $orig_rax' -ex c ./program
# shellcheck disable=SC2016
debug off -ex 'catch syscall access' -ex run -ex bt -ex 'print $orig_rax' -ex 'print $rax' -ex c -ex 'print $rax' -ex kill ./program
debug off -ex 'break f' -ex run -ex 'gcore core' -ex kill ./program >gcore.out
grep -c Saved gcore.out
# The file says what was mapped, of which the arena is a part.
debug off -ex bt -ex 'print g' ./program core | grep -v 'secede-arena\|^$'
cat >sleeper.c <<'END'
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int add(int a, int b)
{
	return a + b;
}

int main(void)
{
	int status;

	if (!fork())
		pause();
	puts("ready");
	fflush(stdout);
	wait(&status);
	return add(status, 0);
}
END
gcc -g -O0 -o sleeper sleeper.c || exit 1
./sleeper >sleeper.out &
until [ -s sleeper.out ] && grep -q ') S' /proc/$!/stat; do sleep 0.05; done
child=$(cat /proc/$!/task/$!/children)
# shellcheck disable=SC2016
debug off -ex bt -ex 'print $rax' -ex 'call add(4, 5)' -ex 'print (int)getppid() > 1' -ex 'call (int)access("/", 4)' -ex detach \
	./sleeper $! | grep -v '^\[\|^Reading\|^Attaching'
kill "$child"
wait $!
echo $?
sleep 100 &
until grep -q '(sleep) S' /proc/$!/stat; do sleep 0.05; done
debug off -p $! -ex 'bt 1' -ex detach | grep -c clock_nanosleep
kill $!
wait
