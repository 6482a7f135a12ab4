# SPDX-License-Identifier: MIT
# Whose a file system is: who may make one and change it, and what a refusal leaves.
# native: unshare -Urm --propagation private sh
# secede: secede -Urm sh
exec python3 - <<'END'
import ctypes, errno, os, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
FDCWD = -100
FLAG, STRING, CREATE, RECONFIGURE = 0, 1, 6, 7
RDONLY, NODEV, REMOUNT = 1, 4, 32
NEWNS, NEWUSER = 0x20000, 0x10000000


def result(value): return value if value >= 0 else errno.errorcode[ctypes.get_errno()]
def made(value): return "made" if isinstance(value, int) else value
def call(number, *args):
    return result(libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args]))
def mount(source, target, fstype=None, flags=0, data=None):
    return result(libc.mount(source, target, fstype, ctypes.c_ulong(flags), data))
def fsopen(name): return call(430, name, 1)
def fsconfig(fd, command, key=None, value=None): return call(431, fd, command, key, value, 0)
def fspick(path): return call(433, FDCWD, path, 1)


def info(path):
    """Of what is on top there."""
    found = None
    for line in open("/proc/self/mountinfo"):
        field = line.split()
        if field[4] == os.path.abspath(path):
            options = [option for option in field[-1].split(",") if option[:4] not in ("uid=", "gid=", "inod")]
            found = field[5], options
    return found


def with_user_namespace(function):
    """In a child that is root of one of its own."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        uid = os.getuid()
        print("child", result(libc.unshare(NEWUSER | NEWNS)))
        open("/proc/self/uid_map", "w").write("0 %d 1" % uid)
        function()
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)


# The host's.
fs = fspick(b"/")
print("host's", made(fs), fsconfig(fs, FLAG, b"ro"), fsconfig(fs, STRING, b"no such", b"option"),
      fsconfig(fs, RECONFIGURE), fsconfig(fs, FLAG, b"ro"))
fs = fsopen(b"ext4")
print("of a type that only the host makes", made(fs), fsconfig(fs, STRING, b"no such", b"option"),
      fsconfig(fs, CREATE), mount(b"none", b".", b"ext4"), fsopen(b"nonsense"))

# Another user namespace's: what the mount was locked with does not change either.
os.mkdir("t")
print("made", mount(b"t", b"t", b"tmpfs", NODEV, b"size=1m"), info("t"))


def as_a_child():
    print("remount", mount(None, b"t", None, REMOUNT | NODEV | RDONLY, b"size=4k"), info("t"),
          mount(None, b"t", None, REMOUNT, b"size=8k"), info("t"), mount(None, b"t", None, REMOUNT | NODEV), info("t"))
    fs = fspick(b"t")
    print("fspick", made(fs), fsconfig(fs, FLAG, b"ro"), fsconfig(fs, STRING, b"size", b"4k"),
          fsconfig(fs, RECONFIGURE), fsconfig(fs, FLAG, b"rw"), info("t"))
    print("its own", mount(b"u", b"t", b"tmpfs", 0, b"size=1m"), mount(None, b"t", None, REMOUNT | RDONLY, b"size=4k"), info("t"))


with_user_namespace(as_a_child)
print("afterwards", info("t"), mount(None, b"t", None, REMOUNT, b"size=2m"), info("t"))

# A tree that a parent made.
os.mkdir("m")
tree = call(428, FDCWD, b"m", 1)


def as_a_child():
    attributes = struct.pack("4Q", RDONLY, 0, 0, 0)
    print("parent's tree", made(tree), call(442, tree, b"", 0x1000, attributes, 32), call(429, tree, b"", FDCWD, b"m", 4), info("m")[0])


with_user_namespace(as_a_child)
END
