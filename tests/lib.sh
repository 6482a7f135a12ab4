# SPDX-License-Identifier: MIT
# What test scripts share: TAP output, a scratch directory, the hostile host. Sourced from the top of the tree:
#
#	. tests/lib.sh
#	same 'it works' 'what is expected' "$(hostile secede -m echo hello)"
#	done_testing
#
# shellcheck shell=sh

top=$PWD
PATH=$top/build:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
unset MAKEFLAGS MAKELEVEL MFLAGS
tests=0 failed=

# A scratch directory which the ordinary user owns; everything goes when the script ends.
# Without one nothing may go on: what follows removes and makes directories below it.
scratch=$(mktemp -d /var/tmp/secede-test.XXXXXX) || exit 1
chmod 755 "$scratch"
trap 'cleanup' EXIT
trap 'exit 130' INT TERM
if [ "$(id -u)" = 0 ]; then
	chown 1000:1000 "$scratch"
else
	echo "# not run by root: the hostile host keeps uid $(id -u)"
	export HOSTILE_QUIET=1
fi
HOME=$scratch
export HOME

cleanup() {
	cd /
	chmod -R u+rwX "$scratch" 2>/dev/null
	rm -rf "${scratch:?}"
}

# ok NAME COMMAND...: the command succeeds.
ok() {
	name=$1
	shift
	if "$@"; then
		pass "$name"
	else
		fail "$name" "failed: $*"
	fi
}

pass() {
	tests=$((tests + 1))
	echo "ok $tests - $1"
}

# fail NAME REASON
fail() {
	tests=$((tests + 1)) failed=1
	echo "not ok $tests - $1"
	printf '%s\n' "$2" | sed 's/^/# /'
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

# missing SCRIPT: the first program that the script needs, as its head says, and that is not there
missing() {
	for program in $(sed -n 's/^# needs: //p' "$1"); do
		command -v "$program" >/dev/null || echo "$program"
	done | head -n 1
}

# same NAME WANTED GOT
same() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "wanted:
$2
got:
$3"
	fi
}

# same_file NAME WANTED GOT: the same for files, showing where they differ.
same_file() {
	if cmp -s "$2" "$3"; then
		pass "$1"
	else
		fail "$1" "$(diff -u "$2" "$3" | head -n 60)"
	fi
}

# Ends with status 1 when a test has failed.
done_testing() {
	echo "1..$tests"
	[ -z "$failed" ]
}

# hostile COMMAND...: as an ordinary user whom the host denies all namespaces, never for longer than a minute.
hostile() {
	timeout -k 5 "${limit:-60}" "$top/build/hostile" "$@"
}

# status COMMAND...: prints what it prints, both ways, and the exit status.
status() {
	"$@" 2>&1
	echo "exit $?"
}
