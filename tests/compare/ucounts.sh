# /proc/sys/user/max_X_namespaces: reading, writing, and what is refused then.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
exec 2>&1
cd /proc/sys/user || exit
# The kernel counts a namespace until its memory is freed, some time later. What fails for want of room fails before that, too;
# what has room has it by and by, and says so.
later() { sleep 0.3; }
eventually() {
	until
		"$@" >"$HOME/said" 2>"$HOME/complaints"
		status=$?
		[ -s "$HOME/said" ]
	do
		sleep 0.1
	done
	cat "$HOME/said" "$HOME/complaints"
	return $status
}
show() { cat max_user_namespaces max_mnt_namespaces max_uts_namespaces | paste -s; }
show
set_to() { printf -- "$2" | dd of="max_$1_namespaces" status=none; echo "$? $(cat "max_$1_namespaces")"; }
for text in 5 '7\n' ' 8' '9 10' -1 2147483648 2147483647 99999999999999999999 '' x '12x' '\n' '0x10' '010' '+3'; do
	echo "# $text"
	set_to uts "$text"
done
set_to uts 2
unshare -u unshare -u echo two
later
unshare -u unshare -u unshare -u echo three
echo $?
later
set_to mnt 2
unshare -m echo one more
later
unshare -m unshare -m echo two more
echo $?
eventually unshare -Um sh -c 'cat /proc/sys/user/max_mnt_namespaces; unshare -m echo in a new user namespace'
echo $?
eventually unshare -Um --map-root-user sh -c 'cd /proc/sys/user; echo 100 >max_mnt_namespaces; cat max_mnt_namespaces; unshare -m echo with a limit of its own'
echo $?
set_to mnt 0
unshare -m echo none
echo $?
set_to mnt 100
set_to user 1
eventually unshare -U echo one
later
unshare -U unshare -U echo two
echo $?
set_to user 0
later
unshare -U echo none
echo $?
set_to user 30
unshare -U sh -c 'cat max_user_namespaces; echo 3 >max_user_namespaces; unshare -U echo below'
set_to user 3
for i in 1 2 3 4 5 6; do eventually unshare -Um echo again; done
setpriv --bounding-set -sys_resource --inh-caps -sys_resource sh -c 'echo 1 >max_user_namespaces' 2>/dev/null
echo $?
ls -l max_user_namespaces | cut -c 1-10
