#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: ps top pgrep pidof lsof pstree fuser
# ps, top, pgrep, pkill, lsof, pmap, fuser: processes see themselves and each other through /proc.
top -b -n 1 | sed -n 7p
ps -o pid= -p $$ | wc -l
ps -o comm= -p $$
ps aux | grep -c '[s]ecede-runtime'
sleep 77.25 &
pgrep -fx 'sleep 77.25' | wc -l
pkill -fx 'sleep 77.25'
wait
for command in uptime free vmstat "pmap $$" pstree who w; do
	$command >/dev/null 2>&1
	echo "$command $?" | sed 's/ [0-9]* / /'
done
lsof -a -d 0-9 -p $$ 2>/dev/null | awk '{ print $4 }' | sort | tr '\n' ' '
fuser . 2>&1 | wc -w
ls /proc/self/task | wc -l
tr '\0' ' ' </proc/self/cmdline
cat /proc/self/comm /proc/$$/comm
readlink /proc/self/exe /proc/$$/exe
tr '\0' '\n' </proc/$$/environ | sort | cut -d= -f1
grep -c secede /proc/self/maps
wc -l </proc/self/limits
grep -E '^(Name|State|Threads|SigCgt|SigIgn|SigBlk|CapEff)' /proc/$$/status
