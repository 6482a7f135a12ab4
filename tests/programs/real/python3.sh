#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: python3
# python3: threads, subprocess, multiprocessing, asyncio, signals, sockets, files by descriptor.
cat >program.py <<'END'
import asyncio, concurrent.futures, hashlib, mmap, multiprocessing, os, shutil, signal, socket, subprocess, sys
import tempfile, threading, time

def square(n):
    return n * n

def worker(queue, n):
    queue.put((n, os.getcwd() == queue_cwd))

def threads():
    total, lock = [0], threading.Lock()
    def add():
        for _ in range(1000):
            with lock:
                total[0] += 1
    many = [threading.Thread(target=add) for _ in range(8)]
    [t.start() for t in many]
    [t.join() for t in many]
    print('threads', total[0])
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print('pool', list(pool.map(lambda i: len(os.listdir('.')) > 0, range(8))))
    def run(i):
        return subprocess.run(['sh', '-c', 'exit %d' % i]).returncode
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        print('execs from threads', list(pool.map(run, range(8))))

def processes():
    print(subprocess.run(['tr', 'a-z', 'A-Z'], input='shouting', capture_output=True, text=True).stdout)
    print(subprocess.check_output('echo $0; pwd -P | wc -l', shell=True, text=True).split())
    p = subprocess.Popen(['sleep', '100'], start_new_session=True)
    p.terminate()
    print('terminated', p.wait())
    try:
        subprocess.run(['sleep', '10'], timeout=0.2)
    except subprocess.TimeoutExpired:
        print('timed out')
    try:
        subprocess.run(['/nonexistent'])
    except FileNotFoundError as e:
        print(e.errno)
    print('cwd', subprocess.check_output(['pwd'], cwd='/', text=True).strip())
    pid = os.posix_spawn('/bin/sh', ['sh', '-c', 'exit 6'], os.environ)
    print('spawned', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    with multiprocessing.Pool(3) as pool:
        print('pool', sum(pool.map(square, range(100))))
    queue = multiprocessing.Queue()
    many = [multiprocessing.Process(target=worker, args=(queue, i)) for i in range(4)]
    [m.start() for m in many]
    print('queue', sorted(queue.get() for _ in many))
    [m.join() for m in many]
    context = multiprocessing.get_context('spawn')
    with context.Pool(2) as pool:
        print('spawned pool', pool.map(square, [1, 2, 3]))

def signals():
    seen = []
    signal.signal(signal.SIGUSR1, lambda n, f: seen.append(n))
    os.kill(os.getpid(), signal.SIGUSR1)
    print('signals', seen == [signal.SIGUSR1])
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)
    print('pending', signal.SIGUSR2 in signal.sigpending(), signal.sigwait([signal.SIGUSR2]) == signal.SIGUSR2)
    def ring(n, f):
        raise TimeoutError
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        time.sleep(10)
    except TimeoutError:
        print('rang')
    r, w = os.pipe()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)
    print('child', os.waitstatus_to_exitcode(os.wait()[1]))

async def async_main():
    async def beat(n):
        await asyncio.sleep(0.01 * n)
        return n
    print('gather', await asyncio.gather(*(beat(n) for n in range(5))))
    p = await asyncio.create_subprocess_exec('cat', stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = await p.communicate(b'through cat')
    print(out.decode(), p.returncode)
    server = await asyncio.start_unix_server(lambda r, w: (w.write(b'served'), w.close()), 'socket')
    reader, writer = await asyncio.open_unix_connection('socket')
    print((await reader.read()).decode())
    writer.close()
    server.close()
    os.unlink('socket')

def files():
    fd = os.open('.', os.O_RDONLY | os.O_DIRECTORY)
    os.mkdir('d', dir_fd=fd)
    with open('d/f', 'w') as f:
        f.write('text' * 1000)
    os.rename('d/f', 'd/g', src_dir_fd=fd, dst_dir_fd=fd)
    print('stat', os.stat('d/g', dir_fd=fd).st_size, os.listdir(fd) == os.listdir('.'))
    with open('d/g', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
        m[0:4] = b'TEXT'
    print(hashlib.sha256(open('d/g', 'rb').read()).hexdigest())
    os.symlink('d', 'l')
    print(sorted(os.listdir('l')), os.path.realpath('l/g').endswith('/d/g'))
    with tempfile.TemporaryDirectory() as t:
        shutil.copytree('d', t + '/copy', symlinks=True)
        shutil.move(t + '/copy', 'moved')
    print(sorted(n for n, _, _ in os.walk('.') if '/' in n))
    os.umask(0o077)
    open('private', 'w').close()
    print(oct(os.stat('private').st_mode))
    a, b = socket.socketpair()
    socket.send_fds(a, [b'x'], [fd])
    _, fds, _, _ = socket.recv_fds(b, 1, 1)
    print('passed', os.fstat(fds[0]).st_ino == os.fstat(fd).st_ino)
    os.fchdir(fds[0])
    print(os.path.exists('program.py'))

if __name__ == '__main__':
    queue_cwd = os.getcwd()
    threads()
    processes()
    signals()
    asyncio.run(async_main())
    files()
    sys.stdout.flush()
    os.execvp('sh', ['sh', '-c', 'exit 11'])
END
python3 program.py
