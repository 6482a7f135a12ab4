#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: stress-ng
# limit: 400
# stress-ng: signals, timers, faults.
. "$TOP/tests/compat/stressors"
stress 5 sigchld sigsegv sigfpe sigsuspend sigq sigtrap timer itimer alarm
stress 1 bad-altstack clock enosys far-branch fp-error nanosleep priv-instr sigabrt sigfd sigio signal signest \
	sigpending sigpipe sigrt stack syscall sysbadaddr timerfd usersyscall vdso vm-segv x86syscall
