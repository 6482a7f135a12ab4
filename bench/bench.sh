#!/bin/sh
# SPDX-License-Identifier: MIT
# What secede costs beside the bare host, proot and bwrap, in one run, as two tables. `make bench` calls it.
#
# Everything but bwrap runs as an ordinary user on the hostile host; bwrap cannot, so it runs as root beside it. The
# systems take turns, ROUNDS times; each figure is the median of the rounds.
. tests/lib.sh
rounds=${ROUNDS:-7}
limit=600
bin=$top/build/bench

# What is worked on: a file to look at, 25 C files; all seen below $scratch/here, which is bound from elsewhere.
behind=$scratch/behind here=$scratch/here
mkdir -p "$behind/some/where/below" "$here"
touch "$behind/some/where/below/file"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
	printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n'
	for f in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		echo "int f${i}_$f(const char *s, int n) { int r = $f; while (n-- > 0) r = r * 31 + (int)strlen(s) + abs(n);"
		echo 'printf("%d", r); return r; }'
	done
done | awk -v dir="$behind" '/stdio/ { n++ } { print > (dir "/part" n ".c") }'
# shellcheck disable=SC2016  # for make
printf 'all: $(patsubst %%.c,%%.o,$(wildcard *.c))\n%%.o: %%.c\n\tgcc -O1 -c -o $@ $<\n' >"$behind/Makefile"
cp -R "$behind/." "$here"
[ "$(id -u)" != 0 ] || chown -R 1000:1000 "$behind" "$here"

# in_NAME COMMAND...: runs it in that system
in_native() {
	hostile "$@"
}
in_secede() {
	hostile secede -m --bind "$behind:$here" -- "$@"
}
in_proot() {
	hostile proot -b "$behind:$here" "$@"
}
in_bwrap() {
	bwrap --dev-bind / / --bind "$behind" "$here" -- "$@"
}

# start_NAME: how long it takes to start /bin/true there
start_native() {
	hostile "$bin/spawn" start 100 /bin/true
}
start_secede() {
	hostile "$bin/spawn" start 100 "$top/build/secede" /bin/true
}
start_proot() {
	hostile "$bin/spawn" start 20 proot /bin/true
}
start_bwrap() {
	"$bin/spawn" start 100 bwrap --dev-bind / / -- /bin/true
}

measure() { # SYSTEM
	"in_$1" "$bin/micro" "$here"
	"start_$1"
	"in_$1" "$bin/spawn" programs 1 bash -c 'for i in {1..500}; do /bin/true; done'
	"in_$1" "$bin/spawn" compile 1 make -s -B -C "$here" -j2
}

systems='native secede'
! command -v proot >/dev/null || systems="$systems proot"
! bwrap --dev-bind / / -- /bin/true 2>/dev/null || systems="$systems bwrap"
cd "$scratch" || exit 1
mkdir -m 777 mounts
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	echo "round $round of $rounds" >&2
	for system in $systems; do
		measure "$system" </dev/null | sed "s/^/$system /"
	done
	# The kernel's own unshare(2) is for root.
	[ "$(id -u)" != 0 ] || "$bin/unshare" "$scratch/mounts" </dev/null | sed 's/^/kernel /'
	hostile secede -m "$bin/unshare" "$scratch/mounts" </dev/null | sed 's/^/unshare /'
	hostile secede -u "$bin/roundtrip" idle 1 </dev/null | sed 's/^/warden /'
	hostile secede -u "$bin/roundtrip" callers 8 </dev/null | sed 's/^/warden /'
done >"$scratch/figures"

awk -v systems="$systems" '
	function median(list, n, a, i, j, t) {
		n = split(list, a)
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
		return a[int((n + 1) / 2)]
	}
	function time(ns) {
		return ns < 10000 ? sprintf("%d ns", ns) : ns < 1e7 ? sprintf("%d us", ns / 1000) : sprintf("%d ms", ns / 1e6)
	}
	function ratio(who, what) {
		if (!((who, what) in all)) return "-"
		return sprintf("%.2fx", median(all[who, what]) / median(all["native", what]))
	}
	function row(what, title, wanted) {
		printf "| %s | %s | **%s** | %s | %s | %s |\n", title, time(median(all["native", what])), ratio("secede", what),
			wanted, ratio("proot", what), ratio("bwrap", what)
	}
	function cell(who, what) {
		return ((who, what) in all) ? time(median(all[who, what])) : "-"
	}
	function flag(what, title, wanted, r) {
		r = ("kernel", what) in all ? median(all["unshare", what]) / median(all["kernel", what]) : 0
		printf "| %s | %s | %s | %s | %s |\n", title, cell("kernel", what), cell("unshare", what),
			r ? sprintf(r < 0.1 ? "%.3fx" : "%.2fx", r) : "-", wanted
	}
	{ all[$1, $2] = all[$1, $2] " " $3 }
	END {
		print "| | native | secede | wanted | proot | bwrap |"
		print "|---|---|---|---|---|---|"
		row("read", "read", "1.15x")
		row("write", "write", "1.15x")
		row("futex", "futex", "1.15x")
		row("getppid", "getppid", "1.15x")
		row("stat", "stat below a bind mount", "4x")
		row("open+close", "open + close below a bind mount", "4x")
		row("programs", "500 programs from bash", "1.6x")
		row("start", "`secede true`, against `true`", "3.5x")
		row("compile", "compiling 25 C files, make -j2", "1.3x")
		print ""
		print "| unshare(2) | the kernel, as root | secede | | wanted |"
		print "|---|---|---|---|---|"
		flag("uts", "`CLONE_NEWUTS`", "15 us")
		flag("mnt-10", "`CLONE_NEWNS`, 10 mounts", "1x")
		flag("mnt-1000", "`CLONE_NEWNS`, 1,000 mounts", "1x")
		flag("mnt-10000", "`CLONE_NEWNS`, 10,000 mounts", "1x")
		flag("pair-10", "mount(2) and umount(2) of a bind, 10 mounts", "")
		flag("pair-1000", "the same, 1,000 mounts", "")
		flag("pair-10000", "the same, 10,000 mounts", "")
		flag("fs", "`CLONE_FS`, of a thread", "no round trip")
		flag("files", "`CLONE_FILES`, of a thread", "no round trip")
		flag("sighand", "`CLONE_SIGHAND`, of a thread", "no round trip")
		flag("together", "100 threads at once: `FS`, `FILES`, `NEWUTS`", "")
		flag("fork", "fork(2) with 1 GiB, beside it:", "")
		flag("vm", "`CLONE_VM`, of a thread, 1 GiB", "1.3x of fork")
		printf "\n`CLONE_VM` is %.2fx of fork(2) in the same process.\n\n",
			median(all["unshare", "vm"]) / median(all["unshare", "fork"])
		printf "The warden'\''s round trip: %s idle, %s with 8 callers at once.\n", time(median(all["warden", "idle"])),
			time(median(all["warden", "callers"]))
	}' "$scratch/figures"
