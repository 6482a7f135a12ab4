# SPDX-License-Identifier: MIT
# Names that mounts depend on: what is mounted below a directory moves along when that is renamed, and a bind goes on
# showing it, in every namespace. A name on which something is mounted is busy in its own namespace; in others it goes,
# and the mount with it.
exec python3 - <<'END'
import os, sys

from calls import *

EXCHANGE = 2
HERE = os.getcwd()


def rename(old, new, flags=0):
    return result(libc.renameat2(FDCWD, old.encode(), FDCWD, new.encode(), flags)) or "ok"


def write(path, text="x"):
    with open(path, "w") as f:
        f.write(text)


def read(path):
    return t(lambda: open(path).read())


def table():
    """Mount points here, what they show (below this directory, or of a tmpfs) and their propagation."""
    lines = []
    for line in open("/proc/self/mountinfo"):
        fields = line.split()
        if fields[4].startswith(HERE + "/"):
            root = fields[3].split(HERE[1:].split("/", 2)[-1])[-1]
            lines.append((fields[4][len(HERE) + 1:], root, "shared" in line))
    return sorted(lines)


def shown(*paths):
    return [t(lambda: sorted(os.listdir(p))) for p in paths]


class Elsewhere:
    """A process in a mount namespace of its own, that does what it is told and prints it."""

    def __init__(self):
        ours, self.told = os.pipe()
        self.done, theirs = os.pipe()
        sys.stdout.flush()
        if os.fork():
            os.close(ours)
            os.close(theirs)
            return
        os.close(self.told)
        print("elsewhere", result(libc.unshare(NEWNS)) or "ok", flush=True)
        os.write(theirs, b"x")
        for line in os.fdopen(ours):
            print("elsewhere", line.strip(), eval(line), flush=True)
            os.write(theirs, b"x")
        os._exit(0)

    def start(self):
        os.read(self.done, 1)
        return self

    def do(self, what):
        sys.stdout.flush()
        os.write(self.told, what.encode() + b"\n")
        os.read(self.done, 1)

    def end(self):
        os.close(self.told)
        os.wait()


def fresh(name):
    print("---", name)
    os.mkdir(name)
    os.chdir(name)
    global HERE
    HERE = os.getcwd()


def back():
    os.chdir("..")


fresh("below")
os.makedirs("a/b/m")
os.makedirs("to")
print(mount("t", "a/b/m", "tmpfs"), write("a/b/m/f"), os.mkdir("a/b/m/d"), mount("a/b", "a/b/m/d", None, BIND))
inside = os.open("a/b/m", os.O_RDONLY)
os.chdir("a/b/m")
print(rename(HERE + "/a", HERE + "/c"), os.getcwd()[len(HERE):], read("f"), shown("..", "d", "d/m"))
print(os.readlink("/proc/self/fd/%d" % inside)[len(HERE):], t(lambda: os.stat("f", dir_fd=inside).st_size))
os.chdir(HERE)
print(table(), shown("a", "c/b/m", "c/b/m/d"), rename("c/b", "to/e"), table(), read("to/e/m/f"), shown("c", "to/e/m/d/m"))
print(rename("to/e/m", "x"), t(os.rmdir, "to/e/m"), rename("to/e", "to/e/m/y"), rename("to", "to"), rename("to/e", "to"))
os.close(inside)
print(umount("to/e/m/d"), umount("to/e/m"), shown("to/e/m"), table())
back()

fresh("binds")
os.makedirs("src/d")
os.makedirs("dst")
write("src/f", "in src")
write("g")
print(mount("src", "dst", None, BIND), mount("src/f", "g", None, BIND), mount("src/d", "src/d", None, BIND))
print(rename("src", "moved"), write("moved/new"), shown("dst", "moved"), read("g"), table())
print(rename("moved/f", "moved/h"), read("g"), rename("dst/h", "dst/i"), read("g"), read("moved/i"), table())
print(rename("moved/d", "moved/e"), umount("moved/d"), rename("moved/d", "moved/e"), table())
os.chdir("dst")
print(rename(HERE + "/moved", HERE + "/again"), shown("."), os.getcwd()[len(HERE):], t(os.mkdir, "made"))
os.chdir(HERE)
print(shown("again"), umount("dst"), umount("g"), table())
back()

fresh("exchange")
for d in "a/x", "b/y", "c":
    os.makedirs(d)
print(mount("t", "a/x", "tmpfs"), write("a/x/1"), mount("t", "b/y", "tmpfs"), write("b/y/2"), mount("a", "c", None, BIND | REC))
print(rename("a", "b", EXCHANGE), shown("a", "b", "a/y", "b/x", "c", "c/x"), table())
print(rename("a/y", "b/x", EXCHANGE), rename("a", "new", EXCHANGE), umount("c", DETACH), umount("a/y"), umount("b/x"), table())
back()

fresh("elsewhere")
for d in "gone", "over", "m", "kept/deep", "src", "dst", "put", "free":
    os.makedirs(d)
write("file")
write("other")
write("src/f")
e = Elsewhere().start()
e.do("[mount('t', p, 'tmpfs') for p in ('gone', 'over', 'm', 'kept/deep')]")
e.do("mount('src', 'dst', None, BIND), mount('other', 'file', None, BIND), write('m/f'), write('gone/f')")
e.do("mount('t', 'gone', 'tmpfs'), os.mkdir('gone/on'), mount('src', 'gone/on', None, BIND), table()")
print(t(os.rmdir, "gone"), t(os.rmdir, "gone"), shown("gone"))
e.do("table(), shown('gone', 'm')")
print(rename("free", "over"), rename("m", "n"), rename("kept", "kept2"), rename("src", "src2"))
e.do("table(), shown('over', 'n', 'm', 'dst', 'kept2/deep'), read('n/f'), t(os.rmdir, 'n'), rename('n', 'x')")
print(t(os.unlink, "file"))
e.do("table(), read('file')")
e.do("umount('n'), umount('kept2/deep'), umount('dst'), table()")
e.end()
print(shown("."), table())
back()

fresh("shared")
for d in "s", "peer":
    os.makedirs(d)
print(mount("t", "s", "tmpfs"), mount(None, "s", None, SHARED), os.makedirs("s/a/b"), mount("s", "peer", None, BIND))
print(mount("t", "s/a/b", "tmpfs"), write("peer/a/b/f"), table())
print(rename("peer/a", "peer/c"), shown("s", "s/c/b", "peer/c/b"), table())
print(umount("s/c/b"), table(), umount("peer"), umount("s"))
back()

fresh("a tree by its descriptor")
os.makedirs("b/in")
tree = libc.syscall(428, -100, b"b", 1)
print(rename("b", "c"), t(os.mkdir, "c/more"), t(lambda: sorted(os.listdir(os.open(".", os.O_RDONLY, dir_fd=tree)))))
print(t(os.mkdir, "b"), t(lambda: sorted(os.listdir(os.open(".", os.O_RDONLY, dir_fd=tree)))))
os.close(tree)
back()

fresh("a tree that was taken off")
os.makedirs("b/in"), os.makedirs("m")
tree = libc.syscall(428, -100, b"b", 1)
listed = lambda: t(lambda: sorted(os.listdir(os.open(".", os.O_RDONLY, dir_fd=tree))))
print(call(429, tree, b"", -100, b"m", 4), rename("b", "c"), listed(), umount("m", DETACH), listed())
print(rename("c", "d"), t(os.mkdir, "d/more"), listed(), t(os.mkdir, "c"), listed())
os.makedirs("up")
print(rename("d", "up/d"), rename("up", "e"), listed(), rename("e/d", "c", EXCHANGE), listed())
os.close(tree)
back()
END
