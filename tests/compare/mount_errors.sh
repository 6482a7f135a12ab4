# mount(2) and umount2(2) with wrong and with odd arguments: the errors, and which of two comes first.
exec python3 - <<'END'
import ctypes, errno, os

libc = ctypes.CDLL(None, use_errno=True)
RDONLY, REMOUNT, BIND, MOVE, REC, SILENT = 1, 32, 4096, 8192, 16384, 32768
UNBINDABLE, PRIVATE, SLAVE, SHARED, NOUSER = 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 31
FORCE, DETACH, EXPIRE, NOFOLLOW = 1, 2, 4, 8


def result(value):
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def mount(source, target, fstype=None, flags=0, data=None):
    return result(libc.mount(source, target, fstype, ctypes.c_ulong(flags), data))


def umount(target, flags=0):
    return result(libc.umount2(target, flags))


def mkdir(path):
    return result(libc.mkdir(path, 0o777))


def pivot(new, old):
    return result(libc.syscall(155, new, old))


BAD = ctypes.c_void_p(1)
for name in "a", "b", "c", "b/x":
    os.mkdir(name)
open("f", "w").close()
os.symlink("a", "to_a")
os.symlink("f", "to_f")
os.symlink("loop", "loop")

print("no type", mount(b"none", b"a"), mount(b"none", b"missing"), mount(None, None, b"tmpfs"))
print("unknown type", mount(b"none", b"a", b"unknownfs"), mount(b"none", b"missing", b"unknownfs"))
print("pointers", mount(BAD, b"a", b"tmpfs"), mount(b"x", BAD, b"tmpfs"), mount(b"x", b"a", BAD),
      mount(b"x", b"a", b"tmpfs", 0, BAD))
print("names", mount(b"none", b"", b"tmpfs"), mount(b"x" * 5000, b"a", b"tmpfs"),
      mount(b"x", b"a", b"t" * 5000))
print("targets", mount(b"x", b"loop", b"tmpfs"), mount(b"x", b"a" * 256, b"tmpfs"),
      mount(b"x", b"f/", b"tmpfs"), mount(b"x", b"a/" * 2100, b"tmpfs"))
print("on a file", mount(b"none", b"f", b"tmpfs"), mount(b"none", b"f", b"proc"),
      mount(b"none", b"to_f", b"tmpfs"))
print("options", mount(b"none", b"a", b"tmpfs", 0, b"foo=bar"), mount(b"none", b"a", b"tmpfs", 0, b"size=1x"))
print("options", mount(b"none", b"a", b"tmpfs", 0, b"size=1m,mode=700"), oct(os.stat("a").st_mode),
      umount(b"a"))
print("stacked", mount(b"1", b"a", b"tmpfs"), mkdir(b"a/one"), mount(b"2", b"a", b"tmpfs"), os.listdir("a"),
      umount(b"a"), os.listdir("a"), umount(b"a"), umount(b"a"))
print("proc", mount(b"proc", b"a", b"proc"), mount(b"proc", b"a", b"proc"), os.path.exists("a/self/stat"),
      umount(b"a"), umount(b"a"), umount(b"a"))
print("flags", mount(b"x", b"a", b"tmpfs", NOUSER), mount(b"x", b"missing", b"tmpfs", NOUSER),
      mount(b"x", b"a", b"tmpfs", 0xC0ED0000), umount(b"a"))

print("bind", mount(None, b"a", None, BIND), mount(b"", b"a", None, BIND), mount(b"missing", b"a", None, BIND),
      mount(b"missing", b"missing2", None, BIND), mount(b"a", b"missing", None, BIND))
print("bind", mount(b"f", b"a", None, BIND), mount(b"a", b"f", None, BIND), mount(BAD, b"a", None, BIND),
      mount(b"loop", b"a", None, BIND))
print("bind", mount(b"to_f", b"f", None, BIND), umount(b"f"), umount(b"f"), mount(b"to_a", b"b", None, BIND),
      umount(b"b"), mount(b"a", b"to_a", None, BIND), umount(b"to_a"))
print("bind of itself", mount(b"b", b"b", None, BIND), os.listdir("b"), mount(b"b", b"b/x", None, BIND),
      os.listdir("b/x"), os.listdir("b/x/x"), umount(b"b"), umount(b"b/x"), umount(b"b"))
print("bind with other flags", mount(b"a", b"b", b"tmpfs", BIND | RDONLY | SHARED), mkdir(b"b/y"),
      mount(None, b"b", None, BIND | REMOUNT | RDONLY), mkdir(b"b/z"), umount(b"b"), os.listdir("a"),
      os.rmdir("a/y"))

print("move", mount(None, b"a", None, MOVE), mount(b"", b"a", None, MOVE), mount(b"a", b"b", None, MOVE),
      mount(b"missing", b"b", None, MOVE), mount(b"a", b"missing", None, MOVE))
print("move", mount(b"t", b"a", b"tmpfs"), mkdir(b"a/in"), mount(b"a", b"b", None, MOVE), os.listdir("a"),
      os.listdir("b"), umount(b"a"))
print("move", mount(b"b", b"b/.", None, MOVE), mount(b"b", b"f", None, MOVE), mount(b"b", b"b/in", None, MOVE),
      mount(b"b/in", b"a", None, MOVE))
print("move with children", mount(b"u", b"b/in", b"tmpfs"), mkdir(b"b/in/deep"), mount(b"b", b"c", None, MOVE),
      os.listdir("c/in"), umount(b"c"), umount(b"c/in"), umount(b"c"))

print("propagation", mount(None, b"a", None, PRIVATE), mount(None, b"/", None, PRIVATE | SLAVE),
      mount(None, b"/", None, PRIVATE | RDONLY), mount(None, b"missing", None, PRIVATE | SLAVE))
print("propagation", mount(None, b"/", None, PRIVATE | REC | SILENT), mount(None, b"/", None, PRIVATE),
      mount(b"none", b"/", b"none", SLAVE | REC), mount(b"none", b"/", b"none", PRIVATE | REC))

print("remount", mount(None, b"a", None, REMOUNT | BIND | RDONLY),
      mount(None, b"missing", None, REMOUNT | BIND | RDONLY), mount(None, b"a", None, REMOUNT | RDONLY))
print("remount", mount(b"x", b"a", b"tmpfs"), mount(None, b"a", None, REMOUNT | BIND | RDONLY), mkdir(b"a/q"),
      mount(None, b"a", None, REMOUNT | BIND), mkdir(b"a/q"))
print("remount", mount(None, b"a", None, REMOUNT | RDONLY), mkdir(b"a/r"),
      mount(None, b"a", None, REMOUNT, b"bogus=1"), mkdir(b"a/r"), mount(None, b"a", None, REMOUNT),
      mkdir(b"a/r"), mount(None, b"a/r", None, REMOUNT), umount(b"a"))

print("umount", umount(b"a"), umount(b"f"), umount(b"f/"), umount(b"missing"), umount(b""), umount(BAD),
      umount(b"a", 0x100), umount(b"missing", 0x100))
print("umount", mount(b"x", b"a", b"tmpfs"), umount(b"to_a", NOFOLLOW), umount(b"a", EXPIRE | FORCE),
      umount(b"a", EXPIRE | DETACH), umount(b"to_a"), umount(b"a"))
print("umount", mount(b"x", b"a", b"tmpfs"), umount(b"a/", FORCE), mount(b"x", b"a", b"tmpfs"),
      umount(b"a/.", DETACH | NOFOLLOW), umount(b"a"))
print("busy", mount(b"x", b"a", b"tmpfs"), mkdir(b"a/s"), mount(b"y", b"a/s", b"tmpfs"), umount(b"a"),
      umount(b"a", DETACH), os.listdir("a"), umount(b"a/s"))

here = os.getcwd()
print("busy", mount(b"x", b"a", b"tmpfs"), os.chdir("a"), umount(b"."), umount(b"../a"), os.chdir(here),
      umount(b"a"))
print("busy", mount(b"x", b"a", b"tmpfs"), os.chdir("a"), umount(b".", DETACH), os.chdir(here), os.listdir("a"),
      umount(b"a"))
mount(b"x", b"a", b"tmpfs")
fd = os.open("a", os.O_RDONLY)
print("busy", umount(b"a"), os.close(fd), umount(b"a"))
mount(b"x", b"a", b"tmpfs")
fd = os.open("a/file", os.O_RDWR | os.O_CREAT)
print("busy", umount(b"a"), umount(b"a", DETACH), os.write(fd, b"still there"), os.pread(fd, 100, 0),
      os.listdir("a"))
os.close(fd)
fd = os.open("a", os.O_PATH)
print("through a descriptor", mount(b"x", b"/proc/self/fd/%d" % fd, b"tmpfs"), mkdir(b"a/new"),
      mkdir(b"/proc/self/fd/%d/below" % fd), os.close(fd), os.listdir("a"), umount(b"a"),
      sorted(os.listdir("a")), os.rmdir("a/below"))

for source in None, b"", b"none":
    print("source", mount(source, b"a", b"tmpfs"), [open("/proc/self/" + name).read().split("\n")[-2].count("none ") for name in
                                                    ("mounts", "mountinfo")], umount(b"a"))

print("pivot_root", pivot(b"missing", b"a"), pivot(b"a", b"a"), pivot(b"f", b"a"), pivot(b"a", b"f"))
print("pivot_root", mount(b"x", b"a", b"tmpfs"), pivot(b"a", b"b"), pivot(b"a", b"a/missing"), umount(b"a"))
END
