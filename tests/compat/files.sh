#!/bin/bash
# SPDX-License-Identifier: MIT
# rsync, cp, dd, tar, xargs, flock, compressors, openssl, file, bc, busybox: files and limits in the shell.
# needs: rsync tar find xargs flock busybox openssl file bc gzip xz bzip2 zstd
. "$TOP/tests/compat/lib.sh"
mkdir "$TMPDIR/w" && cd "$TMPDIR/w" || exit 1
mkdir a && for i in $(seq 300); do echo "$i" >"a/$i"; done
check rsync sh -c 'rsync -a a/ b/ && diff -r a b'
check 'rsync again' sh -c 'touch -d @1000000000 a/5; rsync -ai a/ b/'
check 'rsync --delete' sh -c 'rm a/7; rsync -aiO --delete --checksum a/ b/; rsync -a --link-dest=../b a/ c/ && stat -c %h b/9'
check tar sh -c 'rm -rf c; mkdir c; tar cf - a | tar xf - -C c && diff -r a c/a'
check 'tar, incremental' sh -c 'tar -g snapshot -cf one.tar a && echo new >a/new && tar -g snapshot -cf two.tar a && tar tf two.tar'
check cpio sh -c 'command -v cpio >/dev/null || exit 0; find a | cpio -o --quiet | cpio -t --quiet | wc -l'
check find sh -c 'find a -type f -print0 | xargs -0 -P 4 -n 10 sha1sum | sort | md5sum'
check 'find -exec' sh -c 'find a -newer a/5 -size +1c -exec wc -c {} + | tail -n 1'
check 'find -delete' sh -c 'find c -delete && ! test -e c'
check 'cp -a' sh -c 'cp -a a c && cp --reflink=auto -r a d && diff -rq a d && diff -r a c'
check 'cp, sparse' sh -c 'truncate -s 10M s && cp --sparse=always s t && stat -c "%s %b" t'
check links sh -c 'ln -s a l && ls l/ | wc -l && readlink -f l/1 | sed "s,$(pwd -P),HERE," && ln a/1 hard && stat -c %h hard'
check modes sh -c 'chmod -R u=rwX,go= c && stat -c %a c c/1 && install -m 640 c/1 z && stat -c %a z && umask 077 && touch y && stat -c %a y'
check rm rm -rf c b d
check fifo sh -c 'mkfifo ff && { echo via >ff & cat ff; wait; }'
check dd sh -c 'dd if=/dev/zero of=big bs=1M count=3 status=none && stat -c %s big && dd if=big bs=1 skip=5 count=5 status=none | wc -c'
check truncate sh -c 'truncate -s 10 big && wc -c <big && fallocate -l 1M big && stat -c %s big'
check split sh -c 'seq 100 >n && split -l 30 n && cat x?? | cmp - n && ls x??'
check flock sh -c 'flock z sh -c "flock -n z true || echo locked"; flock -n z true && echo free'
check timeout sh -c 'timeout 0.2 sleep 3; echo $?'
check nice sh -c 'nice -n 5 nice; ionice -c 3 true; chrt -i 0 true; taskset -c 0 nproc'
check setsid sh -c 'setsid -w sh -c "ps -o sid= -p \$\$ | tr -d \" \" | grep -cx \$\$"'
check stdbuf stdbuf -oL echo x
check names sh -c 'getent passwd root && id -un 1 && getent hosts localhost | wc -l'
check limits sh -c 'ulimit -n 20 && ls -d a && ulimit -n; ulimit -f 1; dd if=/dev/zero of=f bs=1k count=10 2>&1 | tail -n 1 | cut -d " " -f 1-2'
check 'open files' prlimit --nofile --noheadings -o SOFT,HARD
check prlimit sh -c 'prlimit --core=0:0 sh -c "kill -ABRT \$\$"; echo $?'
for program in gzip xz bzip2 'zstd -q'; do
	command -v ${program%% *} >/dev/null && check "${program%% *}" sh -c "$program -k n && $program -dc n.[!d]* | cmp - n && rm -f n.*"
done
check openssl sh -c 'openssl dgst -sha256 n && openssl enc -aes-256-ctr -k a -pbkdf2 <n | openssl enc -d -aes-256-ctr -k a -pbkdf2 | cmp - n && openssl genrsa 2048 2>/dev/null | openssl rsa -check -noout 2>/dev/null'
check file sh -c "file /bin/sh n a | sed 's/BuildID.*//'"
check bc sh -c 'echo "2^100; scale = 20; 4 * a(1)" | bc -l'
check attributes sh -c 'setfattr -n user.x -v y n && getfattr --only-values -n user.x n; echo; command -v setfacl >/dev/null && setfacl -m u:1000:r n && getfacl -c n; true'
check busybox sh -c 'busybox ls a | wc -l; busybox find a -name "1?" | wc -l; busybox tar cf - a | busybox md5sum >/dev/null; busybox sh -c "echo \$0"; busybox awk "BEGIN { print 1 / 4 }"'
check 'name of its own' bash -c 'exec -a name sh -c "echo \$0"'
check exits sh -c 'perl -e "exit 3"; echo $?; env -i /usr/bin/env; env -i X=1 /usr/bin/env'
check watch sh -c '(sleep 0.2; echo changed >>n) & tail -n 0 -f n --pid=$! | head -n 1'
check diff sh -c 'diff -u a/1 a/2 | tail -n 3; cmp a/1 a/2; comm -12 a/1 a/1'
check mountpoint sh -c 'mountpoint -q /; echo $?; df . >/dev/null; echo $?; stat -f -c %T / >/dev/null; echo $?; findmnt -n -o TARGET /'
