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
		pass "$name" "$(one_line "$said")"
	else
		fail "$name" "exit $got: $(one_line "$said")"
	fi
}

# pass NAME WORDS, fail NAME WORDS, skip NAME REASON: what the script found out by itself
pass() {
	printf 'ok %s: %s\n' "$1" "$2"
}
fail() {
	printf 'not ok %s: %s\n' "$1" "$2"
}
skip() {
	printf 'skip %s: %s\n' "$1" "$2"
}

# What a shell says of a member of a pipeline that was killed comes sooner or later than what the others say.
one_line() {
	cat -v "$1" | grep -vxE '(Aborted|Killed|Terminated|Segmentation fault)( \(core dumped\))?' | paste -s -d '|'
}

# eventually COMMAND...: until it succeeds, for at most 20 seconds; says what it said the last time
eventually() {
	tries=200
	until "$@" >"$said.eventually" 2>&1; do
		tries=$((tries - 1))
		[ $tries != 0 ] || break
		sleep 0.1
	done
	cat "$said.eventually"
	[ $tries != 0 ]
}

# free_port: a port of the loopback interface that nobody has. The kernel gives them out in turn, so the next caller
# gets another one.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# see TEXT: it stands on the screen of the terminal that $mux (tmux and its options) has, soon
see() {
	eventually sh -c "$mux capture-pane -p | grep -F -- '$1'" || {
		$mux capture-pane -p
		false
	}
}
