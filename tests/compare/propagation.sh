# SPDX-License-Identifier: MIT
# Shared subtrees step by step, as mount(8), findmnt(8), mountinfo, mount_setattr(2) and statmount(2) show them.
exec python3 - <<'END'
import os, struct, subprocess, sys

from calls import *
from calls import mount_and_make as mount

HERE = os.getcwd()
numbers = {}


def setattr(path, set, clear, type, recursive=0):
    attr = struct.pack("QQQQ", set, clear, type, 0)
    return result(libc.syscall(442, -100, path.encode(), recursive, attr, 32))


def number(n):
    return numbers.setdefault(int(n), len(numbers) + 1) if int(n) else 0


def statmount(path):
    """Of the mount at path: what it passes on and receives."""
    stx = ctypes.create_string_buffer(256)
    libc.syscall(332, -100, path.encode(), 0, 0x4000, stx)
    answer = ctypes.create_string_buffer(1024)
    request = struct.pack("IIQQ", 24, 0, struct.unpack_from("Q", stx, 0x90)[0], 2 | 4)
    if libc.syscall(457, request, answer, 1024, 0) < 0:
        return result(-1)
    return [hex(struct.unpack_from("Q", answer, 72)[0])] + [number(n) for n in struct.unpack_from("QQQ", answer, 80)]


def show(title):
    """Numbers of groups are given again by some kernels: they count anew."""
    lines, shown = [], []
    for line in open("/proc/self/mountinfo"):
        f = line.split()
        if f[4].startswith(HERE + "/"):
            part = f[3] if f[f.index("-") + 1] == "tmpfs" else "-"
            lines.append((f[4][len(HERE):], part, [w.split(":") for w in f[6:f.index("-")]]))
    numbers.clear()
    for point, part, fields in sorted(lines, key=lambda l: (l[0], l[1], [f[0] for f in l[2]])):
        shown.append(" ".join([point, part] + [":".join([f[0]] + [str(number(n)) for n in f[1:]]) for f in fields]))
    print(title + ":", "; ".join(shown), flush=True)


for name in "abcdef":
    os.mkdir(name)
open("file", "w").close()
open("file2", "w").close()

print("types", mount("t", "a", "tmpfs", 0, "in x y"), [mount(None, "a", None, t) for t in
      (SHARED, SLAVE, SHARED, PRIVATE, UNBINDABLE, SLAVE, SHARED, UNBINDABLE, PRIVATE)])
print("not a type", mount(None, "a", None, SHARED | SLAVE), mount(None, "a", None, SHARED | RDONLY),
      mount(None, "a/in", None, SHARED), mount(None, "missing", None, SHARED), mount(None, "a", None, UNBINDABLE | PRIVATE))
mount(None, "a", None, SHARED)
show("shared")
print("peers", mount("a", "b", None, BIND), mount("a", "c", None, BIND), mount("a/in", "d", None, BIND))
show("four peers")
print("within", mount("t", "a/x", "tmpfs", 0, "sub"), mount("t", "d", "tmpfs"), umount("d"))
show("a mount in a/x")
print("slaves", mount(None, "b", None, SLAVE), mount("t", "b/y", "tmpfs", 0, "own"), mount("t", "a/y", "tmpfs", 0, "from_a"))
show("b/y was there")
print(sorted(os.listdir("b/y")), umount("b/y"), sorted(os.listdir("b/y")))
show("its own has gone")
print("shared and slave", mount(None, "b", None, SHARED), mount("b", "e", None, BIND), mount(None, "e", None, SLAVE),
      mount("t", "a/in", "tmpfs", 0, "deep"))
show("two levels")
print("statmount", [statmount(p) for p in ("a", "b", "c", "d", "e", "a/x", "b/in", "e/in", "/proc")])
print("umount", umount("b/in"), umount("a/in"), umount("a/x"), umount("c/y"))
show("back")
print("the middle goes", umount("b"))
show("e receives from a")
print("the first go", umount("a"), umount("c"), umount("d"))
show("e is private")
print(umount("e"))

print("busy", mount("t", "a", "tmpfs", 0, "x"), mount(None, "a", None, SHARED), mount("a", "b", None, BIND),
      mount(None, "b", None, SLAVE), mount("t", "a/x", "tmpfs", 0, "in"), mount("t", "b/x/in", "tmpfs"), umount("a/x"))
show("b/x has something in it")
print(umount("b/x"), umount("b/x/in"), umount("b/x"), umount("b"), umount("a"))

# Kernels before 6.17 put what was there on the lowest of the stack, beside what lies on that already.
if [int(n) for n in os.uname().release.split("-")[0].split(".")[:2]] >= [6, 17]:
    print("under a stack", mount("t", "a", "tmpfs", 0, "x"), mount(None, "a", None, SHARED), mount("a", "b", None, BIND),
          mount(None, "b", None, SLAVE), mount("t", "b/x", "tmpfs", 0, "cover"), mount("t", "c", "tmpfs", 0, "lower"))
    lower = "/proc/self/fd/%d" % os.open("c", os.O_PATH)
    print(mount("t", "c", "tmpfs", 0, "upper"), mount(lower, "a/x", None, BIND | REC), os.listdir("a/x"), os.listdir("b/x"))
    show("the stack in both")
    print(mount(None, "b/x", None, SHARED), os.listdir("b/x"), umount("a/x"), os.listdir("a/x"), os.listdir("b/x"))
    show("less its upper one")
    print(umount("b/x"), os.listdir("b/x"), umount("a/x"), os.listdir("a/x"), os.listdir("b/x"))
    show("without it")
    print([umount(p, DETACH) for p in "cba"])

print("unbindable", mount("t", "a", "tmpfs", 0, "u p"), mount("t", "a/u", "tmpfs", 0, "below"), mount("t", "a/u/below", "tmpfs"),
      mount("t", "a/p", "tmpfs"), mount(None, "a/u", None, UNBINDABLE), mount("a/u", "b", None, BIND),
      mount("a/u/below", "b", None, BIND), umount("b"), mount("a", "b", None, BIND | REC))
show("without a/u")
print("rec", mount(None, "a", None, SHARED | REC))
show("all shared")
print("move", mount("a/p", "c", None, MOVE), mount(None, "a", None, PRIVATE), mount("a/p", "c", None, MOVE),
      mount(None, "a/u", None, UNBINDABLE), mount(None, "b", None, SHARED), mount("a/u", "b/u", None, MOVE), mount("c", "b/p", None, MOVE),
      mount("a/u", "d", None, MOVE), mount("b/p", "b/u", None, MOVE))
show("moved")
print("over itself", mount(None, "d", None, SHARED | REC), mount("d", "d", None, BIND | REC))
show("d on d")
print([umount(p, DETACH) for p in ("d", "d", "b", "a")])
show("nothing")

print("files", mount("file", "file2", None, BIND), mount(None, "file2", None, SHARED), mount("file2", "file", None, BIND))
show("files")
print(umount("file"), umount("file2"))

print("setattr", mount("t", "a", "tmpfs", 0, "x"), mount("t", "a/x", "tmpfs"), setattr("a", 1, 0, SHARED, 0x8000),
      setattr("a", 0, 0, SHARED | SLAVE), setattr("a", 0, 1, SLAVE), setattr("a/x", 0, 0, UNBINDABLE), setattr("a", 0, 0, 5))
show("by attributes")
print(umount("a", DETACH))


def tree():
    print("copy", mount("t", "a/x", "tmpfs", 0, "in"), mount(None, "a", None, PRIVATE), mount("t", "a/y", "tmpfs"))
    show("in the copy")


def slave_tree():
    print("made slaves", mount(None, "/", None, SLAVE | REC), mount("t", "a/y", "tmpfs"))
    show("in the copy")


def chroot():
    mount("a", "b", None, BIND)
    mount(None, "b", None, SLAVE)
    mount("b", "c", None, BIND)
    mount(None, "c", None, SHARED)
    mount("c", "d", None, BIND)
    mount(None, "d", None, SLAVE)
    show("before")
    os.mkdir("f/proc")
    print(mount("f", "f", None, BIND), mount("d", "f/proc", None, BIND))
    show("d again")
    print("from", [statmount(p) for p in ("b", "c", "d", "f/proc")])


def set_group(source, target):
    return result(libc.syscall(429, -100, source.encode(), -100, target.encode(), 0x100))


print("set_group", mount("t", "a", "tmpfs", 0, "x/ y"), mount("a", "b", None, BIND), mount("a/x", "c", None, BIND),
      mount("t", "d", "tmpfs"), set_group("a", "b"), mount(None, "a", None, SHARED), set_group("a", "b"), set_group("b", "a"),
      set_group("a", "b"), set_group("a", "c"), set_group("a", "d"), set_group("a/x", "c"), mount("a", "e", None, BIND),
      mount(None, "e", None, PRIVATE), mount(None, "b", None, SLAVE), set_group("b", "e"), mount(None, "c", None, PRIVATE),
      mount(None, "e", None, PRIVATE), set_group("c", "e"), mount("t", "a/y", "tmpfs"))
show("peers and slaves")
print([umount(p, DETACH) for p in "edcba"])

print("copies", mount("t", "a", "tmpfs", 0, "x y"), mount(None, "a", None, SHARED))
in_child(tree, 0x20000)
show("after a copy")
in_child(slave_tree, 0x20000)
show("after another")
in_child(chroot, 0x20000)


class Visitor:
    """Somebody in a namespace of its own, in a directory."""

    def __init__(self, path, unshare, *mounts):
        ready, go = os.pipe(), os.pipe()
        self.pid, self.go = os.fork(), go[1]
        if not self.pid:
            os.close(go[1])
            if unshare:
                libc.unshare(unshare)
            for m in mounts:
                mount(*m)
            os.chdir(path)
            os.write(ready[1], b"!")
            os.read(go[0], 1)
            os._exit(0)
        os.read(ready[0], 1)

    def leave(self):
        os.close(self.go)
        os.waitpid(self.pid, 0)


mount("t", "e", "tmpfs", 0, "x")
v = Visitor("e/x", 0x20000, (None, "/", None, PRIVATE | REC))
print("in use elsewhere", umount("e"), v.leave())
mount("t", "e", "tmpfs", 0, "x")
v = Visitor("e/x", 0)
print("in use here", umount("e"), v.leave(), umount("e"))
mount("t", "e", "tmpfs", 0, "x")
mount(None, "e", None, SHARED)
mount("t", "e/x", "tmpfs", 0, "in")
v = Visitor("e/x/in", 0x20000)
print("in use by a peer", umount("e/x"), umount("e/x", DETACH), v.leave())
mount("t", "e/x", "tmpfs", 0, "in")
mount("e/x", "f", None, BIND)
v = Visitor("f/in", 0)
print("in use through another", umount("e/x"), umount("f", DETACH), v.leave(), umount("e"))

print("pivot_root", mount("a", "b", None, BIND), result(libc.syscall(155, b"b", b"b/y")),
      mount(None, "b", None, PRIVATE), result(libc.syscall(155, b"b", b"b/y")) if os.fork() == 0 and not os._exit(0) else os.wait()[1])
show("at the end")
for option in ("--make-shared", "--make-slave", "--make-rprivate", "--make-unbindable", "--make-rshared"):
    print(option, subprocess.call(["mount", option, "a"]), flush=True)
    subprocess.call(["findmnt", "-n", "-o", "PROPAGATION", "a"])
    sys.stdout.flush()
END
