# SPDX-License-Identifier: MIT
# A tmpfs that was taken off lazily is there with all its files for whoever stands in it or has something of it open.
exec python3 - <<'END'
import os, time

from calls import *

here = os.getcwd()
os.mkdir("m")


def fill():
    print(mount("none", "m", "tmpfs"))
    os.mkdir("m/d")
    for name in "f", "d/g":
        with open("m/" + name, "w") as f:
            f.write(name)


def read(name, fd=None):
    return t(lambda: open(name, opener=lambda path, flags: os.open(path, flags, dir_fd=fd)).read())


def write(name, fd=None):
    return t(lambda: open(name, "w", opener=lambda path, flags: os.open(path, flags, 0o600, dir_fd=fd)).write("new"))


def look(what, fd=None):
    time.sleep(0.2)
    print(what, sorted(os.listdir(fd or ".")), read("g", fd), write("new", fd), read("new", fd), t(os.mkdir, "sub", dir_fd=fd),
          t(os.rename, "g", "h", src_dir_fd=fd, dst_dir_fd=fd), t(os.link, "h", "g", src_dir_fd=fd, dst_dir_fd=fd),
          t(os.unlink, "new", dir_fd=fd), t(os.rmdir, "sub", dir_fd=fd), sorted(os.listdir(fd or ".")), flush=True)


fill()
os.chdir("m/d")
print(umount(here + "/m", DETACH))
look("cwd")
os.chdir(here)

for flags in os.O_RDONLY, os.O_PATH:
    fill()
    fd = os.open("m/d", os.O_RDONLY)
    other = os.open("m/d", flags)
    print(umount("m", DETACH))
    look("descriptor", fd)
    os.close(fd)
    print(read("h", other), write("new", other))
    os.close(other)

fill()
with open("m/f", "r+") as f:
    print(umount("m", DETACH))
    time.sleep(0.2)
    print("file", f.read(), f.write("more"), f.flush(), f.seek(0), f.read())

fill()
ready, tell = os.pipe()
go, start = os.pipe()
if not os.fork():
    os.chdir("m/d")
    os.write(tell, b"x")
    os.read(go, 1)
    look("child")
    os._exit(0)
os.read(ready, 1)
print(umount("m", DETACH), flush=True)
os.write(start, b"x")
os.wait()
print(os.listdir("m"))
END
