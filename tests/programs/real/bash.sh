#!/bin/bash
# SPDX-License-Identifier: MIT
# bash: pipelines, subshells, process substitution, here documents, traps, jobs, globs, redirections.
set -o pipefail

seq 1 1000 | grep 7 | sort -r | tail -n 3
false | true
echo "pipefail: $? ${PIPESTATUS[*]}"

(cd / && umask 077 && x=inside && echo "subshell in $PWD: $x")
echo "outside: ${x:-unset} $(umask)"
diff <(printf '%s\n' a b c) <(printf '%s\n' a B c)
echo "diff: $?"
paste -d- <(seq 3) <(seq 4 6) | tee >(wc -l >count) >/dev/null
while [ ! -s count ]; do sleep 0.01; done
cat count
cat <<END
a here document with $((6 * 7))
END
cat <<<"a here string"

mkdir -p dir/sub && touch dir/{one,two,three} dir/sub/.hidden
echo dir/* dir/sub/.h*
shopt -s globstar && printf '%s\n' dir/**
cd dir/sub && cd .. && basename "$PWD" && cd - >/dev/null && basename "$PWD" && cd ../..

exec 5<>file && echo "through a descriptor" >&5 && exec 5>&- && cat file
{ echo out; echo err >&2; } 2>&1 >/dev/null | sed 's/^/caught: /'

trap 'echo "got USR1"' USR1
kill -USR1 $$
trap 'echo "interrupted"' TERM
sleep 300 &
job=$!
(until grep -q "^State:.S" "/proc/$$/status"; do sleep 0.01; done; kill -TERM $$) &
wait "$job"
echo "wait: $?"
kill "$job"
wait "$job"
echo "killed job: $?"
coproc { while read -r line; do echo "<$line>"; done; }
echo hello >&"${COPROC[1]}"
read -r answer <&"${COPROC[0]}" && echo "$answer"
eval "exec ${COPROC[1]}>&-"
wait

pids=
for i in 1 2 3 4 5; do (exit "$i") & pids="$pids $!"; done
for pid in $pids; do wait "$pid"; echo "status $?"; done
{ bash -c 'kill -SEGV $$'; } 2>/dev/null
echo "signalled: $?"
/nonexistent/program
echo "missing: $?"
sleep 300 &
read -r child _ <"/proc/$$/task/$$/children" && [ "$child" = $! ] && echo "its child"
kill $!
trap 'echo "leaving"' EXIT
exit 9
