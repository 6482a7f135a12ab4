#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: stress-ng
# limit: 400
# stress-ng: files, directories, locks, descriptors.
. "$TOP/tests/compat/stressors"
stress 1 access chattr chdir chmod chown close copy-file dentry dev dev-shm dir dirdeep dirmany dnotify dup \
	fallocate fanotify fcntl fiemap file-ioctl filename flock fstat full getdent handle hdd inode-flags io iomix \
	ioprio lease link locka lockf lockofd mknod null open quota readahead rename revio seek sendfile symlink \
	sync-file touch urandom utime verity xattr zero
