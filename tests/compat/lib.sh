# SPDX-License-Identifier: MIT
# What the scripts of this folder share: . "$TOP/tests/compat/lib.sh"
#
# A script prints one line a check: "ok NAME: what it said", "not ok NAME: exit STATUS: what it said" or
# "skip NAME: reason". What it said stands in one line, however much it was: tests/compat/run counts and compares lines.
#
# shellcheck shell=sh
said=$TMPDIR/.said

# check NAME COMMAND...: the command, which may be a function here, succeeds.
check() {
	exits 0 "$@"
}

# exits STATUS NAME COMMAND...: the command ends with that status.
exits() {
	wanted=$1 name=$2
	shift 2
	"$@" >"$said" 2>&1
	got=$?
	if [ "$got" = "$wanted" ]; then
		echo "ok $name: $(one_line "$said")"
	else
		echo "not ok $name: exit $got: $(one_line "$said")"
	fi
}

# pass NAME WORDS, fail NAME WORDS, skip NAME REASON: what the script found out by itself
pass() {
	echo "ok $1: $2"
}
fail() {
	echo "not ok $1: $2"
}
skip() {
	echo "skip $1: $2"
}

one_line() {
	cat -v "$1" | paste -s -d '|'
}

# eventually COMMAND...: until it succeeds, for at most 20 seconds
eventually() {
	for _ in $(seq 200); do
		"$@" >"$said.eventually" 2>&1 && return 0
		sleep 0.1
	done
	cat "$said.eventually"
	return 1
}

# free_port: a port of the loopback interface that nobody has. The kernel gives them out in turn, so the next caller
# gets another one.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
