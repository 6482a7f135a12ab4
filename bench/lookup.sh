#!/bin/sh
# SPDX-License-Identifier: MIT
# What a lookup costs below a bind mount, by depth, through symlinks, and with many mounts, as a table. `make bench`
# calls it. The systems take turns, ROUNDS times; each figure is the median of the rounds, in processor time.
. tests/lib.sh
rounds=${ROUNDS:-5}
limit=300
behind=$scratch/behind here=$scratch/here
mkdir "$here"

fresh() {
	rm -rf "$behind"
	mkdir "$behind"
	[ "$(id -u)" != 0 ] || chown 1000:1000 "$behind" "$here"
}

cd "$scratch" || exit 1
round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	echo "round $round of $rounds" >&2
	for mounts in 10 10000; do
		fresh
		hostile secede -m --bind "$behind:$here" -- "$top/build/bench/lookup" "$here" $mounts | sed "s/^/secede-$mounts /"
	done
	fresh
	hostile "$top/build/bench/lookup" "$behind" | sed 's/^/native /'
done >figures

awk '
	function median(list, n, a, i, j, t) {
		n = split(list, a)
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j - 1] + 0 > a[j] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
		return a[int((n + 1) / 2)]
	}
	function ratio(who, what) {
		return sprintf("%.1fx", median(all[who, what]) / median(all["native", what]))
	}
	function row(what, title) {
		printf "| %s | %d ns | %s | %s |\n", title, median(all["native", what]), ratio("secede-10", what),
			ratio("secede-10000", what)
	}
	{ all[$1, $2] = all[$1, $2] " " $3 }
	END {
		print "| | native | secede, 10 mounts | 10,000 mounts |"
		print "|---|---|---|---|"
		row("stat-4", "stat, 4 directories deep")
		row("stat-64", "stat, 64 deep")
		row("missing-4", "stat of what is missing")
		row("open-4", "open + close")
		row("access-4", "access")
		row("readlink-4", "readlink")
		row("stat-link", "stat through a symlink")
		row("open-link", "open + close through a symlink")
		row("stat-bin-cat", "stat of /bin/cat")
		row("final-4", "stat of a symlink")
		row("final-64", "stat of a symlink, 64 deep")
		row("stat-rel-link", "stat of a relative name through a symlink")
		row("stat-dotdot", "stat with ..")
	}' figures
