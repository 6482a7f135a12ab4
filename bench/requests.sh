#!/bin/sh
# SPDX-License-Identifier: MIT
# Requests per second of examples/server.c, with eight clients on the same machine, as a table. `make bench` calls it.
#
# A thread for each request, a process for each request, or a thread that leaves when it serves a guest; with nobody but
# guests, and with one among ten. The ways take turns, ROUNDS times; each figure is the median of the rounds.
. tests/lib.sh
rounds=${ROUNDS:-7}
cd "$scratch" || exit 1

# ask SYSTEM WAY GUESTS COMMAND...
ask() {
	system=$1 way=$2 guests=$3
	shift 3
	hostile "$top/build/bench/requests" "$way $guests" "$guests" "$@" </dev/null | sed "s/^/$system /"
}

server=$top/build/examples/server
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	echo "round $round of $rounds" >&2
	for guests in 10 1; do
		for way in thread fork; do
			ask native "$way" "$guests" "$server" 0 "$way"
			ask secede "$way" "$guests" "$top/build/secede" -- "$server" 0 "$way"
		done
		ask secede leave "$guests" "$top/build/secede" -- "$server" 0
	done
done >figures

awk '
	function median(list, n, a, i, j, t) {
		n = split(list, a)
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
		return n ? a[int((n + 1) / 2)] : "-"
	}
	function row(way, title) {
		printf "| %s | %s | %s | %s | %s |\n", title, median(all["native", way, 10]), median(all["secede", way, 10]),
			median(all["native", way, 1]), median(all["secede", way, 1])
	}
	{ all[$1, $2, $3] = all[$1, $2, $3] " " $4 }
	END {
		print "| requests per second | all guests, native | secede | one of ten a guest, native | secede |"
		print "|---|---|---|---|---|"
		row("thread", "a thread for each, guests included")
		row("fork", "a process for each")
		row("leave", "a thread for each, which leaves for a guest")
	}' figures
