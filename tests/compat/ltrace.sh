#!/bin/bash
# SPDX-License-Identifier: MIT
# ltrace: library calls of a program, of its children, of a running one; system calls.
# needs: ltrace gcc
. "$TOP/tests/compat/lib.sh"
cat >t.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;

	puts(strchr("from t", 't'));
	fflush(stdout);
	if (fork() == 0)
		exit(atoi("3"));
	wait(&status);
	access("/etc/passwd", R_OK);
	while (argc > 1)
		usleep(atoi("100000"));
	return WEXITSTATUS(status);
}
END
gcc -g -O0 -no-pie -fno-builtin -o t t.c
# trace OPTIONS... COMMAND...: without pids, addresses and the width of columns, which goes by those.
# Whether wait() sleeps, and where SIGCHLD comes, goes by who is first.
trace() {
	timeout 30 ltrace -o out "$@" >/dev/null
	status=$?
	sed -E 's/^[0-9]+ +//; s/0x[0-9a-f]+/X/g; s/(pid |pid=|= )([0-9]{2,}|X)/\1N/g; s/ +/ /g; /wait|SIGCHLD/d' out
	return $status
}
check calls trace ./t
# Who is first, parent or child, is for nobody to say: each call once, in the order of the alphabet.
children() {
	trace -f -e atoi+exit+fork ./t >lines
	status=$?
	grep -oE '(^<\.\.\. )?(fork|atoi|exit)( resumed|\()|exited.*' lines | tr -d '<. (' | sed 's/resumed//' | sort -u
	return $status
}
check children children
check chosen trace -e strchr+puts ./t
check counted sh -c "ltrace -c -o out ./t; status=\$?; awk '\$NF ~ /^(puts|strchr|access|fork)\$/ { print \$4, \$NF }' out | sort; exit \$status"
check 'system calls' trace -L -S ./t
./t forever >/dev/null &
pid=$!
check attach sh -c "timeout -s INT 2 ltrace -o out -p $pid; grep -o '^[0-9]* *atoi(' out | cut -d ' ' -f 2 | sort -u"
check 'still there' kill $pid
