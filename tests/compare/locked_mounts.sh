# SPDX-License-Identifier: MIT
# What a less privileged user namespace may not do with the mounts that it got (mount_namespaces(7)), and what anybody
# may who enters.
# native: unshare -Urm --propagation private sh
# secede: secede -Urm sh
exec python3 - <<'END'
import os, socket, sys

from calls import *
from calls import mount_and_make as mount

HERE = os.getcwd()
EMPTY, RECURSIVE, CLONE, F_EMPTY = 0x1000, 0x8000, 1, 4


def show(title):
    lines = []
    for line in open("/proc/self/mountinfo"):
        f = line.split()
        if f[4].startswith(HERE + "/"):
            fields = [w.split(":")[0] for w in f[6:f.index("-")]]
            lines.append(" ".join([f[4][len(HERE):], f[3] if f[f.index("-") + 1] == "tmpfs" else "-", f[5]] + fields))
    print(title + ":", "; ".join(sorted(lines)), flush=True)


def became_root(*ignored):
    for file, text in ("setgroups", "deny"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1"):
        open("/proc/self/" + file, "w").write(text)


class Process:
    """Runs in namespaces of its own until it is ended."""

    def __init__(self, what, flags):
        ready, go = os.pipe(), os.pipe()
        sys.stdout.flush()
        self.pid, self.go = os.fork(), go[1]
        if not self.pid:
            os.close(go[1])
            if libc.unshare(flags):
                print("unshare", result(-1))
            if flags & NEWUSER:
                became_root()
            os.chdir(HERE)
            what()
            sys.stdout.flush()
            os.write(ready[1], b"!")
            os.read(go[0], 1)
            os._exit(0)
        os.close(ready[1])
        os.read(ready[0], 1)

    def end(self):
        os.close(self.go)
        os.waitpid(self.pid, 0)


def attempts(title):
    print(title, "umount", [umount(p, f) for p in ("a", "a/x", "a/x/in", "b") for f in (0, DETACH)])
    print(title, "move", [mount(p, "c", None, MOVE) for p in ("a", "a/x", "a/x/in", "b")])
    print(title, "bind", [mount(p, "c", None, BIND) for p in ("a", "a/x", "a/x/in", "a/y", "b")],
          [umount("c") for _ in range(6)])
    print(title, "remount", [mount(None, p, None, REMOUNT | BIND | f) for p in ("a", "b") for f in
                             (0, RDONLY, NOSUID | NODEV, NOEXEC, RDONLY | NOSUID | NODEV, RDONLY | NOSUID | NODEV | NOATIME)])
    show(title)


def inside():
    attempts("less")
    print("as a whole", mount("a", "c", None, BIND | REC), umount("c/x"), umount("c/x/in", DETACH), mount("c/x", "d", None, BIND),
          mount("c/x", "d", None, MOVE), umount("c", DETACH))
    print("own", mount("t", "a/y", "tmpfs", 0, "z"), mount("a/y", "c", None, MOVE), mount("b", "a/y", None, BIND),
          mount(None, "a/y", None, REMOUNT | BIND), mount(None, "c", None, REMOUNT | BIND | RDONLY),
          mount(None, "c", None, REMOUNT | BIND), umount("a/y"), umount("c"))
    print("types", [mount(None, p, None, t) for p in ("a", "a/x") for t in (SHARED, PRIVATE, SLAVE, UNBINDABLE)])
    print("unbindable and locked", mount("a", "c", None, BIND | REC), mount("a/x", "c", None, BIND | REC))
    print("types", mount(None, "a/x", None, PRIVATE), mount("a", "c", None, BIND), mount("a", "c", None, BIND | REC), umount("c", DETACH))


def twice_inside():
    mount("t", "c", "tmpfs", 0, "w")
    mount("t", "c/w", "tmpfs")
    p = Process(lambda: print("deeper", umount("c"), umount("c/w"), umount("c", DETACH), umount("a", DETACH)), NEWNS | NEWUSER)
    p.end()
    p = Process(lambda: print("same users", umount("c/w"), umount("c"), umount("a", DETACH)), NEWNS)
    p.end()


def open_tree(fd, path, flags):
    return call(428, fd, path, CLONE | flags)


def attach(tree, path):
    return call(429, tree, b"", FDCWD, path, F_EMPTY)


def apart(title, tree):
    """What keeps together what was mounted of a descriptor."""
    print(title, attach(tree, b"c"), umount("c/x"), umount("c/x/in"), umount("c/x", DETACH), mount("c", "d", None, BIND),
          mount("c", "d", None, BIND | REC), umount("d/x"), umount("d", DETACH), umount("c", DETACH))
    os.close(tree)


def by_descriptor(send):
    tree = open_tree(FDCWD, b"a", RECURSIVE)
    print("alone", open_tree(tree, b"", EMPTY))
    apart("copy", open_tree(tree, b"", EMPTY | RECURSIVE))
    apart("tree", tree)
    socket.send_fds(send, [b"x"], [open_tree(FDCWD, b"a", RECURSIVE)])


def enter(path):
    fd = os.open(path, os.O_RDONLY)
    answer = result(libc.setns(fd, NEWNS))
    os.close(fd)
    os.chdir(HERE)
    return answer


for name in "abcd":
    os.mkdir(name)
print(mount("t", "a", "tmpfs", 0, "x y"), mount("t", "a/x", "tmpfs", 0, "in"), mount("t", "a/x/in", "tmpfs"),
      mount("t", "b", "tmpfs", RDONLY | NOSUID | NODEV))
p = Process(inside, NEWNS | NEWUSER)
p.end()
p = Process(twice_inside, NEWNS | NEWUSER)
p.end()
ours, theirs = socket.socketpair()
p = Process(lambda: by_descriptor(theirs), NEWNS | NEWUSER)
p.end()
apart("sent", socket.recv_fds(ours, 1, 1)[1][0])
p = Process(lambda: None, NEWNS | NEWUSER)
q = Process(lambda: print("entered", enter("/proc/%d/ns/mnt" % p.pid), attempts("entered")), NEWNS)
q.end()
p.end()
print("here", umount("a/x/in"), umount("a/x"), umount("a"), umount("b"))
END
