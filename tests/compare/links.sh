# link(2) in its odd forms: files without a name, links to symlinks, descriptors; and names with dots and slashes.
exec python3 - <<'END'
import ctypes, errno, os

libc = ctypes.CDLL(None, use_errno=True)
FOLLOW, EMPTY = 0x400, 0x1000


def result(value):
    return value if value >= 0 else errno.errorcode[ctypes.get_errno()]


def link(olddir, old, newdir, new, flags=0):
    return result(libc.linkat(olddir, old, newdir, new, flags))


def t(call, *args):
    try:
        value = call(*args)
        return "ok" if value is None else value
    except OSError as error:
        return errno.errorcode[error.errno]


for name in "src/d", "m", "mem", "x":
    os.makedirs(name)
open("src/f", "w").close()
os.symlink("f", "src/l")
os.symlink("none", "src/broken")
print(result(libc.mount(b"src", b"m", None, 4096, None)),
      result(libc.mount(b"none", b"mem", b"tmpfs", 0, None)))
for where in "m", "mem", "x":
    fd = os.open(where, os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(fd, b"nameless in " + where.encode())
    name = where.encode() + b"/named"
    print(where, link(-100, b"/proc/self/fd/%d" % fd, -100, name, FOLLOW), open(name).read(),
          os.fstat(fd).st_nlink)
    print(where, link(-100, b"/proc/self/fd/%d" % fd, -100, name, FOLLOW),
          link(-100, b"/proc/self/fd/%d" % fd, -100, name))
    os.close(fd)
for where, others in ("m", ("mem", "x", "src")), ("mem", ("m", "x", "mem2")):
    os.makedirs("mem2", exist_ok=True)
    libc.mount(b"none", b"mem2", b"tmpfs", 0, None)
    for name, flags in ("", os.O_TMPFILE), ("/old", os.O_CREAT):
        fd = os.open(where + name, flags | os.O_RDWR, 0o600)
        for other in *others, where:
            print(where, other, flags == os.O_CREAT,
                  link(-100, b"/proc/self/fd/%d" % fd, -100, other.encode() + b"/across", FOLLOW),
                  link(-100, b"/proc/%d/fd/%d" % (os.getpid(), fd), os.open(other, os.O_PATH), b"across2", FOLLOW))
            for made in "across", "across2":
                t(os.unlink, other + "/" + made)
        os.close(fd)
    libc.umount(b"mem2")
t(os.unlink, "m/old")
print("symlinks", link(-100, b"m/l", -100, b"m/l2"), os.readlink("src/l2"),
      link(-100, b"m/l", -100, b"m/f2", FOLLOW), os.path.samefile("src/f2", "src/f"), os.path.islink("src/f2"))
print("symlinks", link(-100, b"m/broken", -100, b"m/b2"), link(-100, b"m/broken", -100, b"m/b3", FOLLOW),
      link(-100, b"m/l/", -100, b"m/x"), link(-100, b"m/f", -100, b"m/broken"),
      link(-100, b"m/d", -100, b"m/d2"))
print("flags", link(-100, b"m/f", -100, b"m/y", 1), link(-100, b"", -100, b"m/y"),
      link(-100, b"", -100, b"m/y", EMPTY))
d = os.open("m", os.O_RDONLY)
print("descriptors", link(d, b"f", d, b"f3"), link(d, b"l", d, b"l3"), link(99, b"f", d, b"f4"),
      link(d, b"f", 99, b"f4"), link(d, b"", d, b"d5", EMPTY))
print("dots", t(os.mkdir, "m/d/."), t(os.mkdir, "m/d/.."), t(os.mkdir, "m/new//"), t(os.mkdir, "m/./new"),
      t(os.mkdir, "m//d//deep//"), t(os.rmdir, "m/d/deep/."), t(os.rmdir, "m/d/deep/.."),
      t(os.rmdir, "m/d//deep///"))
print("dots", t(os.rename, "m/d/.", "m/e"), t(os.rename, "m/d/..", "m/e"), t(os.rename, "m/d", "m/d/."),
      t(os.rename, "m/f", "m/f/"), t(os.rename, "m/d", "m/e/"), t(os.rename, "m/e/", "m/d"),
      t(os.rename, "m/f/", "m/g"))
print("root", t(os.mkdir, "/"), t(os.rmdir, "/"), t(os.unlink, "/"), t(os.rename, "/", "/x"),
      t(os.rename, "m/f", "/"), t(os.symlink, "x", "/"), t(os.mkdir, "/."), t(os.mkdir, "/.."),
      t(os.rmdir, "//"))
print("slash", t(os.unlink, "m/l/"), t(os.unlink, "m/d/"), t(os.unlink, "m/f/"), t(os.rmdir, "m/l/"),
      t(os.unlink, "m/no/"), t(os.symlink, "x", "m/l/"), t(os.mkdir, "m/l/"), t(os.mkdir, "m/broken/"),
      t(os.mkdir, "m/broken"))
os.symlink("d", "m/dl")
print("slash", t(os.rmdir, "m/dl/"), t(os.rmdir, "m/dl"), t(os.rename, "m/dl/", "m/z"),
      t(os.rename, "m/new", "m/dl/"), t(os.rename, "m/dl", "m/dl2"), sorted(os.listdir("src")))
print("long", t(os.mkdir, "m/" + "n" * 255), t(os.mkdir, "m/" + "n" * 256), t(os.rmdir, "m/" + "n" * 255),
      t(os.unlink, "m/" + "n" * 256), t(os.rename, "m/f", "m/" + "n" * 256),
      t(os.symlink, "t" * 4095, "m/long"), t(os.symlink, "t" * 4096, "m/long2"),
      len(os.readlink("src/long")) if os.path.islink("src/long") else 0)
os.mkdir("gone")
os.chdir("gone")
os.rmdir("../gone")
print("removed", t(os.mkdir, "a"), t(os.open, "a", os.O_CREAT), t(os.unlink, "a"), t(os.rename, "a", "b"),
      t(os.symlink, "x", "a"), t(os.listdir, "."), t(os.getcwd), t(os.mkdir, "../from-gone"))
END
