# Descriptors on directories of mounts that have been taken off, or that a pivot_root has left behind: names below them.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
exec python3 - <<'END_OF_SCRIPT'
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
BIND, REC, DETACH = 4096, 16384, 2


def mount(source, target, kind, flags=0):
    return libc.mount(source, target, kind, ctypes.c_ulong(flags), None)


def t(call, *args, **named):
    try:
        return call(*args, **named)
    except OSError as error:
        return error.strerror


def head(path, fd, size=200):
    with open(os.open(path, os.O_RDONLY, dir_fd=fd), "rb") as file:
        return file.read(size)


def look(title):
    print("#", title)
    print(t(os.readlink, "self", dir_fd=proc) == str(os.getpid()))
    print(b"Name:\tpython3" in t(head, "self/status", proc), b"\tpython3" in t(head, "thread-self/status", proc))
    print(t(head, "sys/user/max_user_namespaces", proc), b" 0 " in t(head, "self/uid_map", proc))
    print(t(os.open, "sys/user/max_user_namespaces", os.O_WRONLY, dir_fd=proc) > 0)
    print(t(os.readlink, "self/ns/mnt", dir_fd=proc)[:4], t(lambda: os.stat("sys", dir_fd=proc).st_mode))
    for fd in tmp, bound:
        print(sorted(os.listdir(fd)), t(head, "file", fd), t(head, "sub/../file", fd), t(lambda: os.stat("sub/on", dir_fd=fd).st_size))
        print(t(os.open, "new", os.O_CREAT | os.O_WRONLY, dir_fd=fd) is not None, t(os.unlink, "new", dir_fd=fd))
        print(t(os.mkdir, "sub/dir", dir_fd=fd), t(os.rename, "sub/dir", "moved", src_dir_fd=fd, dst_dir_fd=fd),
              t(os.rmdir, "moved", dir_fd=fd))


os.mkdir("tmp")
os.mkdir("bound")
os.mkdir("root")
mount(b"none", b"tmp", b"tmpfs")
os.makedirs("tmp/sub/on")
for name in "tmp/file", "bound/file":
    with open(name, "w") as file:
        file.write(name)
os.makedirs("bound/sub/on")
os.mkdir("view")
mount(b"bound", b"view", None, BIND)
proc = os.open("/proc", os.O_PATH)
tmp = os.open("tmp", os.O_RDONLY | os.O_DIRECTORY)
bound = os.open("view", os.O_RDONLY | os.O_DIRECTORY)
look("mounted")
print(libc.umount2(b"tmp", DETACH), libc.umount2(b"view", DETACH))
look("taken off")
mount(b"none", b"root", b"tmpfs")
os.chdir("root")
print(libc.syscall(155, b".", b"."))
look("pivoted")
print(libc.umount2(b".", DETACH))
look("the old root taken off")
print(t(os.stat, "/proc"))
END_OF_SCRIPT
