#!/bin/sh
# SPDX-License-Identifier: MIT
# tar: packs and unpacks over mount points, with links, modes and times.
mkdir -p tree/a/b && echo one >tree/one && echo two >tree/a/two && ln tree/one tree/a/hard && ln -s ../one tree/a/soft
chmod 600 tree/one && chmod 711 tree/a && mkfifo tree/fifo && touch -d '1999-12-31 23:59:59 UTC' tree/a/two
tar -cf all.tar tree && tar -tf all.tar | sort
tar -C "$TMPDIR" -xpf all.tar && diff -r --no-dereference tree/a "$TMPDIR/tree/a" && echo same
stat -c '%n %a %h %Y' "$TMPDIR/tree/a/two" | sed 's,.*/,,'
stat -c '%a %h %F' "$TMPDIR/tree/one" "$TMPDIR/tree/a" "$TMPDIR/tree/fifo" "$TMPDIR/tree/a/soft"
tar -czf - tree | tar -xzf - --transform 's,^tree,other,' && find other | sort
echo three >tree/three && tar -rf all.tar tree/three && tar -xOf all.tar tree/three
tar -C / -cf - etc/passwd 2>/dev/null | tar -C "$TMPDIR" -xf - && cmp /etc/passwd "$TMPDIR/etc/passwd" && echo copied
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - tree/a | sha256sum
tar -xf /nonexistent.tar 2>/dev/null
echo "tar: $?"
