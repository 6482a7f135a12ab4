#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: sqlite3
# sqlite3: locks, journals, write-ahead logs with shared memory, two writers at once.
for mode in delete wal; do
	db=$mode.db
	sqlite3 "$db" "pragma journal_mode=$mode; create table t(a integer primary key, b text);"
	for writer in 1 2; do
		for i in 1 2 3 4 5 6 7 8 9 10; do
			sqlite3 -cmd '.timeout 20000' "$db" "insert into t(b) values('$writer');"
		done &
	done
	wait
	sqlite3 "$db" 'select b, count(*) from t group by b; pragma integrity_check;'
	sqlite3 "$db" "begin; delete from t; rollback; attach '$TMPDIR/$mode.db' as far;
		create table far.copy as select * from t; select count(*) from far.copy;"
	sqlite3 "$db" 'vacuum;' && sqlite3 "$TMPDIR/$mode.db" 'select * from copy order by b' | cut -d'|' -f2 | sha256sum
done
sqlite3 delete.db 'select * from missing' 2>/dev/null
echo "sqlite3: $?"
ls
