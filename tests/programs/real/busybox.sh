#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: busybox
# A static busybox as the only program: its shell runs its own applets by executing itself.
cp "$(command -v busybox)" ./busybox
./busybox mkdir bin
for applet in sh ls cat echo seq wc sort grep sed awk mkdir mv cp rm ln find tar gzip sleep kill env stat; do
	ln -s ../busybox bin/$applet
done
PATH=$PWD/bin exec ./busybox sh -c '
	seq 100 | grep 9 | sort -rn | wc -l
	mkdir -p a/b && echo text >a/b/file && ln -s b a/link && cat a/link/file && find a | sort
	tar cz a | tar xz -C "$TMPDIR" && cat "$TMPDIR/a/link/file"
	mv a/b/file "$TMPDIR/file" && cp "$TMPDIR/file" . && ls && rm -r a
	echo "a b c" | awk "{ print \$2 }" | sed s/b/B/
	trap "echo trapped" USR1; kill -USR1 $$; (exit 5); echo "subshell $?"
	sleep 300 & kill $!; wait $!; echo "killed $?"
	stat -c "%a %s" file; env -i cat /nonexistent; echo "cat $?"
	exit 8' 2>&1
