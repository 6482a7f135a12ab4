# SPDX-License-Identifier: MIT
"""System calls for the scripts here: what they return, or the name of the errno."""
import ctypes
import errno
import os
import struct
import sys
import threading

libc = ctypes.CDLL(None, use_errno=True)
FDCWD = -100
BAD = ctypes.c_void_p(1)
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, NOATIME = 1, 2, 4, 8, 32, 1024
BIND, MOVE, REC = 4096, 8192, 16384
UNBINDABLE, PRIVATE, SLAVE, SHARED = 1 << 17, 1 << 18, 1 << 19, 1 << 20
DETACH = 2
NEWNS, NEWUSER = 0x20000, 0x10000000


def result(value):
    return value if value >= 0 else errno.errorcode[ctypes.get_errno()]


def call(number, *args):
    return result(libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args]))


def in_child(what, unshare=0):
    """Does it in a child, which leaves those namespaces first."""
    pid = os.fork()
    if not pid:
        try:
            if unshare and libc.unshare(unshare):
                print("unshare", result(-1))
            what()
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(pid, 0)


def by_child(change, *args):
    """Does it in a child, which prints nothing: what is buffered is the parent's."""
    pid = os.fork()
    if pid == 0:
        change(*args)
        os._exit(0)
    os.waitpid(pid, 0)


def by_thread(change, *args):
    thread = threading.Thread(target=change, args=args)
    thread.start()
    thread.join()


def become_ordinary():
    """A user without capabilities: under secede they are all that makes root one."""
    if os.getuid():
        libc.syscall(126, struct.pack("Ii", 0x20080522, 0), bytes(24))
        return
    os.setgroups([])
    os.setresgid(1000, 1000, 1000)
    os.setresuid(1000, 1000, 1000)


def mount(source, target, fstype=None, flags=0, data=None):
    """Strings or bytes, or None. "ok" or the errno's name."""
    strings = [s.encode() if isinstance(s, str) else s for s in (source, target, fstype)]
    return result(libc.mount(*strings, ctypes.c_ulong(flags), data)) or "ok"


def mount_and_make(source, target, fstype=None, flags=0, make=""):
    """The same, and then directories in it, by their names."""
    answer = mount(source, target, fstype, flags)
    for name in make.split():
        os.mkdir(os.path.join(target, name))
    return answer


def umount(target, flags=0):
    return result(libc.umount2(os.fsencode(target), flags)) or "ok"


def t(function, *args, **keywords):
    """What a function of Python's returns (None: "ok"), or the name of the errno."""
    try:
        value = function(*args, **keywords)
        return "ok" if value is None else value
    except OSError as error:
        return errno.errorcode[error.errno]
