#!/bin/bash
# SPDX-License-Identifier: MIT
# valgrind: memcheck, helgrind, callgrind, massif, its gdb server; signals, threads, fork and exec under it.
# needs: valgrind gcc gdb
. "$TOP/tests/compat/lib.sh"
cat >t.c <<'END'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int shared;

static void handler(int sig)
{
	write(1, "handler\n", 8);
}

static void *thread(void *arg)
{
	shared++;
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int *p = malloc(41);

	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	p[11] = 1;
	pthread_create(&t, NULL, thread, NULL);
	shared++;
	pthread_join(t, NULL);
	if (fork() == 0) {
		execl("/bin/echo", "echo", "from a child", NULL);
		_exit(1);
	}
	wait(NULL);
	if (argc > 1)
		*(volatile int *)8 = 1;
	return access("/etc/passwd", R_OK);
}
END
gcc -g -pthread -o t t.c
# under OPTIONS...: without pids, addresses and sums of allocations
under() {
	valgrind "$@" 2>&1 | sed -E 's/==[0-9]+==/==/; s/0x[0-9A-Fa-f]+/X/g'
	return "${PIPESTATUS[0]}"
}
check memcheck under ./t
exits 9 'its status' under -q --error-exitcode=9 ./t
check leaks under -q --leak-check=full ./t
check helgrind under -q --tool=helgrind ./t
check callgrind under -q --tool=callgrind --callgrind-out-file=called ./t
check annotated sh -c 'callgrind_annotate called | grep -c main'
check massif under -q --tool=massif --massif-out-file=massed ./t
check children under -q --trace-children=yes sh -c 'ls /dev/null'
check true under true
check shell under -q sh -c 'echo from a shell; cd /; ls -d /etc; (exit 3); echo $?'
check python under -q --log-file=/dev/null python3 -c 'import threading; t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()'
exits 139 crash under -q ./t crash
check none under --tool=none -q ./t
cat >script <<'END'
set confirm off
target remote | vgdb --wait=20
break main
continue
print shared
monitor leak_check
kill
END
gdbserver() {
	valgrind -q --vgdb=full --vgdb-error=0 ./t >served 2>&1 &
	gdb -q -nx -batch -x script ./t 2>&1 | grep -e '^Breakpoint 1, ' -e '^\$1'
	wait
}
check 'gdb server' gdbserver
