#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: node npm
# Node.js: worker threads, children, IPC, file watches, HTTP over TCP and Unix sockets, signals.
cat >w.js <<'E'
const {Worker,isMainThread,parentPort,workerData}=require('worker_threads');
if(!isMainThread){let s=0;for(let i=0;i<1e6;i++)s+=i%workerData;parentPort.postMessage(s);}
else{let n=4,r=[];for(let i=1;i<=n;i++){const w=new Worker(__filename,{workerData:i+1});w.on('message',m=>r.push(m));w.on('exit',()=>{if(--n==0)console.log('workers',r.sort())});}}
E
node w.js
cat >c.js <<'E'
const cp=require('child_process'),fs=require('fs'),http=require('http'),os=require('os'),path=require('path');
console.log(cp.execSync('echo hi; pwd -P | wc -l').toString());
console.log(cp.spawnSync('sh',['-c','exit 7']).status, cp.spawnSync('/nonexistent').error.code);
const k=cp.fork('k.js'); k.on('message',m=>{console.log('fork',m);k.send('bye')}); k.on('exit',(c,s)=>console.log('fork exit',c,s));
const sl=cp.spawn('sleep',['100']); sl.on('exit',(c,s)=>console.log('sleep',c,s)); setTimeout(()=>sl.kill('SIGTERM'),300);
fs.mkdirSync('d/e/f',{recursive:true}); fs.writeFileSync('d/e/f/x','data'); fs.cpSync('d','d2',{recursive:true}); console.log(fs.readdirSync('d2',{recursive:true}));
fs.rmSync('d',{recursive:true}); console.log(fs.existsSync('d'), fs.realpathSync('.')==process.cwd());
const wt=fs.watch('.',(e,f)=>{console.log('watch',e,f);wt.close()}); setTimeout(()=>fs.writeFileSync('watched',''),500);
let n=0; const srv=http.createServer((q,r)=>{r.end('ok '+q.url)}).listen(0,'127.0.0.1',()=>{const p=srv.address().port; for(let i=0;i<50;i++)http.get({port:p,path:'/'+i},r=>{let d='';r.on('data',x=>d+=x);r.on('end',()=>{if(++n==50){console.log('http',n);srv.close()}})})});
const us=http.createServer((q,r)=>r.end('unix')).listen('./sock',()=>http.get({socketPath:'./sock',path:'/'},r=>{r.on('data',x=>console.log(x.toString()));r.on('end',()=>us.close())}));
process.on('SIGUSR2',()=>console.log('usr2')); setTimeout(()=>process.kill(process.pid,'SIGUSR2'),700);
fs.promises.readFile('/proc/self/comm').then(x=>console.log(x.toString()));
console.log(process.title, process.execPath, process.argv0);
process.on('exit',c=>console.log('exit',c)); setTimeout(()=>{process.exitCode=5},1000);
E
echo "process.send('hi');process.on('message',m=>{console.log(m);process.exit(3)})" >k.js
node c.js | sort; node -e 'process.kill(process.pid,"SIGKILL")'; echo $?; node -e 'process.abort()' >/dev/null 2>&1; echo $?
node -e 'function f(){f()} try{f()}catch(e){console.log(e.constructor.name)}'
node --max-old-space-size=64 -e 'let a=[];for(let i=0;i<3e6;i++){a[i%1000]={i}};gc=1;console.log(a.length)'
npm --version >/dev/null 2>&1; echo npm $?
