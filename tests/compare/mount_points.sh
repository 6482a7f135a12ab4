# SPDX-License-Identifier: MIT
# A name on which something is mounted is busy in its namespace: rename(2), rmdir(2), unlink(2) of it and over it, also through
# another mount of the same directory.
exec python3 - <<'END'
import ctypes, errno, os

libc = ctypes.CDLL(None, use_errno=True)
BIND, EXCHANGE, NOREPLACE = 4096, 2, 1


def result(value):
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def mount(source, target, fstype=None, flags=0):
    return result(libc.mount(source.encode(), target.encode(), fstype and fstype.encode(), ctypes.c_ulong(flags), None))


def rename(old, new, flags=0):
    return result(libc.renameat2(-100, old.encode(), -100, new.encode(), flags))


def rmdir(path):
    return result(libc.rmdir(path.encode()))


def unlink(path):
    return result(libc.unlink(path.encode()))


def attempts(d, t, f):
    print(d, [rmdir(p) for p in (t, f, t + "/", t + "/.")], [unlink(p) for p in (t, f)])
    print(d, [rename(p, d + "/new" + tail) for p in (t, f, t + "/") for tail in ("", "/")],
          [rename(t, d + "/" + p, flags) for p in ("dir", "file", "missing", "full") for flags in (0, NOREPLACE, EXCHANGE)],
          [rename(d + "/" + p, t, flags) for p in ("dir", "file", "missing", "full") for flags in (0, NOREPLACE, EXCHANGE)],
          [rename(d + "/" + p, f, flags) for p in ("dir", "file", "missing", "full") for flags in (0, NOREPLACE, EXCHANGE)],
          rename(t, t), rename(f, f), rename(t, t + "/below"), rename(d, t))


for name in ("d", "d/t", "d/dir", "d/full", "d/full/x", "e", "other"):
    os.mkdir(name)
for name in ("d/f", "d/file", "source"):
    open(name, "w").close()
print(mount("t", "d/t", "tmpfs"), mount("source", "d/f", None, BIND), mount("d", "e", None, BIND))
attempts("d", "d/t", "d/f")
attempts("e", "e/t", "e/f")
print(sorted(os.listdir("d")), sorted(os.listdir("e")))
pid = os.fork()
if not pid:
    print("another namespace", result(libc.unshare(0x20000)), [result(libc.umount2(p.encode(), 0)) for p in ("d/f", "d/t")],
          unlink("d/f"), rmdir("d/t"), sorted(os.listdir("d")), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print(sorted(os.listdir("d")))
END
