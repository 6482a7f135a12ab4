# The limits of a tmpfs, where calls that come to the kernel by name meet them, and what statfs(2) says.
exec python3 - <<'END'
import os, stat

from calls import *


def make(path, flags=os.O_CREAT | os.O_WRONLY):
    os.close(os.open(path, flags, 0o600))


def space(path):
    s = os.statvfs(path)
    return s.f_bsize, s.f_frsize, s.f_blocks, s.f_bfree, s.f_bavail, s.f_files, s.f_ffree


os.mkdir("a")
print(mount(b"x", b"a", b"tmpfs", 0, b"size=64k,nr_inodes=8"), space("a"))
print("names", t(os.mkdir, "a/d"), t(make, "a/f"), t(os.symlink, "x", "a/l"), t(os.link, "a/f", "a/d/h"), t(os.mknod, "a/p", stat.S_IFIFO | 0o600), space("a"))
print("names", t(make, "a/6"), t(make, "a/7"), space("a"), t(make, "a/8"), t(os.mkdir, "a/8"), t(os.symlink, "x", "a/8"), t(os.link, "a/f", "a/8"),
      t(os.mknod, "a/8", stat.S_IFIFO | 0o600), t(make, "a/8", os.O_CREAT | os.O_RDONLY))
print("there", t(make, "a/7"), t(os.mkdir, "a/d"), t(make, "a/7", os.O_CREAT | os.O_EXCL | os.O_WRONLY), t(os.symlink, "x", "a/l"), t(os.rename, "a/7", "a/9"),
      t(make, "a/none", os.O_RDONLY), t(os.mkdir, "a/none/x"))
print("again", t(os.unlink, "a/9"), t(make, "a/8"), t(make, "a/9"), t(os.unlink, "a/8"), t(os.rmdir, "a/d"), t(os.unlink, "a/d/h"), t(os.rmdir, "a/d"), space("a"),
      t(os.mkdir, "a/d"), t(os.mkdir, "a/d/e"), t(os.mkdir, "a/d/e/f"), t(os.mkdir, "a/d/e/g"))
fd = os.open("a/f", os.O_RDWR)
print("data", os.write(fd, b"x" * 10000), space("a"), t(os.posix_fallocate, fd, 0, 8192), t(os.posix_fallocate, fd, 0, 65536), t(os.posix_fallocate, fd, 0, 69632),
      space("a"), t(os.ftruncate, fd, 0), space("a"), t(os.truncate, "a/f", 1 << 20), space("a"), t(os.posix_fallocate, fd, 0, 131072))
os.close(fd)
print("remount", mount(None, b"a", None, 32, b"size=128k,nr_inodes=20"), space("a"), t(os.mkdir, "a/more"), t(os.mkdir, "a/more2"))
print(mount(b"r", b"a", b"ramfs", 0, b"mode=700,size=4k"), hex(os.statvfs("a").f_blocks), t(make, "a/f"))
os.mkdir("c")
space = lambda path: [(s.f_bsize, s.f_frsize, s.f_blocks, s.f_bfree, 0 < s.f_bavail <= s.f_bfree, s.f_files, s.f_ffree) for s in [os.statvfs(path)]]
print("none given", mount(b"y", b"c", b"tmpfs"), space("c"), t(make, "c/f"), space("c"), os.truncate("c/f", 1 << 20), space("c"))
with open("c/f", "wb") as f:
    f.write(b"x" * 100000)
print("none given", space("c"), t(os.unlink, "c/f"), space("c"), mount(None, b"c", None, 32, b"size=1m"), space("c"))
os.mkdir("b")
print(mount(b"y", b"b", b"tmpfs", 0, b"nr_inodes=3"), os.statvfs("b").f_files, t(make, "b/1"), t(make, "b/2"), t(make, "b/3"))
END
