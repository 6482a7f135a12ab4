#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: /usr/lib/postgresql/*/bin/initdb
# PostgreSQL: initdb, a server, pgbench, parallel queries, a cancelled query, stop.
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH; export PATH PGHOST=$TMPDIR PGPORT=15432
initdb -D $TMPDIR/pg -U me --no-sync >log 2>&1; echo initdb $?; grep -i error log
pg_ctl -D $TMPDIR/pg -l $TMPDIR/pglog -o "-k $TMPDIR -p 15432 -h 127.0.0.1" -w start >/dev/null; echo start $?
psql -U me -d postgres -Atc 'select 1+1, current_user'; createdb -U me b; pgbench -U me -i -q b >/dev/null 2>&1; echo $?; pgbench -U me -c 4 -j 2 -t 100 b 2>&1 | grep -E 'processed|failed'; psql -U me -h 127.0.0.1 -d b -Atc 'select count(*) from pgbench_accounts'; psql -U me -d b -At -c "create table t as select generate_series(1,200000) n" -c "create index on t(n)" -c "vacuum analyze t" 2>&1; psql -U me -d b -Atc "set max_parallel_workers_per_gather=2; set parallel_setup_cost=0; set parallel_tuple_cost=0; set min_parallel_table_scan_size=0; select sum(n) from t"; psql -U me -d b -Atc "copy t to program 'wc -l > /dev/null'"; psql -U me -d b -Atc "select pg_cancel_backend(pg_backend_pid())" 2>&1; psql -U me -d b -c "set statement_timeout=200; select pg_sleep(5)" 2>&1; pg_dump -U me b | md5sum | cut -c1-3 | wc -l; pg_ctl -D $TMPDIR/pg -m fast stop >/dev/null; echo stop $?; grep -cE "PANIC|crash" $TMPDIR/pglog | cat
