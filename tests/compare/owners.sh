# Owners, credentials and namespace descriptors in a user namespace that maps one id.
# native: unshare -Urm sh
# secede: secede -Urm sh
exec python3 - <<'END'
import ctypes, errno, fcntl, os, socket, struct

libc = ctypes.CDLL(None, use_errno=True)
NSTYPE, OWNER, USERNS, PARENT = 0xb703, 0xb704, 0xb701, 0xb702
BIND, REMOUNT, RDONLY = 4096, 32, 1


def mount(source, target, fstype=None, flags=0):
    value = libc.mount(source, target, fstype, ctypes.c_ulong(flags), None)
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def t(call, *args, **keywords):
    try:
        value = call(*args, **keywords)
        return "ok" if value is None else value
    except OSError as error:
        return errno.errorcode[error.errno]


os.mkdir("src")
os.mkdir("m")
open("src/f", "w").close()
os.symlink("f", "src/l")
print(os.getuid(), os.stat("src/f").st_uid, mount(b"src", b"m", None, BIND))
fd = os.open("m/f", os.O_RDONLY)
print("chown", t(os.chown, "m/f", 0, 0), t(os.chown, "m/f", -1, 0), t(os.chown, "m/f", 5, 0),
      t(os.chown, "m/f", 0, 5), t(os.chown, "m/f", 65534, -1), t(os.chown, "m/none", 5, 5))
print("lchown", t(os.lchown, "m/l", 0, 0), t(os.lchown, "m/l", 5, 0), os.lstat("src/l").st_uid,
      os.stat("m/f").st_gid)
print("fchown", t(os.fchown, fd, 0, 0), t(os.fchown, fd, 5, 0), t(os.fchown, 99, 0, 0), t(os.fchown, 99, 5, 0),
      t(os.chown, "f", 0, 0, dir_fd=os.open("m", os.O_RDONLY)))
print("new", os.stat(os.open("m/new", os.O_CREAT)).st_uid, mount(b"none", b"m", b"tmpfs"), os.stat("m").st_uid,
      t(os.mkdir, "m/d"), os.stat("m/d").st_uid, t(os.chown, "m/d", 7, 7))
print("read-only", mount(None, b"m", None, REMOUNT | BIND | RDONLY), t(os.chown, "m/d", 5, 5),
      t(os.chown, "m/d", 0, 0))

a, b = socket.socketpair()
print("peer", struct.unpack("3i", a.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:],
      len(a.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 4)),
      len(a.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 40)))
print("no peer",
      struct.unpack("3i", socket.socket(socket.AF_UNIX).getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)))


def owner(ns):
    uid = ctypes.c_uint(99)
    if libc.ioctl(ns, OWNER, ctypes.byref(uid)) < 0:
        return errno.errorcode[ctypes.get_errno()]
    return uid.value


for name in "mnt", "uts", "user":
    ns = os.open("/proc/self/ns/" + name, os.O_RDONLY)
    print(name, hex(t(fcntl.ioctl, ns, NSTYPE)), owner(ns), end=" ")
    related = t(fcntl.ioctl, ns, USERNS)
    if isinstance(related, int):
        print(hex(fcntl.ioctl(related, NSTYPE)),
              os.fstat(related).st_ino == os.stat("/proc/self/ns/user").st_ino,
              fcntl.fcntl(related, fcntl.F_GETFD), end=" ")
    else:
        print(related, end=" ")
    print(t(fcntl.ioctl, ns, PARENT), t(fcntl.ioctl, fd, NSTYPE), t(fcntl.ioctl, 99, NSTYPE))
own = os.open("/proc/self/ns/user", os.O_RDONLY)
if not os.fork():
    libc.unshare(0x10020000)
    ns, inner = os.open("/proc/self/ns/user", os.O_RDONLY), os.open("/proc/self/ns/mnt", os.O_RDONLY)
    print("inside", t(fcntl.ioctl, ns, PARENT), owner(ns), owner(own),
          os.fstat(fcntl.ioctl(inner, USERNS)).st_ino == os.fstat(ns).st_ino, flush=True)
    os._exit(0)
os.wait()
END
