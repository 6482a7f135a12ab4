#!/bin/bash
# SPDX-License-Identifier: MIT
# MariaDB: mariadb-install-db, a server on a socket, queries, threads, locks, a dump, a kill and its recovery.
# needs: /usr/sbin/mariadbd mariadb-install-db mariadb mariadb-dump
. "$TOP/tests/compat/lib.sh"
data=$TMPDIR/data
export MYSQL_UNIX_PORT=$PWD/sock
port=$(free_port)
cat >my.cnf <<END
[mariadbd]
datadir=$data
socket=$PWD/sock
port=$port
bind-address=127.0.0.1
pid-file=$PWD/pid
log-error=$PWD/log.err
innodb_buffer_pool_size=32M
innodb_flush_method=fsync
lc-messages-dir=/usr/share/mysql
secure-file-priv=$PWD
[client]
socket=$PWD/sock
user=root
END
sql() {
	mariadb --defaults-file=my.cnf -N -e "$@"
}
start() {
	/usr/sbin/mariadbd --defaults-file="$PWD/my.cnf" >/dev/null 2>&1 &
	server=$!
	eventually mariadb --defaults-file=my.cnf -N -e 'select 1'
}
check install sh -c "mariadb-install-db --defaults-file=my.cnf --auth-root-authentication-method=normal --skip-test-db \
	>installed 2>&1; status=\$?; grep -c '^Two all-privilege\|^OK' installed; exit \$status"
check start start
check version sql 'select substring_index(version(), ".", 1), current_user()'
check create sql 'create database d; create table d.t (n int primary key auto_increment, s varchar(40), key (s)) engine=innodb'
check insert sql 'use d; insert into d.t (s) select md5(seq) from seq_1_to_20000; select count(*), max(s) from d.t'
check tcp mariadb --defaults-file=my.cnf -N -h 127.0.0.1 -P "$port" --protocol tcp -e 'select count(*) from d.t'
check join sql 'select count(*) from d.t a join d.t b on a.n = b.n + 1 where a.s > b.s'
check engines sql 'create table d.m (n int) engine=myisam; create table d.a (n int) engine=aria; insert into d.m values (1); insert into d.a select * from d.m; select * from d.a'
check outfile sql "select n from d.t limit 3 into outfile '$PWD/out'"
check 'file is there' cat out
check infile sql "create table d.l (n int); load data infile '$PWD/out' into table d.l; select sum(n) from d.l"
check parallel sh -c "seq 8 | xargs -P 8 -I @ mariadb --defaults-file=my.cnf -N -e 'use d; insert into d.t (s) select seq from seq_1_to_500' && mariadb --defaults-file=my.cnf -N -e 'select count(*) from d.t'"
check rollback sql 'begin; delete from d.t; rollback; select count(*) from d.t'
exits 1 'lock timeout' sh -c "mariadb --defaults-file=my.cnf -N -e 'begin; update d.t set s = 1 where n = 1; select sleep(3)' >/dev/null & sleep 1
	mariadb --defaults-file=my.cnf -N -e 'set innodb_lock_wait_timeout = 1; update d.t set s = 2 where n = 1' 2>&1 | cut -d ' ' -f 1,2; wait; exit 1"
exits 1 'timeout' sql 'set statement max_statement_time = 0.2 for select sleep(10) from d.t'
exits 1 'no such table' sql 'select * from d.none'
check dump sh -c "mariadb-dump --defaults-file=my.cnf d >dump && mariadb --defaults-file=my.cnf -e 'create database e' && mariadb --defaults-file=my.cnf e <dump && mariadb --defaults-file=my.cnf -N -e 'checksum table d.t, e.t' | cut -f 2 | uniq | wc -l"
check killed sh -c 'kill -KILL $(cat pid)'
wait $server 2>/dev/null
check recovery start
check 'after it' sql 'select count(*) from d.t'
check check sh -c "mariadb-check --defaults-file=my.cnf d | tr -s ' '"
check shutdown mariadb-admin --defaults-file=my.cnf shutdown
check stopped wait $server
check errors sh -c "grep -ciE '\[ERROR\] (InnoDB|mysqld got|mariadbd got)' log.err; true"
