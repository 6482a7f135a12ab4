#!/bin/bash
# SPDX-License-Identifier: MIT
# redis-server, redis-benchmark: TCP and Unix sockets, snapshots by fork, append-only file, replication, scripts.
# needs: redis-server redis-cli redis-benchmark
. "$TOP/tests/compat/lib.sh"
port=$(free_port)
replica=$(free_port)
start() {
	redis-server --port $port --daemonize yes --dir $PWD --pidfile $PWD/pid --unixsocket $PWD/sock --logfile $PWD/log \
		--bind 127.0.0.1 --appendonly yes --save '' | grep -v -e oO0O -e Redis.version -e Configuration
	eventually sh -c "redis-cli -p $port ping | grep PONG"
}
cli() {
	redis-cli -p $port "$@"
}
check start start
check set cli set a b
check 'unix socket' redis-cli -s sock get a
check pipe sh -c "seq 5000 | sed 's/.*/SET key:& &/' | redis-cli -p $port --pipe | tail -n 1"
check count cli dbsize
check script cli eval 'local s = 0 for i = 1, 1000 do s = s + i end return s' 0
check transaction sh -c "printf 'multi\nincr n\nincr n\nexec\n' | redis-cli -p $port"
check subscribe sh -c "timeout 2 redis-cli -p $port subscribe channel >subscribed & sleep 0.5; redis-cli -p $port publish channel hi; wait; tail -n 1 subscribed"
check expire sh -c "redis-cli -p $port set e 1 px 100; sleep 0.3; redis-cli -p $port exists e"
check blocking sh -c "redis-cli -p $port blpop list 5 & sleep 0.2; redis-cli -p $port rpush list x >/dev/null; wait"
check snapshot cli bgsave
check 'snapshot done' eventually sh -c "redis-cli -p $port info persistence | grep rdb_bgsave_in_progress:0 && test -e dump.rdb"
check 'snapshot status' sh -c "redis-cli -p $port info persistence | grep -o rdb_last_bgsave_status:ok"
check 'snapshot is whole' sh -c 'redis-check-rdb dump.rdb | tail -n 1 | cut -d " " -f 2-'
check rewrite cli bgrewriteaof
check 'rewrite done' eventually sh -c "redis-cli -p $port info persistence | grep aof_rewrite_in_progress:0"
redis-server --port $replica --bind 127.0.0.1 --dir "$TMPDIR" --save '' --replicaof "127.0.0.1 $port" >"$TMPDIR/log" &
check replica eventually sh -c "redis-cli -p $replica info replication | grep -o master_link_status:up"
check replicated eventually sh -c "redis-cli -p $replica get key:4999 | grep 4999"
check 'replica stops' sh -c "redis-cli -p $replica shutdown nosave"
wait
for test in set lpush lrange_100 mset; do
	check "benchmark $test" sh -c "redis-benchmark -p $port -n 5000 -q -t $test | tr '\r' '\n' | grep -c 'requests per second'"
done
check 'benchmark unix socket' sh -c "redis-benchmark -s sock -n 20000 -P 16 -q -t get | tr '\r' '\n' | grep -c 'requests per second'"
check shutdown cli shutdown
check stopped eventually sh -c '! test -e pid'
check restart start
check 'data is back' cli get key:77
check killed sh -c 'kill -KILL $(cat pid)'
check 'start after a kill' start
check 'data is still there' cli dbsize
exits 1 crash sh -c "redis-cli -p $port debug segfault 2>&1 | grep -o 'ERR DEBUG'; exit 1"
check terminate sh -c 'kill -TERM $(cat pid)'
check terminated eventually sh -c '! test -e pid'
exits 1 gone sh -c "redis-cli -p $port ping 2>&1 | grep -o 'Connection refused'; exit 1"
check bugs sh -c "grep -ciE 'crash|BUG REPORT' log; true"
