# SPDX-License-Identifier: MIT
# Debian's sources, for scripts that have sourced tests/lib.sh.
# shellcheck shell=sh disable=SC2154  # work is the caller's

# fetch PACKAGE: unpacks its sources to $work/PACKAGE.sources/tree, unless they are there, as uid 1000's. Takes root. The
# sources' lines of apt are made from those of the packages.
fetch() {
	[ ! -d "$work/$1.sources" ] || return 0
	mkdir -p "$scratch/lists/partial" "$work/$1.new"
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >"$scratch/apt.list"
	for file in /etc/apt/sources.list.d/*.sources; do
		[ ! -f "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file"
		echo
	done >"$scratch/apt.sources"
	set -- "$1" -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$scratch/parts" -o Dir::State::Lists="$scratch/lists"
	mkdir -p "$scratch/parts"
	cp "$scratch/apt.list" "$scratch/apt.sources" "$scratch/parts"
	package=$1
	shift
	apt-get -qq "$@" update &&
		(cd "$work/$package.new" && apt-get -qq "$@" source --download-only "$package" 2>/dev/null &&
			dpkg-source --no-check -x ./*.dsc tree >/dev/null 2>&1 && chown -R 1000:1000 tree) &&
		mv "$work/$package.new" "$work/$package.sources"
}
