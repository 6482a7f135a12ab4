#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: rsync tar find xargs flock busybox openssl
# rsync, tar, find, cp, dd, stat, flock, prlimit, openssl, busybox: files and limits in the shell.
cd "$TMPDIR" || exit 1
mkdir a
for i in $(seq 300); do echo $i >a/$i; done
rsync -a a/ b/; diff -r a b; rsync -a --delete --checksum a/ b/
tar cf - a | tar xf - -C b; ls b | wc -l
find a -type f -print0 | xargs -0 -P4 -n10 sha1sum | sort | md5sum
find a -exec true {} +; find a -maxdepth 1 -size +1c | wc -l
cp -a a c; cp --reflink=auto -r a d; diff -rq a d
ln -s a l; ls -l l/ | wc -l; chmod -R 700 c; rm -rf c b d
mkfifo ff; (echo via >ff) & cat ff; wait
dd if=/dev/zero of=z bs=1M count=3 2>/dev/null; stat -c %s z; truncate -s 10 z; wc -c <z
readlink -f l/1 | sed "s,$(pwd -P),D,"; df . | wc -l; split -b 2 z; ls x*; install -m 600 z zz; stat -c %a zz
flock z echo locked; timeout 0.2 sleep 3; echo $?; nice -n 5 nice; setsid sh -c 'echo setsid'; stdbuf -oL echo x
env -i /usr/bin/env; getent passwd root; perl -e 'exit 3'; echo $?
ulimit -n; (ulimit -n 20; ls -d a); prlimit --nofile
(sh -c 'ulimit -c 0; kill -ABRT $$'; echo $?) 2>/dev/null
busybox ls a | wc -l; bash -c 'exec -a name sh -c "echo \$0"'; echo x | openssl dgst -sha256; mountpoint /; nproc
