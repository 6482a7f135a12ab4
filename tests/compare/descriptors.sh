# The descriptor table: duplicates, close_range(2), and calls on descriptors that came from either side of a mount.
exec python3 - <<'END'
import ctypes, errno, fcntl, os

libc = ctypes.CDLL(None, use_errno=True)


def result(value):
    return value if value >= 0 else errno.errorcode[ctypes.get_errno()]


def t(call, *args):
    try:
        value = call(*args)
        return "ok" if value is None else value
    except OSError as error:
        return errno.errorcode[error.errno]


def close_range(first, last, flags=0):
    return result(libc.syscall(436, ctypes.c_uint(first), ctypes.c_uint(last), flags))


def is_open(fd):
    return t(fcntl.fcntl, fd, fcntl.F_GETFD)


os.mkdir("a")
os.mkdir("m")
print(result(libc.mount(b"a", b"m", None, 4096, None)))
d = os.open("m", os.O_RDONLY)
os.dup2(d, 50)
e = fcntl.fcntl(d, fcntl.F_DUPFD, 60)
f = fcntl.fcntl(d, fcntl.F_DUPFD_CLOEXEC, 60)
print(e, f, fcntl.fcntl(f, fcntl.F_GETFD), t(os.dup2, 99, 50), t(os.dup2, 50, 50), t(os.dup2, 99, 99),
      t(os.dup, 99), t(os.close, 99), t(os.close, -1), t(os.dup2, 50, -1))
for fd in d, 50, e, f:
    up = os.open("..", os.O_RDONLY, dir_fd=fd)
    print(os.path.samestat(os.fstat(up), os.stat(".")),
          os.readlink("/proc/self/fd/%d" % fd) == os.path.abspath("m"))
    os.close(up)
os.dup2(os.open("a", os.O_RDONLY), 50)
print(t(os.rename, "/proc/self/fd/50/x", "/proc/self/fd/%d/y" % e), t(os.mkdir, "/proc/self/fd/50/x"),
      t(os.rename, "/proc/self/fd/50/x", "/proc/self/fd/%d/y" % e))
print(close_range(50, 49), close_range(50, 50, 8), close_range(60, 60), is_open(60), is_open(61),
      close_range(61, 61, 4), is_open(61))
print(result(libc.dup3(50, 70, os.O_CLOEXEC)), is_open(70), result(libc.dup3(50, 50, 0)),
      result(libc.dup3(50, 71, 5)))
print(close_range(50, 0xFFFFFFFF, 4), is_open(50), is_open(70), close_range(50, 0xFFFFFFFF, 2), is_open(50),
      is_open(61), is_open(70))
pid = os.fork()
if not pid:
    print(close_range(3, 0xFFFFFFFF), is_open(3), os.listdir("m"), t(os.mkdir, "m/after"), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
pid = os.fork()
if not pid:
    for fd in range(3, 1200):
        libc.close(fd)
    print(os.listdir("a"), open("/proc/self/comm").read().strip(), flush=True)
    os.execv("/bin/sh", ["sh", "-c", "ls a; ls m; exec 5<m; ls /proc/self/fd/5"])
os.waitpid(pid, 0)
END
