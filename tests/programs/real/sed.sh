#!/bin/sh
# SPDX-License-Identifier: MIT
# sed, grep and awk: in place, from files, into files.
seq 20 >numbers
sed -n '/5/,/9/p' numbers | sed 's/\([0-9]\)\([0-9]\)/\2\1/;y/123/abc/'
sed -i.bak -e '1,5d' -e '$a the end' numbers && diff numbers.bak numbers | wc -l
sed -i 's/1/one/g' numbers && cat numbers && stat -c %a numbers
echo 's/one/1/w changed' >script && sed -f script numbers >/dev/null && wc -l <changed
sed --follow-symlinks -n '$=' numbers
sed -i s/x/y/ missing 2>&1
echo "sed: $?"
grep -rn one . | sort && grep -c 1 numbers
awk 'BEGIN { while ((getline line < "numbers") > 0) n++; print n; "pwd" | getline d; close("pwd"); print (d != "") }'
awk '{ print $1 > ("out." NR % 2) }' numbers && wc -l out.0 out.1
