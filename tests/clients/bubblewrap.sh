# SPDX-License-Identifier: MIT
# bubblewrap's own test scripts, without the namespaces that are not built: their options are taken out, and what is
# about pids alone. Its user has no capabilities, as bwrap(1) wants it of whoever is not root.
# secede: secede -c --
# shellcheck shell=sh
build() {
	./configure --quiet --disable-man && make -s -j2 bwrap tests/test-utils tests/try-syscall
}

tests() {
	sed -i -E -e "/--as-pid-1 --bind/,+2d" -e 's/getpcaps 1/sh -c "getpcaps \\$\\$"/' -e 's/^for NS in .*/for NS in mnt uts; do/' \
		-e 's/--unshare-all/--unshare-user-try --unshare-uts --unshare-cgroup-try/; s/--(unshare-(pid|net|ipc)|as-pid-1)//g' tests/*.sh tests/*.py
	export BWRAP="$PWD/bwrap" G_TEST_SRCDIR="$PWD" G_TEST_BUILDDIR="$PWD"
	for script in test-run.sh test-specifying-userns.sh test-seccomp.py test-utils; do
		"tests/$script" | grep -E '^(#|ok|not ok)' | sed "s|^|$script |"
	done
}
