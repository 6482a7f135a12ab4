# Read-only mounts: every call that writes, by path and by descriptor, and what is said before EROFS.
exec python3 - <<'END'
import os, socket

from calls import *


def bind(path):
    with socket.socket(socket.AF_UNIX) as s:
        return t(s.bind, path)


def show(where):
    r = where + "/"
    print("unlink", t(os.unlink, r + "none"), t(os.rmdir, r + "none"), t(os.unlink, r + "f"),
          t(os.unlink, r + "d"), t(os.rmdir, r + "f"), t(os.rmdir, r + "d"))
    print("unlink", t(os.unlink, r + "."), t(os.unlink, r + ".."), t(os.rmdir, r + "."), t(os.rmdir, r + ".."),
          t(os.unlink, r + "none/x"))
    print("mkdir", t(os.mkdir, r + "d"), t(os.mkdir, r + "new"), t(os.mkdir, r + "new/"), t(os.mkdir, r + "."),
          t(os.mkdir, r + "none/x"), t(os.mkdir, r + "f/x"))
    print("mknod", t(os.mknod, r + "new"), t(os.mknod, r + "new/"), t(os.mknod, r + "f/"), t(os.mknod, r + "f"),
          t(os.mknod, r + "f", 0o40666), t(os.mknod, r + "new", 0o170666))
    print("symlink", t(os.symlink, "x", r + "new"), t(os.symlink, "x", r + "new/"),
          t(os.symlink, "x", r + "f/"), t(os.symlink, "", r + "new"))
    print("link", t(os.link, r + "f", r + "g"), t(os.link, "other/f", r + "g"), t(os.link, "other/f", r + "l"),
          t(os.link, r + "none", r + "g"), t(os.link, r + "f", "other/g"))
    print("rename", t(os.rename, r + "none", r + "g"), t(os.rename, r + "f", "other/g"),
          t(os.rename, r + "none", "other/g"), t(os.rename, r + ".", r + "g"), t(os.rename, r + "f", r + "f"))
    print("mode", t(os.chmod, r + "f", 0o600), t(os.chown, r + "f", -1, -1), t(os.lchown, r + "l", -1, -1),
          t(os.chmod, r + "none", 0o600))
    print("size", t(os.truncate, r + "f", 0), t(os.truncate, r + "d", 0), t(os.truncate, r + "none", 0),
          t(os.truncate, r + "f", -1))
    print("time", t(os.utime, r + "f"), t(os.utime, r + "l", follow_symlinks=False), t(os.utime, r + "none"))
    print("xattr", t(os.setxattr, r + "f", "user.a", b"x"), t(os.removexattr, r + "f", "user.a"),
          t(os.getxattr, r + "f", "user.a"), t(os.listxattr, r + "f"),
          t(os.setxattr, r + "none", "user.a", b""))
    print("access", os.access(r + "f", os.W_OK), os.access(r + "f", os.R_OK), os.access(r + "d", os.W_OK),
          os.access(r + "none", os.W_OK))
    print("socket", bind(r + "new"), bind(r + "f"), bind(r + "none/x"), bind(r + "new/"))
    print("open", t(os.open, r + "f", os.O_WRONLY), t(os.open, r + "f", os.O_RDWR),
          t(os.open, r + "new", os.O_RDONLY | os.O_CREAT), t(os.open, r + "f", os.O_RDONLY | os.O_CREAT),
          t(os.open, r + "f", os.O_CREAT | os.O_EXCL), t(os.open, r + "f", os.O_TRUNC))
    for name in "f", "d":
        fd = os.open(r + name, os.O_RDONLY)
        print("descriptor", t(os.fchmod, fd, 0o600), t(os.fchown, fd, -1, -1), t(os.utime, fd),
              t(os.setxattr, fd, "user.a", b"x"), t(os.removexattr, fd, "user.a"))
        copy = os.dup(fd)
        print("copy of it", t(os.fchmod, copy, 0o600), t(os.fchown, copy, -1, -1))
        os.close(copy)
        os.close(fd)
    fd = os.open(r + "d", os.O_RDONLY)
    print("relative", t(os.mkdir, "new", dir_fd=fd), t(os.unlink, "none", dir_fd=fd),
          t(os.chmod, ".", 0o700, dir_fd=fd), t(os.rename, "a", "b", src_dir_fd=fd, dst_dir_fd=fd))
    os.fchdir(fd)
    print("inside", t(os.mkdir, "new"), t(os.open, "new", os.O_CREAT | os.O_WRONLY), t(os.utime, "."),
          t(os.mkdir, "../../src/d/n"), t(os.rmdir, "../../src/d/n"))
    os.chdir("../..")
    os.close(fd)


os.makedirs("src/d/sub")
os.mkdir("other")
for name in "src/f", "other/f":
    open(name, "w").close()
os.symlink("f", "src/l")
os.mkdir("ro")
os.mkdir("tmp")
print(mount(b"src", b"ro", None, BIND), mount(None, b"ro", None, REMOUNT | BIND | RDONLY))
show("ro")
print(mount(b"none", b"tmp", b"tmpfs"))
os.makedirs("tmp/d/sub")
open("tmp/f", "w").close()
os.symlink("f", "tmp/l")
print(mount(None, b"tmp", None, REMOUNT | RDONLY))
show("tmp")
print(sorted(os.listdir("src")), sorted(os.listdir("tmp")), t(os.chmod, "src/f", 0o600))
END
