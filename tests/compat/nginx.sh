#!/bin/bash
# SPDX-License-Identifier: MIT
# nginx, wrk, curl: two workers, sendfile, a proxy over a Unix socket, load, uploads, reload, upgrade of the binary, quit.
# needs: nginx curl wrk
. "$TOP/tests/compat/lib.sh"
mkdir -p www cache && echo content >www/i.html && head -c 3000000 /dev/zero >www/big
port=$(free_port)
cat >nginx.conf <<END
worker_processes 2;
pid $PWD/pid;
error_log $PWD/errors;
daemon on;
events { worker_connections 256; }
http {
	access_log $PWD/log;
	client_body_temp_path body; proxy_temp_path proxied; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
	proxy_cache_path $PWD/cache keys_zone=c:1m;
	sendfile on;
	server {
		listen 127.0.0.1:$port reuseport;
		root www;
		location /upload { client_max_body_size 10m; proxy_pass http://unix:$PWD/sock:/echo; }
		location /said { return 200 "said by nginx\n"; }
	}
	server {
		listen unix:$PWD/sock;
		root www;
		location /p { proxy_cache c; proxy_cache_valid 1m; proxy_pass http://127.0.0.1:$port/i.html; }
		location /echo { client_max_body_size 10m; return 200 "got \$content_length\n"; }
	}
}
END
server() {
	"$(command -v nginx)" -p "$PWD/" -c nginx.conf -e errors "$@"
}
url=http://127.0.0.1:$port
check configuration server -tq
check start server
check page eventually curl -sf $url/i.html
check big sh -c "curl -sf $url/big | md5sum"
check range curl -sf -r 2-5 $url/i.html -w '%{http_code} %{size_download}' -o /dev/null
check said curl -sf $url/said
check 'unix socket' curl -sf --unix-socket sock http://x/i.html
check proxy sh -c 'for i in 1 2 3; do curl -sf --unix-socket sock http://x/p; done'
check upload sh -c "head -c 2000000 /dev/zero | curl -sf --data-binary @- $url/upload"
check parallel curl -sfZ --no-progress-meter "$url/i.html?[1-40]"
exits 22 missing curl -sf $url/none
check head sh -c "curl -sI $url/i.html | grep -e HTTP -e Length"
check load sh -c "wrk -t 2 -c 20 -d 2 $url/i.html | grep -c Requests/sec"
check errors sh -c "wrk -t 1 -c 50 -d 1 $url/big | grep -e Non-2xx -e Socket; true"
check workers sh -c 'pgrep -P $(cat pid) -f "worker process" | wc -l'
check killed sh -c 'kill -KILL $(pgrep -P $(cat pid) -f "worker process" | head -n 1)'
check 'another worker' eventually sh -c 'pgrep -P $(cat pid) -f "worker process" | wc -l | grep -x 2'
check 'still there' eventually curl -sf $url/i.html
sed -i 's/said by/told by/' nginx.conf
check reload server -s reload
check reloaded eventually sh -c "curl -sf $url/said | grep told"
check reopen sh -c "mv log log.old && nginx -p '$PWD/' -c nginx.conf -e errors -s reopen"
check reopened eventually test -e log
old=$(cat pid)
check upgrade kill -USR2 "$old"
check upgraded eventually test -s pid.oldbin
check 'old one quits' kill -QUIT "$old"
check 'has quit' eventually sh -c '! test -e pid.oldbin'
check 'served by the new one' curl -sf $url/said
check quit server -s quit
check 'no pid' eventually sh -c '! test -e pid'
exits 7 gone curl -sf $url/said
check alerts sh -c 'grep -v "exited on signal 9" errors | grep -cE "alert|emerg|crit"; true'
