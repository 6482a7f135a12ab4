#!/bin/sh
# SPDX-License-Identifier: MIT
# What secede costs beside the bare host, proot, bwrap and unshare(1), in one run, as Markdown. `make bench` calls it.
#
#	bench/bench.sh [ROW]...		only those rows of the list below
#	ROUNDS=7			how often each is run; those that take long, and proot, are run less often
#	SVG=FILE			where the picture goes, if anywhere
#
# The systems take turns; each figure is the median of its rounds, and a ratio the median of the ratios within a round: what
# slows the whole machine down for a while slows both sides of it. All but bwrap and unshare(1) run as an ordinary user on
# the hostile host; those cannot, so they run as root beside it.
. tests/lib.sh
. tests/sources.sh
. bench/rows.sh
rounds=${ROUNDS:-7}
limit=600
bin=$top/build/bench
work=$scratch

# The rows: a name; how many rounds at most; on which systems; which programs they need.
list='
micro		9	all
start		9	all
programs	9	all		bash
compile		9	all		gcc make
find		9	all		find
git		9	all		git
ls		9	all		ls
tar		9	all		tar
busybox		3	all		make gcc apt-get dpkg-source
python		9	all		python3
node		3	all		node
sqlite		9	all		sqlite3
redis		5	all		redis-server redis-benchmark redis-cli
nginx		5	all		nginx wrk
musl		9	all		musl-gcc
go		9	all		go
lookup		9	native+secede
requests	3	native+secede
unshare		5	kernel+secede
growth		3	kernel+secede
roundtrip	9	secede'

# What is worked on lies in $behind, and is bound over $here, where the native runs find a copy of it.
behind=$scratch/behind here=$scratch/here
mkdir -p "$behind/some/where/below" "$here"
touch "$behind/some/where/below/file"

# Which option says that call sites are patched, and which that they are not?
patched=--patch trapped=
case $(secede --help) in
*--no-patch*) patched='' trapped=--no-patch ;;
esac

# in_SYSTEM COMMAND...: runs it there
in_native() {
	hostile "$@"
}
in_trapped() {
	hostile secede ${trapped:+"$trapped"} -m --bind "$behind:$here" -- "$@"
}
in_patched() {
	hostile secede ${patched:+"$patched"} -m --bind "$behind:$here" -- "$@"
}
in_unshare() {
	# shellcheck disable=SC2016  # the inner shell expands
	timeout "$limit" unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$behind" "$here" "$@"
}
in_proot() {
	hostile proot -b "$behind:$here" "$@"
}
in_bwrap() {
	timeout "$limit" bwrap --dev-bind / / --bind "$behind" "$here" -- "$@"
}
in_kernel() {
	timeout "$limit" "$@"
}

# The systems that are there, of those that a row asks for.
systems_of() {
	case $1 in
	all) echo native trapped patched unshare proot bwrap ;;
	native+secede) echo native trapped patched ;;
	kernel+secede) echo kernel trapped patched ;;
	secede) echo trapped patched ;;
	esac | tr ' ' '\n' | while read -r system; do
		case $system in
		kernel) [ "$(id -u)" = 0 ] ;;
		native) true ;;
		*) "in_$system" true 2>/dev/null ;;
		esac && echo "$system"
	done
}

# Why a row cannot be measured, if so.
obstacle() { # ROW PROGRAM...
	row=$1
	shift
	for program in "$@"; do
		command -v "$program" >/dev/null || {
			echo "$program is not installed"
			return
		}
	done
	if command -v "prepare_$row" >/dev/null && ! "prepare_$row" >"$scratch/log" 2>&1; then
		echo "it could not be prepared ($(tail -n 1 "$scratch/log"))"
	fi
}

measure() { # ROW ROUNDS SYSTEMS
	round=0
	while [ "$round" -lt "$2" ]; do
		round=$((round + 1))
		echo "$1: round $round of $2" >&2
		for system in $3; do
			# proot takes longer than all the others together, and is too far off for one round to mislead.
			[ "$system" != proot ] || [ "$round" = 1 ] || continue
			"row_$1" "$system" </dev/null 2>>"$scratch/errors" | sed "s/^/$system $round /"
		done
	done
}

cd "$scratch" || exit 1
chmod 755 "$behind" "$here"
echo "$list" | while read -r row most where needs; do
	case " ${*:-$row} " in
	*" $row "*) ;;
	*) continue ;;
	esac
	[ -n "$row" ] || continue
	# shellcheck disable=SC2086  # a list of words
	why=$(obstacle "$row" $needs </dev/null)
	if [ -n "$why" ]; then
		echo "skip $row $why"
		continue
	fi
	cp -R "$behind/." "$here"
	[ "$(id -u)" != 0 ] || chown -R 1000:1000 "$behind" "$here"
	measure "$row" "$((rounds < most ? rounds : most))" "$(systems_of "$where")" >"$scratch/row"
	cat "$scratch/row"
	[ -s "$scratch/row" ] || echo "skip $row it fails"
done >"$scratch/figures"
[ ! -s "$scratch/errors" ] || sort "$scratch/errors" | uniq -c | tail -n 20 >&2
python3 "$top/bench/report.py" "$scratch/figures" ${SVG:+"$SVG"}
