#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: strace ltrace gcc
# strace and ltrace: following forks, filters, attaching; system calls counted by name.
cat >t.c <<'E'
#include <stdio.h>
#include <unistd.h>
#include <sys/wait.h>
int main(){ if(!fork()) _exit(3); int st; wait(&st); printf("%d\n",WEXITSTATUS(st)); access("/etc/passwd",4); execl("/bin/true","true",NULL);}
E
gcc -g -O0 t.c -o t
timeout 20 strace -f true >o 2>&1 ; echo $?; grep -v SIGSYS o | sed 's/(.*//' | sort | uniq -c
timeout 20 strace -f -e trace=execve,openat,exit_group,access,clone -o o ./t; echo $?; cat o
timeout 5 strace -c true 2>&1 | tail -3; sleep 10 & p=$!; timeout 1 strace -p $p 2>&1 | sed 's/[0-9][0-9]*/N/g'; kill $p
echo --- ltrace; timeout 5 ltrace -e access ./t 2>&1 | sed 's/0x[0-9a-f]*/X/g;s/pid [0-9]*/pid/;s/^\[[0-9]*\]//'
