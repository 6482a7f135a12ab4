# statmount(2), listmount(2), openat2(2), name_to_handle_at(2): a table, call by argument by fault (table.py).
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
exec python3 - <<'END_OF_TABLE'
import os, struct

from calls import *
from table import *

OPENAT2, HANDLE, STATX, OPEN_TREE, STATMOUNT, LISTMOUNT, MOUNT_SETATTR = 437, 303, 332, 428, 457, 458, 442
CLOEXEC, EMPTY = os.O_CLOEXEC, 0x1000

make_files()
libc.chmod(b".", 0o777)
dfds = [-1, 999, 1 << 31, Fd("file", lambda: os.open("file", os.O_RDWR)), Fd("dir", lambda: os.open("dir", os.O_RDONLY)),
        Fd("mnt", lambda: os.open("mnt", os.O_PATH)), Fd("tree", lambda: call(OPEN_TREE, FDCWD, b"dir", 1 | CLOEXEC))]


# ---- openat2 ----


def close(args, fd):
    """And removes what it has made, as far as the names go that are there for that."""
    os.close(fd)
    for path in "missing", "dir/missing", "dir/dir", "mnt/dir", "new":
        if os.path.lexists(path):
            os.unlink(path)


def how(flags=0, mode=0, resolve=0, spare=b""):
    return Struct("%x/%x/%x%s" % (flags, mode, resolve, "+%d" % len(spare) if spare else ""), struct.pack("3Q", flags, mode, resolve) + spare)


# Not the bits that make files, and not O_LARGEFILE, which some C libraries define as 0.
hows = [how(1 << bit) for bit in range(64) if 1 << bit not in (os.O_CREAT, os.O_EXCL, os.O_TRUNC)]
hows += [how(os.O_PATH | 1 << bit) for bit in range(23)]
hows += [how(flags, mode) for flags in (os.O_CREAT | os.O_RDWR, os.O_TMPFILE | os.O_RDWR, os.O_TMPFILE, os.O_CREAT | os.O_DIRECTORY, os.O_RDONLY, os.O_PATH)
         for mode in (0, 0o600, 0o7777, 0o10000, 1 << 16, 1 << 31, 1 << 32, (1 << 64) - 1)]
hows += [how(0, 0, 1 << bit) for bit in range(64)] + [how(0, 0, a | b) for a in (1, 2, 4, 8, 16, 32) for b in (8, 16, 32)]
hows += [how(3), how(os.O_APPEND | os.O_PATH), how(os.O_CREAT | os.O_EXCL, 0o600), how(os.O_TRUNC), how(os.O_CREAT, 0o600, 32), how(os.O_TMPFILE | 2, 0o600, 32),
         how(spare=bytes(8)), how(spare=b"x" * 8), how(spare=bytes(7) + b"x"), None, BAD]


def cached(args, answer):
    """With RESOLVE_CACHED EAGAIN is never wrong, and what the host has in its cache differs."""
    value = args[2]
    return "-" if isinstance(value, Struct) and struct.unpack_from("Q", value.value, 16)[0] & 32 and answer not in ("EINVAL", "E2BIG") else answer


table("openat2", OPENAT2, [FDCWD, b"dir", how(), 24], [dfds, PATHS + [b"dir/", b"new", b"new/"], hows, [0, 1, 16, 23, 25, 32, 4096, 4097, 1 << 32, 1 << 63]], close, cached)

# ---- name_to_handle_at ----


def handle(size):
    return Struct("handle %d" % size, struct.pack("Ii", size & 0xffffffff, 0))


number = Struct("id", bytes(8))
table("name_to_handle_at", HANDLE, [FDCWD, b"dir", handle(128), number, 0],
      [dfds, PATHS, [handle(size) for size in (0, 1, 4, 8, 127, 129, 248, -1)] + [None, BAD], [None, BAD],
       [1, 2, 4, 0x100, 0x200, 0x202, 0x400, 0x401, 0x800, EMPTY, EMPTY | 1, EMPTY | 0x400, 0x2000, 1 << 31, 1 << 32]])

# ---- statmount, listmount ----


def unique(path):
    stx = ctypes.create_string_buffer(256)
    call(STATX, FDCWD, path, 0, 0x4000, stx)
    return struct.unpack_from("Q", stx, 0x90)[0]


ROOT, BASE = (1 << 64) - 1, 1 << 31
names = {"/": unique(b"/"), "mnt": unique(b"mnt"), "bound": unique(b"bound"), "ROOT": ROOT, "0": 0, "1": 1, "base": BASE, "beyond": 1 << 60}


def request(size=24, spare=0, id="mnt", param=0, ns=0, rest=b""):
    data = struct.pack("IIQQQ", size, spare, names[id], names.get(param, param), ns) + rest
    return Struct("%d/%x/%s/%s/%x" % (size, spare, id, name(param), ns), data)


requests = [request(size) for size in (0, 8, 16, 23, 25, 31, 32, 40, 4096, 4097, 1 << 31)] + [request(id=id) for id in names]
requests += [request(spare=1), request(32, 1), request(32, 0xffffffff), request(32, ns=1), request(32, ns=1 << 40), request(40, rest=b"x" * 8), request(40, rest=bytes(8)),
             None, BAD]
masks = [request(param=1 << bit) for bit in range(64)] + [request(param=param) for param in (0, 0x3f, 0x7, (1 << 64) - 1)]
answer = Struct("buffer", b"")
table("statmount", STATMOUNT, [request(param=3), answer, 4096, 0],
      [requests + masks, [None, BAD], [0, 1, 8, 16, 511, 512, 513, 520, 1 << 31, 1 << 32, 1 << 63], [1, 2, 1 << 31, 1 << 32]])
table("statmount", STATMOUNT, [request(param=0x3f), answer, 4096, 0], [requests, [None, BAD], [0, 1, 8, 16, 511, 512, 513, 520, 530], [1]])
params = [request(id=id, param=param) for id in ("ROOT", "mnt") for param in (0, 1, BASE, BASE + 1, "mnt", 1 << 60)]
table("listmount", LISTMOUNT, [request(id="ROOT"), answer, 100, 0],
      [requests + params, [None, BAD], [0, 1, 2, 1000000, 1000001, 1 << 32, 1 << 61, 1 << 63], [1, 2, 3, 1 << 31, 1 << 32]])
END_OF_TABLE
