# access(2) below a descriptor whose number meant a directory of a read-only or noexec mount before. Now it is another
# directory, which came by a message: what that mount forbids is no matter.
exec python3 - <<'END'
import os
import socket

from calls import *


def look(fd):
    return [call(439, fd, name, mode, flags)
            for name in (b"file", b"link", b"./file") for mode in (os.X_OK, os.W_OK, os.R_OK) for flags in (0, 0x100, 0x200)]


for directory in "shown", "other", "readonly", "noexec":
    os.mkdir(directory)
for directory in "shown", "other":
    with open(f"{directory}/file", "w"):
        os.chmod(f"{directory}/file", 0o755)
    os.symlink("file", f"{directory}/link")
for point, flag in ("readonly", RDONLY), ("noexec", NOEXEC):
    print(mount("shown", point, None, BIND), mount(None, point, None, BIND | REMOUNT | flag))

here, there = socket.socketpair(socket.AF_UNIX)
for point in "readonly", "noexec":
    for how in os.O_RDONLY, os.O_PATH:
        other = os.open("other", how)
        socket.send_fds(here, [b"x"], [other])
        os.close(other)
        fd = os.open(point, how)
        print(point, look(fd))
        os.close(fd)
        (received,) = socket.recv_fds(there, 1, 1)[1]
        print(received == fd, look(received))
        os.close(received)
END
