#!/bin/sh
# SPDX-License-Identifier: MIT
# node: worker threads, children and their IPC, file watches, HTTP over TCP and Unix sockets, signals.
# needs: node
. "$TOP/tests/compat/lib.sh"
one() {
	check "$1" node -e "$2"
}
cat >workers.js <<'END'
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
if (!isMainThread) {
	let sum = 0;
	for (let i = 0; i < 1e6; i++) sum += i % workerData;
	parentPort.postMessage(sum);
} else {
	const sums = [];
	for (let i = 1; i <= 4; i++) new Worker(__filename, { workerData: i + 1 }).on('message', m => sums.push(m));
	process.on('exit', () => console.log(sums.sort()));
}
END
cat >child.js <<'END'
process.send('hi');
process.on('message', m => { console.log(m); process.exit(3); });
END
cat >requests.js <<'END'
const http = require('http');
const where = process.argv[2];
let left = 200;
const server = http.createServer((q, r) => r.end('ok ' + q.url)).listen(where == 'tcp' ? 0 : './sock', '127.0.0.1', () => {
	const to = where == 'tcp' ? { host: '127.0.0.1', port: server.address().port } : { socketPath: './sock' };
	let length = 0;
	for (let i = 0; i < 200; i++)
		http.get({ ...to, path: '/' + i }, r => {
			r.on('data', d => length += d.length);
			r.on('end', () => { if (--left == 0) { console.log(where, length); server.close(); } });
		});
});
END
check workers node workers.js
one exec 'console.log(require("child_process").execSync("echo hi; cat /proc/self/comm").toString())'
one spawn 'const cp = require("child_process");
console.log(cp.spawnSync("sh", ["-c", "exit 7"]).status, cp.spawnSync("/nonexistent").error.code)'
one fork 'const child = require("child_process").fork("child.js");
child.on("message", m => { console.log(m); child.send("bye"); }); child.on("exit", (c, s) => console.log(c, s))'
one kill 'const child = require("child_process").spawn("sleep", ["100"]);
child.on("exit", (c, s) => console.log(c, s)); child.on("spawn", () => child.kill())'
one files 'const fs = require("fs"); fs.mkdirSync("d/e/f", { recursive: true }); fs.writeFileSync("d/e/f/x", "data");
fs.cpSync("d", "d2", { recursive: true }); console.log(fs.readdirSync("d2", { recursive: true }).sort());
fs.rmSync("d", { recursive: true }); console.log(fs.existsSync("d"), fs.realpathSync(".") == process.cwd())'
one watch 'const fs = require("fs"); const w = fs.watch(".", (e, f) => { console.log(e, f); w.close(); });
setTimeout(() => fs.writeFileSync("watched", ""), 100)'
cat >cluster.js <<'END'
const cluster = require('cluster'), net = require('net');
if (cluster.isPrimary) {
	const worker = cluster.fork();
	worker.on('exit', (code, signal) => console.log(code, signal));
	worker.on('listening', address => net.connect(address.port, '127.0.0.1').on('data', d => {
		console.log(d.toString());
		worker.process.kill();
	}));
} else {
	net.createServer(s => s.end('from a worker')).listen(0, '127.0.0.1');
}
END
check cluster node cluster.js
check 'http over tcp' node requests.js tcp
check 'http over unix' node requests.js unix
one signal 'process.on("SIGUSR2", s => { console.log(s); clearTimeout(t); }); const t = setTimeout(() => 0, 9999);
process.kill(process.pid, "SIGUSR2")'
one itself 'console.log(process.title, process.execPath, process.argv0, process.ppid > 1);
require("fs").promises.readFile("/proc/self/cmdline").then(d => console.log(d.toString().split("\0")[0]))'
one dns 'require("dns").lookup("localhost", { family: 4 }, (e, a) => console.log(a))'
one wasm 'console.log(WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])))'
one deep 'function deep() { deep(); } try { deep(); } catch (e) { console.log(e.constructor.name); }'
one crypto 'require("crypto").scrypt("a", "b", 16, (e, k) => console.log(k.toString("hex")))'
check memory node --max-old-space-size=64 -e 'let a = []; for (let i = 0; i < 3e6; i++) a[i % 1000] = { i }; console.log(a.length)'
exits 134 'out of memory' sh -c 'node --max-old-space-size=20 -e "a = []; for (;;) a.push({})" 2>&1 | grep -o "heap out of memory"
	node --max-old-space-size=20 -e "a = []; for (;;) a.push({})" 2>/dev/null'
exits 137 killed sh -c "node -e 'process.kill(process.pid, \"SIGKILL\")'"
exits 134 aborted sh -c "node -e 'process.abort()' >/dev/null 2>&1"
exits 1 thrown sh -c 'node -e "throw new Error(\"meant to\")" 2>&1 | grep -c "Error: meant to"; exit 1'
