# Mounts by descriptors where mounts are shared, and across namespaces.
exec python3 - <<'END'
import array, ctypes, errno, os, socket, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
FDCWD, EMPTY, RECURSIVE, CLONE, F_EMPTY, T_EMPTY = -100, 0x1000, 0x8000, 1, 4, 0x40
UNBINDABLE, PRIVATE, SLAVE, SHARED = 1 << 17, 1 << 18, 1 << 19, 1 << 20
BENEATH, SET_GROUP = 0x200, 0x100
here = os.getcwd()


def call(number, *args):
    value = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    return value if value >= 0 else errno.errorcode[ctypes.get_errno()]


def open_tree(fd, path, flags=CLONE): return call(428, fd, path, flags)
def move_mount(fd, path, to, to_path, flags=F_EMPTY): return call(429, fd, path, to, to_path, flags)
def setattr_(fd, path, flags, set_=0, clr=0, prop=0): return call(442, fd, path, flags, struct.pack("4Q", set_, clr, prop, 0), 32)
def mount(source, target, fstype=None, flags=0, data=None):
    value = libc.mount(source, target, fstype, ctypes.c_ulong(flags), data)
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]
def umount(target, flags=0):
    value = libc.umount2(target, flags)
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def new_tmpfs(name=b"none"):
    fs = call(430, b"tmpfs", 1)
    call(431, fs, 1, b"source", name, 0)
    call(431, fs, 6, None, None, 0)
    tree = call(432, fs, 1, 0)
    os.close(fs)
    return tree


def attach(tree, path, flags=F_EMPTY):
    result = move_mount(tree, b"", FDCWD, path, flags)
    os.close(tree)
    return result


def info(path=""):
    out, groups = [], {}
    for line in open("/proc/self/mountinfo"):
        field = line.split()
        if field[4].startswith(here + "/" + path):
            end = field.index("-")
            tags = []
            for tag in field[6:end]:
                kind, _, number = tag.partition(":")
                tags.append(kind + str(groups.setdefault(number, len(groups))) if number else kind)
            out.append((field[4][len(here) + 1:], field[5].split(",")[0], *tags, field[end + 2]))
    return sorted(out, key=lambda mount: mount[0])


for name in ("a", "b", "c", "d", "e"):
    os.mkdir(name)
mount(b"root", b"a", b"tmpfs")
for name in ("a/x", "a/y", "a/z"):
    os.mkdir(name)
print("types", setattr_(FDCWD, b"a", 0, 0, 0, SHARED), info("a"), setattr_(FDCWD, b"a", 0, 1, 0, SLAVE), info("a"), setattr_(FDCWD, b"a", 0, 0, 1, UNBINDABLE), info("a"))
print("unbindable", open_tree(FDCWD, b"a"), open_tree(FDCWD, b"a", CLONE | RECURSIVE), isinstance(open_tree(FDCWD, b"a", 0), int))
setattr_(FDCWD, b"a", 0, 0, 0, SHARED)
peer = open_tree(FDCWD, b"a")
print("peer", move_mount(peer, b"", FDCWD, b"b"), info())
print("passed on", attach(new_tmpfs(b"one"), b"a/x"), info(), move_mount(FDCWD, b"b/x", FDCWD, b"c", 0))
print("private copy", setattr_(open_tree(FDCWD, b"a", CLONE | RECURSIVE), b"", EMPTY | RECURSIVE, 0, 0, PRIVATE))
copy = open_tree(FDCWD, b"a", CLONE | RECURSIVE)
print("before it is mounted", setattr_(copy, b"", EMPTY | RECURSIVE, 1, 0, SLAVE), move_mount(copy, b"", FDCWD, b"c"), info("c"))
print("slave", attach(new_tmpfs(b"two"), b"a/y"), info("c"), umount(b"b/y"), info("c"), umount(b"c", 2))

# A detached tree is a peer as well.
detached = open_tree(FDCWD, b"a")
print("detached", attach(new_tmpfs(b"three"), b"a/z"), move_mount(detached, b"", FDCWD, b"d"), info("d"))
for fd in (peer, copy, detached):
    os.close(fd)
print(umount(b"a/z"), info("d"), umount(b"d"))

# A shared tree into a shared place.
tree = new_tmpfs(b"four")
setattr_(tree, b"", EMPTY, 0, 0, SHARED)
print("both", attach(tree, b"a/y"), info())
tree = new_tmpfs(b"five")
setattr_(tree, b"", EMPTY, 0, 0, UNBINDABLE)
print("unbindable", move_mount(tree, b"", FDCWD, b"a/z"), attach(tree, b"e"), info("e"))

# Another namespace, and a descriptor from there.
ours, theirs = socket.socketpair()
pid = os.fork()
if pid == 0:
    r = [libc.unshare(0x20000)]
    mount(None, b"/", None, SLAVE | 0x4000)
    inside = new_tmpfs(b"six")
    theirs.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [inside]))])
    os.close(inside)
    theirs.recv(1)
    r += [info("a/z")]
    theirs.send(repr(r).encode())
    theirs.recv(1)
    os._exit(0)
theirs.close()
_, control, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
fd = array.array("i", control[0][2])[0]
print("from elsewhere", os.fstat(fd).st_mode & 0o777, move_mount(fd, b"", FDCWD, b"a/z"), info("a/z"))
ours.send(b"x")
print("seen there", ours.recv(4000).decode().replace(here, ""))
ours.send(b"x")
os.waitpid(pid, 0)
os.close(fd)
print("stays", info("a/z"), umount(b"a/z"))

# Made here, used there.
tree = open_tree(FDCWD, b"a", CLONE | RECURSIVE)
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    libc.unshare(0x20000)
    mount(None, b"/", None, PRIVATE | 0x4000)
    print("there", sorted(os.listdir("/proc/self/fd/%d" % tree)), move_mount(tree, b"", FDCWD, b"d"), [i[0] for i in info("d")], flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print("here", info("d"), move_mount(tree, b"", FDCWD, b"d"))
os.close(tree)
# A target that something was mounted over is not what is mounted there.
os.makedirs("group/from"), os.makedirs("group/to")
os.chdir("group/to")
path = os.path.dirname(os.getcwd()).encode()
print("covered", mount(b"none", path + b"/from", b"tmpfs"), mount(None, path + b"/from", None, SHARED),
      mount(path + b"/from", path + b"/to", None, 4096), mount(None, path + b"/to", None, PRIVATE),
      move_mount(FDCWD, path + b"/from", FDCWD, b".", SET_GROUP), move_mount(FDCWD, path + b"/from", FDCWD, path + b"/to", SET_GROUP))
END
