#!/bin/sh
# SPDX-License-Identifier: MIT
# /proc/PID/fd and fdinfo list the program's descriptors, and no others.
ls /proc/self/fd | awk '$1 > 900'
ls /proc/self/fdinfo | awk '$1 > 900'
sleep 5 &
ls /proc/$!/fd | awk '$1 > 900'
kill $!
python3 -c '
import os
listed = {int(name) for name in os.listdir("/proc/self/fd")}
there = set()
for fd in range(0, 5000):
    try:
        os.fstat(fd)
        there.add(fd)
    except OSError:
        pass
print("listed but not there", len(listed - there), "there but not listed", sorted(there - listed))
many = [os.open("/dev/null", os.O_RDONLY) for _ in range(1500 if os.sysconf("SC_OPEN_MAX") > 1600 else 900)]
print("all of many", set(many) <= {int(name) for name in os.listdir("/proc/self/fd")})
os.closerange(3, 5000)
print(sorted(int(name) for name in os.listdir("/proc/self/fd")))'
