#!/bin/sh
# SPDX-License-Identifier: MIT
# python3: a virtual environment with pip, descriptors up to the limit, 300 threads, pools, asyncio, curses, sqlite.
# needs: python3 script
. "$TOP/tests/compat/lib.sh"
one() {
	check "$1" python3 -c "$2"
}
check venv python3 -m venv v
check 'in the venv' ./v/bin/python -c 'import sys; print(sys.prefix != sys.base_prefix, sys.executable == sys.prefix + "/bin/python")'
check activate sh -c '. v/bin/activate && command -v python | grep -c v/bin/python'
check pip sh -c './v/bin/pip list --disable-pip-version-check 2>/dev/null | cut -d " " -f 1'
mkdir -p pkg/mod && echo 'def main(): print("from a package")' >pkg/mod/__init__.py
printf '[project]\nname = "mod"\nversion = "1"\n[project.scripts]\nsay = "mod:main"\n' >pkg/pyproject.toml
check zipapp sh -c 'python3 -m zipapp pkg/mod -o m.pyz -m mod:main 2>&1; mkdir z && cp -r pkg/mod z && python3 -m zipapp z -m mod:main -o z.pyz && python3 z.pyz'
check compileall sh -c 'python3 -m compileall -q -j 2 pkg && find pkg -name "*.pyc" | wc -l'
check descriptors python3 - <<'END'
import os, resource
os.closerange(3, 65536)
print(resource.getrlimit(resource.RLIMIT_NOFILE))
count = 0
try:
    while True:
        os.dup(0)
        count += 1
except OSError as error:
    print(count, error)
END
one threads 'import os, threading, time
ts = [threading.Thread(target=time.sleep, args=(0.5,)) for _ in range(300)]
[t.start() for t in ts]; print(len(os.listdir("/proc/self/task"))); [t.join() for t in ts]'
for method in fork spawn forkserver; do
	cat >pool.py <<'END'
import multiprocessing, os, sys
def f(n):
    return n * n
if __name__ == '__main__':
    multiprocessing.set_start_method(sys.argv[1])
    with multiprocessing.Pool(4) as pool:
        print(sum(pool.map(f, range(1000))), pool.apply(os.getppid) != os.getpid())
    q = multiprocessing.Queue()
    p = multiprocessing.Process(target=q.put, args=('queued',))
    p.start(); print(q.get()); p.join(); print(p.exitcode)
END
	check "pool: $method" sh -c "python3 pool.py $method | sed 's/ True$//; s/ False$//'"
done
one 'shared memory' 'from multiprocessing import shared_memory as s
m = s.SharedMemory(create=True, size=100); n = s.SharedMemory(m.name); m.buf[5] = 7; print(n.buf[5]); n.close(); m.close(); m.unlink()'
one executor 'import concurrent.futures as c, time
with c.ThreadPoolExecutor(50) as e: print(sum(e.map(lambda n: (time.sleep(0.01), n)[1], range(200))))'
one asyncio 'import asyncio
async def main():
    server = await asyncio.start_server(lambda r, w: (w.write(b"served"), w.close()), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async def get():
        r, w = await asyncio.open_connection("127.0.0.1", port)
        return await r.read()
    print(len(await asyncio.gather(*[get() for _ in range(100)])))
    p = await asyncio.create_subprocess_exec("sh", "-c", "cat; exit 4", stdin=-1, stdout=-1)
    print(await p.communicate(b"through a pipe"), p.returncode)
    try: await asyncio.wait_for(asyncio.sleep(9), 0.1)
    except asyncio.TimeoutError: print("timeout")
asyncio.run(main())'
one sqlite 'import sqlite3, threading
c = sqlite3.connect("d"); c.execute("pragma journal_mode=wal"); c.execute("create table t (n)"); c.commit()
def w():
    c = sqlite3.connect("d", timeout=30)
    for i in range(50): c.execute("insert into t values (?)", (i,)); c.commit()
ts = [threading.Thread(target=w) for _ in range(4)]; [t.start() for t in ts]; [t.join() for t in ts]
print(c.execute("select count(*), sum(n) from t").fetchone())'
check curses sh -c "TERM=xterm script -qec \"python3 -c 'import curses; s = curses.initscr(); curses.endwin(); print(curses.can_change_color())'\" /dev/null | tr -cd '[:print:]' | grep -o -e True -e False"
one faulthandler 'import faulthandler, os, signal, sys
faulthandler.register(signal.SIGUSR1, file=open("f", "w")); os.kill(os.getpid(), signal.SIGUSR1); print("most recent" in open("f").read())'
check 'crash report' sh -c "(python3 -X faulthandler -c 'import ctypes; ctypes.string_at(8)' 2>&1 | grep Fatal) 2>/dev/null"
exits 139 crash sh -c "python3 -c 'import ctypes; ctypes.string_at(8)' 2>/dev/null"
one ctypes 'import ctypes; l = ctypes.CDLL(None); print(l.getpid() == __import__("os").getpid(), l.access(b"/nonexistent", 0))'
one recursion 'import sys
def deep(n): return deep(n + 1)
try: deep(0)
except RecursionError as e: print(e)'
one http 'import http.server, threading, urllib.request, socketserver
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
s.RequestHandlerClass.log_message = lambda *a: 0
threading.Thread(target=s.serve_forever, daemon=True).start()
print(urllib.request.urlopen("http://127.0.0.1:%d/pool.py" % s.server_port).read().count(b"import"))'
check interactive sh -c "printf 'print(1 + 1)\nimport os\nos._exit(3)\n' | python3 -i -q 2>&1; echo \$?"
check profile sh -c 'python3 -m cProfile -s ncalls pool.py fork 2>&1 | grep -c pool.py'
check timeit sh -c 'python3 -m timeit -n 10 -r 2 "pass" 2>/dev/null | wc -l'
