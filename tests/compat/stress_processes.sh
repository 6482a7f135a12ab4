#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: stress-ng
# limit: 400
# stress-ng: processes, threads, and what they ask about themselves.
. "$TOP/tests/compat/stressors"
stress 5 vfork clone fork exec pthread pty
stress 1 affinity cap context cpu-online cyclic daemon dynlib env exit-group forkheavy get getrandom hrtimers \
	kcmp kill loadavg longjmp membarrier netlink-proc netlink-task nice personality pidfd prctl procfs ptrace \
	race-sched resched rlimit rseq schedpolicy session set sleep spawn switch sysfs sysinfo vforkmany wait waitcpu \
	yield zombie
