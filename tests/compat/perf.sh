#!/bin/bash
# SPDX-License-Identifier: MIT
# perf: counts, samples and reports, of what the host allows an ordinary user.
# needs: perf gcc
. "$TOP/tests/compat/lib.sh"
if ! perf stat -e task-clock true >/dev/null 2>why; then
	skip perf "perf_event_open is denied here: $(head -n 1 why)"
	exit 0
fi
cat >t.c <<'END'
int main(void)
{
	volatile long n = 0;

	for (long i = 0; i < 200000000; i++)
		n += i;
	return 0;
}
END
gcc -g -O1 -o t t.c
export PERF_BUILDID_DIR=$TMPDIR/buildid PERF_CONFIG=/dev/null
check stat sh -c 'perf stat -x , -e task-clock,page-faults true 2>&1 | cut -d , -f 3'
exits 3 'exit status' sh -c 'perf stat -x , -e task-clock sh -c "exit 3" 2>/dev/null'
check children sh -c 'perf stat -x , -e task-clock sh -c "true & wait" 2>&1 | wc -l'
check record perf record -q -e cpu-clock:u -o data ./t
check report sh -c 'perf report -i data --stdio -q --percent-limit 50 --sort sym 2>/dev/null | awk "NF { print \$3, \$4 }" | head -n 1'
check annotate sh -c 'perf annotate -i data --stdio -q main 2>/dev/null | grep -c . | grep -q . && echo some lines'
check script sh -c 'perf script -i data -F comm 2>/dev/null | sort | uniq | head -n 1'
check mmaps sh -c 'perf script -i data --show-mmap-events 2>/dev/null | grep -o "[^/ ]*$" | grep -x -e t -e libc.so.6 | sort -u'
check attach sh -c './t & perf stat -x , -e task-clock -p $! 2>&1 | cut -d , -f 3; wait'
check list sh -c 'perf list sw 2>/dev/null | grep -c -w -e task-clock -e page-faults'
check bench sh -c 'perf bench -f simple sched pipe -l 1000 | grep -c .'
E=$(perf trace true 2>&1 | head -n 1)
check trace echo "$(echo "$E" | cut -c 1-40)"
