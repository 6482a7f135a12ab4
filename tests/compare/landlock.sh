#!/bin/sh
# SPDX-License-Identifier: MIT
# secede: secede -rm sh
# Landlock domains (landlock(7)) over trees with mounts: what a rule about a directory gives, what execve and /proc need,
# and that nothing can be mounted any more.
PATH=$TOP/build/tests/tools:$PATH
mkdir a b x x/p src src/in
echo A >a/file
echo in >src/in/file
echo x >x/file
mount --bind a b
mount --bind src/in x/p
mkdir t
mount -t tmpfs none t
echo T >t/file
mkdir t/dir
system='rx=/usr rx=/lib rx=/lib64 rx=/bin rx=/etc rw=/dev/null'

# show NAME COMMAND...
show() {
	echo "== $1"
	shift
	"$@" 2>&1 | sed "s,$PWD,HERE,g"
}
# in_domain RULE... -- COMMAND...: reading, writing and executing are handled
in_domain() {
	# shellcheck disable=SC2086  # a list of words
	landlock xrw $system "$@"
}
# shellcheck disable=SC2016  # the inner shell expands
try='for f in $files; do cat $f >/dev/null 2>&1 && echo read $f; (echo w >>$f) 2>/dev/null && echo write $f; done'
export files

show 'no rules' landlock xrw rx=/usr -- true
show 'a program' in_domain -- echo hello
show 'shells' in_domain -- sh -c 'sh -c "echo inner"; ls >/dev/null || echo no ls'
show 'a program without a rule' in_domain rw=. -- sh -c 'cp /bin/true ./mine && ./mine || echo $?'
show 'only execution is handled' landlock x x=/usr -- sh -c 'cp /bin/true mine; ./mine; echo $?'

for rule in a b t t/dir; do
	files='a/file b/file x/file x/p/file t/file src/in/file'
	show "rule about $rule" in_domain rw=$rule -- sh -c "$try"
done
# The file has two names: that the rule is about one of them only is not to be seen here.
files='a/file b/file x/file x/p/file t/file'
show 'rule about a directory with a mount in it' in_domain rw=x -- sh -c "$try"
show 'rule about a mount' in_domain rw=x/p -- sh -c "$try; cat src/in/file"
files='a/file b/file x/file x/p/file t/file src/in/file'
show 'rule about everything' in_domain rw=. -- sh -c "$try"
show 'two domains' in_domain rw=. rx="$TOP" -- landlock rw r=/ rw=/dev rw=t -- sh -c "$try"

# shellcheck disable=SC2016
proc='for f in status mounts mountinfo uid_map exe stat maps ns/mnt; do
	head -c0 /proc/self/$f >/dev/null 2>&1 && echo $f
done; cat /proc/sys/kernel/hostname >/dev/null; readlink /proc/self/exe; ls -d /proc/self/fd/0; ls /proc/self/fd >/dev/null'
show 'proc without a rule' in_domain -- sh -c "$proc"
show 'proc with one' in_domain rw=/proc -- sh -c "$proc"

changes='mount --bind a b; mount -t tmpfs none a; umount b; umount t; mount -o remount,ro t'
show 'mounting' landlock w rw=. -- sh -c "$changes"
show 'mounting where only execution is handled' landlock x x=/ -- sh -c "$changes"
show 'mounting where only the network is' landlock b -- sh -c 'mount --bind a a && umount a && echo done'
show 'unshare' in_domain rw=. -- unshare -m sh -c 'echo not reached'
show 'chroot' in_domain rw=. -- chroot . /nothing

cat >rename.pl <<'EOF'
print rename($ARGV[0], $ARGV[1]) ? "renamed\n" : "$!\n";
EOF
show 'links and renames' landlock xrwf rx=/ rw=. -- sh -c '
	perl rename.pl x/file src/moved; perl rename.pl x/file x/file2; perl rename.pl a/file t/dir/file
	ln x/file2 a/ln; ls a x'
show 'between directories' landlock xrwf rx=/ rwf=. -- sh -c '
	mv x/file2 src/moved && echo moved; ln src/moved a/ln && echo linked'
show 'truncating, removing, making' in_domain r=b -- sh -c ': >b/file || echo no; rm b/file; mkdir b/d; ln -s x b/l'
show 'the working directory' in_domain rw=. -- sh -c 'cd b && pwd -P && cat file; cd .. && ls; cd / && ls'
show 'descriptors' in_domain rw=. rw=/proc -- sh -c 'cat /dev/fd/9 9<b/file; cat /dev/stdin <a/file'
cp /bin/echo a/prog
printf '#!/bin/sh\necho script\n' >a/script
chmod +x a/script
show 'programs behind a mount' in_domain rx=b -- sh -c 'b/prog hi; b/script; a/prog hi'
show 'a script whose interpreter has no rule' landlock xr rx=b rx=/lib rx=/lib64 rx=/usr/lib r=/ -- b/script
