#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: valgrind gcc
# valgrind: memcheck, helgrind and callgrind; a signal handler, fork and exec.
cat >t.c <<'E'
#include <stdlib.h>
#include <stdio.h>
#include <signal.h>
#include <unistd.h>
#include <sys/wait.h>
void h(int s){write(1,"h\n",2);}
int main(){ signal(SIGUSR1,h); raise(SIGUSR1); int*p=malloc(40); p[10]=1; if(!fork()){execl("/bin/echo","echo","x",NULL);} wait(0); printf("%d\n",access("/etc/passwd",4)); return 0;}
E
gcc -g t.c -o t; valgrind ./t 2>&1 | sed 's/==[0-9]*==/==/;s/0x[0-9A-Fa-f]*/X/g'; valgrind -q true; echo $?; valgrind -q --tool=helgrind ls >/dev/null; echo $?; valgrind --tool=callgrind --callgrind-out-file=o true 2>&1 | wc -l; valgrind -q --trace-children=yes sh -c 'ls /dev/null'; echo $?
