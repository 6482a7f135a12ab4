# tar, rsync, cp, mv, find -xdev, du -x and git over mount borders.
# needs: rsync git setfattr
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
here=$PWD
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' GIT_CONFIG_NOSYSTEM=1
say() { "$@" 2>&1 | sed "s|$here|HERE|g"; }
mkdir -p tree/a/b tree/mem tree/bound elsewhere/deep
mount -t tmpfs none tree/mem
mount --bind elsewhere tree/bound
echo 1 >tree/a/b/one
ln tree/a/b/one tree/a/hard
ln -s ../mem/two tree/a/link
echo 2 >tree/mem/two
echo 3 >tree/bound/deep/three
mkfifo tree/mem/fifo
chmod 2750 tree/bound/deep
setfattr -n user.note -v hello tree/a/b/one 2>&1
echo "# find, du"
say find tree -xdev | sort
say find tree -mount -type f | sort
say find tree -fstype tmpfs | sort
du -x tree/a >/dev/null && echo du
say stat -c '%n %m %h %a' tree/mem tree/mem/two tree/bound/deep tree/a/b/one | sed "s|$here|HERE|g"
say df --output=target tree/mem tree/bound tree/a
echo "# tar"
tar -C tree --one-file-system -cf x.tar . 2>&1
tar -tf x.tar | sort
tar -C tree --xattrs --sort=name -cf all.tar . 2>&1
mkdir out
mount -t tmpfs none out
tar -C out --xattrs -xf all.tar 2>&1
(cd out && find . -printf '%P %y %m %n %l\n' | sort)
cmp tree/bound/deep/three out/bound/deep/three && echo same
echo "# rsync"
mkdir copy
say rsync -aHXx tree/ copy/
(cd copy && find . -printf '%P %y %m %n %l\n' | sort)
say rsync -aHX --delete tree/ copy/
say rsync -ain --delete tree/ copy/
say rsync -a --remove-source-files copy/bound/ out/moved/
find out/moved | sort
echo "# cp, mv, ln, rm"
say cp -a --one-file-system tree xcopy
find xcopy | sort
say mv tree/bound/deep out/deep
say ls -R elsewhere out/deep
say mv out/deep tree/bound/
say ln tree/a/b/one tree/mem/hard
say ln tree/bound/deep/three elsewhere/hard
say mv tree/bound elsewhere2
say rm -rf --one-file-system tree/mem
say rm -rf tree/bound
say ls -A tree/mem tree/bound
say rmdir tree/mem
say cp --reflink=auto --sparse=always x.tar tree/mem/
echo "# git"
mkdir repo
mount -t tmpfs none repo
cd repo || exit
say git init -q -b main .
mkdir sub
mount --bind ../tree/a sub
say git add -A
say git commit -q -m first
say git ls-tree -r --name-only HEAD
echo change >>sub/b/one
say git status --short
say git stash -q
say git status --short
say git stash pop -q
say git mv sub/b/one top
say git commit -q -a -m second
say git log --oneline --name-status -1
say git worktree add -q ../elsewhere/tree HEAD~1
ls ../tree/bound
say git -C ../elsewhere/tree log --oneline
say git clone -q . ../tree/mem/clone
say git -C ../tree/mem/clone fsck
say git clean -xfd
say git gc -q
say git worktree list
