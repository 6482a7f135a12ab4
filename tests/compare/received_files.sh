# SPDX-License-Identifier: MIT
# Files that come by a message or by pidfd_getfd(2): of a tmpfs, also where it is read-only; and what
# may be done by descriptors with O_PATH.
exec python3 - <<'END'
import os
import re
import socket
import struct

from calls import *

PIDFD_OPEN, PIDFD_GETFD = 434, 438
here = os.getcwd()
PLACES = ("tmp/file", "tmp/link", "left/file", "bound/file", "readonly/other")


def mount_of(fd):
    return int(re.search(r"mnt_id:\t(\d+)", open(f"/proc/self/fdinfo/{fd}").read())[1])


def look(fd, mnt, dev, ino):
    st = t(os.fstat, fd)
    fs = t(os.fstatvfs, fd)
    print("  ", t(os.readlink, f"/proc/self/fd/{fd}").replace(here, "HERE"), mount_of(fd) == mnt, (st.st_dev, st.st_ino) == (dev, ino), hex(fs.f_flag & 15) if not isinstance(fs, str) else fs)
    print("    ", t(os.fchmod, fd, 0o644), t(os.utime, fd), t(os.setxattr, fd, "user.a", b"b"), t(os.ftruncate, fd, 1), isinstance(t(os.read, fd, 1), bytes),
          t(lambda: os.close(os.open(f"/proc/self/fd/{fd}", os.O_RDONLY))), t(lambda: os.close(os.open(f"/proc/self/fd/{fd}", os.O_WRONLY))))


for name in ("tmp", "left", "bound", "readonly"):
    os.mkdir(name)
print(mount("none", "tmp", "tmpfs"), mount("none", "left", "tmpfs"))
for name in ("tmp/file", "tmp/other", "left/file"):
    with open(name, "w") as file:
        file.write("text")
os.symlink("file", "tmp/link")
print(mount("tmp", "bound", None, BIND), mount("tmp", "readonly", None, BIND), mount(None, "readonly", None, BIND | REMOUNT | RDONLY), mount(None, "left", None, REMOUNT | RDONLY))
ours, theirs = socket.socketpair()
sys.stdout.flush()
pid = os.fork()
if not pid:
    try:
        for place in PLACES:
            for how in os.O_RDONLY, os.O_PATH, os.O_PATH | os.O_NOFOLLOW:
                fd = t(os.open, place, how)
                st = t(os.fstat, fd)
                socket.send_fds(theirs, [struct.pack("2i2Q", fd, mount_of(fd), st.st_dev, st.st_ino)], [fd])
                theirs.recv(1)
    finally:
        os._exit(0)
theirs.close()
pidfd = call(PIDFD_OPEN, pid, 0)
for place in PLACES:
    for how in "open", "path", "nofollow":
        message, (fd,), _, _ = socket.recv_fds(ours, 24, 1)
        number, *known = struct.unpack("2i2Q", message)
        print(place, how)
        look(fd, *known)
        fd = call(PIDFD_GETFD, pidfd, number, 0)
        print("  by its number")
        look(fd, *known)
        ours.send(b"x")
os.waitpid(pid, 0)
END
