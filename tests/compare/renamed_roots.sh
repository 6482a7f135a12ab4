# SPDX-License-Identifier: MIT
# A root that was set by chroot(2) stays the directory that it was, whatever becomes of its name: in the task that set
# it, in its threads and children, over execve(2) and unshare(2), and as others see it in /proc.
exec python3 - <<'END'
import os, sys

from calls import *

HERE = os.getcwd()
EXCHANGE = 2


def make(path, text):
    os.makedirs(path)
    with open(path + "/who", "w") as f:
        f.write(text)


def who(path="/who"):
    return t(lambda: open(path).read())


class Jailed:
    """A process with another root, that does what it is told and prints it."""

    def __init__(self, root, unshare=0):
        self.pid = None
        ours, self.told = os.pipe()
        self.done, theirs = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid:
            os.close(ours)
            os.close(theirs)
            os.read(self.done, 1)
            return
        os.close(self.told)
        if unshare:
            libc.unshare(unshare)
        os.chroot(root)
        os.chdir("/")
        os.write(theirs, b"x")
        for line in os.fdopen(ours):
            print("jailed", line.strip(), eval(line), flush=True)
            os.write(theirs, b"x")
        os._exit(0)

    def do(self, what):
        os.write(self.told, what.encode() + b"\n")
        os.read(self.done, 1)

    def root(self):
        return os.readlink("/proc/%d/root" % self.pid).replace(HERE, "HERE")

    def end(self):
        os.close(self.told)
        os.waitpid(self.pid, 0)


def told_in_child():
    """What a child sees."""
    pid = os.fork()
    if not pid:
        print("child", who(), flush=True)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def seen(jailed, what):
    print(what, jailed.root(), flush=True)
    jailed.do("who()")
    jailed.do("told_in_child()")
    jailed.do("sorted(os.listdir('/'))")


for unshare in 0, NEWNS:
    base = "%s/%d" % (HERE, unshare)
    make(base + "/a/in/root", "the root")
    jailed = Jailed(base + "/a/in/root", unshare)
    seen(jailed, "before")
    os.rename(base + "/a/in/root", base + "/a/in/other")
    seen(jailed, "renamed")
    make(base + "/a/in/root", "another one")
    seen(jailed, "another one has its name")
    os.rename(base + "/a", base + "/b")
    make(base + "/a/in/other", "a third one")
    seen(jailed, "above it")
    print(result(libc.renameat2(FDCWD, (base + "/a").encode(), FDCWD, (base + "/b").encode(), EXCHANGE)))
    seen(jailed, "exchanged")
    jailed.do("who('/../who')")
    jailed.do("libc.unshare(NEWNS)")
    os.rename(base + "/a", base + "/c")
    seen(jailed, "in a namespace of its own")
    jailed.do("t(os.mkdir, '/made')")
    print(sorted(os.listdir(base + "/c/in/other")))
    jailed.do("t(os.chdir, '/made')")
    os.rename(base + "/c", base + "/d")
    jailed.do("os.getcwd()")
    jailed.do("t(os.chroot, '/made')")
    jailed.do("os.getcwd()")
    os.rename(base + "/d/in/other/made", base + "/e")
    jailed.do("os.getcwd()")
    print(jailed.root())
    os.rmdir(base + "/e")
    jailed.do("t(os.mkdir, '/x')")
    jailed.end()

# What a mount shows, as a root.
make("shown/dir", "shown")
os.mkdir("point")
print(mount("shown", "point", flags=BIND))
jailed = Jailed("point")
os.rename("shown", "moved")
make("shown", "another one")
jailed.do("who('/dir/who')")
jailed.end()
print(umount("point"))

# A directory that has been removed has no name to follow, but is a root nevertheless.
sys.stdout.flush()
pid = os.fork()
if not pid:
    os.mkdir("removed")
    os.chdir("removed")
    os.rmdir(HERE + "/removed")
    print(t(os.chroot, "."), t(os.stat, "/x"), t(os.mkdir, "/x"), t(os.mkdir, "x"), flush=True)
    os._exit(0)
print(os.waitpid(pid, 0)[1])

# Over execve(2).
make("x", "exec")
for name in "usr", "lib", "lib64", "bin":
    if os.path.islink("/" + name):
        os.symlink(os.readlink("/" + name), "x/" + name)
    elif os.path.isdir("/" + name):
        os.mkdir("x/" + name)
        print(mount("/" + name, "x/" + name, flags=BIND))
end, tell = os.pipe()
done, there = os.pipe()
os.set_inheritable(end, True)
os.set_inheritable(there, True)
sys.stdout.flush()
pid = os.fork()
if not pid:
    os.chroot("x")
    os.chdir("/")
    os.execve("/bin/sh", ["sh", "-c", "echo >&%d; read x <&%d; cat /who; echo /w* /../w*; exec cat /who" % (there, end)],
              {"PATH": "/bin"})
os.read(done, 1)
os.rename("x", "y")
os.write(tell, b"\n")
print(os.waitpid(pid, 0)[1])
END
