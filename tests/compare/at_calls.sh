# The calls with a descriptor and a path: AT_EMPTY_PATH with every kind of descriptor, NULL for the path, handles, watches, execveat(2).
exec python3 - <<'END'
import os, socket, struct, sys

from calls import *

EMPTY, NOFOLLOW, FOLLOW = 0x1000, 0x100, 0x400
here = os.getcwd()


os.mkdir("d")
os.mkdir("b")
open("d/f", "w").write("text")
os.symlink("f", "d/l")
os.symlink("d", "ld")
mount(b"d", b"b", None, 4096)
tree = call(428, FDCWD, b"d", 1)
file_tree = call(428, FDCWD, b"d/f", 1)
pair = socket.socketpair()
reader, writer = os.pipe()
fds = {"cwd": FDCWD, "none": 77, "minus": -1, "dir": os.open("b", os.O_RDONLY), "path": os.open("b", os.O_PATH), "file": os.open("b/f", os.O_RDWR),
       "file path": os.open("b/f", os.O_PATH), "link": os.open("b/l", os.O_PATH | os.O_NOFOLLOW), "pipe": reader, "socket": pair[0].fileno(),
       "tree": tree, "file tree": file_tree, "deleted": os.open("gone", os.O_RDWR | os.O_CREAT)}
os.unlink("gone")
os.mkdir("gone")
fds["deleted dir"] = os.open("gone", os.O_RDONLY)
os.rmdir("gone")
buffer = ctypes.create_string_buffer(4096)
uid, gid = os.getuid(), os.getgid()


def handle(fd, path, flags):
    h = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128), 136)
    id = ctypes.c_int(0)
    return call(303, fd, path, h, ctypes.byref(id), flags)


calls = {
    "newfstatat": lambda fd, path, flags: call(262, fd, path, buffer, flags),
    "statx": lambda fd, path, flags: call(332, fd, path, flags, 0x7ff, buffer),
    "fchownat": lambda fd, path, flags: call(260, fd, path, uid, gid, flags),
    "fchmodat2": lambda fd, path, flags: call(452, fd, path, 0o755, flags),
    "faccessat2": lambda fd, path, flags: call(439, fd, path, 4, flags),
    "faccessat": lambda fd, path, flags: call(269, fd, path, 4),
    "utimensat": lambda fd, path, flags: call(280, fd, path, None, flags),
    "readlinkat": lambda fd, path, flags: call(267, fd, path, buffer, 4096),
    "handle": handle,
    "open_tree": lambda fd, path, flags: call(428, fd, path, flags),
    "linkat": lambda fd, path, flags: call(265, fd, path, FDCWD, b"d/f", flags),
    "unlinkat": lambda fd, path, flags: call(263, fd, path, 0x200),
    "openat": lambda fd, path, flags: call(257, fd, path, os.O_RDONLY),
    "mkdirat": lambda fd, path, flags: call(258, fd, path, 0o755),
    "inotify": lambda fd, path, flags: call(254, watch, path, 2),
    "getxattrat": lambda fd, path, flags: call(464, fd, path, flags, b"user.none", struct.pack("QII", 0, 0, 0), 16),
    "listxattrat": lambda fd, path, flags: call(465, fd, path, flags, None, 0),
    "file_getattr": lambda fd, path, flags: call(468, fd, path, buffer, 24, flags),
}
watch = call(294, 0)


def show(value):
    return "ok" if isinstance(value, int) else value


for name, function in calls.items():
    for kind, fd in fds.items():
        # Of O_PATH descriptors, and so of trees, these say EBADF; and some say that of the working directory.
        if name in ("getxattrat", "listxattrat", "file_getattr") and (fd in (tree, file_tree, FDCWD)):
            continue
        before = set(os.listdir("/proc/self/fd"))
        print(name, kind, *[show(function(fd, path, flags)) for path in (b"", None, BAD, b"f", b"l", b"none", b"f/x", b"../d/f", here.encode() + b"/d/f")
                            for flags in (0, EMPTY, NOFOLLOW, EMPTY | NOFOLLOW)])
        for made in ("d/none", "none"):
            if os.path.isdir(made):
                os.rmdir(made)
        for number in set(os.listdir("/proc/self/fd")) - before:
            try:
                os.close(int(number))
            except OSError:
                pass

# What a handle opens takes a capability over the host's file system.
h = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128), 136)
id = ctypes.c_int(0)
print("handle", call(303, FDCWD, b"b/f", h, ctypes.byref(id), 0), struct.unpack_from("I", h)[0] > 0,
      call(303, FDCWD, b"b/f", ctypes.create_string_buffer(8), ctypes.byref(id), 0), call(303, FDCWD, b"b/f", h, None, 0),
      call(303, FDCWD, b"b/f", BAD, ctypes.byref(id), 0), call(303, FDCWD, b"b/f", h, ctypes.byref(id), 0x40000),
      call(303, FDCWD, b"b/f", ctypes.create_string_buffer(struct.pack("Ii", 129, 0), 200), ctypes.byref(id), 0))

# Watches are on the file, whatever way one comes to it.
watch = call(294, 0o4000)
marks = [call(254, watch, b"b", 0x300), call(254, watch, b"d", 0x300), call(254, watch, b"ld", 0x300), call(254, watch, b"/proc/self/fd/%d" % fds["dir"], 0x300),
         call(254, watch, b"/proc/self/fd/%d" % tree, 0x300)]
open("d/new", "w").close()
os.unlink("b/new")
data, at, seen = os.read(watch, 4096), 0, []
while at < len(data):
    wd, mask, _, length = struct.unpack_from("iIII", data, at)
    seen.append((wd, hex(mask), data[at + 16:at + 16 + length].rstrip(b"\0")))
    at += 16 + length
print("inotify", marks, seen, call(254, watch, b"none", 2), call(254, watch, b"b", 0), call(254, watch, b"l", 2), call(254, 0, b"b", 2))

# execveat
os.mkdir("bin")
open("bin/script", "w").write("#!/bin/sh\necho script $# $1\n")
os.chmod("bin/script", 0o755)
with open("bin/plain", "wb") as file:
    file.write(open("/bin/echo", "rb").read())
os.chmod("bin/plain", 0o755)
mount(b"bin", b"d", None, 4096)
os.symlink("plain", "bin/link")


def run(fd, path, flags=0, cloexec=False):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        if fd >= 0 and fd != 77:
            os.set_inheritable(fd, not cloexec)
        argv = (ctypes.c_char_p * 3)(b"zero", b"one", None)
        print("failed", call(322, fd, path, argv, (ctypes.c_char_p * 1)(None), flags), flush=True)
        os._exit(9)
    return os.waitpid(pid, 0)[1]


d = os.open("d", os.O_PATH)
program = call(428, FDCWD, b"bin", 1)
one = call(428, FDCWD, b"bin/plain", 1)
for fd, path, flags in ((d, b"plain", 0), (d, b"script", 0), (d, b"link", 0), (d, b"link", NOFOLLOW), (d, b"", 0), (d, b"", EMPTY), (d, b"none", 0), (FDCWD, b"d/plain", 0),
                        (os.open("d/plain", os.O_PATH), b"", EMPTY), (os.open("d/plain", os.O_RDONLY), b"", EMPTY), (77, b"/bin/echo", 0), (77, b"x", 0),
                        (d, b"plain", 2), (d, None, EMPTY), (os.open("d/plain", os.O_PATH), None, EMPTY), (program, b"plain", 0), (program, b"script", 0),
                        (one, b"", EMPTY), (d, b"../d/plain", 0), (os.open("d/script", os.O_RDONLY), b"", EMPTY), (os.open("/proc/self/exe", os.O_PATH), b"", 0)):
    print("execveat", path, flags, run(fd, path, flags))
print("cloexec", run(os.open("d/plain", os.O_PATH), b"", EMPTY, True), run(os.open("d/script", os.O_RDONLY), b"", EMPTY, True))
END
