# The path walk against the kernel's: random trees with symlinks and mounts, random names, every answer compared.
exec python3 - <<'END'
import ctypes, errno, os, random

libc = ctypes.CDLL(None, use_errno=True)
top = os.getcwd()
names = "abc"


def quietly(call, *args, **keywords):
    try:
        return call(*args, **keywords)
    except OSError as error:
        return errno.errorcode[error.errno]


def mount(source, target, fstype=None, flags=4096):
    if libc.mount(source.encode(), target.encode(), fstype and fstype.encode(), ctypes.c_ulong(flags), None):
        return errno.errorcode[ctypes.get_errno()]
    return "ok"


class World:
    """Directories, files that say their own name, and symlinks; then mounts over some of them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.base = "%s/w%d" % (top, seed)
        self.inodes = {}
        self.dirs = [self.base]
        self.known = ["."]
        os.mkdir(self.base)
        for _ in range(80):
            self.make_one()
        for path, _, files in os.walk(self.base):
            for name in [""] + files + os.listdir(path):
                st = os.lstat(os.path.join(path, name))
                self.inodes[st.st_ino] = os.path.relpath(os.path.join(path, name), self.base)
        for _ in range(8):
            self.mount_one()

    def make_one(self):
        path = "%s/%s" % (self.random.choice(self.dirs), self.random.choice(names))
        kind = self.random.choice("dddffll")
        if os.path.lexists(path):
            return
        self.known.append(os.path.relpath(path, self.base))
        if kind == "d":
            os.mkdir(path)
            self.dirs.append(path)
        elif kind == "f":
            with open(path, "w") as f:
                f.write(os.path.relpath(path, self.base))
        else:
            os.symlink(self.name(absolute=self.random.random() < 0.3), path)

    def mount_one(self):
        if self.random.random() < 0.2:
            target = self.random.choice(self.dirs)
            if target != self.base:
                print("tmpfs", os.path.relpath(target, self.base), mount("none", target, "tmpfs", 0))
            return
        source, target = self.random.choice(self.known), self.random.choice(self.known)
        flags = 4096 | (16384 if self.random.random() < 0.3 else 0)
        os.chdir(self.base)
        if not os.path.realpath(target).startswith(self.base + "/"):
            return
        print("bind", source, target, mount(source, target, None, flags))

    def name(self, absolute=False):
        parts = [self.random.choice(self.known)] if self.random.random() < 0.7 else []
        for _ in range(self.random.choice([0, 1, 1, 2, 3]) if parts else self.random.randint(1, 4)):
            parts.append(self.random.choice(["..", "..", "."] + list(names)))
        name = "/".join(parts) + self.random.choice(["", "", "", "/", "/.", "//"])
        return self.base + "/" + name if absolute else name

    def which(self, st):
        return self.inodes.get(st.st_ino, "other")

    def ask(self, name, dir_fd=None):
        say = [self.show(quietly(os.stat, name, dir_fd=dir_fd)), self.show(quietly(os.lstat, name, dir_fd=dir_fd))]
        say.append(quietly(os.access, name, os.R_OK, dir_fd=dir_fd))
        link = quietly(os.readlink, name, dir_fd=dir_fd)
        say.append(link.replace(top, "TOP"))
        fd = quietly(os.open, name, self.random.choice([os.O_RDONLY, os.O_RDONLY | os.O_NOFOLLOW, os.O_PATH,
                                                        os.O_RDONLY | os.O_DIRECTORY, os.O_RDWR]), dir_fd=dir_fd)
        if isinstance(fd, int):
            say.append(self.show(os.fstat(fd)))
            os.close(fd)
        else:
            say.append(fd)
        print(name.replace(top, "TOP"), *say)

    def show(self, st):
        return st if isinstance(st, str) else self.which(st)

    def wander(self):
        os.chdir(self.base)
        fd = os.open(".", os.O_RDONLY)
        for _ in range(400):
            kind = self.random.random()
            name = self.name(absolute=kind < 0.3)
            if kind < 0.75:
                self.ask(name)
            elif kind < 0.85:
                self.ask(name, fd)
            elif kind < 0.92:
                print("cd", name, quietly(os.chdir, name), os.getcwd().replace(top, "TOP"))
                if not (os.getcwd() + "/").startswith(self.base + "/"):
                    os.chdir(self.base)
            else:
                new = quietly(os.open, name, os.O_PATH | os.O_DIRECTORY)
                if isinstance(new, int):
                    os.close(fd)
                    fd = new
                    print("fd", name, os.readlink("/proc/self/fd/%d" % fd).replace(top, "TOP"))
        os.close(fd)


for seed in range(20):
    world = World(seed)
    world.wander()
END
