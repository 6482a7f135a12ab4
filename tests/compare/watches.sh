# inotify(7), file handles and extended attributes through mounts and symlinks.
exec python3 - <<'END'
import ctypes, os, struct

from calls import *

CREATE, ONLYDIR, DONT_FOLLOW, MASK_ADD, MASK_CREATE = 0x100, 0x1000000, 0x2000000, 0x20000000, 0x10000000
FOLLOW, EMPTY = 0x400, 0x1000


os.makedirs("src/d")
os.mkdir("m")
open("src/f", "w").close()
os.symlink("f", "src/l")
os.symlink("none", "src/broken")
print(result(libc.mount(b"src", b"m", None, 4096, None)))

fd = libc.inotify_init1(0o4000)
watch = lambda path, mask: result(libc.inotify_add_watch(fd, path, ctypes.c_uint(mask)))
print("watch", watch(b"m", CREATE), watch(b"src", CREATE), watch(b"m/d", CREATE), watch(b"m/l", 2),
      watch(b"m/f", 2), watch(b"m/l", 2 | DONT_FOLLOW), watch(b"m/broken", 2),
      watch(b"m/broken", 2 | DONT_FOLLOW))
print("watch", watch(b"m/none", 2), watch(b"m/f", 2 | ONLYDIR), watch(b"m/f", 0), watch(b"m/none", 0),
      watch(b"", 2), watch(None, 2), watch(b"m", 2 | MASK_ADD | MASK_CREATE))
print("watch", result(libc.inotify_add_watch(99, b"m/none", 2)),
      result(libc.inotify_add_watch(0, b"m/none", 2)))
open("m/new", "w").close()
os.mkdir("src/d/x")
data, names = os.read(fd, 4096), []
while data:
    wd, mask, cookie, length = struct.unpack_from("iIII", data)
    names.append((wd, hex(mask), data[16:16 + length].strip(b"\0")))
    data = data[16 + length:]
print(names)

buffer = ctypes.create_string_buffer(8 + 128)
number = ctypes.c_int()


def handle(dfd, name, flags=0, size=128):
    buffer[:4] = struct.pack("i", size)
    return result(libc.name_to_handle_at(dfd, name, buffer, ctypes.byref(number), flags))


def mount_of(name):
    got = handle(-100, name, FOLLOW)
    return number.value if got == 0 else got


info = {line.split()[4]: int(line.split()[0]) for line in open("/proc/self/mountinfo")}
print("handle", handle(-100, b"m/f"), handle(-100, b"m/none"), handle(-100, b""), handle(-100, b"m/broken"),
      handle(-100, b"m/broken", FOLLOW), handle(-100, b"m", 0x10000000), handle(99, b"x"),
      handle(-100, b"m", 0, 0))
print("mount id", mount_of(b"m") == info[os.path.abspath("m")], mount_of(b"m/d") == mount_of(b"m"),
      mount_of(b"src") == mount_of(b"m"))
d = os.open("m", os.O_RDONLY)
print("by descriptor", handle(d, b"", EMPTY), number.value == mount_of(b"m"), handle(d, b"f"),
      number.value == mount_of(b"m"))

print("xattr", t(os.setxattr, "m/f", "user.a", b"1"), t(os.getxattr, "src/l", "user.a"),
      t(os.getxattr, "m/l", "user.a", follow_symlinks=False),
      t(os.setxattr, "m/l", "user.a", b"x", follow_symlinks=False),
      [n for n in os.listxattr("m/l") if n[:4] == "user"], t(os.removexattr, "m/l", "user.a"),
      t(os.removexattr, "m/f", "user.a"))
print("xattr", t(os.setxattr, "m/f", "user." + "n" * 300, b""), t(os.getxattr, "m/f", ""),
      t(os.setxattr, "m/f", "nonsense", b""), t(os.setxattr, "m/f", "user.b", b"", os.XATTR_REPLACE),
      t(os.setxattr, "m/none", "user.b", b""),
      result(libc.setxattr(b"m/f", b"user.c", ctypes.c_void_p(1), 5, 0)),
      result(libc.setxattr(b"m/f", b"user.c", None, 70000, 0)),
      result(libc.getxattr(b"m/none", ctypes.c_void_p(1), None, 0)))
print("times", t(os.utime, "m/f", (5, 6)), os.stat("src/f").st_mtime,
      t(os.utime, "m/l", (7, 8), follow_symlinks=False), os.lstat("src/l").st_mtime, os.stat("src/f").st_mtime,
      t(os.utime, "m/none"), t(os.utime, d, (9, 9)), os.stat("src").st_mtime)
print("mode", t(os.chmod, "m/l", 0o640), oct(os.stat("src/f").st_mode),
      result(libc.syscall(452, -100, b"m/l", 0o600, 0x100)),
      result(libc.syscall(452, -100, b"m/f", 0o600, 0x7)), result(libc.syscall(452, d, b"", 0o755, EMPTY)),
      oct(os.stat("src").st_mode))
print("owner", t(os.chown, "m/f", os.getuid(), os.getgid()), t(os.chown, "m/broken", -1, -1),
      t(os.lchown, "m/broken", -1, -1), result(libc.fchownat(d, b"", -1, -1, EMPTY)),
      result(libc.fchownat(d, b"", -1, -1, 0)), result(libc.fchownat(d, b"f", -1, -1, 1)))
print("size", t(os.truncate, "m/f", 100), os.stat("src/f").st_size, t(os.truncate, "m", 0),
      t(os.truncate, "m/l", 3), os.stat("src/f").st_size, t(os.truncate, "m/broken", 1))
END
