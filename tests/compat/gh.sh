#!/bin/bash
# SPDX-License-Identifier: MIT
# gh: settings, aliases, extensions, and its API over a Unix socket.
# needs: gh git python3
. "$TOP/tests/compat/lib.sh"
export GH_CONFIG_DIR=$TMPDIR/gh NO_COLOR=1 GH_NO_UPDATE_NOTIFIER=1 GH_PROMPT_DISABLED=1
cat >server.py <<'END'
import http.server, json, os, socketserver, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return 'unix'

    def log_message(self, *args):
        pass

    def do_GET(self):
        body = json.dumps({'login': 'octo', 'path': self.path, 'host': self.headers['Host']}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

Server(sys.argv[1], Handler).serve_forever()
END

check version sh -c 'gh --version | head -n 1'
check config sh -c 'gh config set editor ed && gh config get editor'
check alias sh -c "gh alias set --shell hi 'echo hello from \$0' && gh hi && gh alias list"
check completion sh -c 'gh completion -s bash | md5sum'
check help sh -c 'gh help environment | md5sum'
exits 1 'not logged in' gh auth status
exits 1 'no such command' gh nonsense
mkdir -p gh-say && printf '#!/bin/sh\necho said $*; exit 3\n' >gh-say/gh-say && chmod +x gh-say/gh-say
export GH_TOKEN=none
check extension sh -c 'cd gh-say && git init -q && gh extension install .'
exits 3 'extension runs' gh say hello

python3 server.py "$TMPDIR/sock" &
server=$!
check listens eventually test -S "$TMPDIR/sock"
check socket gh config set http_unix_socket "$TMPDIR/sock"
check api gh api user --jq '.login, .path'
check parallel sh -c 'for i in 1 2 3 4; do gh api /n/$i --jq .path & done | sort; wait'
kill $server
wait $server 2>/dev/null
exits 1 'no server' sh -c 'gh api user 2>&1 | grep -c refused; exit 1'
