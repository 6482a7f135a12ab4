# SPDX-License-Identifier: MIT
# Whose a file system is: who may make one and change it.
# native: unshare -Urm --propagation private sh
# secede: secede -Urm sh
exec python3 - <<'END'
import ctypes, errno

libc = ctypes.CDLL(None, use_errno=True)
FDCWD = -100
FLAG, STRING, CREATE, RECONFIGURE = 0, 1, 6, 7


def result(value): return value if value >= 0 else errno.errorcode[ctypes.get_errno()]
def made(value): return "made" if isinstance(value, int) else value
def call(number, *args):
    return result(libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args]))
def mount(source, target, fstype=None, flags=0, data=None):
    return result(libc.mount(source, target, fstype, ctypes.c_ulong(flags), data))
def fsopen(name): return call(430, name, 1)
def fsconfig(fd, command, key=None, value=None): return call(431, fd, command, key, value, 0)
def fspick(path): return call(433, FDCWD, path, 1)


# The host's.
fs = fspick(b"/")
print("host's", made(fs), fsconfig(fs, FLAG, b"ro"), fsconfig(fs, STRING, b"no such", b"option"),
      fsconfig(fs, RECONFIGURE), fsconfig(fs, FLAG, b"ro"))
fs = fsopen(b"ext4")
print("of a type that only the host makes", made(fs), fsconfig(fs, STRING, b"no such", b"option"),
      fsconfig(fs, CREATE), mount(b"none", b".", b"ext4"), fsopen(b"nonsense"))
END
