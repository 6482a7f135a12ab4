#!/bin/bash
# SPDX-License-Identifier: MIT
# PostgreSQL: initdb, a server, pgbench, parallel queries, cancelled ones, a killed backend, a crash and its recovery.
# needs: /usr/lib/postgresql/*/bin/initdb
. "$TOP/tests/compat/lib.sh"
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
port=$(free_port)
export PATH PGHOST=$PWD PGPORT=$port PGUSER=me PGDATABASE=b PGDATA=$TMPDIR/data PGTZ=UTC
server() {
	pg_ctl -l "$PWD/log" -o "-k $PWD -p $port -h 127.0.0.1" -w "$@" >/dev/null
}
sql() {
	psql -X -At "$@" 2>&1
}
check initdb sh -c 'initdb -U me --no-sync >initdb.log 2>&1 && tail -n 1 initdb.log | wc -w'
check start server start
check createdb createdb b
check version sql -c 'select 1 + 1, current_user'
check initialise sh -c 'pgbench -i -q -s 2 >pgbench.log 2>&1; tail -n 1 pgbench.log | cut -c 1-4'
check pgbench sh -c "pgbench -c 4 -j 2 -t 100 2>&1 | grep -E 'processed|failed'"
check 'pgbench prepared' sh -c "pgbench -S -M prepared -c 8 -j 2 -t 200 2>&1 | grep -E 'processed|failed'"
check tcp sql -h 127.0.0.1 -c 'select count(*) from pgbench_accounts'
check tables sql -c 'create table t as select generate_series(1, 200000) n' -c 'create index on t(n)' -c 'vacuum analyze t'
check parallel sql -c 'set max_parallel_workers_per_gather = 2' -c 'set parallel_setup_cost = 0' \
	-c 'set parallel_tuple_cost = 0' -c 'set min_parallel_table_scan_size = 0' -c 'select sum(n) from t'
check program sql -c "copy t to program 'wc -l >copied'" -c "copy (select pg_read_file('copied')) to stdout"
check sort sql -c "set work_mem = '64kB'" -c 'select n from t order by -n limit 3'
exits 1 cancelled sql -c 'select pg_cancel_backend(pg_backend_pid())'
exits 1 timeout sql -c "set statement_timeout = 200" -c 'select pg_sleep(20)'
exits 2 terminated sh -c "psql -X -At -c 'select pg_terminate_backend(pg_backend_pid())' 2>&1 | head -n 1; exit 2"
exits 1 deadlock sh -c "psql -X -At -c 'set deadlock_timeout = 100' -c 'begin; lock table t; select pg_sleep(0.7); lock table pgbench_tellers; commit' >/dev/null 2>one &
	sleep 0.2
	psql -X -At -c 'begin; lock table pgbench_tellers; lock table t; commit' >/dev/null 2>two; wait
	cat one two | grep -o 'deadlock detected'; exit 1"
check notify sh -c "psql -X -At -c 'listen c' -c \"notify c, 'hello'\" | cut -d ' ' -f 1-6"
check dump sh -c 'pg_dump -Fc b >dump && createdb c && pg_restore -d c dump && psql -X -At c -c "select count(*) from t"'
check backup sh -c 'pg_basebackup -c fast -D backup -X stream --no-sync && ls backup | wc -l && pg_verifybackup backup'
check restart server restart -m fast
check 'after it' sql -c 'select count(*) from t'
crash() {
	kill -KILL "$(sql -c 'select pid from pg_stat_activity where backend_type = '"'checkpointer'")"
	eventually psql -X -At -c 'select count(*) from t'
}
check 'a crash' crash
check recovered sh -c "grep -o 'database system was not properly shut down' log | head -n 1"
check stop server stop -m fast
exits 3 stopped pg_ctl status
exits 2 gone sh -c "psql -X -c 'select 1' 2>&1 | grep -o 'No such file or directory'; exit 2"
check panics sh -c "grep -cE 'PANIC|segfault' log; true"
