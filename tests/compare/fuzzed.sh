# What tests/fuzz has found: odd names and mounts on odd places, and which of two errors comes first.
exec python3 - <<'END'
import ctypes, errno, os, struct, subprocess, sys

libc = ctypes.CDLL(None, use_errno=True)
RDONLY, REMOUNT, BIND = 1, 32, 4096
NOREPLACE, EXCHANGE = 1, 2
FDCWD = -100
NO_XDEV = 1
DETACH = 2


def result(value):
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def mount(source, target, fstype=None, flags=0):
    return result(libc.mount(source, target, fstype, ctypes.c_ulong(flags), None))


def rename(old, new, flags=0):
    return result(libc.renameat2(FDCWD, old, FDCWD, new, flags))


def pivot(new, old):
    return result(libc.syscall(155, new, old))


def opened(path, flags):
    try:
        os.close(os.open(path, flags, 0o644))
        return "ok"
    except OSError as e:
        return errno.errorcode[e.errno]


for name in "a", "a/b", "a/c", "d", "d/e":
    os.mkdir(name)
for name in "f", "d/f":
    open(name, "w").close()
for link, target in ("to_d", "d"), ("to_f", "f"), ("d/up", "../d"), ("loop", "loop"):
    os.symlink(target, link)

for path in "x/", "to_d/x/", "to_d/f/", "to_d/up/", "to_d/e/", "to_d/f/x/", "to_d/none/x/", "to_d/e/.", "to_d/" + "y" * 256 + "/", "loop/":
    print("a slash behind what is to be made", path[:20], opened(path, os.O_CREAT | os.O_WRONLY),
          opened(path, os.O_CREAT | os.O_EXCL))

print("read-only", mount(b"d", b"d", None, BIND), mount(None, b"d", None, REMOUNT | BIND | RDONLY),
      opened("d/f", os.O_DIRECTORY | os.O_RDWR), opened("d/f", os.O_DIRECTORY | os.O_TRUNC), opened("d/f", os.O_RDWR),
      opened("d/e", os.O_DIRECTORY | os.O_RDWR))

print("names of mount points", mount(b"x", b"a/b", b"tmpfs"), rename(b"a", b"a"), rename(b"a/.", b"a"), rename(b"a/b", b"a/b"))
for flags in 0, NOREPLACE, EXCHANGE:
    for old in b"to_f", b"to_f/", b"to_d/", b"f/", b"a/c/", b"a/none", b"a/b", b"a/b/":
        for new in b"a/b", b"a/b/", b"a/c/", b"a/b/x", b"a", b"f/", b"a/none/":
            # What would be done, and what secede refuses: a directory with mounts in it is not exchanged.
            if old.rstrip(b"/") != new.rstrip(b"/") and (flags != EXCHANGE or new not in (b"a", b"a/c/")):
                print("rename", flags, old, new, rename(old, new, flags))

here = os.getcwd()
os.mkdir("one")
os.mkdir("two")
os.chdir("one")
print("a directory renamed, then the root", rename(b"../one", b"../two", EXCHANGE), os.chroot("/"),
      os.getcwd().replace(here, ""), os.path.samefile(".", "../two"))
os.chdir(here)

print("the root on itself", mount(b"/", b"/", None, BIND))
fd = os.open("/..", os.O_PATH)
print("the root on itself", result(libc.syscall(437, fd, b"..", struct.pack("QQQ", os.O_PATH, 0, NO_XDEV), 24)))
os.close(fd)
print("the root on itself", result(libc.umount2(b"/..", DETACH)))

print("pivot_root", mount(b"a/c", b"a/c", None, BIND))
sys.stdout.flush()
subprocess.run(["unshare", "-Urm", "pivot_root", "a/c", "/"], stderr=subprocess.STDOUT)
sys.stdout.flush()
print("pivot_root", pivot(b"a/c", b"/"), mount(b"/", b"a/c", None, BIND | 16384), mount(b"x", b"/", b"tmpfs"),
      pivot(b"/..", b"/"), os.listdir("/"))
END
