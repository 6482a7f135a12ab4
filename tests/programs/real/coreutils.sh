#!/bin/sh
# SPDX-License-Identifier: MIT
# coreutils: what they do to files, here and across the mount points around here.
seq 10 >numbers
cp numbers copy && cp -r --preserve=mode,timestamps . "$TMPDIR/all" && ls "$TMPDIR/all"
mv numbers "$TMPDIR/moved" && mv "$TMPDIR/moved" numbers && wc numbers
mkdir -p deep/er/est && rmdir -p deep/er/est && ls
ln numbers hard && ln -s numbers soft && ln -s "$TMPDIR/all" across && ln -s nowhere dangling
stat -c '%n %F %a %h %s' numbers hard soft dangling
readlink soft dangling && readlink -f soft | sed 's,.*/,,' && ls across/
realpath --relative-to=. "$TMPDIR/all/copy"
chmod 640 copy && stat -c %a copy && chmod u+s,g-r copy && stat -c %a copy
install -m 751 -D copy some/where/installed && stat -c %a some/where/installed
touch -d '2001-02-03 04:05:06 UTC' copy && stat -c %Y copy && touch -r copy numbers && stat -c %Y numbers
umask 027 && touch masked && stat -c %a masked && mkdir maskeddir && stat -c %a maskeddir
truncate -s 1000 sparse && stat -c '%s %b' sparse && dd if=/dev/zero of=sparse bs=100 count=3 conv=notrunc status=none
sha256sum numbers sparse && cksum numbers | cut -d' ' -f1,2
split -l 4 numbers part. && cat part.?? | cmp - numbers && ls part.*
sort -rn numbers | head -n 2 && uniq -c numbers | tail -n 1 && cut -c1 numbers | tr '\n' ' ' && paste -s -d+ numbers
tac numbers | nl | tail -n 1 && shuf -i 1-10 | sort -n | tr '\n' ' ' && factor 1001 && expr 6 \* 7
comm -12 numbers copy | wc -l && join numbers copy | wc -l && fold -w 1 numbers | wc -l && od -An -c -N8 numbers
mktemp -d XXXXXX | wc -c && test -d across && echo directory && test numbers -ef hard && echo same
mkfifo fifo && (cat fifo & echo through a fifo >fifo; wait)
basename "$PWD" && id -u && env -i A=1 env && nice -n 5 nice && nohup echo nohup 2>/dev/null
timeout 0.1 sleep 5
echo "timeout: $?"
rm -r "$TMPDIR/all" && ls across
du -s --apparent-size numbers | cut -f1
df --output=target "$TMPDIR" | tail -n 1 | grep -c /
ls -1R | wc -l
ls /nonexistent /root/x 2>&1
echo "ls: $?"
rm -rf some part.* soft hard dangling across fifo mask* [A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9][A-Za-z0-9]
ls
