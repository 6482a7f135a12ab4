#!/bin/sh
# SPDX-License-Identifier: MIT
# Programs linked in every way: dynamic, static, with musl, position-independent or not, from Go. Each in place, and
# once more as a copy below the bind mount; and scripts, also such whose interpreter is a script with an argument.
for program in "$TOP"/build/tests/tools/hello-*; do
	name=$(basename "$program")
	"$program" one '' 'three words'
	echo "$name: $?"
	cp "$program" "$name" && PATH=. "$name" >/dev/null
	echo "$name copied: $?"
done
printf '#!/bin/sh -e\necho "script $#: $1"; false; echo not here\n' >script && chmod +x script
./script 'an argument'
echo "script: $?"
printf '#!%s/script  two words \nnot read\n' "$PWD" >nested && chmod +x nested
./nested x 2>&1 | sed 's,/.*/,,'
printf '#!./nested\n' >deeper && chmod +x deeper && ./deeper y 2>&1 | sed 's,/.*/,,'
printf '#!/nonexistent/interpreter\n' >orphan && chmod +x orphan && ./orphan 2>/dev/null
echo "orphan: $?"
ln -s script link && ./link z
cd / && "$OLDPWD/script" elsewhere
