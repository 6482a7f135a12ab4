# Everyday commands over mount points and mount borders, with their messages.
# native: unshare -rm sh
# secede: secede -rm sh
here=$PWD
run() {
	echo "\$ $*" | sed "s,$here,HERE,g"
	"$@" 2>&1 | sed "s,$here,HERE,g"
}
mkdir -p src/d/e dst mem ro keep spare
echo text >src/f
ln -s f src/l
ln src/f src/hard
run mount --bind src dst
run mount --bind -o ro src ro
run mount -t tmpfs -o size=1m,mode=750 mine mem
for m in dst mem src ro/f; do run mountpoint $m; done
run findmnt -n -o TARGET,SOURCE,FSTYPE,FSROOT mem
run findmnt -n -o TARGET --submounts -R mem
run sh -c 'mount | grep -c "$0"' "$here/ro"
run stat -c '%a %F' mem ro/f ro/l
run touch ro/new
run rm ro/f
run mv ro/f mem
run cp -a ro/. mem
run ls -R mem
run mv mem/f dst/moved
run ls dst src
run mv dst/moved mem/back
run ln dst/f mem/link
run ln dst/f src/link
run rmdir mem
run rm -rf mem
run mv mem elsewhere
run mv spare dst/d
run ls -F src/d
run rm -r dst/d/spare
run mount -o remount,bind,ro dst
run touch dst/x
run mount -o remount,bind,rw dst
run touch dst/x
run ls src/x
run umount mem
run umount mem
run mount -t tmpfs none mem
run mount -t tmpfs none mem
run umount mem
run mountpoint mem
mount --move mem keep 2>/dev/null # complains of /run/mount to who may not write there
run mountpoint mem
run mountpoint keep
run umount -l keep
run mount --bind missing dst
run mount --bind src/f dst
run mount -t unknownfs none mem
run mount --make-private dst
run mount --make-rslave /
run mount --make-private keep
cd dst || exit
run umount .
run umount ../dst
cd ..
run umount dst ro
run ls dst ro
run chmod 700 src/d
run chown "$(id -u)" src/d src/l
run stat -c %a src/d
run install -m 640 src/f dst/g
run stat -c '%a %s' dst/g
run find . -name f -newermt 2000-01-01
run tar -C src -cf keep/t.tar .
run tar -tf keep/t.tar --exclude=x
