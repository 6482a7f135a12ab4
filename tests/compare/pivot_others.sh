# pivot_root(8) moves the root and the working directory of everybody who stood at the old root: the shell that called it,
# a process that sleeps, one in a namespace of its own not.
# native: unshare -rm sh
# secede: secede -rm sh
here=$PWD
mkdir new stand
mount -t tmpfs none new
mkdir new/old new/here new/proc new/bin new/lib new/lib64 new/usr
mount --rbind /usr new/usr
for dir in bin lib lib64; do
	[ -L /$dir ] && { rmdir new/$dir && cp -P /$dir new/$dir; } || mount --bind /$dir new/$dir
done
mount --rbind /proc new/proc
touch new/mark

sleepers() { # each says, when it is woken, where it stands
	for at in / "$here/stand"; do
		(
			cd "$at"
			exec python3 -c '
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("ready", flush=True)
signal.sigwait([signal.SIGUSR1])
def look(path):
    try:
        return sorted(os.listdir(path))
    except OSError as error:
        return error.strerror
print(os.getcwd() == sys.argv[1], "mark" in look("/"), "mark" in look("."), os.path.exists("/old/etc/passwd"), flush=True)
' "$at"
		) >"$here/said.$1.${#at}" &
		eval "pid_$1_$([ "$at" = / ] && echo root || echo dir)=$!"
	done
}
wait_for() {
	until [ "$(cat "$here"/said.* | grep -c ready)" = "$1" ]; do
		sleep 0.02
	done
}
sleepers same
mkfifo apart
unshare -m sh -c 'read x <apart; ls / | grep -c mark; ls -d /usr' >in_another &
wait_for 2
exec 3>apart
cd /
exec 4>"$here/out"
# The shell itself is pivoted by a child of its.
pivot_root "$here/new" "$here/new/old"
echo "pivoted $?"
ls -d mark /mark /old/etc/passwd
pwd
readlink /proc/self/root /proc/self/cwd /proc/$pid_same_root/root /proc/$pid_same_root/cwd /proc/$pid_same_dir/root
readlink /proc/$pid_same_dir/cwd | sed "s|$here|HERE|"
sh -c 'ls -d /mark; cd /old && pwd'
kill -USR1 $pid_same_root $pid_same_dir
wait $pid_same_root $pid_same_dir
cat /old/"$here"/said.*
echo go >&3
wait
cat "/old/$here/in_another"
unshare -m sh -c 'ls -d /mark; umount -l /old; ls /old; cd /; ls -d mark'
cut -d ' ' -f 5 /proc/self/mountinfo | sed "s|$here|HERE|" | grep -c '^/old'
umount -l /old
cut -d ' ' -f 5 /proc/self/mountinfo | grep -c '^/old'
