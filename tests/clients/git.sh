# SPDX-License-Identifier: MIT
# git: fast scripts of its t/ about files, directories, symlinks and paths.
# shellcheck shell=sh
scripts='t0000-basic t0001-init t0021-conversion t1006-cat-file t1300-config t2000-conflict-when-checking-out-files
	t2003-checkout-cache-mkdir t3000-ls-files-others t3010-ls-files-killed-modified t3700-add t4000-diff-format
	t5000-tar-tree t5510-fetch t6000-rev-list-misc t7001-mv t7300-clean t7508-status t7600-merge'

build() {
	make -s -j2 CFLAGS=-O1 NO_CURL=1 NO_EXPAT=1 NO_GETTEXT=1 NO_OPENSSL=1 NO_PERL=1 NO_TCLTK=1 all
}

tests() {
	cd t || return
	for script in $scripts; do
		"./$script.sh" 2>&1 | sed -n -E "s/^(ok|not ok) ([0-9]+)(.*)/$script \2\3 \1/p"
	done
}
