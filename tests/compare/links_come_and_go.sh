#!/bin/sh
# SPDX-License-Identifier: MIT
# Symlinks that are made, renamed and removed by some, while others look through them, and others make namespaces.
# native: unshare -m --propagation private sh
# secede: secede -m sh
exec python3 - <<'END'
import ctypes, os, signal, time

libc = ctypes.CDLL(None)
NEWNS = 0x20000
here = os.getcwd()
end = time.time() + 3
os.mkdir("directory")


def move(name):
    while time.time() < end:
        os.symlink("directory", name)
        time.sleep(0.0003)
        os.rename(name, name + "~")
        os.unlink(name + "~")


def look(name):
    """True: it was there at least once."""
    seen = 0
    while time.time() < end:
        try:
            os.stat(f"{here}/{name}/")
            seen += 1
        except FileNotFoundError:
            pass
    return seen > 0


def child(do, name):
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        do(name)
        os._exit(0)
    return pid


children = [child(move, name) for name in ("one", "two")] + [child(look, "one")]
print(look("two"))
signal.alarm(30)
print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children], libc.unshare(NEWNS))
END
