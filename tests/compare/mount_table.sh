# mount(2), umount2(2), pivot_root(2), chroot(2), unshare(2), setns(2): a table, call by argument by fault. Two arguments at a time go through all
# their values while the others are right, so the order in which faults count shows as well. What succeeds is undone.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
exec python3 - <<'END_OF_TABLE'
import ctypes, errno, itertools, os

libc = ctypes.CDLL(None, use_errno=True)
MOUNT, UMOUNT, PIVOT, CHROOT, UNSHARE, SETNS = 165, 166, 155, 161, 272, 308
BAD = ctypes.c_void_p(1)
DETACH, NOFOLLOW = 2, 8

for path in "dir", "dir/sub", "other", "mnt", "bound":
    os.mkdir(path)
open("file", "w").close()
os.symlink("loop", "loop")
os.symlink("dir", "link")
os.symlink("missing", "dangling")
fds = {"root": os.open("/", os.O_PATH), "file": os.open("file", os.O_RDONLY)}


def call(number, *args):
    return 0 if libc.syscall(number, *args) >= 0 else ctypes.get_errno()


def undo(target, before):
    """Takes off what a call that succeeded has put there."""
    for _ in range(3):
        if mounts() == before:
            return
        call(UMOUNT, target, DETACH)
    if mounts() != before:
        print("not undone")
        os._exit(1)


def mounts():
    with open("/proc/self/mountinfo") as lines:
        return sum(1 for _ in lines)


def name(value):
    if isinstance(value, bytes):
        return value.decode() if len(value) < 40 else "x*%d" % len(value)
    if value is BAD:
        return "BAD"
    return hex(value) if isinstance(value, int) else str(value)


def table(title, number, right, values, after=lambda args: None):
    """Every pair of arguments through all of their values."""
    seen = set()
    for a, b in itertools.combinations(range(len(right)), 2) if len(right) > 1 else [(0, 0)]:
        for x, y in itertools.product(values[a] + [right[a]], values[b] + [right[b]]):
            args = list(right)
            args[a], args[b] = x, y
            key = tuple(name(arg) for arg in args)
            if key in seen:
                continue
            seen.add(key)
            err = call(number, *args)
            # Whether the host's file system knows an option is its secret: that it is not to be remounted comes first here.
            if title == "remount" and args[1] == b"/" and args[4] and err in (errno.EINVAL, errno.EPERM):
                err = errno.EPERM
            print(title, *key, errno.errorcode.get(err, "ok"))
            if not err:
                after(args)


paths = [b"missing", b"dir/missing", b"file", b"file/x", b"loop", b"link", b"dangling", b"", b"x" * 300, b"./" * 2100,
         b"mnt", b".", b"..", b"/", None, BAD]
sources = paths + [b"dir/sub"]
types = [b"tmpfs", b"none", b"", b"nothing", b"x" * 40, b"x" * 5000, None, BAD]
flags = [0, 1, 2, 4, 8, 16, 64, 128, 256, 1024, 2048, 1 << 15, 1 << 16, 1 << 21, 1 << 24, 1 << 30, 1 << 31]
propagation = [1 << 17, 1 << 18, 1 << 19, 1 << 20]
options = [b"", b"size=1m", b"size=x", b"bogus", b"mode=9", b"uid=77", b"nr_inodes=-1", b"x" * 5000, BAD]
base = mounts()
call(MOUNT, b"none", b"mnt", b"tmpfs", 0, None)
call(MOUNT, b"dir", b"bound", None, 4096, None)
base = mounts()


def put_away(args):
    undo(args[1], base)


table("new", MOUNT, [b"none", b"dir", b"tmpfs", 0, None], [[b"missing", b"", None, BAD], paths, types, flags, options], put_away)
table("bind", MOUNT, [b"other", b"dir", None, 4096, None],
      [sources, paths, types, [4096 | f for f in flags + [16384, 8192, 32] + propagation], options], put_away)
table("move", MOUNT, [b"other", b"dir", None, 8192, None], [[p for p in sources if p != b"mnt"], paths, types,
      [8192 | f for f in flags + [4096, 32, 16384] + propagation], options], put_away)
table("remount", MOUNT, [b"none", b"mnt", None, 32, None],
      [[b"missing", None, BAD], [p for p in paths if p != b"mnt"], types,
       [32 | f for f in flags] + [32 | 16384, 32 | 8192] + [32 | f for f in propagation], options])
table("remount bind", MOUNT, [b"none", b"mnt", None, 4096 | 32, None],
      [[b"missing", None, BAD], [p for p in paths if p != b"mnt"], types, [4096 | 32 | f for f in flags], options])
table("propagation", MOUNT, [b"none", b"mnt", None, 1 << 18, None],
      [[b"missing", None, BAD], [p for p in paths if p != b"mnt"], types,
       [a | b for a in propagation for b in propagation] + [a | f for a in propagation for f in flags], options])
call(MOUNT, b"none", b"mnt", None, 1 << 18, None)
table("umount", UMOUNT, [b"dir", 0], [[p for p in paths if p not in (b"mnt", b".", b"/", b"..")],
      [1, 2, 4, 8, 3, 5, 6, 7, 9, 12, 15, 16, 1 << 31]])


def alone(title, number, right, values):
    """Each in a namespace of its own."""
    for a, b in itertools.combinations(range(len(right)), 2) if len(right) > 1 else [(0, 0)]:
        for x, y in itertools.product(values[a] + [right[a]], values[b] + [right[b]]):
            args = list(right)
            args[a], args[b] = x, y
            read, write = os.pipe()
            if not os.fork():
                err = call(UNSHARE, 0x20000) or call(number, *args)
                os.write(write, errno.errorcode.get(err, "ok").encode())
                os._exit(0)
            os.close(write)
            print(title, *(name(arg) for arg in args), os.read(read, 40).decode())
            os.close(read)
            os.wait()


os.mkdir("mnt/old")
alone("pivot", PIVOT, [b"mnt", b"mnt/old"], [[p for p in paths if p not in (b"..",)] + [b"dir", b"bound"], paths + [b"dir", b"mnt/old"]])
alone("chroot", CHROOT, [b"dir"], [paths])
alone("unshare", UNSHARE, [0], [[1 << bit for bit in range(32) if bit not in (7, 25, 27, 28, 29, 30)] + [1 << 40]])
ns = {kind: os.open("/proc/self/ns/" + kind, os.O_RDONLY) for kind in ("mnt", "uts", "user")}
for kind, fd in list(ns.items()) + list(fds.items()) + [("none", -1), ("closed", 999)]:
    for flag in 0, 0x20000, 0x4000000, 0x10000000, 0x20000 | 0x4000000, 1, 1 << 31:
        read, write = os.pipe()
        if not os.fork():
            os.write(write, errno.errorcode.get(call(SETNS, fd, flag), "ok").encode())
            os._exit(0)
        os.close(write)
        print("setns", kind, hex(flag), os.read(read, 40).decode())
        os.close(read)
        os.wait()
END_OF_TABLE
