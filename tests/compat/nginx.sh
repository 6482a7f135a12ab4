#!/bin/bash
# SPDX-License-Identifier: MIT
# needs: nginx curl wrk
# nginx: two workers, sendfile, a proxy over a Unix socket, load, reload, quit.
mkdir -p $TMPDIR/ng/{logs,www}; cd $TMPDIR/ng; echo content >www/i.html; head -c 3000000 /dev/zero >www/big
cat >n.conf <<E
worker_processes 2; pid $TMPDIR/ng/pid; error_log $TMPDIR/ng/err; daemon on;
events { worker_connections 256; }
http { access_log off; client_body_temp_path cb; proxy_temp_path pt; fastcgi_temp_path ft; uwsgi_temp_path ut; scgi_temp_path st; sendfile on; server { listen 127.0.0.1:18080; root www; } server { listen unix:$TMPDIR/ng/sock; root www; location /p { proxy_pass http://127.0.0.1:18080/i.html; } } }
E
nginx -p $PWD/ -c n.conf -e err; echo $?; sleep 0.3; curl -s 127.0.0.1:18080/i.html; curl -s 127.0.0.1:18080/big | md5sum; curl -s --unix-socket sock http://x/p; curl -s -o /dev/null -w '%{http_code}\n' 127.0.0.1:18080/no; wrk -t1 -c20 -d2 http://127.0.0.1:18080/i.html | grep -cE 'Requests/sec'; wrk -t1 -c20 -d1 http://127.0.0.1:18080/i.html | grep -E 'Non-2xx|Socket'; nginx -p $PWD/ -c n.conf -e err -s reload; sleep 0.5; curl -s 127.0.0.1:18080/i.html; nginx -p $PWD/ -c n.conf -e err -s quit; sleep 0.5; ls pid 2>&1; grep -cE "alert|emerg" err | cat
