#!/bin/sh
# SPDX-License-Identifier: MIT
# What programs read of themselves and of each other in /proc, where it can be compared line by line.
fields='^(Name|Umask|Threads|Uid|Gid|Groups|SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt|NoNewPrivs|Seccomp|Seccomp_filters):'
echo text >"$TMPDIR/file" && mkdir dir
sleep 300 3<"$TMPDIR/file" 4<dir 5>gone 6<"$TMPDIR" &
child=$!
until grep -q '(sleep) S' /proc/$child/stat; do sleep 0.05; done
grep -E "$fields" /proc/self/status /proc/$child/status /proc/$child/task/$child/status |
	sed "s/$child/CHILD/g"
cut -d ' ' -f 2,31-34,38 /proc/self/stat /proc/$child/stat
for pid in self $$ $child; do
	sed -E 's/^[^ ]* ....//; s/ [0-9a-f]{2}:[0-9a-f]{2} [0-9]+//' /proc/$pid/maps | awk '{ print $NF }' | sort -u
	for file in cmdline environ comm; do
		tr '\0' '\n' </proc/$pid/$file | grep -v '^_='
	done
	for link in exe cwd root; do
		readlink /proc/$pid/$link
	done
	grep -c . /proc/$pid/limits
done
ls /proc/$child/fd /proc/$child/fdinfo | sed "s/$child/CHILD/g"
rm gone
mv dir moved
for fd in 3 4 5 6; do
	readlink /proc/$child/fd/$fd /proc/$child/task/$child/fd/$fd
done
cat /proc/$child/fd/3
ls -d /proc/$child/fd/4/. /proc/$child/fd/1024 /proc/$child/fdinfo/1024 2>&1 | sed "s/$child/CHILD/g"
touch /proc/$child/cwd/new /proc/$child/root/"$TMPDIR"/new && ls . "$TMPDIR"
kill $child
