# SPDX-License-Identifier: MIT
# Namespaces that come by a message or by pidfd_getfd(2): what they are called, which they are, and that one can go there.
exec python3 - <<'END'
import fcntl
import os
import socket
import struct

from calls import *

PIDFD_OPEN, PIDFD_GETFD, SETNS = 434, 438, 308
NS_GET_USERNS, NS_GET_NSTYPE = 0xb701, 0xb703
NEWUTS = 0x4000000


def host_name_there(fd):
    pid = os.fork()
    if not pid:
        print("    ", call(SETNS, fd, NEWUTS), socket.gethostname(), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)


def look(fd, number):
    st = t(os.fstat, fd)
    print("  ", t(os.readlink, f"/proc/self/fd/{fd}").replace(str(number), "N"), st.st_ino == number, oct(st.st_mode), st.st_dev == os.stat("/proc/self/ns/uts").st_dev,
          hex(t(fcntl.ioctl, fd, NS_GET_NSTYPE)), isinstance(t(fcntl.ioctl, fd, NS_GET_USERNS), int))
    again = t(os.open, f"/proc/self/fd/{fd}", os.O_RDONLY)
    print("    ", os.fstat(again).st_ino == number if isinstance(again, int) else again, flush=True)
    host_name_there(fd)


ours, theirs = socket.socketpair()
sys.stdout.flush()
pid = os.fork()
if not pid:
    try:
        libc.unshare(NEWUTS)
        socket.sethostname("elsewhere")
        for name in "uts", "mnt":
            fd = os.open(f"/proc/self/ns/{name}", os.O_RDONLY)
            socket.send_fds(theirs, [struct.pack("iQ", fd, os.fstat(fd).st_ino)], [fd])
            theirs.recv(1)
    finally:
        os._exit(0)
theirs.close()
pidfd = call(PIDFD_OPEN, pid, 0)
for name in "uts", "mnt":
    message, (fd,), _, _ = socket.recv_fds(ours, 16, 1)
    number, inode = struct.unpack("iQ", message)
    print(name)
    if name == "uts":
        # What asks first is no matter.
        for question in (lambda fd: t(fcntl.ioctl, fd, NS_GET_NSTYPE), lambda fd: os.fstat(fd).st_ino == inode, lambda fd: t(os.readlink, f"/proc/self/fd/{fd}") == f"uts:[{inode}]",
                         lambda fd: os.stat(t(os.open, f"/proc/self/fd/{fd}", os.O_RDONLY)).st_ino == inode):
            theirs_again, own = socket.socketpair()
            socket.send_fds(theirs_again, [b"x"], [fd])
            print("  ", question(socket.recv_fds(own, 1, 1)[1][0]))
    look(fd, inode)
    look(call(PIDFD_GETFD, pidfd, number, 0), inode)
    ours.send(b"x")
os.waitpid(pid, 0)
END
