# systemd-tmpfiles(8) with a root of its own, across mounts in it.
# needs: systemd-tmpfiles
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
here=$PWD
mkdir -p root/etc root/usr/share/factory root/var root/run root/tmp behind
mount -t tmpfs none root/run
mount --bind behind root/var
echo factory >root/usr/share/factory/file
printf 'root:x:0:0::/:/bin/sh\n' >root/etc/passwd
printf 'root:x:0:\n' >root/etc/group
mkdir -p root/var/old root/var/age root/tmp/keep
touch -d '3 days ago' root/var/age/stale root/tmp/keep/stale
touch root/var/age/fresh
cat >conf <<EOF
d /run/dir 0750 root root -
D /run/empty 1777 root root -
f /run/file 0640 root root - text
f+ /run/other 0600 - - - more\n
w /run/file - - - - appended
L /run/link - - - - ../var/target
L+ /var/link - - - - /etc/passwd
C /var/copy 0644 - - - /usr/share/factory/file
p /run/fifo 0600
z /run/file 0600
Z /var/old 0700
r /var/nothing
R /tmp/gone
e /var/age 0755 - - 1d
d /tmp/keep 0755 - - 1d
x /tmp/keep/except
m /run/other 0644
q /var/sub 0700
EOF
run() { systemd-tmpfiles --root="$here/root" "$@" "$here/conf" 2>&1 | sed "s|$here|HERE|g"; }
run --create
echo "create $?"
run --clean
echo "clean $?"
mkdir root/tmp/gone
touch root/run/empty/x
run --remove
echo "remove $?"
(cd root && find . -mindepth 1 -printf '%P %y %m %U:%G %l\n' | sort)
cat root/run/file root/run/other root/var/copy
ls behind
