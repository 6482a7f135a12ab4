# SPDX-License-Identifier: MIT
# busybox: its testsuite, with all applets that Debian's tree builds by default.
# shellcheck shell=sh
build() {
	make -s defconfig && sed -i 's/^CONFIG_TC=y/CONFIG_TC=n/' .config && make -s -j2
}

tests() {
	cd testsuite && ./runtest 2>&1 | sed -n -E 's/^(PASS|FAIL|SKIPPED|UNTESTED):? ?(.*)/\2 \1/p'
}
