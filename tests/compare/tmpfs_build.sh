# SPDX-License-Identifier: MIT
# Unpacking, editing and packing on a tmpfs.
mkdir src t
for i in 1 2 3 4 5; do mkdir -p src/d$i && echo "text $i" >src/d$i/file; done
mount -t tmpfs none t
tar -C src -cf - . | tar -C t -xf -
sed -i 's/text/words/' t/d*/file
find t -type f | sort | xargs cat
mv t/d1 src/moved && cat src/moved/file
cp -a t/d2 t/copy && diff -r t/d2 t/copy && echo same
umount t
ls t
ls src
