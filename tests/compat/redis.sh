#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: redis-server redis-cli redis-benchmark
# Redis: a daemon, TCP and Unix sockets, a benchmark, snapshots by fork, shutdown.
redis-server --port 16379 --daemonize yes --dir $TMPDIR --pidfile $TMPDIR/rpid --unixsocket $TMPDIR/rsock --logfile $TMPDIR/rlog >/dev/null; echo $?; sleep 0.5; redis-cli -p 16379 set a b; redis-cli -s $TMPDIR/rsock get a; redis-benchmark -q -p 16379 -n 5000 -t set,get,lpush | tr '\r' '\n' | grep -c 'requests per second'; redis-cli -p 16379 bgsave; sleep 1; redis-cli -p 16379 lastsave | grep -c '^[0-9]'; ls $TMPDIR/dump.rdb | wc -l; redis-cli -p 16379 bgrewriteaof; sleep 0.5; redis-cli -p 16379 debug sleep 0; redis-cli -p 16379 shutdown; sleep 0.3; redis-cli -p 16379 ping 2>&1; grep -ciE 'crash|BUG REPORT' $TMPDIR/rlog | cat
