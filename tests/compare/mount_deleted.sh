# SPDX-License-Identifier: MIT
# Files and directories that have lost their names: bound, mounted on, and how many names they say they have.
exec python3 - <<'END'
import os

from calls import *


def links(*paths):
    out = []
    for path in paths:
        text = ctypes.create_string_buffer(256)
        out.append((os.stat(path).st_nlink, os.lstat(path).st_nlink, call(332, FDCWD, path.encode(), 0, 0x7ff, text), int.from_bytes(text.raw[16:20], "little")))
        if isinstance(path, str):
            fd = os.open(path, os.O_RDONLY)
            out.append(os.fstat(fd).st_nlink)
            os.close(fd)
    return out


for path in "file", "target", "other":
    open(path, "w").close()
os.mkdir("dir")
os.mkdir("mnt")
file, dir = os.open("file", os.O_RDONLY), os.open("dir", os.O_RDONLY)
os.link("file", "second")
gone, gone_dir = "/proc/self/fd/%d" % file, "/proc/self/fd/%d" % dir
reader, writer = os.pipe()
print("pipe", mount("/proc/self/fd/%d" % reader, "target", None, BIND))
print("there", mount(gone, "target", None, BIND), os.path.samefile("second", "target"), umount("target"), mount(gone_dir, "mnt", None, BIND), umount("mnt"))
os.unlink("file")
os.rmdir("dir")
print("source", mount(gone, "target", None, BIND), mount(gone_dir, "mnt", None, BIND), mount(gone, "missing", None, BIND),
      mount(gone_dir, "mnt", None, MOVE), mount(gone_dir, "mnt", None, BIND | REC))
print("target", mount("other", gone, None, BIND), mount("mnt", gone_dir, None, BIND), mount("none", gone_dir, "tmpfs"), mount("none", gone, "tmpfs"),
      mount("mnt", gone, None, BIND), mount("missing", gone, None, BIND), mount("none", gone_dir, "nosuchtype"))
print("attached", call(429, call(428, FDCWD, b"other", 1), b"", file, b"", 0x44), call(429, call(428, FDCWD, b"mnt", 1), b"", dir, b"", 0x44))
print("nothing", umount("target"), umount("mnt"), os.listdir("."))

print("tmpfs", mount("none", "mnt", "tmpfs"))
open("mnt/file", "w").write("text")
print(mount("mnt/file", "target", None, BIND), links("mnt/file", "target"))
os.link("mnt/file", "mnt/more")
print(links("mnt/file", "target"))
os.unlink("mnt/file")
print(links("target"))
os.unlink("mnt/more")
print(links("target"), open("target").read(), mount("target", "other", None, BIND), mount("other", "target", None, BIND), links("target"), umount("target"))
print(links("target"), umount("target"), links("target"), umount("mnt"))
