# mount(2), umount2(2), pivot_root(2), chroot(2), unshare(2), setns(2): a table, call by argument by fault (table.py).
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
exec python3 - <<'END_OF_TABLE'
import os

from calls import *
from table import *

MOUNT, UMOUNT, PIVOT, CHROOT, UNSHARE, SETNS = 165, 166, 155, 161, 272, 308

make_files()


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


def secret(args, answer):
    """Whether the host's file system knows an option is its secret: that it is not to be remounted comes first here."""
    return "EPERM" if args[1] == b"/" and args[4] and answer == "EINVAL" else answer


sources = PATHS + [b"dir/sub"]
types = [b"tmpfs", b"none", b"", b"nothing", b"x" * 40, b"x" * 5000, None, BAD]
flags = [0, 1, 2, 4, 8, 16, 64, 128, 256, 1024, 2048, 1 << 15, 1 << 16, 1 << 21, 1 << 24, 1 << 30, 1 << 31]
propagation = [UNBINDABLE, PRIVATE, SLAVE, SHARED]
options = [b"", b"ro", b"sync,size=1m,rw", b"size=1m", b"size=x", b"bogus", b"mode=9", b"uid=77", b"nr_inodes=-1", b"x" * 5000, BAD]
base = mounts()


def put_away(args, value):
    undo(args[1], base)


table("new", MOUNT, [b"none", b"dir", b"tmpfs", 0, None], [[b"missing", b"", None, BAD], PATHS, types, flags, options], put_away)
table("bind", MOUNT, [b"other", b"dir", None, BIND, None],
      [sources, PATHS, types, [BIND | f for f in flags + [REC, MOVE, REMOUNT] + propagation], options], put_away)
table("move", MOUNT, [b"other", b"dir", None, MOVE, None], [[p for p in sources if p != b"mnt"], PATHS, types,
      [MOVE | f for f in flags + [BIND, REMOUNT, REC] + propagation], options], put_away)
others = [p for p in PATHS if p != b"mnt"]
table("remount", MOUNT, [b"none", b"mnt", None, REMOUNT, None],
      [[b"missing", None, BAD], others, types,
       [REMOUNT | f for f in flags] + [REMOUNT | REC, REMOUNT | MOVE] + [REMOUNT | f for f in propagation], options], judge=secret)
table("remount bind", MOUNT, [b"none", b"mnt", None, BIND | REMOUNT, None],
      [[b"missing", None, BAD], others, types, [BIND | REMOUNT | f for f in flags], options])
table("propagation", MOUNT, [b"none", b"mnt", None, PRIVATE, None],
      [[b"missing", None, BAD], others, types,
       [a | b for a in propagation for b in propagation] + [a | f for a in propagation for f in flags], options])
call(MOUNT, b"none", b"mnt", None, PRIVATE, None)
table("umount", UMOUNT, [b"dir", 0], [[p for p in PATHS if p not in (b"mnt", b".", b"/", b"..")],
      [1, 2, 4, 8, 3, 5, 6, 7, 9, 12, 15, 16, 1 << 31]])

os.mkdir("mnt/old")
fresh = [(UNSHARE, NEWNS)]
alone("pivot", PIVOT, [b"mnt", b"mnt/old"],
      [[p for p in PATHS if p != b".."] + [b"dir", b"bound"], PATHS + [b"dir", b"mnt/old"]], fresh)
alone("chroot", CHROOT, [b"dir"], [PATHS], fresh)
alone("unshare", UNSHARE, [0], [[1 << bit for bit in range(32) if bit not in (7, 25, 27, 28, 29, 30)] + [1 << 40]], fresh)
fds = {"root": os.open("/", os.O_PATH), "file": os.open("file", os.O_RDONLY)}
fds.update((kind, os.open("/proc/self/ns/" + kind, os.O_RDONLY)) for kind in ("mnt", "uts", "user"))
alone("setns", SETNS, [-1, 0], [[Arg(*fd) for fd in fds.items()] + [999], [0, NEWNS, 0x4000000, NEWUSER, NEWNS | 0x4000000, 1, 1 << 31]])
END_OF_TABLE
