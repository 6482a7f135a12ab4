#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: stress-ng
# stress-ng: short verified runs of stressors for processes, signals, memory and waiting.
cd "$TMPDIR" || exit 1
for stressor in alarm clone epoll eventfd exec fork futex itimer mmap mremap pipe poll pthread pty sigchld sigfpe sigq \
	sigsegv sigsuspend timer vfork; do
	stress-ng --$stressor 2 -t 1 --verify >out 2>&1
	echo "$stressor $?"
	grep -vE '^stress-ng: (info|metrc)' out | sed 's/\[[0-9]*\]//; s/[0-9][0-9]*/N/g' | sort -u
done
