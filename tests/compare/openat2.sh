# openat2(2): every RESOLVE_ flag alone and with others, over symlinks, magic links, "..", mounts and detached trees.
exec python3 - <<'END'
import itertools, os, struct

from calls import *

NO_XDEV, NO_MAGICLINKS, NO_SYMLINKS, BENEATH, IN_ROOT, CACHED = 1, 2, 4, 8, 16, 32
here = os.getcwd()


def openat2(dfd, path, resolve, flags=os.O_PATH, mode=0, size=24):
    fd = call(437, dfd, path.encode(), struct.pack("QQQ", flags, mode, resolve) + bytes(max(size - 24, 0)), size)
    if isinstance(fd, str):
        return fd
    st = os.fstat(fd)
    name = next((n for n, other in files.items() if os.path.samestat(st, other)), "?")
    os.close(fd)
    return name


os.makedirs("top/in/deep")
os.makedirs("top/mnt")
os.mkdir("other")
open("top/file", "w").close()
open("top/in/file", "w").close()
open("other/file", "w").close()
mount(b"other", b"top/mnt", None, 4096)
os.mkdir("top/mnt/below")
for link, target in {"rel": "in/file", "up": "../other/file", "abs": here + "/other/file", "inabs": "/file", "root": "/",
                     "self": here + "/top/file", "loop": "loop", "dir": "in", "mlink": "mnt/file", "back": "../top/file",
                     "magic": "/proc/self/cwd", "in/out": "../file", "in/over": "../../other", "mnt/home": here + "/top/file",
                     "mnt/side": "below", "dangling": "none"}.items():
    os.symlink(target, "top/" + link)
files = {}
for name in ("/", ".", "top", "top/file", "top/in", "top/in/file", "top/in/deep", "top/mnt", "top/mnt/below", "other/file", "/proc", "/tmp"):
    files[name] = os.stat(name)
names = ("in/../abs", "in/../self", "in/../mnt/home", "file", ".", "in", "in/file", "in/..", "in/../file", "..", "../top/file", "../other/file", "in/../..", "in/../../other/file", "/", "/file",
         here + "/top/file", here + "/top/mnt/file", "rel", "up", "abs", "inabs", "root", "self", "loop", "dir/file", "dir/../file", "mlink", "back",
         "magic", "magic/top/file", "in/out", "in/over/file", "mnt", "mnt/file", "mnt/below", "mnt/..", "mnt/../file", "mnt/below/..",
         "mnt/below/../..", "mnt/home", "mnt/side", "dangling", "none", "none/x", "file/x", "file/", "file/..", "", "in/", "in/deep/../..",
         "/proc/self/cwd", "/proc/self/root", "/proc/self/root/proc", "/proc/self/cwd/top/file")
top = os.open("top", os.O_PATH)
inside = os.open("top/mnt", os.O_RDONLY)
flags = (0, NO_XDEV, NO_MAGICLINKS, NO_SYMLINKS, BENEATH, IN_ROOT, NO_XDEV | BENEATH, NO_XDEV | IN_ROOT, NO_SYMLINKS | BENEATH, NO_SYMLINKS | IN_ROOT,
         NO_XDEV | NO_SYMLINKS, NO_MAGICLINKS | BENEATH, BENEATH | IN_ROOT)
for resolve in flags:
    for name in names:
        print(resolve, name.replace(here, "HERE"), openat2(top, name, resolve), openat2(top, name, resolve, os.O_PATH | os.O_NOFOLLOW),
              openat2(top, name, resolve, os.O_RDONLY | os.O_DIRECTORY))
    for name in (".", "file", "..", "../file", "below/..", "below/../..", "home", "side", "/", "/file"):
        print(resolve, "from the mount", name, openat2(inside, name, resolve))
os.chdir("top")
for resolve in flags:
    print(resolve, "cwd", [openat2(FDCWD, name, resolve) for name in ("file", "..", "mnt", "mnt/..", "abs", "/proc/self/fd/%d" % top,
          "/proc/self/fd/%d/file" % top, "/proc/thread-self", "/proc/self/ns/mnt") if not (resolve == 0 and "ns" in name)])
os.chdir(here)

# A detached tree is a mount as well.
tree = call(428, FDCWD, b"top", 1 | 0x8000)
for resolve in flags:
    print(resolve, "tree", [openat2(tree, name, resolve) for name in ("file", ".", "..", "in/../file", "mnt", "mnt/file", "mnt/..", "abs", "inabs", "/file", "up", "mlink")])

# Creating.
for resolve in flags:
    create = os.O_CREAT | os.O_WRONLY
    print(resolve, "create", [openat2(top, name, resolve, create, 0o600) for name in ("new", "in/new", "../new", "/new/x", "dangling", "mnt/new", "mnt/", "loop")])
    for name in ("top/new", "top/in/new", "new", "top/none", "top/mnt/new"):
        try:
            os.unlink(name)
        except OSError:
            pass

os.mkdir("top/all")
print("a directory", mount(b"/", b"top/all", None, 4096), [openat2(top, "all/", 0, flag | os.O_CREAT, 0o600) for flag in (0, os.O_EXCL)],
      [openat2(top, f"/proc/{os.getpid()}/{name}/", 0, os.O_EXCL | os.O_CREAT, 0o600) for name in ("cwd", "root", "exe")])



def opened(name, flags):
    try:
        return os.close(os.open(name, flags, 0o600))
    except OSError as error:
        return error.strerror


print("both", [opened(f"top/{name}", os.O_CREAT | os.O_DIRECTORY | flag) for flag in (0, os.O_EXCL, os.O_PATH, os.O_TMPFILE)
               for name in ("new", "new/", "file", "file/", "in", "in/", "none/new")])

# What is in the cache, and the rest of the arguments.
for name in ("top/file", "top/in", "other/file"):
    os.stat(name)
print("cached", openat2(top, "file", CACHED), openat2(top, "file", CACHED, os.O_RDONLY), openat2(top, "in", CACHED, os.O_RDONLY),
      openat2(top, "new", CACHED, os.O_CREAT | os.O_WRONLY, 0o600), openat2(top, "file", CACHED, os.O_RDWR | os.O_TRUNC),
      openat2(top, "none", CACHED) in ("EAGAIN", "ENOENT"))
print("errors", openat2(top, "file", 64), openat2(top, "file", 0, 1 << 40), openat2(top, "file", 0, os.O_RDONLY, 0o600),
      openat2(top, "file", 0, os.O_CREAT, 0o10000), openat2(top, "file", 0, os.O_PATH | os.O_RDWR), openat2(top, "file", 0, size=23),
      openat2(top, "file", 0, size=32), openat2(top, "file", 0, size=8192), openat2(77, "file", 0), openat2(77, "/file", BENEATH), openat2(77, "/proc", 0),
      openat2(77, "", 0), openat2(77, "/", IN_ROOT))
END
