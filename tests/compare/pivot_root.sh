# pivot_root(2): the conditions, the two usual ways to use it, and what is where afterwards.
exec python3 - <<'END'
import ctypes, errno, os

libc = ctypes.CDLL(None, use_errno=True)
BIND, REC, DETACH = 4096, 16384, 2


def result(value):
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def mount(source, target, fstype=None, flags=0):
    return result(libc.mount(source, target, fstype, ctypes.c_ulong(flags), None))


def umount(target, flags=0):
    return result(libc.umount2(target, flags))


def pivot(new, old):
    return result(libc.syscall(155, new, old))


def t(call, *args):
    try:
        value = call(*args)
        return "ok" if value is None else value
    except OSError as error:
        return errno.errorcode[error.errno]


def in_child(what):
    pid = os.fork()
    if not pid:
        try:
            what()
        finally:
            os._exit(0)
    print("status", os.waitpid(pid, 0)[1], flush=True)


for name in "new", "plain", "other":
    os.mkdir(name)
here = os.getcwd()
print("conditions", pivot(b"plain", b"plain"), pivot(b"missing", b"plain"), pivot(b"plain", b"missing"),
      pivot(b"", b"plain"))
print(mount(b"none", b"new", b"tmpfs"), mount(b"none", b"other", b"tmpfs"))
os.makedirs("new/old/deeper")
os.mkdir("new/dir")
with open("new/file", "w") as f:
    f.write("in the new root")
os.symlink("/file", "new/link")
print("conditions", pivot(b"new", b"plain"), pivot(b"new", b"new/file"), pivot(b"new/file", b"new"),
      pivot(b"new/dir", b"new/dir"), pivot(b"/", b"new"), pivot(b"new", b"/"), pivot(b"new", b"other"))


def stacked():
    os.chdir("new")
    fd = os.open(".", os.O_RDONLY)
    print(pivot(b".", b"."), umount(b".", DETACH), sorted(os.listdir("/")), os.getcwd(), t(os.stat, here))
    os.chdir("/dir")
    print(os.getcwd(), sorted(os.listdir("../..")), open("/link").read(), sorted(os.listdir(fd)), flush=True)


def put_old():
    os.chdir("new")
    print(pivot(b".", b"old/deeper"), sorted(os.listdir("/")), os.getcwd(), open("/link").read())
    print(sorted(os.listdir("/old/deeper" + here)), t(os.stat, here),
          os.path.samefile("/old/deeper" + here + "/new", "/old/deeper" + here + "/plain"))
    os.chdir("/old/deeper" + here)
    print(os.getcwd() == "/old/deeper" + here, open("../" * 30 + "file").read())
    print(umount(b"/old/deeper"), os.chdir("/"), umount(b"/old/deeper", DETACH), os.listdir("/old/deeper"),
          t(os.rmdir, "/old/deeper"), flush=True)


def shared():
    print(mount(None, b"new", None, 1 << 20), pivot(b"new", b"new/old"), pivot(b"/", b"new"), pivot(b"new", b"/"),
          flush=True)


print("what is shared, before what is busy", flush=True)
in_child(lambda: result(libc.unshare(0x20000)) == "ok" and shared())
print("pivot_root . .", flush=True)
in_child(lambda: result(libc.unshare(0x20000)) == "ok" and stacked())
print("pivot_root . old", flush=True)
in_child(lambda: result(libc.unshare(0x20000)) == "ok" and put_old())
print("nothing here has changed", os.path.isdir(here), sorted(os.listdir("new")), umount(b"new"),
      umount(b"other"))
END
