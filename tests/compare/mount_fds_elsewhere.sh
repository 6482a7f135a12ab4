# SPDX-License-Identifier: MIT
# Trees that are mounted nowhere, in another mount namespace than the one in which they were made: whether they can be
# copied, opened, changed and attached there.
exec python3 - <<'END'
import os

from calls import *

OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, SETATTR = 428, 429, 430, 431, 432, 442
CLONE, EMPTY, RECURSIVE = 1, 0x1000, 0x8000
os.mkdir("d")
os.mkdir("d/sub")
os.mkdir("p")
print(mount("none", "d/sub", "tmpfs"))


def new():
    fs = call(FSOPEN, b"tmpfs", 0)
    call(FSCONFIG, fs, 6, None, None, 0)
    return {"tree": call(OPEN_TREE, FDCWD, b"d", CLONE), "rec": call(OPEN_TREE, FDCWD, b"d", CLONE | RECURSIVE), "fsmount": call(FSMOUNT, fs, 0, 0)}


def opened(fd, what):
    print("  ", what, fd if isinstance(fd, str) else "ok", flush=True)
    return fd


def look(trees, where):
    print(where, flush=True)
    for name, tree in trees.items():
        copy = opened(call(OPEN_TREE, tree, b"", CLONE | EMPTY), name + " copy")
        if isinstance(copy, int):
            opened(call(OPEN_TREE, copy, b"", CLONE | EMPTY), name + " copy of the copy")
        opened(call(OPEN_TREE, tree, b"", CLONE | EMPTY | RECURSIVE), name + " all")
        opened(call(OPEN_TREE, tree, b".", CLONE), name + " dot")
        opened(call(OPEN_TREE, tree, b"sub", CLONE), name + " sub")
        opened(call(OPEN_TREE, tree, b"", EMPTY), name + " open")
        print("  ", name, mount("/proc/self/fd/%d" % tree, "p", flags=BIND), umount("p", DETACH), flush=True)


def attach(trees, where):
    for name, tree in trees.items():
        print(where, name, "attach", call(MOVE_MOUNT, tree, b"", FDCWD, b"p", 4), flush=True)
        opened(call(OPEN_TREE, tree, b"", CLONE | EMPTY), name + " copy")
        print("  ", umount("p", DETACH), flush=True)


trees = new()
look(trees, "here")
in_child(lambda: look(trees, "there"), NEWNS)
in_child(lambda: attach(trees, "there"), NEWNS)
look(trees, "here again")


def there():
    made = new()
    look(made, "made there")
    old = os.open("/proc/%d/ns/mnt" % os.getppid(), os.O_RDONLY)
    here = os.getcwd()
    print(result(libc.setns(old, 0)), t(os.chdir, here))
    look(made, "brought here")
    look(trees, "back here")
    attach(made, "brought here")


in_child(there, NEWNS)
END
