# SPDX-License-Identifier: MIT
# Remounts of a file system that is in use: limits below what is in it, read-only with files open to be written.
exec python3 - <<'END'
import itertools, os, struct

from calls import *

FSOPEN, FSCONFIG, FSMOUNT, FSPICK, SETATTR = 430, 431, 432, 433, 442
FLAG, STRING, CREATE, RECONFIGURE = 0, 1, 6, 7
RECURSIVE = 0x8000


def shown(path):
    for line in open("/proc/self/mountinfo"):
        field = line.split()
        if field[4] == os.path.abspath(path):
            return field[5], [o for o in field[-1].split(",") if o[:4] not in ("uid=", "gid=", "inod")]


def messages(fd):
    out = []
    while isinstance(text := t(os.read, fd, 1000), bytes):
        out.append(text.decode().strip())
    return out + [text]


def reconfigure(path, *options):
    fd = call(FSPICK, FDCWD, path, 1)
    answers = [call(FSCONFIG, fd, STRING if value else FLAG, name, value, 0) for name, value in options]
    answers.append(call(FSCONFIG, fd, RECONFIGURE, None, None, 0))
    answers.append(call(FSCONFIG, fd, RECONFIGURE, None, None, 0))
    answers += messages(fd)
    os.close(fd)
    return answers


def readonly(path, set=1, flags=0):
    return call(SETATTR, FDCWD, path, flags, struct.pack("4Q", set, 1 - set, 0, 0), 32)


os.mkdir("a")
os.mkdir("b")
print(mount("none", "a", "tmpfs", 0, b"size=1m,nr_inodes=20"))
for i in range(10):
    open("a/%d" % i, "w").write("x" * 40000)
print("limits")
for options in (b"size=400k", b"size=480k", b"size=64k", b"nr_inodes=10", b"nr_inodes=5,size=2m", b"size=64k,nr_inodes=5", b"nr_inodes=11", b"size=2m",
                b"size=0", b"size=8m", b"nr_inodes=0", b"nr_inodes=100", b"ro,size=1k", b"mode=700", b"size=x"):
    print(options, mount(None, "a", None, REMOUNT, options), shown("a"), os.statvfs("a").f_blocks, os.statvfs("a").f_files)
print("default", mount("none", "b", "tmpfs"), mount(None, "b", None, REMOUNT, b"size=1m,nr_inodes=10"), shown("b"), umount("b"))
print("fsconfig", mount("none", "b", "tmpfs", 0, b"size=1m,nr_inodes=20"))
open("b/file", "w").write("x" * 40000)
for options in ([(b"size", b"4k")], [(b"size", b"40k")], [(b"nr_inodes", b"1")], [(b"nr_inodes", b"30"), (b"size", b"2m")], [(b"size", b"0")], [(b"size", b"1m")],
                [(b"ro", None)], [(b"rw", None), (b"sync", None)], [(b"async", None)]):
    print(options, reconfigure(b"b", *options), shown("b"))
print(umount("b"), umount("a"))

# The file system, and then the one mount of it: which of two a file was opened through, secede does not know.
print("read-only")
print(mount("none", "a", "tmpfs"), mount("a", "b", None, BIND))
os.mkdir("a/dir")
open("a/file", "w").close()
cases = {"read": lambda: os.open("a/file", os.O_RDONLY), "write": lambda: os.open("a/file", os.O_WRONLY), "both": lambda: os.open("a/dir/new", os.O_RDWR | os.O_CREAT),
         "path": lambda: os.open("a/file", os.O_PATH), "dir": lambda: os.open("a", os.O_RDONLY), "bind": lambda: os.open("b/file", os.O_WRONLY), "none": lambda: -1}
for case, make in cases.items():
    fd = make()
    print(case, mount(None, "a", None, REMOUNT | RDONLY), mount(None, "a", None, REMOUNT), reconfigure(b"a", (b"ro", None)), reconfigure(b"a", (b"rw", None)))
    if fd >= 0:
        os.close(fd)
print(umount("b"))
for case, make in cases.items():
    if case == "bind":
        continue
    fd = make()
    print(case, mount(None, "a", None, REMOUNT | BIND | RDONLY), mount(None, "a", None, REMOUNT | BIND), readonly(b"a"), readonly(b"a", 0), shown("a"))
    if fd >= 0:
        os.close(fd)
print(umount("a"))

# All mounts of a tree, or none.
print("recursive", mount("none", "a", "tmpfs"), t(os.mkdir, "a/s"), mount("none", "a/s", "tmpfs"), t(os.mkdir, "a/s/s"), t(os.mkdir, "a/t"),
      mount("none", "a/s/s", "tmpfs"), mount("a/s", "a/t", None, BIND))
for path, flags in itertools.product(("a/file", "a/s/file", "a/t/file", "a/s/s/file"), (os.O_RDWR, os.O_RDONLY)):
    open(path, "w").close()
    fd = os.open(path, flags)
    for top in b"a", b"a/s", b"a/s/s", b"a/t":
        if path not in ("a/s/file", "a/t/file") or top == b"a":  # which of two mounts is it open through?
            print(path, flags, top, readonly(top, 1, RECURSIVE), [shown(p) for p in ("a", "a/s", "a/t", "a/s/s")], readonly(top, 0, RECURSIVE))
    os.close(fd)
print(umount("a", DETACH))
