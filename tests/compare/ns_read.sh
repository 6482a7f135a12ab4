#!/bin/sh
# SPDX-License-Identifier: MIT
# native: unshare -Urm sh
# secede: secede -Urm sh
# Reading a file of /proc/PID/ns is an error at once, also for one who reads everything there is below /proc/PID; a
# descriptor on one keeps the namespace, wherever it went.
for ns in mnt uts user; do
	cat /proc/self/ns/$ns 2>&1
	dd if=/proc/self/ns/$ns count=1 status=none 2>&1
done
timeout 10 grep -Rs nothing /proc/self/ns/
echo "grep $?"
python3 - 2>&1 <<'END'
import array, os, socket, select


def attempt(what, function, *arguments):
    try:
        print(what, function(*arguments))
    except OSError as error:
        print(what, os.strerror(error.errno))


fd = os.open('/proc/self/ns/uts', os.O_RDONLY)
name = os.readlink(f'/proc/self/fd/{fd}')
attempt('read', os.read, fd, 100)
attempt('readv', os.readv, fd, [bytearray(3)])
attempt('seek', os.lseek, fd, 0, os.SEEK_SET)
print('ready', bool(select.select([fd], [], [], 0)[0]))
# It survives being duplicated, sent to oneself, and closed where it came from.
a, b = socket.socketpair()
socket.send_fds(a, [b'x'], [os.dup(fd)])
os.close(fd)
_, fds, _, _ = socket.recv_fds(b, 1, 1)
print(name == os.readlink(f'/proc/self/fd/{fds[0]}'))
attempt('read', os.read, fds[0], 100)
again = os.open(f'/proc/self/fd/{fds[0]}', os.O_RDONLY)
print(os.fstat(again).st_ino == os.stat('/proc/self/ns/uts').st_ino)
attempt('read', os.read, again, 100)
END
# A namespace that only a descriptor holds is still there to enter.
mkfifo named
unshare -u sh -c 'hostname held; echo >named; exec sleep 300' &
read -r _ <named
exec 5<"/proc/$!/ns/uts"
kill $!
wait $! 2>/dev/null
nsenter --uts=/proc/self/fd/5 hostname
cat <&5 2>&1
exec 5<&-
for i in $(seq 200); do
	exec 5</proc/self/ns/mnt 6<&5 5<&-
	cat <&6 2>/dev/null && echo "read $i"
done
echo done
# There is a file for each kind that can be asked for, and for no other: that is how bwrap(1) finds out.
python3 - 2>&1 <<'END'
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
flags = {'cgroup': 0x2000000, 'ipc': 0x8000000, 'mnt': 0x20000, 'net': 0x40000000, 'pid': 0x20000000, 'time': 0x80,
         'user': 0x10000000, 'uts': 0x4000000}


def can_be_made(flag):
    if os.fork() == 0:
        os._exit(libc.unshare(flag) and ctypes.get_errno())
    return os.waitstatus_to_exitcode(os.wait()[1]) == 0


os.chdir(f'/proc/{os.getpid()}')
directory = os.open('ns', os.O_RDONLY)
for kind, flag in flags.items():
    names = [kind, kind + '_for_children'] if kind in ('pid', 'time') else [kind]
    for name in names:
        seen = {name in os.listdir(f'/proc/{who}/ns') for who in ('self', 'thread-self', os.getppid())}
        seen |= {os.path.lexists(f'/proc/{who}/ns/{name}') for who in ('self', 'thread-self', os.getppid())}
        seen |= {os.path.exists(f'ns/{name}'), os.access(name, os.F_OK, dir_fd=directory), name in os.listdir(directory)}
        print(name, seen == {can_be_made(flag)} or seen)
dead = os.fork()
if dead == 0:
    os._exit(0)
pidfd = os.pidfd_open(dead)
os.waitid(os.P_PID, dead, os.WEXITED | os.WNOWAIT)
for state in 'zombie', 'gone':
    print(state, [os.strerror(ctypes.get_errno()) for flag in (0, 1, flags['uts'], flags['mnt'] | flags['uts']) if libc.setns(pidfd, flag)])
    os.waitstatus_to_exitcode(os.waitpid(dead, 0)[1] if state == 'zombie' else 0)
END
# By a pidfd (PIDFD_GET_X_NAMESPACE of pidfd_open(2)): of oneself, of a child that has its own, of nobody and of no pidfd.
python3 - <<'END'
import fcntl, os, sys
from calls import *

KINDS = {"mnt": 0xff03, "user": 0xff09, "uts": 0xff0a}


def opened(pidfd, kind, arg=0):
    return t(fcntl.ioctl, pidfd, KINDS[kind], arg)


def ask(pid, pidfd):
    for kind in KINDS:
        fd = opened(pidfd, kind)
        print(kind, os.readlink(f"/proc/self/fd/{fd}") == os.readlink(f"/proc/{pid}/ns/{kind}"), os.fstat(fd).st_ino == os.stat(f"/proc/{pid}/ns/{kind}").st_ino,
              os.get_inheritable(fd), opened(pidfd, kind, 1), os.readlink(f"/proc/self/fd/{fd}") == os.readlink(f"/proc/self/ns/{kind}"))
        os.close(fd)


ask(os.getpid(), os.pidfd_open(os.getpid()))
sys.stdout.flush()
ready, tell = os.pipe()
end, closing = os.pipe()
pid = os.fork()
if pid == 0:
    call(272, NEWUSER | NEWNS | 0x04000000)
    os.write(tell, b"x")
    os.read(end, 1)
    os._exit(0)
os.read(ready, 1)
pidfd = os.pidfd_open(pid)
ask(pid, pidfd)
print("setns", call(308, opened(pidfd, "user"), NEWUSER), call(308, opened(pidfd, "mnt"), 0), os.readlink("/proc/self/ns/mnt") == os.readlink(f"/proc/{pid}/ns/mnt"))
os.write(closing, b"x")
os.waitpid(pid, 0)
print("gone", [opened(pidfd, kind) for kind in KINDS], [opened(ready, kind) for kind in KINDS])
END
