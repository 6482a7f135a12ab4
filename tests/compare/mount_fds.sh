# Mounts by descriptors: fsopen(2), fsconfig(2), fsmount(2), fspick(2), open_tree(2), move_mount(2), mount_setattr(2).
exec python3 - <<'END'
import array, ctypes, errno, os, socket, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
FDCWD = -100
EMPTY, NOFOLLOW, RECURSIVE = 0x1000, 0x100, 0x8000
CLONE, CLOEXEC = 1, os.O_CLOEXEC
F_EMPTY, T_EMPTY, F_SYMLINKS, T_SYMLINKS = 4, 0x40, 1, 0x10
FLAG, STRING, BINARY, PATH, PATH_EMPTY, FD, CREATE, RECONFIGURE = range(8)
RDONLY, NOSUID, NODEV, NOEXEC, ATIME, NOATIME, STRICTATIME, NODIRATIME = 1, 2, 4, 8, 0x70, 0x10, 0x20, 0x80
BAD = ctypes.c_void_p(1)


def call(number, *args):
    value = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    return value if value >= 0 else errno.errorcode[ctypes.get_errno()]


def open_tree(fd, path, flags=0): return call(428, fd, path, flags)
def move_mount(fd, path, to, to_path, flags=0): return call(429, fd, path, to, to_path, flags)
def fsopen(name, flags=1): return call(430, name, flags)
def fsconfig(fd, cmd, key=None, value=None, aux=0): return call(431, fd, cmd, key, value, aux)
def fsmount(fd, flags=1, attr=0): return call(432, fd, flags, attr)
def fspick(fd, path, flags=1): return call(433, fd, path, flags)
def setattr_(fd, path, flags, set_=0, clr=0, prop=0, userns=0, size=32):
    return call(442, fd, path, flags, struct.pack("4Q", set_, clr, prop, userns) + bytes(size), size)
def mount(source, target, fstype=None, flags=0, data=None):
    value = libc.mount(source, target, fstype, ctypes.c_ulong(flags), data)
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]
def umount(target, flags=0):
    value = libc.umount2(target, flags)
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def made(value):
    return "made" if isinstance(value, int) else value


def t(function, *args, **keywords):
    try:
        result = function(*args, **keywords)
        return "ok" if result is None else result
    except OSError as error:
        return errno.errorcode[error.errno]


def messages(fd):
    out = []
    while True:
        try:
            out.append(os.read(fd, 1000).decode())
        except OSError as error:
            return out + [errno.errorcode[error.errno]]


def info(path):
    """Flags, type, source and file system's flags of the mounts at or below path."""
    path = os.path.abspath(path)
    out = []
    for line in open("/proc/self/mountinfo"):
        field = line.split()
        if field[4] == path or field[4].startswith(path + "/"):
            end = field.index("-")
            out.append((field[4][len(path):], field[5], *field[end + 1:end + 3], field[end + 3].split(",")[0]))
    return sorted(out)


def new_tmpfs(*options, attr=0):
    fs = fsopen(b"tmpfs")
    for key, value in options:
        fsconfig(fs, STRING, key, value)
    fsconfig(fs, CREATE)
    tree = fsmount(fs, 1, attr)
    os.close(fs)
    return tree


for name in "a", "b", "c", "d":
    os.mkdir(name)
open("f", "w").close()
open("g", "w").close()
os.symlink("a", "to_a")

# A file system from nothing.
fs = fsopen(b"tmpfs")
print("fsopen", made(fs), fsconfig(fs, STRING, b"source", b"from here"), fsconfig(fs, STRING, b"size", b"1m"),
      fsconfig(fs, STRING, b"mode", b"750"), fsmount(fs), fsconfig(fs, CREATE), fsconfig(fs, CREATE))
tree = fsmount(fs, 1, NOSUID | NODEV | NOATIME)
print("fsmount", made(tree), fsmount(fs), info("a"), t(os.mkdir, "in", dir_fd=tree),
      move_mount(tree, b"", FDCWD, b"a", F_EMPTY), info("a"), os.listdir("a"), oct(os.stat("a").st_mode),
      move_mount(tree, b"", FDCWD, b"b", F_EMPTY))
print("moved on", info("a"), info("b"))
os.close(tree)
os.close(fs)
print("closed", info("b"), umount(b"b"), info("b"), umount(b"a"))

# What fsopen and fsconfig say.
print("fsopen", fsopen(b"nonsense"), fsopen(None), fsopen(BAD), fsopen(b"tmpfs", 2), fsopen(b"x" * 5000), fsopen(b""))
fs = fsopen(b"tmpfs", 0)
print("flags", os.get_inheritable(fs))
os.close(fs)
fs = fsopen(b"tmpfs")
print("flags", os.get_inheritable(fs), messages(fs))
print("config", fsconfig(fs, STRING, b"bogus", b"1"), fsconfig(fs, FLAG, b"bogus"), fsconfig(fs, STRING, b"size", b"x"),
      fsconfig(fs, FLAG, b"size"), fsconfig(fs, STRING, b"mode", b"9"),
      fsconfig(fs, STRING, b"huge", b"maybe"), messages(fs))
print("config", fsconfig(fs, FLAG, b"source"), fsconfig(fs, STRING, b"source", b"x"),
      fsconfig(fs, STRING, b"source", b"y"), messages(fs))
print("config", fsconfig(fs, STRING, None, b"x"), fsconfig(fs, STRING, b"x", None), fsconfig(fs, STRING, b"x", b"y", 1),
      fsconfig(fs, FLAG, b"ro", b"x"), fsconfig(fs, FLAG, b"ro", None, 1), fsconfig(fs, FLAG, None),
      fsconfig(fs, CREATE, b"x"), fsconfig(fs, CREATE, None, b"x"), fsconfig(fs, CREATE, None, None, 1))
print("config", fsconfig(fs, BINARY, b"x", b"y", 0), fsconfig(fs, BINARY, b"x", b"y", -1),
      fsconfig(fs, PATH, b"x", b"y", -5), fsconfig(fs, FD, b"x", b"y", 3), fsconfig(fs, FD, b"x", None, -1),
      fsconfig(fs, 9), fsconfig(fs, 77), messages(fs))
print("config", fsconfig(fs, STRING, b"k" * 256, b"x"), fsconfig(fs, STRING, b"size", b"1" * 256),
      fsconfig(fs, STRING, BAD, b"x"), fsconfig(fs, STRING, b"size", BAD), fsconfig(-1, CREATE), fsconfig(77, CREATE),
      fsconfig(0, CREATE), fsconfig(fs, RECONFIGURE))
print("config", fsconfig(fs, FLAG, b"ro"), fsconfig(fs, FLAG, b"rw"), fsconfig(fs, FLAG, b"sync"),
      fsconfig(fs, FLAG, b"inode64"), fsconfig(fs, STRING, b"ro", b"x"), messages(fs))
print("fsmount", fsmount(fs), fsmount(fs, 2), fsmount(fs, 1, 0x40), fsmount(fs, 1, 0x30), fsmount(fs, 1, 0x100000),
      fsmount(0), fsmount(-1), fsmount(77))
print("create", fsconfig(fs, CREATE), fsconfig(fs, FLAG, b"ro"), fsconfig(fs, RECONFIGURE))
tree = fsmount(fs, 1, NOEXEC | STRICTATIME)
print("mount", made(tree), move_mount(tree, b"", FDCWD, b"a", F_EMPTY), info("a"), t(os.mkdir, "a/x"))
print("again", fsconfig(fs, FLAG, b"rw"), fsconfig(fs, RECONFIGURE), info("a"), t(os.mkdir, "a/x"))
os.close(tree)
os.close(fs)

# fspick
fs = fspick(FDCWD, b"a")
print("fspick", made(fs), fsconfig(fs, FLAG, b"ro"), fsconfig(fs, RECONFIGURE), info("a"), fsmount(fs), fsconfig(fs, CREATE),
      fsconfig(fs, FLAG, b"rw"), fsconfig(fs, RECONFIGURE), info("a"))
os.close(fs)
print("fspick", fspick(FDCWD, b"b"), fspick(FDCWD, b"missing"), fspick(FDCWD, b"a/x"), fspick(FDCWD, b"a", 16),
      made(fspick(FDCWD, b"to_a")), fspick(FDCWD, b"to_a", 2), fspick(FDCWD, b""), fspick(FDCWD, BAD), umount(b"a", 2))

# open_tree
print("open_tree", open_tree(FDCWD, b"a", 2), open_tree(FDCWD, b"a", RECURSIVE), open_tree(FDCWD, b"missing"),
      open_tree(FDCWD, b"missing", CLONE), open_tree(FDCWD, b"", CLONE), open_tree(FDCWD, BAD, CLONE), open_tree(77, b"x"),
      open_tree(77, b"", EMPTY | CLONE))
fd = open_tree(FDCWD, b"a", CLOEXEC)
print("open_tree", os.get_inheritable(fd), t(os.listdir, fd), t(os.mkdir, "in_a", dir_fd=fd), os.listdir("a"))
again = open_tree(fd, b"", EMPTY)
print("open_tree", os.get_inheritable(again), t(os.stat, "in_a", dir_fd=again) != "ENOENT",
      move_mount(again, b"", FDCWD, b"b", F_EMPTY))
os.close(again)
os.close(fd)
print("nofollow", os.readlink("", dir_fd=open_tree(FDCWD, b"to_a", NOFOLLOW)))

clone = open_tree(FDCWD, b"a", CLONE | CLOEXEC)
print("clone", made(clone), t(os.stat, "in_a", dir_fd=clone) != "ENOENT", info("a"), os.path.samestat(os.fstat(clone), os.stat("a")),
      os.path.samestat(os.stat("in_a", dir_fd=clone), os.stat("a/in_a")), os.readlink("/proc/self/fd/%d" % clone))
print("clone", move_mount(clone, b"in_a", FDCWD, b"b"), move_mount(clone, b"", FDCWD, b"f", F_EMPTY),
      move_mount(clone, b"", FDCWD, b"missing", F_EMPTY), move_mount(clone, b"", FDCWD, b"b"),
      move_mount(clone, b"", FDCWD, b"b", 0x1000), move_mount(clone, b"", 77, b"", F_EMPTY | T_EMPTY))
print("clone", move_mount(clone, b"", FDCWD, b"b", F_EMPTY), os.listdir("b"), umount(b"b"))
os.close(clone)
print("clone", umount(b"b"), umount(b"b"))

# Recursive, and what a detached tree is by itself.
mount(b"one", b"a", b"tmpfs")
os.mkdir("a/sub")
os.mkdir("a/other")
mount(b"two", b"a/sub", b"tmpfs")
os.mkdir("a/sub/inner")
flat, deep = open_tree(FDCWD, b"a", CLONE), open_tree(FDCWD, b"a", CLONE | RECURSIVE)
print("trees", t(os.stat, "sub/inner", dir_fd=flat), t(os.stat, "sub/inner", dir_fd=deep) != "ENOENT",
      t(os.stat, "sub/../other", dir_fd=deep) != "ENOENT", os.path.samestat(os.stat("..", dir_fd=deep), os.stat("a")),
      os.path.samestat(os.stat("sub/..", dir_fd=deep), os.stat("a")))
print("names", t(os.mkdir, "sub/made", dir_fd=deep), t(os.rename, "sub/made", "sub/moved", src_dir_fd=deep, dst_dir_fd=deep),
      sorted(os.listdir("a/sub")), t(os.rmdir, "sub", dir_fd=deep), t(os.rmdir, "sub/moved", dir_fd=deep),
      t(os.rename, "other", "sub/other", src_dir_fd=deep, dst_dir_fd=deep))
here = os.getcwd()
print("directory", t(os.fchdir, deep), t(os.listdir, "."), t(os.listdir, "sub"), t(os.getcwd), t(os.chdir, "sub/inner"),
      t(os.chdir, ".."), t(os.listdir, "."), t(os.chdir, "/"), t(os.chdir, here))
print("attributes", setattr_(deep, b"", EMPTY | RECURSIVE, RDONLY), t(os.mkdir, "no", dir_fd=deep), t(os.mkdir, "sub/no", dir_fd=deep),
      t(os.mkdir, "a/yes"), setattr_(deep, b"", EMPTY, 0, RDONLY), t(os.mkdir, "yes2", dir_fd=deep), t(os.mkdir, "sub/no", dir_fd=deep))
umount(b"a", 2)
print("source gone", t(os.stat, "sub/inner", dir_fd=deep) != "ENOENT", t(os.stat, "yes", dir_fd=flat) != "ENOENT", os.listdir("a"))
print("part", move_mount(deep, b"sub", FDCWD, b"c"), made(open_tree(deep, b"sub", CLONE)), setattr_(deep, b"sub/inner", 0, RDONLY), setattr_(deep, b"sub", 0, RDONLY))
print("attach", move_mount(deep, b"", FDCWD, b"b", F_EMPTY), info("b"), sorted(os.listdir("b")), os.listdir("b/sub"), umount(b"b"))
os.close(deep)
print("attached", info("b"), move_mount(FDCWD, b"b", FDCWD, b"c"), info("b"), info("c"), umount(b"c", 2))
print("on itself", move_mount(flat, b"", flat, b"other", F_EMPTY))
os.close(flat)

# On a detached tree.
x, y = new_tmpfs(), new_tmpfs()
os.mkdir("p", dir_fd=x)
os.mkdir("q", dir_fd=y)
print("onto detached", move_mount(y, b"", x, b"p", F_EMPTY), t(os.stat, "p/q", dir_fd=x) != "ENOENT",
      move_mount(x, b"", FDCWD, b"a", F_EMPTY), info("a"))
os.close(x)
os.close(y)
print("onto detached", info("a"), umount(b"a", 2))

# The same by paths below proc.
x, y = new_tmpfs(), new_tmpfs()
os.mkdir("p", dir_fd=x)
path = b"/proc/self/fd/%d" % x
print("by paths", mount(b"new", path + b"/p", b"tmpfs"), t(os.mkdir, path + b"/p/q"), mount(path, b"c", None, 4096), sorted(os.listdir("c")), os.listdir("c/p"),
      mount(path, b"c", None, 4096 | 16384), os.listdir("c/p"), mount(b"d", path + b"/p", None, 4096), os.listdir(path + b"/p"),
      mount(None, path, None, 32 | 4096 | 1), t(os.mkdir, path + b"/no"), mount(None, path, None, 1 << 18), mount(path, b"d", None, 8192),
      umount(path + b"/p"), umount(path), mount(path, b"/proc/self/fd/%d" % y, None, 4096))
print("by paths", info("c"), umount(b"c", 2), umount(b"c", 2), info("c"))
os.close(x)
os.close(y)

# Without privilege.
fs = fsopen(b"tmpfs")
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    libc.syscall(126, struct.pack("Ii", 0x20080522, 0), bytes(24))
    print("no capabilities", fsconfig(fs, STRING, b"size", b"1m"), fsconfig(fs, CREATE), fsmount(fs), fsopen(b"tmpfs"), fspick(FDCWD, b"a"),
          open_tree(FDCWD, b"a", CLONE), made(open_tree(FDCWD, b"a")), move_mount(FDCWD, b"a", FDCWD, b"b"), setattr_(FDCWD, b"a", 0, RDONLY),
          setattr_(FDCWD, b"missing", 0), setattr_(FDCWD, b"a", 0, size=8), open_tree(FDCWD, b"a", CLONE | 2), fsopen(BAD, 7), flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print("afterwards", fsconfig(fs, CREATE), made(fsmount(fs)))
os.close(fs)

# Files.
open("f", "w").write("this is f")
tree = open_tree(FDCWD, b"f", CLONE)
print("file", made(tree), move_mount(tree, b"", FDCWD, b"a", F_EMPTY), move_mount(tree, b"", FDCWD, b"g", F_EMPTY), open("g").read(),
      t(os.stat, "x", dir_fd=tree), umount(b"g"))
os.close(tree)
print("file", umount(b"g"), umount(b"g"))

# mount_setattr
tree = new_tmpfs()
move_mount(tree, b"", FDCWD, b"a", F_EMPTY)
os.close(tree)
os.mkdir("a/s")
mount(b"two", b"a/s", b"tmpfs")
print("setattr", setattr_(FDCWD, b"a", 0, RDONLY | NOEXEC), info("a"), setattr_(FDCWD, b"a", RECURSIVE, NOSUID, RDONLY), info("a"))
print("atime", setattr_(FDCWD, b"a", 0, NOATIME), setattr_(FDCWD, b"a", 0, NOATIME, NOATIME), setattr_(FDCWD, b"a", 0, NOATIME, ATIME),
      info("a"), setattr_(FDCWD, b"a", 0, STRICTATIME | NODIRATIME, ATIME), info("a"), setattr_(FDCWD, b"a", 0, 0x30, ATIME),
      setattr_(FDCWD, b"a", 0, 0, ATIME | NODIRATIME), info("a"))
print("errors", setattr_(FDCWD, b"b", 0, RDONLY), setattr_(FDCWD, b"missing", 0, RDONLY), setattr_(FDCWD, b"missing", 0),
      setattr_(FDCWD, b"a", 1, RDONLY), setattr_(FDCWD, b"a", 0, 0x40000000), setattr_(FDCWD, b"a", 0, 0, 0x40000000),
      setattr_(FDCWD, b"a", 0, RDONLY, size=31), setattr_(FDCWD, b"a", 0, RDONLY, size=8192), setattr_(FDCWD, b"a", 0, RDONLY, size=40),
      call(442, FDCWD, b"a", 0, struct.pack("4Q", 1, 0, 0, 0) + b"x" * 8, 40), call(442, FDCWD, b"a", 0, None, 32),
      setattr_(FDCWD, b"", 0, RDONLY), setattr_(77, b"", EMPTY, RDONLY), setattr_(FDCWD, b"to_a", NOFOLLOW, RDONLY))
print("propagation", setattr_(FDCWD, b"a", 0, 0, 0, 1 << 18), setattr_(FDCWD, b"a", 0, 0, 0, 1), setattr_(FDCWD, b"a", 0, 0, 0, 3 << 18),
      setattr_(FDCWD, b"a", RECURSIVE, 0, 0, 1 << 18))
fd = call(467, FDCWD, b"a", CLONE | RECURSIVE, struct.pack("4Q", RDONLY, 0, 0, 0), 32)
print("open_tree_attr", made(fd), t(os.mkdir, "new", dir_fd=fd), t(os.mkdir, "s/new", dir_fd=fd), t(os.mkdir, "a/new"),
      call(467, FDCWD, b"a", CLONE, None, 32), call(467, FDCWD, b"a", CLONE, struct.pack("4Q", 1 << 40, 0, 0, 0), 32))
os.close(fd)
print(umount(b"a", 2))

# A descriptor on its way: fork, exec, SCM_RIGHTS.
tree = new_tmpfs((b"source", b"passed"))
os.mkdir("in it", dir_fd=tree)
ours, theirs = socket.socketpair()
pid = os.fork()
if pid == 0:
    ours.close()
    os.close(tree)
    message, control, _, _ = theirs.recvmsg(1, socket.CMSG_SPACE(4))
    fd = array.array("i", control[0][2])[0]
    r = move_mount(fd, b"", FDCWD, b"a", F_EMPTY)
    theirs.send(repr((r, os.listdir("a"))).encode())
    os._exit(0)
theirs.close()
ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [tree]))])
os.close(tree)
print("sent", ours.recv(100).decode(), os.waitpid(pid, 0)[1], info("a"), umount(b"a"))
tree = new_tmpfs()
os.mkdir("kept", dir_fd=tree)
os.set_inheritable(tree, True)
sys.stdout.flush()
os.spawnlp(os.P_WAIT, "python3", "python3", "-c", """
import ctypes, os
libc = ctypes.CDLL(None)
print("exec", os.stat("kept", dir_fd=%d).st_mode & 0o170000, libc.syscall(429, %d, b"", -100, b"a", 4), os.listdir("a"), flush=True)
""" % (tree, tree))
copy = os.dup(tree)
os.close(tree)
print("dup", info("a"), umount(b"a"), t(os.stat, "kept", dir_fd=copy) != "ENOENT")
os.close(copy)
print("end", umount(b"a"), info("a"))
END
