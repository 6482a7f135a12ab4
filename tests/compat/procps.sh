#!/bin/bash
# SPDX-License-Identifier: MIT
# ps, top, pgrep, pkill, lsof, pmap, fuser, killall: processes see themselves and each other through /proc.
# needs: ps top pgrep pidof lsof pstree fuser killall vmstat
. "$TOP/tests/compat/lib.sh"
export COLUMNS=200
sleep 100.25 &
child=$!
check 'top -b' sh -c 'top -b -n 1 | sed -n 7p'
check 'top -p' sh -c "top -b -n 2 -d 0.2 -p $child | grep -c sleep"
check 'ps -p' ps -o comm=,args=,nlwp=,ni= -p $child
check 'ps --ppid' sh -c "ps -o args= --ppid $$ | grep -x 'sleep 100.25'"
check 'ps aux' sh -c "ps aux | grep -c '[s]leep 100.25'"
check 'ps -T' sh -c "ps -T -p $child | wc -l"
check 'ps -e: nothing of a runtime' sh -c "ps -e -o comm= | grep -c secede-runtime; true"
check 'ps: states' sh -c "ps -o stat= -p $child | cut -c 1; kill -STOP $child; sleep 0.1; ps -o stat= -p $child | cut -c 1; kill -CONT $child"
check 'ps: memory' sh -c "ps -o rss=,vsz= -p $child | awk '{ print (\$1 > 0 && \$1 < 20000), (\$2 < 100000) }'"
check 'ps: signals' ps -o caught=,ignored=,blocked= -p $child
check 'ps: environment' sh -c "ps e -o args= -p $child | grep -o TMPDIR="
check pgrep sh -c "pgrep -fx 'sleep 100.25' | wc -l"
check 'pgrep -P' sh -c "pgrep -P $$ -x sleep | wc -l"
check pidof sh -c "pidof sleep | tr ' ' '\n' | grep -cx $child"
check 'pmap, the last line' sh -c "pmap $child | tail -n 1 | awk '{ print \$1, (\$2 + 0 < 20000) }'"
check 'pmap, the program' sh -c "pmap -q $child | awk '{ print \$NF }' | grep -x -e sleep -e 'libc.so.6' | sort -u"
check 'pmap -x' sh -c "pmap -x $child | grep -c stack"
check 'pstree' sh -c "pstree -a $child"
check pwdx sh -c "[ \$(pwdx $child | cut -d ' ' -f 2) = \$PWD ]"
check lsof sh -c "lsof -a -d 0-9 -p $child | awk '{ print \$1, \$4 }' | sort | uniq"
check 'lsof, a file' sh -c "lsof -t \$PWD | tr ' ' '\n' | grep -cx $child"
check 'lsof, text' sh -c "lsof -a -d txt,mem -p $child | awk '{ print \$4, \$NF }' | sort"
sleep 100.5 3>held &
holder=$!
disown
check fuser sh -c "fuser held 2>/dev/null | tr -d ' ' | grep -x $holder >/dev/null && echo held"
check 'fuser -k' sh -c 'fuser -k held 2>/dev/null >/dev/null; sleep 0.2; fuser held 2>/dev/null; true'
check 'pkill -f' pkill -fx 'sleep 100.25'
wait
cp "$(command -v sleep)" snooze
./snooze 100 &
check killall sh -c 'sleep 0.1; killall snooze'
wait
for command in uptime free vmstat who w 'ps -ejH' 'slabtop -o' 'tload -V'; do
	check "$command" sh -c "$command >/dev/null 2>&1; echo \$?"
done
check descriptors sh -c 'ls /proc/self/fd'
check tasks sh -c 'ls /proc/self/task | wc -l'
check cmdline sh -c "tr '\0' ' ' </proc/self/cmdline"
check comm cat /proc/self/comm
check exe readlink /proc/self/exe
check environ sh -c "cat /proc/self/environ | tr '\0' '\n' | sort | cut -d = -f 1 | grep -vx _"
check maps sh -c 'grep -c secede /proc/self/maps; true'
check smaps sh -c 'grep -c -i secede /proc/self/smaps; awk "{ print \$6 }" /proc/self/maps | sort -u | grep -v -e heap -e locale -e gconv'
check limits sh -c "sed 's/  */ /g' /proc/self/limits | grep -v open.files"
check 'open files' grep -o 'open files.*files' /proc/self/limits
check status grep -E '^(Name|State|Threads|Sig(Cgt|Ign|Blk)|NoNewPrivs|Groups|Uid|TracerPid)' /proc/self/status
check 'size of the descriptor table' grep FDSize /proc/self/status
check capabilities grep ^Cap /proc/self/status
check stat sh -c "cut -d ' ' -f 2,3,17-20 /proc/self/stat"
check wchan sh -c 'cat /proc/self/wchan'
check mounts sh -c 'grep -c . /proc/self/mounts | grep -v ^0$ >/dev/null && echo some'
