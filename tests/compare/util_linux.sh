# util-linux's mount tools, as scripts and people use them.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
here=$PWD
show() { findmnt -n -R -o TARGET,FSTYPE,VFS-OPTIONS,PROPAGATION "${1:-$here}" | sed "s|$here||"; }
try() { "$@" 2>&1 | sed "s|$here|HERE|g"; echo "-> $?"; }
st() { "$@" >out 2>&1; s=$?; sed "s|$here|HERE|g" out; echo "[$s] $*" | sed "s|$here|HERE|g"; }
sn() { "$@" >out 2>&1; s=$?; sed "s|$here|HERE|g" out; echo "[$s] nsenter"; }

mkdir a b c d
st mount -t tmpfs -o size=1m,mode=700,nosuid,nodev none a
mkdir a/x a/y
touch a/x/file
st mount --bind a/x b
st mount -o bind,ro a/x c
st mount --rbind a d
st touch c/no
st touch b/yes
show
st mount -o remount,bind,ro b
st mount -o remount,rw,noexec a
show
st mountpoint a; st mountpoint a/x; st mountpoint -q b
st mount --move b a/y
show
st umount c
st umount nothing
st umount a
st umount -R d
st umount -l a
show
st mount -t tmpfs none a
st mount -t tmpfs none a
st umount a
st umount a
st umount a

st mount -t ext4 none a
st mount --make-shared a
st mount -t tmpfs none a
st mount --make-unbindable a
st mount --make-runbindable a
st mount --make-private a
st mount --bind a b
touch f g
st mount --bind /etc/hostname f
st mount --bind a f
st mount --bind f a
st umount f
st umount -A a
st umount -c b
show
unset LANG
echo "# unshare and nsenter"
st unshare -m --propagation unchanged sh -c "mount -t tmpfs none $here/a; mountpoint $here/a"
st mountpoint a
sleep 100 & pid=$!
unshare -m -u sh -c "hostname inner; mount -t tmpfs none $here/a; touch $here/a/inside; sleep 100 & echo \$! >$here/pid; wait" &
until p=$(cat pid 2>&1) && [ "$(cat "/proc/$p/comm" 2>&1)" = sleep ]; do sleep 0.1; done
sn nsenter -t $p -m ls $here/a
sn nsenter -t $p -u hostname
sn nsenter -t $p -m -u -r -w sh -c 'hostname; pwd'
sn nsenter --mount=/proc/$p/ns/mnt mountpoint $here/a
lsns -n -t uts -p $p -o TYPE,COMMAND
kill $p $pid
wait
echo "# chroot, pivot_root, switch_root"
mkdir new
st mount -t tmpfs none new
cp /bin/busybox new/sh 2>/dev/null || echo no busybox
ln new/sh new/ls; ln new/sh new/pwd; ln new/sh new/cat; ln new/sh new/mount
mkdir new/old new/proc new/dev new/sys new/run
st chroot new /sh -c 'pwd; ls /'
unshare -m sh -c "cd new && pivot_root . old && ./sh -c 'cd /; /ls / ; /ls old/bin/sh'"
echo $?
unshare -m sh -c "cd new && pivot_root . . && ./sh -c 'cd /; /ls /'"
echo $?
unshare -m switch_root new /sh -c '/ls /; /pwd'
echo $?
