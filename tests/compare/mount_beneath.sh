# SPDX-License-Identifier: MIT
# move_mount(2) with MOVE_MOUNT_BENEATH: what comes to lie where, what is refused, and what of it is passed on.
exec python3 - <<'END'
import os

from calls import *
from calls import mount_and_make as mount

OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT = 428, 429, 430, 431, 432
F_EMPTY, T_EMPTY, SET_GROUP, BENEATH = 4, 0x40, 0x100, 0x200
CLONE, RECURSIVE = 1, 0x8000
HERE = os.getcwd()


def tmpfs(label):
    fs = call(FSOPEN, b"tmpfs", 1)
    call(FSCONFIG, fs, 1, b"source", label.encode(), 0)
    call(FSCONFIG, fs, 6, None, None, 0)
    tree = call(FSMOUNT, fs, 1, 0)
    os.close(fs)
    return tree


def attach(tree, to, flags=BENEATH, fd=FDCWD):
    """A detached tree, which is closed."""
    answer = call(MOVE_MOUNT, tree, b"", fd, to.encode(), F_EMPTY | flags)
    os.close(tree)
    return answer


def move(source, to, flags=BENEATH):
    return call(MOVE_MOUNT, FDCWD, source.encode(), FDCWD, to.encode(), flags)


def show(title):
    """Which source lies at which place, from the bottom to the top, and what it passes on."""
    found, parents = [], {}
    for line in open("/proc/self/mountinfo"):
        f = line.split()
        end = f.index("-")
        parents[f[0]] = f[1]
        if f[4].startswith(HERE + "/"):
            found.append((f[4][len(HERE):], f[0], f[end + 2] if f[end + 1] == "tmpfs" else "bind", [w.split(":")[0] for w in f[6:end]]))

    def depth(number):
        return 0 if number not in parents or parents[number] == number else 1 + depth(parents[number])
    print(title + ":", "; ".join(" ".join([point, source, *kind]) for point, number, source, kind in
                                 sorted(found, key=lambda m: (m[0], depth(m[1]), m[2], m[3]))), flush=True)


def clear():
    """Takes all off."""
    for line in reversed(open("/proc/self/mountinfo").readlines()):
        if line.split()[4].startswith(HERE + "/"):
            umount(line.split()[4], DETACH)


def shared_a():
    clear()
    mount("p", "a", "tmpfs", 0, "m sub")
    mount(None, "a", None, SHARED)
    mount("a", "b", None, BIND)
    mount("a", "c", None, BIND)
    mount(None, "c", None, SLAVE)


for name in "abcde":
    os.mkdir(name)
for name in "fgh":
    open(name, "w").close()

# Nothing is covered that could be lifted, and what is no mount.
print("no mount", attach(tmpfs("t"), "a"), attach(tmpfs("t"), "missing"), attach(tmpfs("t"), "f"), attach(tmpfs("t"), ""), attach(tmpfs("t"), "/"))

# One, then further ones, each below the lower ones.
print("top", mount("top", "a", "tmpfs", 0, "in_top"), attach(tmpfs("second"), "a"), os.listdir("a"))
show("second beneath top")
print("third", attach(tmpfs("third"), "a"), os.listdir("a"))
show("third beneath top")
print("in it", attach(tmpfs("t"), "a/in_top"), attach(tmpfs("t"), "f"), move("a/in_top", "a"))
print("flags", attach(tmpfs("t"), "a", BENEATH | SET_GROUP), attach(tmpfs("t"), "a", BENEATH | 0x400), attach(tmpfs("t"), "a", BENEATH | 8))
print("off", umount("a"), os.listdir("a"))
show("top is off")
print("off", umount("a"))
show("two are off")
print("off", umount("a"), umount("a"))

# By a descriptor, on what is covered, and on what is not there any more.
mount("under", "a", "tmpfs", 0, "u")
covered = os.open("a", os.O_PATH)
mount("over", "a", "tmpfs", 0, "o")
over = os.open("a", os.O_PATH)
print("descriptor", call(MOVE_MOUNT, tmpfs("x"), b"", covered, b"", F_EMPTY | T_EMPTY | BENEATH))
show("through the covered one")
print("descriptor", call(MOVE_MOUNT, tmpfs("y"), b"", over, b"", F_EMPTY | T_EMPTY | BENEATH))
show("through the upper one")
umount("a", DETACH)
print("gone", call(MOVE_MOUNT, tmpfs("z"), b"", over, b"", F_EMPTY | T_EMPTY | BENEATH), call(MOVE_MOUNT, covered, b"", FDCWD, b"a", F_EMPTY | BENEATH))
umount("a", DETACH), umount("a", DETACH), umount("a", DETACH), umount("a", DETACH)
show("nothing")

# What is mounted already moves.
mount("a", "a", "tmpfs", 0, "in")
mount("b", "b", "tmpfs", 0, "in_b")
mount("sub", "a/in", "tmpfs", 0, "deep")
mount("deep", "a/in/deep", "tmpfs")
print("moved", move("b", "a"), os.listdir("a"), os.listdir("b"))
show("b beneath a")
print("itself", move("a", "a"), move("a/in", "a"), move("a/in/deep", "a"), move("a", "a/in"), move("a", "a/in/deep"), move("a/in/deep", "a/in"))
show("as it was")
mount("c", "c", "tmpfs", 0, "x")
mount("c2", "c", "tmpfs", 0, "x2")
print("a stack", move("c", "a/in"))
show("the upper c went")
print("a pile under", move("a", "c"))
show("a beneath c")
clear()

# What is covered itself goes beneath nothing.
mount("low", "a", "tmpfs")
low = os.open("a", os.O_PATH)
mount("high", "a", "tmpfs"), mount("b", "b", "tmpfs")
print("covered", call(MOVE_MOUNT, low, b"", FDCWD, b"b", F_EMPTY | BENEATH), call(MOVE_MOUNT, low, b"", FDCWD, b"b", F_EMPTY))
show("on top it goes")
tree = tmpfs("low")
print("covered", call(MOVE_MOUNT, tmpfs("high"), b"", tree, b"", F_EMPTY | T_EMPTY), call(MOVE_MOUNT, tree, b"", FDCWD, b"b", F_EMPTY | BENEATH))
os.close(tree), os.close(low)
clear()

# Files.
mount("f", "g", None, BIND)
open("h", "w").write("h")
tree = call(OPEN_TREE, FDCWD, b"h", CLONE)
print("file", attach(tree, "g"), open("g").read(), umount("g"), open("g").read(), umount("g"), umount("g"))
mount("f", "g", None, BIND)
print("kinds", attach(tmpfs("t"), "g"), umount("g"), mount("t", "a", "tmpfs"), attach(call(OPEN_TREE, FDCWD, b"h", CLONE), "a"), umount("a"))

# A whole tree, and one that is in a descriptor's tree.
mount("one", "a", "tmpfs", 0, "s")
mount("two", "a/s", "tmpfs", 0, "s2")
mount("top", "b", "tmpfs")
print("tree", attach(call(OPEN_TREE, FDCWD, b"a", CLONE | RECURSIVE), "b"), os.listdir("b"))
show("a tree beneath")
print("uncovered", umount("b"), os.listdir("b/s"), umount("b", DETACH))
tree = tmpfs("root")
print("detached", call(MOVE_MOUNT, tmpfs("t"), b"", tree, b"", F_EMPTY | T_EMPTY | BENEATH), t(os.mkdir, "p", dir_fd=tree),
      call(MOVE_MOUNT, tmpfs("p"), b"", tree, b"p", F_EMPTY), call(MOVE_MOUNT, tmpfs("q"), b"", tree, b"p", F_EMPTY | BENEATH),
      call(MOVE_MOUNT, tree, b"", tree, b"p", F_EMPTY | BENEATH), attach(tree, "b", 0))
show("beneath in a descriptor's tree")
clear()

# Shared: copies lie beneath as well, whatever covers there.
shared_a()
mount("top", "a/m", "tmpfs")
show("before")
print("shared", attach(tmpfs("low"), "a/m"))
show("beneath everywhere")
print("off", umount("a/m"))
show("uncovered")
mount("only c", "c/m", "tmpfs")
print("shared", attach(tmpfs("lower"), "a/m"))
show("beneath again")
clear()
shared_a()
mount("top", "a/m", "tmpfs")
print("unbindable", mount("u", "d", "tmpfs"), mount(None, "d", None, UNBINDABLE), move("d", "a/m"), umount("d"))
print("out of a shared one", mount("t", "a/sub", "tmpfs"), mount("t", "d", "tmpfs"), move("a/sub", "d"))
show("nothing moved")

# Where it would be passed on to what it is to lie beneath.
shared_a()
print("peer over itself", mount("a/sub", "a/sub", None, BIND), attach(tmpfs("t"), "a/sub"))
show("peer")
shared_a()
print("slave over itself", mount("a/sub", "e", None, BIND), mount(None, "e", None, SLAVE), mount("e", "a/sub", None, BIND),
      attach(tmpfs("t"), "a/sub"))
show("slave")
print("private over itself", mount(None, "a/sub", None, PRIVATE), attach(tmpfs("t"), "a/sub"))
show("private")
shared_a()
print("root over sub", mount("a", "a/sub", None, BIND), attach(tmpfs("t"), "a/sub"))
show("a peer that shows more")
shared_a()
print("source is a slave", mount("a/sub", "d", None, BIND), mount(None, "d", None, SLAVE), mount("t", "a/sub", "tmpfs"), umount("d"),
      move("d", "a/sub"))
show("slave beneath")
shared_a()
print("source is private", mount("a/sub", "d", None, BIND), mount(None, "d", None, PRIVATE), mount("t", "a/sub", "tmpfs"), move("d", "a/sub"))
show("private beneath")
shared_a()
print("source shows more", mount("a", "d", None, BIND), mount("t", "a/sub", "tmpfs"), move("d", "a/sub"))
show("peer with more beneath")
shared_a()
print("clone of a peer", mount("t", "a/sub", "tmpfs"), attach(call(OPEN_TREE, FDCWD, b"b/m", CLONE), "a/sub"))
show("clone beneath")
shared_a()
print("clone of the same place", mount("t", "a/sub", "tmpfs"), umount("b/sub"), mount("t", "a/sub", "tmpfs"),
      t(lambda: [attach(tree, "a/sub") for tree in [call(OPEN_TREE, FDCWD, b"a", CLONE)]]))
show("clone of all beneath")
clear()

# The root of the task, and the rights it takes.
mount("r", "a", "tmpfs", 0, "m")
mount("m", "a/m", "tmpfs")


def chrooted():
    tree = tmpfs("t")
    os.chroot("a")
    print("root", call(MOVE_MOUNT, tree, b"", FDCWD, b"/", F_EMPTY | BENEATH), call(MOVE_MOUNT, tree, b"", FDCWD, b"/m", F_EMPTY | BENEATH))


def root_of_all():
    print("namespace's root", call(MOVE_MOUNT, tmpfs("t"), b"", FDCWD, b"/", F_EMPTY | BENEATH), call(MOVE_MOUNT, FDCWD, b"a", FDCWD, b"/", BENEATH))


def locked():
    tree = tmpfs("t")
    print("locked", call(MOVE_MOUNT, tree, b"", FDCWD, b"a", F_EMPTY | BENEATH), call(MOVE_MOUNT, tree, b"", FDCWD, b"a/m", F_EMPTY | BENEATH),
          mount("own", "a/m", "tmpfs"), call(MOVE_MOUNT, tree, b"", FDCWD, b"a/m", F_EMPTY | BENEATH))
    show("own")
    print("off", umount("a/m"), umount("a/m"), umount("a/m"))


def powerless():
    tree = tmpfs("t")
    libc.syscall(126, b"\x22\x05\x08\x20\0\0\0\0", bytes(24))
    print("no capabilities", call(MOVE_MOUNT, tree, b"", FDCWD, b"a", F_EMPTY | BENEATH), call(MOVE_MOUNT, tree, BAD, FDCWD, BAD, 1 << 31))


def below_proc():
    print("host's", attach(tmpfs("t"), "/proc"), os.path.exists("/proc/self/stat"), move("/proc", "c"), [l.split()[4] for l in open("/proc/self/mountinfo")].count("/proc"))


in_child(chrooted)
in_child(below_proc, NEWNS)
in_child(root_of_all)
in_child(locked, NEWUSER | NEWNS)
in_child(powerless)
show("at last")
END
