# Mount points and mount borders: EXDEV, EBUSY, device numbers, symlinks and dot-dot across, nested and double binds.
exec python3 - <<'END'
import os

from calls import *

NOREPLACE, EXCHANGE = 1, 2


def renameat2(old, new, flags):
    return result(libc.renameat2(FDCWD, old, FDCWD, new, flags)) or "ok"


def touch(name, text=""):
    with open(name, "w") as f:
        f.write(text)


def dev(name):
    return os.lstat(name).st_dev


for name in "src/d/e", "b1", "b2", "tmp", "empty", "other":
    os.makedirs(name)
touch("src/f", "source")
touch("src/d/g")
touch("file")
touch("over")
print("binds", mount(b"src", b"b1", None, BIND), mount(b"src", b"b2", None, BIND),
      mount(b"none", b"tmp", b"tmpfs"), mount(b"file", b"over", None, BIND))
touch("tmp/f")
os.mkdir("tmp/d")

print("st_dev", dev("src") == dev("b1") == dev("b2") == dev("b1/d"), dev("tmp") == dev("src"),
      dev("tmp") == dev("tmp/f") == dev("tmp/d"), os.path.ismount("tmp"), dev("over") == dev("file"))
print("same file", os.path.samefile("src/f", "b1/f"), os.path.samefile("b1/d", "b2/d"),
      os.path.samefile("over", "file"))
print("EXDEV", t(os.rename, "b1/f", "b2/h"), t(os.link, "b1/f", "b2/h"), t(os.rename, "b1/f", "src/h"),
      t(os.link, "src/f", "b1/h"), t(os.rename, "b1/f", "tmp/h"), t(os.link, "tmp/f", "b1/h"))
print("EXDEV first", t(os.rename, "b1/none", "b2/h"), t(os.link, "b1/none", "b2/h"), t(os.link, "b1/f", "b2/d"),
      t(os.rename, "b1/.", "b2/h"), t(os.rename, "b1/f", "b1/h"), t(os.rename, "src/h", "src/f"))
print("unlink", t(os.rmdir, "b1"), t(os.rmdir, "tmp"), t(os.unlink, "tmp"), t(os.unlink, "over"),
      t(os.rmdir, "over"), t(os.rmdir, "b1/"), t(os.unlink, "over/"), t(os.rmdir, "tmp/."))
print("rename of", t(os.rename, "b1", "x"), t(os.rename, "over", "x"), t(os.rename, "tmp", "empty"),
      t(os.rename, "over/", "x"), t(os.rename, "b1", "b1"), t(os.rename, "b1", "none/x"))
print("rename onto", t(os.rename, "empty", "tmp"), t(os.rename, "file", "tmp"), t(os.rename, "empty", "over"),
      t(os.rename, "file", "over"), t(os.rename, "none", "tmp"), t(os.rename, "empty", "b1"))
print("renameat2", renameat2(b"empty", b"tmp", NOREPLACE), renameat2(b"empty", b"tmp", EXCHANGE),
      renameat2(b"none", b"tmp", EXCHANGE), renameat2(b"tmp", b"none", EXCHANGE),
      renameat2(b"tmp", b"none", NOREPLACE), renameat2(b"a", b"b", 3), renameat2(b"a", b"b", 64))
print("mkdir on", t(os.mkdir, "tmp"), t(os.symlink, "x", "over"), t(os.link, "file", "over"),
      t(os.mknod, "tmp"))
print("mount point seen elsewhere", mount(b"none", b"src/d", b"tmpfs"), t(os.rmdir, "src/d"),
      t(os.rmdir, "b1/d"), t(os.rename, "b2/d", "b2/x"), sorted(os.listdir("b1/d")), os.listdir("src/d"),
      umount(b"src/d"))
print("in itself", t(os.rename, "src", "src/d/x"), t(os.rename, "other", "other/none/x"),
      t(os.rename, "src/d", "src"))

os.symlink("../tmp/f", "b1/link")
os.symlink("b2/d", "dirlink")
os.symlink(os.path.abspath("tmp"), "b2/abs")
touch("tmp/f", "in tmp")
touch("b1/d/g", "seen twice")
print("links", open("b1/link").read(), open("b2/link").read(), open("src/link").read(),
      open("dirlink/g").read(), open("b1/abs/f").read(), os.readlink("b2/link"))
print("dot-dot", sorted(os.listdir("b1/d/..")), sorted(os.listdir("tmp/..")) == sorted(os.listdir(".")),
      open("tmp/../b2/d/../d/g").read(), open("dirlink/../f").read())
print("realpath", os.path.relpath(os.path.realpath("dirlink/../abs/f")),
      os.path.relpath(os.path.realpath("b1/link")))
here = os.getcwd()
os.chdir("b1/d")
print("getcwd", os.path.relpath(os.getcwd(), here), t(os.mkdir, "n"), os.path.isdir(here + "/src/d/n"),
      open("../../tmp/f").read())
os.chdir("../../b2/d")
print("getcwd", os.path.relpath(os.getcwd(), here), os.path.relpath(os.path.realpath(".."), here),
      t(os.rmdir, "n"))
os.chdir(here)

one, two = os.open("b1", os.O_RDONLY), os.open("b2", os.O_RDONLY)
print("by descriptor", t(os.rename, "f", "h", src_dir_fd=one, dst_dir_fd=two),
      t(os.link, "f", "h", src_dir_fd=one, dst_dir_fd=two),
      t(os.rename, "f", "h", src_dir_fd=one, dst_dir_fd=one),
      t(os.rename, "h", "f", src_dir_fd=two, dst_dir_fd=two))
up = os.open("..", os.O_RDONLY, dir_fd=one)
print("up", os.path.samestat(os.fstat(up), os.stat(".")), t(os.rmdir, "b1", dir_fd=up),
      t(os.rmdir, "tmp", dir_fd=up),
      t(os.stat, "tmp", dir_fd=up) and dev("tmp") == os.stat("tmp", dir_fd=up).st_dev)
fd = os.open("tmp", os.O_RDONLY)
print("below", os.stat("f", dir_fd=fd).st_dev == dev("tmp"), os.fstat(fd).st_dev == dev("tmp"),
      t(os.link, "f", "l", src_dir_fd=fd, dst_dir_fd=fd), t(os.link, "f", "b1/l", src_dir_fd=fd),
      os.stat("..", dir_fd=fd).st_ino == os.stat(".").st_ino)
for f in one, two, up, fd:
    os.close(f)

print("nested", mount(b"tmp", b"b1/d", None, BIND), open("b1/d/f").read(), sorted(os.listdir("b2/d")),
      mount(b"b1", b"other", None, BIND), sorted(os.listdir("other/d")), umount(b"other"))
print("recursive", mount(b"b1", b"other", None, BIND | REC), sorted(os.listdir("other/d")),
      dev("other/d") == dev("tmp"), umount(b"other"), umount(b"other/d"), umount(b"other"))
print("covered", mount(b"none", b"b1", b"tmpfs"), os.listdir("b1"), umount(b"b1/d"), umount(b"b1"),
      sorted(os.listdir("b1/d")), umount(b"b1/d"))
print("deep", mount(b"src/d", b"tmp/d", None, BIND), open("tmp/d/g").read(), t(os.mkdir, "tmp/d/e/k"),
      os.path.isdir("b2/d/e/k"), umount(b"tmp/d"), os.listdir("tmp/d"))
print("bind of a bind", mount(b"b2/d", b"empty", None, BIND), umount(b"b2"), open("empty/g").read(),
      umount(b"empty"))
print("open file outlives", end=" ")
f = open("over", "w+")
print(umount(b"over", DETACH), f.write("x"), f.flush(), os.stat("file").st_size, os.stat("over").st_size)
END
