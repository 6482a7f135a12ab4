# SPDX-License-Identifier: MIT
# umount2(2) with MNT_EXPIRE: a mount that nobody has been in since the last time goes. What counts as having been there.
exec python3 - <<'END'
import ctypes, errno, os

libc = ctypes.CDLL(None, use_errno=True)
FORCE, DETACH, EXPIRE, REMOUNT, BIND, RDONLY, NEWNS = 1, 2, 4, 32, 4096, 1, 0x20000


def result(value):
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def mount(source, target, fstype=None, flags=0):
    return result(libc.mount(source.encode(), target.encode(), fstype and fstype.encode(), ctypes.c_ulong(flags), None))


def umount(path, flags=0):
    return result(libc.umount2(path.encode(), flags))


def attempt(call, *args):
    try:
        call(*args)
        return "ok"
    except OSError as error:
        return errno.errorcode[error.errno]


def child(*calls):
    if not os.fork():
        for call in calls:
            call()
        os._exit(0)
    return os.wait()[1]


def busy_inside():
    os.chdir("m")
    said = umount("../m", EXPIRE)
    os.chdir("..")
    return said


MEANWHILE = {
    "nothing": lambda: None,
    "stat of its root": lambda: attempt(os.stat, "m"),
    "stat in it": lambda: attempt(os.stat, "m/f"),
    "stat of what is missing": lambda: attempt(os.stat, "m/none"),
    "open": lambda: os.close(os.open("m/f", os.O_RDONLY)),
    "O_PATH": lambda: os.close(os.open("m/f", os.O_PATH)),
    "O_CREAT": lambda: os.close(os.open("m/new", os.O_CREAT | os.O_WRONLY)),
    "mkdir": lambda: attempt(os.mkdir, "m/dir"),
    "readlink": lambda: attempt(os.readlink, "m/link"),
    "statfs": lambda: attempt(os.statvfs, "m"),
    "chdir": busy_inside,
    "only on the way": lambda: attempt(os.stat, "m/../d"),
    "the table of mounts": lambda: attempt(lambda: open("/proc/self/mountinfo").read()),
    "umount of no mount": lambda: umount("m/f"),
    "bad flags": lambda: [umount(*a) for a in (("m", EXPIRE | DETACH), ("m", EXPIRE | FORCE), ("m/f", EXPIRE), ("m", EXPIRE | 16))],
    "a bind from it": lambda: [mount("m/dir", "other", None, BIND), umount("other")],
    "remount": lambda: mount("x", "m", None, REMOUNT | BIND | RDONLY),
    "a child": lambda: child(lambda: os.stat("m/f")),
    "another namespace": lambda: child(lambda: libc.unshare(NEWNS), lambda: os.stat("m/f")),
}

for name in ("m", "d", "other"):
    os.mkdir(name)
for what in (("t", "m", "tmpfs"), ("d", "m", None, BIND)):
    for name, meanwhile in MEANWHILE.items():
        mounted = mount(*what)
        os.makedirs("m/dir", exist_ok=True)
        open("m/f", "w").close()
        os.path.lexists("m/link") or os.symlink("f", "m/link")
        print(name, mounted, umount("m", EXPIRE), meanwhile(), umount("m", EXPIRE), umount("m", EXPIRE), umount("m", DETACH))

print("child mounts", mount("t", "m", "tmpfs"), os.mkdir("m/c"), mount("t", "m/c", "tmpfs"), umount("m", EXPIRE),
      [umount("m/c", EXPIRE) for _ in "12"], [umount("m", EXPIRE) for _ in "12"])
print("marked, then used", mount("t", "m", "tmpfs"), umount("m", EXPIRE), mount("t", "m", "tmpfs"), umount("m", EXPIRE),
      [umount("m") for _ in "12"])
mount("t", "m", "tmpfs")
fd = os.open("m", os.O_RDONLY)
print("a descriptor", umount("m", EXPIRE), os.close(fd), umount("m", EXPIRE), umount("m"))
print("the root", umount("/", EXPIRE), "no mount", umount("m", EXPIRE), "missing", umount("none", EXPIRE))
END
