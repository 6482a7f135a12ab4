#!/bin/sh
# SPDX-License-Identifier: MIT
# find and xargs: walks relative to descriptors, across mount points, and executes.
for a in 1 2 3; do
	for b in x y z; do
		mkdir -p "$a/$b"
		for c in 1 2 3 4 5; do echo "$a$b$c" >"$a/$b/file$c.txt"; done
	done
done
ln -s ../1/x 3/link
mkdir "$TMPDIR/t" && echo far >"$TMPDIR/t/far.txt"
find . | sort | sha256sum
find . -type f | wc -l
find . -name 'file3*' -path '*/y/*' | sort
find -L . -type f | wc -l
find . -type l -printf '%p -> %l\n'
find . "$TMPDIR" -name '*.txt' -mmin -5 -printf '%f %s %m\n' | sort | uniq -c
find . -type f -exec grep -l 2z {} + | sort
find . -type f -name '*5.txt' -execdir cat {} \; | sort
find . -type f -print0 | xargs -0 -n 7 -P 2 cat | sort | sha256sum
find . -depth -name x | sort
find . -maxdepth 2 -mindepth 2 -type d | sort
find . -name 'file1*' -delete && find . -type f | wc -l
find . -xdev -inum "$(stat -c %i 2/y)"
find .. -maxdepth 1 -type d | sort
find "$TMPDIR" -samefile "$TMPDIR/t/far.txt" -printf '%P\n'
find /proc/self/fd -maxdepth 1 -type l 2>/dev/null | wc -l | grep -c .
rm -rf 1 2 3
find .
find /nonexistent 2>&1
