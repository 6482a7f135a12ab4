# SPDX-License-Identifier: MIT
# Who has another root by chroot(2) may have no user namespace of its own; who has it by pivot_root(2), or setns(2), may.
exec python3 - <<'END'
import os, sys

from calls import *

NEWUSER = 0x10000000
PIVOT_ROOT = 155


def user(what):
    """Where one can be had, as a child finds out."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        print(what, result(libc.unshare(NEWUSER)), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)


def child(what):
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        libc.unshare(NEWNS)
        what()
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)


def new_root(path, type):
    os.makedirs(path)
    print(mount(path, path, flags=BIND) if type == "bind" else mount("none", path, type))
    os.mkdir(path + "/old")
    os.mkdir(path + "/below")


def pivot(type):
    new_root("new-" + type, type)
    os.chdir("new-" + type)
    print(result(libc.syscall(PIVOT_ROOT, b".", b"old")))
    os.chdir("/")
    user("pivot " + type)
    ns = os.open("/old/proc/self/ns/mnt", os.O_RDONLY)
    os.chroot("below")
    user("chroot there")
    print(result(libc.setns(ns, NEWNS)))
    user("setns")


def on_top():
    new_root("top", "bind")
    print(mount("top", "/", flags=BIND))
    user("root below another mount")
    print(result(libc.setns(os.open("/proc/self/ns/mnt", os.O_RDONLY), NEWNS)))
    user("on top")
    print(sorted(os.listdir("/")))


def chrooted(path):
    os.makedirs("dir", exist_ok=True)
    os.chroot(path)
    user("chroot " + path)


user("before")
for type in "bind", "tmpfs":
    child(lambda: pivot(type))
child(on_top)
for path in "dir", "/":
    child(lambda: chrooted(path))
END
