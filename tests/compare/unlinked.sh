# Files that are mounted somewhere and lose their name: unlink(2), rename(2) over them; and what the mount is then.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
mount -t tmpfs none "$PWD"
cd "$PWD" || exit
exec 2>&1
here=$PWD
mkdir dir
for name in a b c dir/d; do echo "text of $name" >$name; done
touch on_a on_b on_c on_d
mount --bind a on_a
mount --bind b on_b
mount --bind c on_c
mount --bind dir/d on_d
unshare -m sh -c 'until [ -e gone ]; do sleep 0.05; done; cat on_a; echo more >>on_a; ls' &
rm a
cat on_a
ls
echo new >a
cat a on_a
rm dir/d
rmdir dir
cat on_d
touch gone
wait
cat on_a
stat -c '%s %a' on_a on_b
findmnt -n -o TARGET,FSROOT on_a | sed "s|$here|HERE|"
findmnt -n -o TARGET,FSROOT on_d | sed "s|$here|HERE|"
chmod 600 on_a
stat -c %a on_a
rm on_a
umount on_a
ls
cat a
rm b
umount on_b
cat on_c
umount on_c
cat on_c
ln on_d dir 2>&1
mount -t tmpfs none /mnt
cp on_d /mnt/x
touch /mnt/y
mount --bind /mnt/x /mnt/y
rm /mnt/x
umount -l /mnt
mount --bind a on_b
mv b2 a 2>&1
echo other >b2
mv b2 a
cat a on_b
mkdir gone on_gone
mount --bind gone on_gone
rmdir gone
umount on_gone
umount on_gone 2>&1 | sed "s|$here|HERE|"
rmdir on_gone && echo free
