# SPDX-License-Identifier: MIT
# What the descriptor of fsopen(2) is as a file: read(2) gives one message each time, nothing else is given or taken.
exec python3 - <<'END'
import fcntl, os, sys

from calls import *

FSOPEN, FSCONFIG = 430, 431
READ, WRITE, PREAD, PWRITE, WRITEV = 0, 1, 17, 18, 20


def context(complaints=1):
    fd = call(FSOPEN, b"tmpfs", 1)
    for i in range(complaints):
        call(FSCONFIG, fd, 0, b"bogus%d" % i, None, 0)
    return fd


fd = context()
text = ctypes.create_string_buffer(100)
vector = (ctypes.c_size_t * 2)(ctypes.addressof(text), 100)
print("none", call(READ, context(0), text, 100), call(READ, context(0), text, 0), call(READ, context(0), BAD, 100))
print("write", call(WRITE, fd, text, 5), call(WRITE, fd, text, 0), call(WRITE, fd, BAD, 5), call(WRITEV, fd, vector, 1), call(PWRITE, fd, text, 5, 0))
print("still", t(os.read, fd, 100), t(os.read, fd, 100))
fd = context()
print("short", call(READ, fd, text, 0), call(READ, fd, text, 5), call(READ, fd, text, 34), t(os.read, fd, 100))
fd = context()
print("length", [call(READ, fd, text, n) for n in (35, 36, 37, 38, 39, 40)])
fd = context()
print("bad pointer", call(READ, fd, BAD, 100), call(READ, fd, text, 100))
fd = context()
print("position", call(PREAD, fd, text, 100, 0), t(os.lseek, fd, 0, os.SEEK_SET))
fd = context(8)
print("many", [t(os.read, fd, 100) for _ in range(9)])
for complaints in 9, 12, 30, 600:
    fd = context(complaints)
    print("more", [t(os.read, fd, 100) for _ in range(9)])
fd = context(6)
print("some read", [t(os.read, fd, 100) for _ in range(3)], [call(FSCONFIG, fd, 0, b"more%d" % i, None, 0) for i in range(7)],
      [t(os.read, fd, 100) for _ in range(10)])
fd = context()
copy = os.dup(fd)
print("copy", t(os.write, copy, b"x"), t(os.read, copy, 100), t(os.read, fd, 100), t(os.read, copy, 100))
sys.stdout.flush()
if not os.fork():
    print("child", t(os.read, fd, 100), t(os.write, fd, b"x"), flush=True)
    os._exit(0)
os.wait()
print("access", fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE)
print("call", call(FSCONFIG, fd, 6, None, None, 0))
