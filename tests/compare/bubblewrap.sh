# bwrap(1), unmodified, as people and flatpak call it. Namespaces that are not built (pid, net, ipc, cgroup) are left out.
# needs: bwrap
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
here=$PWD
exec 2>&1
mkdir -p data/sub home lower
echo data >data/file
echo secret >data/sub/secret
ln -s file data/link
echo 'from a descriptor' >text
links=
for dir in bin sbin lib lib32 lib64 libx32; do
	[ -L /$dir ] && links="$links --symlink $(readlink /$dir) /$dir"
	[ ! -L /$dir ] && [ -d /$dir ] && links="$links --ro-bind /$dir /$dir"
done
usr="--ro-bind /usr /usr $links"
look='findmnt -n -o TARGET,FSTYPE,VFS-OPTIONS | sed "s|/usr/[^ ]*|SUBMOUNT|"'
t() {
	echo "\$ bwrap $*" | sed "s|$here|HERE|g; s|$usr|USR|"
	bwrap "$@" 2>&1 | sed "s|$here|HERE|g"
}
t --help | head -n 1
# shellcheck disable=SC2086
{
	t $usr bash -c 'ls /; echo $BASH'
	t $usr --proc /proc --dev /dev sh -c 'ls /dev /; echo x >/dev/null; head -c 3 /dev/zero | od -An -tx1; tty'
	t $usr --dev /dev sh -c 'ls -l /dev/stdin /dev/fd /dev/ptmx /dev/core; ls /dev/pts /dev/shm; stat -c %a /dev/shm'
	t $usr --tmpfs / ls /
	t $usr --tmpfs /home --dir /home/me/deep --chdir /home/me pwd
	t $usr --bind data /data sh -c 'cat /data/link; echo new >/data/written; ls -R /data'
	cat data/written
	t $usr --ro-bind data /data sh -c 'echo no >/data/written; cat /data/written'
	t $usr --ro-bind data/file /etc/passwd cat /etc/passwd
	t $usr --bind data /data --remount-ro /data sh -c 'touch /data/x; cat /data/file'
	t $usr --bind data /data --tmpfs /data/sub sh -c 'ls /data/sub; touch /data/sub/mine; ls -A /data/sub'
	t $usr --file 9 /etc/made sh -c 'cat /etc/made; stat -c "%a %s" /etc/made' 9<text
	t $usr --perms 0640 --file 9 /made stat -c '%a' /made 9<text
	t $usr --bind-data 9 /made sh -c 'cat /made; stat -c %a /made' 9<text
	t $usr --ro-bind-data 9 /made sh -c 'echo x >/made' 9<text
	t $usr --symlink made /link --dir /made sh -c 'ls -ld /link | cut -c 1; readlink /link; ls -d /link/.'
	t $usr --perms 01777 --dir /t --perms 0700 --tmpfs /u stat -c '%a %n' /t /u
	t $usr --size 65536 --tmpfs /s sh -c 'findmnt -n -o SIZE /s'
	t $usr --setenv A b --unsetenv HOME sh -c 'echo $A-$HOME'
	t $usr --clearenv sh -c 'env | sort'
	t $usr --bind-try missing /x --ro-bind-try data /data --dev-bind-try missing /y ls / /data
	t $usr --bind missing /x true
	t $usr --bind data /usr/share/nowhere/x true
	t $usr --chdir /nowhere true
	t $usr --argv0 other sh -c 'echo $0'
	t $usr nothing
	t $usr --hostname box true
	t $usr --unshare-uts --hostname box --ro-bind /etc/hostname /etc/hostname hostname
	t $usr --unshare-user-try --unshare-cgroup-try echo tried
	t $usr --unshare-user --uid 77 --gid 88 id
	t $usr --unshare-user --cap-add CAP_SYS_ADMIN sh -c 'grep CapEff /proc/self/status'
	t $usr --proc /proc sh -c 'id -u; grep -E "NoNewPrivs|CapEff|CapBnd" /proc/self/status'
	t $usr --proc /proc --cap-drop ALL sh -c 'grep CapEff /proc/self/status; mount -t tmpfs none /usr; echo $?'
	t $usr --proc /proc --new-session sh -c 'ps -o sid= -p $$ 2>/dev/null | grep -c .; exit 9'
	t $usr --die-with-parent sh -c 'exit 4'
	t $usr --info-fd 8 true 8>info
	grep -c child-pid info
	t $usr --json-status-fd 8 sh -c 'exit 3' 8>status
	sed 's/[0-9][0-9][0-9]*/N/g; s/ *$//' status
	t $usr --sync-fd 8 true 8>/dev/null
	t --bind / / --tmpfs /tmp sh -c 'ls /tmp; touch /tmp/x; ls /tmp'
	t --ro-bind / / sh -c "touch $here/no"
	t --ro-bind / / --bind "$here/home" "$here/home" sh -c "touch $here/home/yes; ls $here/home"
	t --bind / / --dev-bind /dev /dev sh -c 'echo >/dev/null && echo dev'
	t --bind / / bwrap --bind / / --tmpfs /mnt sh -c 'findmnt -n -o FSTYPE /mnt'
	t $usr --proc /proc $usr sh -c "$look"
	t $usr --ro-bind data /data --bind data/sub /data/sub sh -c 'touch /data/x /data/sub/x; ls /data/sub'
	t $usr --args 7 echo args 7<<-X
	--dir
	X
	printf -- '--dir\0/made-by-args\0' | bwrap $usr --args 0 ls -d /made-by-args
	t $usr --seccomp 7 true 7</dev/null
	t --ro-bind / / --disable-userns --unshare-user sh -c 'unshare -U true; echo $?'
	t $usr --lock-file /usr/bin/sh true
	t $usr --exec-label x true
}
