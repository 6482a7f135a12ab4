# SPDX-License-Identifier: MIT
# The rows of bench/bench.sh. row_NAME SYSTEM prints "FIGURE NANOSECONDS" lines; prepare_NAME, if there is one, makes what
# is worked on in $behind, and fails with a line that says why it cannot.
# shellcheck shell=sh disable=SC2154  # what bench.sh has set

# run_in SYSTEM FIGURE COMMAND...: how long that takes there
run_in() {
	system=$1 figure=$2
	shift 2
	"in_$system" "$bin/spawn" "$figure" 1 "$@"
}

row_micro() {
	"in_$1" "$bin/micro" "$here"
}

# How long it takes to start /bin/true in a system of its own.
row_start() {
	case $1 in
	native) hostile "$bin/spawn" start 100 /bin/true ;;
	trapped) hostile "$bin/spawn" start 100 secede ${trapped:+"$trapped"} -m /bin/true ;;
	patched) hostile "$bin/spawn" start 100 secede ${patched:+"$patched"} -m /bin/true ;;
	unshare) "$bin/spawn" start 100 unshare -Urm /bin/true ;;
	proot) hostile "$bin/spawn" start 20 proot /bin/true ;;
	bwrap) "$bin/spawn" start 100 bwrap --dev-bind / / -- /bin/true ;;
	esac
}

row_programs() {
	run_in "$1" programs bash -c 'for i in {1..500}; do /bin/true; done'
}

prepare_compile() {
	mkdir "$behind/c"
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
		printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n'
		for f in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			echo "int f${i}_$f(const char *s, int n) { int r = $f; while (n-- > 0) r = r * 31 + (int)strlen(s) + abs(n);"
			echo 'printf("%d", r); return r; }'
		done
	done | awk -v dir="$behind/c" '/stdio/ { n++ } { print > (dir "/part" n ".c") }'
	# shellcheck disable=SC2016  # for make
	printf 'all: $(patsubst %%.c,%%.o,$(wildcard *.c))\n%%.o: %%.c\n\tgcc -O1 -c -o $@ $<\n' >"$behind/c/Makefile"
}
row_compile() {
	run_in "$1" compile make -s -B -C "$here/c" -j2
}

# Whoever is first reads the disk.
prepare_find() {
	find /usr -xdev >/dev/null 2>&1 || :
}
row_find() {
	# It may not read all of it.
	run_in "$1" find sh -c 'find /usr -xdev 2>/dev/null; true'
}

# 5,000 files in 100 directories, committed.
prepare_tree() {
	[ ! -d "$behind/tree" ] || return 0
	mkdir "$behind/tree"
	for d in 0 1 2 3 4 5 6 7 8 9; do
		mkdir "$behind/tree/$d" && for e in 0 1 2 3 4 5 6 7 8 9; do
			mkdir "$behind/tree/$d/$e"
		done
	done
	awk -v dir="$behind/tree" 'BEGIN {
		for (i = 0; i < 5000; i++) {
			file = dir "/" int(i / 10) % 10 "/" i % 10 "/file" i
			for (line = 0; line < 40; line++)
				print i, line, "and so on, and so on" > file
			close(file)
		}
	}'
}
prepare_ls() {
	prepare_tree
}
row_ls() {
	run_in "$1" ls ls -lR "$here/tree"
}
prepare_tar() {
	prepare_tree
}
row_tar() {
	# Into a pipe: what goes to /dev/null is not even read.
	run_in "$1" tar sh -c "tar cf - -C '$here' tree | cat >/dev/null"
}
prepare_git() {
	prepare_tree && (cd "$behind/tree" && git init -q && git add -A &&
		git -c user.name=bench -c user.email=bench@localhost commit -q -m tree)
}
row_git() {
	# What was copied or has just been written is else read anew each time.
	"in_$1" git -c safe.directory='*' -C "$here/tree" update-index -q --refresh
	GIT_OPTIONAL_LOCKS=0 run_in "$1" git git -c safe.directory='*' -C "$here/tree" status
}

prepare_busybox() {
	if [ "$(id -u)" != 0 ] || ! fetch busybox; then
		echo "its sources cannot be fetched"
		return 1
	fi
	mv "$work/busybox.sources/tree" "$behind/busybox" && make -s -C "$behind/busybox" allnoconfig
}
row_busybox() {
	"in_$1" make -s -C "$here/busybox" clean >/dev/null
	run_in "$1" busybox make -s -j2 -C "$here/busybox"
}

row_python() {
	"in_$1" "$bin/spawn" python 10 python3 -c pass
}

row_node() {
	"in_$1" "$bin/spawn" node 5 node -e 0
}

prepare_sqlite() {
	awk 'BEGIN {
		print "PRAGMA synchronous = OFF; CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);"
		for (i = 0; i < 2000; i++)
			print "INSERT INTO t (b) VALUES (\"row " i "\");"
	}' >"$behind/inserts.sql"
}
row_sqlite() {
	run_in "$1" sqlite sh -c "rm -f '$here/db' && sqlite3 '$here/db' <'$here/inserts.sql'"
}

port=$((20000 + $$ % 10000))

# until_works COMMAND...: for some seconds
until_works() {
	tries=0
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.1
	done
}

# From a rate per second to nanoseconds.
per_request() { # FIGURE
	awk -v figure="$1" '$1 > 0 { printf "%s %.0f\n", figure, 1e9 / $1 }'
}

row_redis() {
	"in_$1" redis-server --port $port --save '' --appendonly no --dir "$here" >/dev/null &
	until_works redis-cli -p $port ping &&
		redis-benchmark -p $port -t get -n 50000 -c 20 --csv | sed -n 's/^"GET","\([0-9.]*\)".*/\1/p' | per_request redis
	redis-cli -p $port shutdown nosave >/dev/null 2>&1
	wait
}

prepare_nginx() {
	mkdir "$behind/www" && head -c 1000 /dev/zero | tr '\0' x >"$behind/www/page"
	for path in client_body proxy fastcgi uwsgi scgi; do
		echo "${path}_temp_path $here/www;"
	done >"$behind/temporary"
	cat >"$behind/nginx.conf" <<-END
		daemon off;
		worker_processes 2;
		error_log stderr crit;
		pid $scratch/nginx.pid;
		events { worker_connections 256; }
		http {
			access_log off;
			include $here/temporary;
			server { listen 127.0.0.1:$port; root $here/www; }
		}
	END
}
row_nginx() {
	"in_$1" nginx -e stderr -c "$here/nginx.conf" &
	until_works wrk -t 1 -c 1 -d 1 "http://127.0.0.1:$port/page" && until_works test -s "$scratch/nginx.pid" &&
		wrk -t 1 -c 16 -d 2 "http://127.0.0.1:$port/page" | sed -n 's|^Requests/sec: *||p' | per_request nginx
	kill -QUIT "$(cat "$scratch/nginx.pid")"
	wait
	rm -f "$scratch/nginx.pid"
}

prepare_musl() {
	(cd "$top" && musl-gcc -static -O2 -D_GNU_SOURCE -iquote . -o "$scratch/stat-musl" bench/stat.c)
}
row_musl() {
	"in_$1" "$scratch/stat-musl" musl "$here/some/where/below/file"
}
prepare_go() {
	GOCACHE=$scratch/gocache go build -o "$scratch/stat-go" "$top/bench/stat.go" && rm -rf "$scratch/gocache"
}
row_go() {
	"in_$1" "$scratch/stat-go" go "$here/some/where/below/file"
}

# Each needs an empty directory; 10,000 mounts are more than natively an ordinary user may make.
fresh() {
	rm -rf "${scratch:?}/$1"
	mkdir "$scratch/$1"
	[ "$(id -u)" != 0 ] || chown 1000:1000 "$scratch/$1"
}
row_lookup() {
	fresh lookup
	"in_$1" "$bin/lookup" "$scratch/lookup"
	[ "$1" != native ] || return 0
	fresh lookup
	"in_$1" "$bin/lookup" "$scratch/lookup" 10000 | sed 's/^/many-/'
}

row_unshare() {
	"in_$1" "$bin/unshare"
}

row_growth() {
	fresh growth
	for what in mounts namespaces tasks parallel; do
		"in_$1" "$bin/growth" $what "$scratch/growth"
	done
}

# A server that has a thread for each request, a process for each, or a thread that leaves when it serves a guest; with
# nobody but guests, and with one among ten.
row_requests() {
	for guests in 10 1; do
		for way in thread fork leave; do
			[ "$1-$way" = native-leave ] ||
				"in_$1" "$bin/requests" "$way-$guests" $guests "$top/build/examples/server" 0 "${way#leave}"
		done
	done
}

# What one change of a host name takes.
row_roundtrip() {
	"in_$1" "$bin/roundtrip" roundtrip-1 1
	"in_$1" "$bin/roundtrip" roundtrip-8 8
}
