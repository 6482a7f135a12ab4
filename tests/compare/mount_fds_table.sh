# fsopen(2), fsconfig(2), fsmount(2), fspick(2), open_tree(2), open_tree_attr(2), move_mount(2), mount_setattr(2): a table,
# call by argument by fault (table.py); and which command a context takes after which others.
exec python3 - <<'END_OF_TABLE'
import itertools, os, struct

from calls import *
from table import *

OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT, FSPICK, SETATTR, OPEN_TREE_ATTR = 428, 429, 430, 431, 432, 433, 442, 467
FLAG, STRING, BINARY, PATH, PATH_EMPTY, FD, CREATE, RECONFIGURE, CREATE_EXCL = range(9)
CLOEXEC, EMPTY, NOFOLLOW, RECURSIVE, NO_AUTOMOUNT = os.O_CLOEXEC, 0x1000, 0x100, 0x8000, 0x800
OURS = [b"tmpfs", b"ramfs", b"proc", b"sysfs", b"cgroup2", b"devpts", b"mqueue"]  # of the last the host need not have one mounted

make_files()
here = os.getcwd()


def close(args, fd):
    os.close(fd)


def context(fstype, *commands):
    def make():
        fd = call(FSOPEN, fstype, 1)
        for command in commands:
            call(FSCONFIG, fd, *command)
        return fd
    return make


def detached(path=b"dir"):
    return lambda: call(OPEN_TREE, FDCWD, path, 1 | CLOEXEC)


def messages(fd):
    out = []
    while isinstance(text := t(os.read, fd, 1000), bytes):
        out.append(text.decode().strip())
    return out + [text]


made_tmpfs = Fd("made", context(b"tmpfs", (CREATE, None, None, 0)))
plain_tmpfs = Fd("tmpfs", context(b"tmpfs"))
picked = Fd("picked", lambda: call(FSPICK, FDCWD, b"mnt", 1))
tree = Fd("tree", detached(b"mnt"))
small = Fd("file tree", detached(b"file"))
fds = [Fd("file", lambda: os.open("file", os.O_RDWR)), Fd("path", lambda: os.open("mnt", os.O_PATH)), Fd("event", lambda: os.eventfd(0)),
       -1, 999, 1 << 31]
dfds = [-1, 999, 1 << 31, Fd("file", lambda: os.open("file", os.O_RDWR)), Fd("dir", lambda: os.open("dir", os.O_RDONLY)),
        Fd("mnt", lambda: os.open("mnt", os.O_PATH)), plain_tmpfs, tree]

types = OURS + [b"ext4", b"overlay", b"nothing", b"", b"tmpfs.x", b"x" * 40, b"x" * 300, b"x" * 5000, None, BAD]
table("fsopen", FSOPEN, [b"tmpfs", 1], [types, [0, 1, 2, 3, CLOEXEC, 1 << 31, 1 << 32]], close)
table("fspick", FSPICK, [FDCWD, b"mnt", 1], [dfds, PATHS, [0, 1, 2, 3, 4, 8, 9, 16, CLOEXEC, 1 << 31]], close)

# Each command with all that it may be given.
keys = [None, b"", b"ro", b"source", b"size", b"x" * 255, b"x" * 256, BAD]
values = [None, b"", b"1m", b"x" * 255, b"x" * 256, BAD]
auxes = [0, 1, -1, FDCWD, 1 << 20, (1 << 20) + 1, 1 << 31]
right = {FLAG: (b"ro", None, 0), STRING: (b"size", b"1m", 0), BINARY: (b"size", b"1m", 2), PATH: (b"size", b"mnt", FDCWD),
         PATH_EMPTY: (b"size", b"mnt", FDCWD), FD: (b"size", None, 0), CREATE: (None, None, 0), RECONFIGURE: (None, None, 0),
         CREATE_EXCL: (None, None, 0), 9: (b"ro", None, 0), 1 << 31: (b"ro", None, 0)}
for command, rest in right.items():
    for fd in plain_tmpfs, made_tmpfs, picked:
        table("fsconfig", FSCONFIG, [fd, command, *rest], [fds, [], keys, values, auxes])

# The options of each type, and what is said of them.
# Not casefold, which the host's kernel may have been built without.
names = [b"source", b"ro", b"rw", b"sync", b"async", b"dirsync", b"lazytime", b"nolazytime", b"mand", b"nomand", b"remount", b"bind",
         b"noexec", b"nosuid", b"relatime", b"silent", b"posixacl", b"iversion", b"bogus", b"size", b"nr_blocks", b"nr_inodes", b"mode", b"uid",
         b"gid", b"huge", b"mpol", b"inode32", b"inode64", b"noswap", b"quota", b"hidepid", b"subset", b"nsdelegate", b"favordynmods",
         b"ptmxmode", b"max", b"newinstance"]
some = [None, b"", b"0", b"1", b"-1", b"77", b"999999999999", b"4294967295", b"+7", b"0x10", b"010", b"700", b"9", b"1m", b"1k", b"50%", b"x", b"off", b"pid", b"invisible", b"noaccess", b"ptraceable", b"2", b"3", b"4", b"5", b"pid,pid", b"pid,x", b"never", b"default"]
for fstype in OURS:
    for option, value in itertools.product(names, some):
        fd = call(FSOPEN, fstype, 1)
        print("option", fstype.decode(), option.decode(), name(value), call(FSCONFIG, fd, FLAG if value is None else STRING, option, value, 0),
              *messages(fd))
        os.close(fd)
for fstype, option in itertools.product(OURS, (b"source", b"size", b"ro", b"bogus", b"hidepid")):
    for command, value, aux in (BINARY, b"1", 1), (PATH, b"mnt", FDCWD), (PATH_EMPTY, b"", FDCWD), (FD, None, 0):
        fd = call(FSOPEN, fstype, 1)
        print("option", fstype.decode(), option.decode(), command, call(FSCONFIG, fd, command, option, value, aux), *messages(fd))
        os.close(fd)

# Which command after which others.
steps = {"ro": (FSCONFIG, FLAG, b"ro", None, 0), "bogus": (FSCONFIG, FLAG, b"bogus", None, 0), "source": (FSCONFIG, STRING, b"source", b"s", 0),
         "create": (FSCONFIG, CREATE, None, None, 0), "excl": (FSCONFIG, CREATE_EXCL, None, None, 0),
         "reconfigure": (FSCONFIG, RECONFIGURE, None, None, 0), "mount": (FSMOUNT, 1, 0)}
for fstype in [b"tmpfs", b"ramfs", b"proc", b"cgroup2", b"sysfs", b"picked"]:
    for order in itertools.product(steps, repeat=3 if fstype in (b"tmpfs", b"picked") else 2):
        fd = call(FSPICK, FDCWD, b"mnt", 1) if fstype == b"picked" else call(FSOPEN, fstype, 1)
        answers = []
        for step in order:
            number, *args = steps[step]
            answers.append(call(number, fd, *args))
            if number == FSMOUNT and not isinstance(answers[-1], str):
                os.close(answers[-1])
                answers[-1] = "mounted"
        print("steps", fstype.decode(), *order, *answers, *messages(fd))
        os.close(fd)

attributes = [1 << bit for bit in range(32)] + [0x10 | 0x20, 0x30 | 0x80, 0x10 | 1]
table("fsmount", FSMOUNT, [made_tmpfs, 1, 0], [fds + [plain_tmpfs, picked, tree], [0, 1, 2, CLOEXEC, 1 << 31, 1 << 32], attributes], close)
for fstype in OURS[:-1]:
    table("fsmount", FSMOUNT, [Fd(fstype.decode(), context(fstype, (CREATE, None, None, 0))), 1], [[], [0, 2]], close)

tree_flags = [1, CLOEXEC, 1 | CLOEXEC, EMPTY, EMPTY | 1, RECURSIVE, RECURSIVE | 1, NOFOLLOW, NOFOLLOW | 1, NO_AUTOMOUNT, 2, 0x200, 0x400, 0x2000,
              1 << 31, 1 << 32]
table("open_tree", OPEN_TREE, [FDCWD, b"dir", 0], [dfds, PATHS, tree_flags], close)
table("open_tree clone", OPEN_TREE, [FDCWD, b"dir", 1], [dfds, PATHS, [EMPTY | 1, RECURSIVE | 1, 3]], close)


def attr(set=0, clear=0, propagation=0, userns=0, spare=b""):
    return Struct("%x/%x/%x/%x%s" % (set, clear, propagation, userns, "+%d" % len(spare) if spare else ""),
                  struct.pack("4Q", set, clear, propagation, userns) + spare)


wanted = [attr(), attr(1), attr(0, 1), attr(1, 1), attr(0x10), attr(0x10, 0x70), attr(0x30, 0x70), attr(0x20, 0x70), attr(0x40, 0x70),
          attr(0x10, 0x10), attr(0, 0x10), attr(0, 0x70), attr(0x80), attr(0x200000), attr(0x100000), attr(0, 0x100000), attr(0x100000, 0, 0, 1),
          attr(0x100000, 0, 0, 999), attr(0x100000, 0, 0, 1 << 40), attr(1 << 32), attr(0x100), attr(0, 0x100), attr(propagation=PRIVATE),
          attr(propagation=SLAVE), attr(propagation=UNBINDABLE), attr(propagation=PRIVATE | SLAVE), attr(propagation=1), attr(propagation=1 << 32),
          attr(1, userns=7), attr(1, spare=bytes(8)), attr(1, spare=b"x" * 8), None, BAD]
below = [path for path in PATHS if path != b"/"]
# Times of access of what the host has mounted cannot be changed.
elsewhere = [arg for arg in wanted if not isinstance(arg, Arg) or arg.name.split("/")[:2] not in (["10", "70"], ["20", "70"], ["80", "0"])]
sizes = [0, 1, 16, 31, 33, 40, 4096, 4097, 1 << 32, 1 << 63]
at_flags = [0, EMPTY, RECURSIVE, NOFOLLOW, NO_AUTOMOUNT, 1, 0x200, 0x400, 0x2000, 1 << 31, 1 << 32]


def private(args, value):
    call(SETATTR, FDCWD, b"mnt", 0, struct.pack("4Q", 0, 1, PRIVATE, 0), 32)


def private_again(args, fd):
    os.close(fd)
    private(args, fd)


table("mount_setattr", SETATTR, [FDCWD, b"mnt", 0, attr(1), 32], [dfds, below, at_flags, wanted, sizes], private)
table("mount_setattr", SETATTR, [tree, b"", EMPTY, attr(1), 32], [[], below, at_flags, wanted, sizes])
table("open_tree_attr", OPEN_TREE_ATTR, [FDCWD, b"mnt", 1, attr(1), 32], [dfds, below, tree_flags, elsewhere, sizes], private_again)


def take_off(args, value):
    umount(os.path.join(here, os.fsdecode(args[3] or b"")), DETACH)
    if not os.path.ismount("mnt"):
        mount(b"none", b"mnt", b"tmpfs")


move_flags = [0, 1, 2, 4, 8, 0x10, 0x20, 0x40, 0x44, 0x100, 0x104, 0x200, 0x204, 0x244, 0x300, 0x304, 0x400, 0x404, 1 << 31, (1 << 31) | 4, 4 | 1 << 32]
table("move_mount", MOVE_MOUNT, [tree, b"", FDCWD, b"other", 4],
      [[*dfds, picked, small, FDCWD], [b"missing", b"sub", b".", b"..", None, BAD, b"x" * 300], dfds,
       [b"missing", b"file", b"file/x", b"loop", b"dangling", b"", b"x" * 300, b"./" * 2100, None, BAD], move_flags], take_off)
table("move_mount beneath", MOVE_MOUNT, [tree, b"", FDCWD, b"mnt", 0x204],
      [[*dfds, picked, small, FDCWD], [b"missing", b"sub", b".", b"..", None, BAD, b"x" * 300], dfds,
       [b"missing", b"file", b"file/x", b"loop", b"dangling", b"other", b"bound", b"bound/sub", b".", b"", b"x" * 300, None, BAD], []], take_off)
table("move_mount", MOVE_MOUNT, [FDCWD, b"dir", FDCWD, b"other", 0], [dfds, [p for p in below if p != b"mnt"] + [b"dir/sub"], [], [b"missing", None], [0, 1, 4, 8]])
END_OF_TABLE
