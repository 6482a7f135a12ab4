# /proc/PID of a task in another mount namespace: mounts, mountinfo, mountstats, root, cwd, exe, fd, fdinfo.
exec python3 - <<'END'
import ctypes, errno, os, re, shutil, socket, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
here = os.getcwd()
BIND, PRIVATE, REC = 4096, 1 << 18, 1 << 14


def mount(source, target, fstype=None, flags=0, data=None):
    value = libc.mount(source, target, fstype, ctypes.c_ulong(flags), data)
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def t(call, *args, **keywords):
    try:
        return call(*args, **keywords)
    except OSError as error:
        return errno.errorcode[error.errno]


def lines(path, wanted):
    return sorted(re.sub(r",(uid|gid)=\d+", "", " ".join(line.replace(here, "HERE").split())) for line in open(path) if wanted in line)


def mnt_id(path):
    return next(int(line.split()[1]) for line in open(path) if line.startswith("mnt_id"))


def point(info, id):
    return next((line.split()[4].replace(here, "HERE") for line in open(info) if int(line.split()[0]) == id), None)


for name in ("a", "b", "root", "root/dir", "root/dir/deep", "root/mnt"):
    os.mkdir(name)
open("root/dir/file", "w").write("in the root\n")
open("a/file", "w").write("of a\n")
mount(b"here", b"a", b"tmpfs")
open("a/mine", "w").write("mine\n")
ours, theirs = socket.socketpair()
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    libc.unshare(0x20000)
    mount(None, b"/", None, PRIVATE | REC)
    libc.umount2(b"a", 0)
    mount(b"there", b"b", b"tmpfs")
    open("b/theirs", "w").write("theirs\n")
    mount(b"root", b"root", None, BIND)
    mount(b"b", b"root/mnt", None, BIND)
    fds = [os.open("root/dir", os.O_RDONLY), os.open("b", os.O_PATH), os.open("b/theirs", os.O_RDONLY), os.open("a/file", os.O_RDONLY)]
    os.chroot("root")
    os.chdir("/dir/deep")
    theirs.send(struct.pack("4i", *fds))
    theirs.recv(1)
    os._exit(0)
theirs.close()
fds = struct.unpack("4i", ours.recv(100))
proc = "/proc/%d/" % pid

print("mine", lines("/proc/self/mounts", here), lines("/proc/self/mountstats", here))
for name in ("mounts", "mountstats"):
    print(name, lines(proc + name, " "))
print("mountinfo", [" ".join(line.split()[4:]) for line in lines(proc + "mountinfo", " ")])
print("links", [t(os.readlink, proc + name).replace(here, "HERE") for name in ("root", "cwd")], os.path.basename(os.readlink(proc + "exe")) == os.path.basename(os.path.realpath(sys.executable)),
      [t(os.readlink, proc + "fd/%d" % fd).replace(here, "HERE") for fd in fds])
print("through", sorted(os.listdir(proc + "root")), sorted(os.listdir(proc + "root/mnt")), os.listdir(proc + "cwd"), os.listdir(proc + "cwd/.."),
      sorted(os.listdir(proc + "fd/%d" % fds[0])), os.listdir(proc + "fd/%d" % fds[1]))
print("files", open(proc + "root/dir/file").read(), open(proc + "root/mnt/theirs").read(), open(proc + "cwd/../file").read(), open(proc + "fd/%d" % fds[2]).read(),
      open(proc + "fd/%d" % fds[3]).read(), open(proc + "fd/%d/theirs" % fds[1]).read())
print("up", t(os.listdir, proc + "root/..") == os.listdir(proc + "root"), os.path.samestat(os.stat(proc + "cwd/../.."), os.stat(proc + "root")))
print("same", os.path.samestat(os.stat(proc + "root/dir"), os.stat("root/dir")), os.path.samestat(os.stat(proc + "fd/%d" % fds[3]), os.stat("a")),
      os.path.samestat(os.stat(proc + "exe"), os.stat("/proc/self/exe")))
print("write", t(lambda: open(proc + "root/mnt/new", "w").write("x")), sorted(os.listdir(proc + "root/mnt")), os.listdir("b"), t(os.mkdir, proc + "cwd/made"), os.listdir("root/dir/deep"))
print("stat", hex(os.statvfs(proc + "root/mnt").f_flag & 1), os.stat(proc + "root/mnt").st_dev == os.stat(proc + "fd/%d" % fds[1]).st_dev, os.stat(proc + "root/mnt").st_dev != os.stat(proc + "root").st_dev)
print("numbers", point(proc + "mountinfo", mnt_id(proc + "fdinfo/%d" % fds[0])), [point("/proc/self/mountinfo", mnt_id("/proc/self/fdinfo/%d" % os.open(path, flags)))
      for path in ("a", "a/mine", "b", "root/dir/file") for flags in (os.O_RDONLY, os.O_PATH)])
print("info", re.sub(r"mnt_id:\t\d+|ino:\t\d+", "", open("/proc/self/fdinfo/%d" % os.open("a/mine", os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)).read()).split())
ours.send(b"x")
os.waitpid(pid, 0)
os.mkdir("p")
print("no symlinks", mount(b"proc", b"p", b"proc", 0, None), t(os.path.samestat, os.stat("p/self/cwd"), os.stat(".")),
      mount(b"proc", b"p", None, 32 | BIND | 256), [t(os.stat, f"p/{os.getpid()}/{name}") for name in ("cwd", "root", "exe")])

# The reader's own root is in its own namespace, though the other one's copy of it is at the same place.
os.mkdir("bound")
os.makedirs("bound/dir/proc")
mount(b"bound", b"bound", None, BIND)
mount(b"proc", b"bound/dir/proc", b"proc")
sys.stdout.flush()
pid = os.fork()
if pid == 0:
    os.chroot("bound/dir")
    os.chdir("/")
    ready, tell = os.pipe()
    end, closing = os.pipe()
    other = os.fork()
    if other == 0:
        libc.unshare(0x20000)
        fd = os.open("/proc", os.O_PATH)
        os.write(tell, b"%d" % fd)
        os.read(end, 1)
        os._exit(0)
    fd = int(os.read(ready, 10))
    print("same root", [t(os.readlink, "/proc/%s/%s" % (of, name)).replace(here, "HERE") for of in ("self", other) for name in ("root", "cwd", "exe")],
          t(os.readlink, "/proc/%d/fd/%d" % (other, fd)).replace(here, "HERE"), flush=True)
    os.kill(other, 9)
    os._exit(0)
os.waitpid(pid, 0)

# Going there: what is mounted in the other namespace is there, "..", names, devices and what the places are called.
os.makedirs("there/up/deep")
sys.stdout.flush()
ready, tell = os.pipe()
end, closing = os.pipe()
pid = os.fork()
if pid == 0:
    libc.unshare(0x20000)
    mount(b"there", b"there", b"tmpfs")
    os.makedirs("there/up/deep")
    mount(b"deep", b"there/up/deep", b"tmpfs")
    os.makedirs("there/up/deep/in/side")
    os.mkdir("there/small")
    mount(b"small", b"there/small", b"tmpfs", 0, b"size=64k,nr_inodes=5")
    os.mkdir("there/pts")
    mount(b"pts", b"there/pts", b"devpts", 0, b"newinstance,ptmxmode=666")
    open("there/up/deep/file", "w").write("of the other\n")
    os.chdir("there/up/deep/in")
    os.write(tell, b"x")
    os.read(end, 1)
    os._exit(0)
os.read(ready, 1)
there = f"/proc/{pid}/root{here}/there"
home = os.open(".", os.O_PATH)


def stand(title):
    links = [t(os.readlink, "/proc/self/" + name).replace(here, "HERE") for name in ("cwd", "root")]
    print(title, t(os.getcwd).replace(here, "HERE"), links, t(os.listdir, "."), t(os.listdir, ".."), t(os.listdir, "../.."), t(os.listdir, "../../deep"), t(os.listdir, "side/.."))
    for name in "../file", "/proc/self/cwd/../file":
        fd = t(os.open, name, os.O_RDONLY)
        print(isinstance(fd, int) and (os.path.samestat(os.stat(name), os.fstat(fd)), os.read(fd, 100), os.readlink(f"/proc/self/fd/{fd}").replace(here, "HERE"),
              os.stat(name).st_dev == os.stat("../..").st_dev, hex(os.fstatvfs(fd).f_flag & 1)))
    print(t(os.mkdir, "../made"), sorted(os.listdir("..")), t(os.rename, "../made", "made"), os.listdir("."), t(os.rmdir, "made"), t(os.link, "../file", "../../link"),
          mount(b"x", b"side", b"tmpfs"), t(shutil.copy, "../file", "copy"), t(os.unlink, "copy"))


os.chdir(there + "/up/deep/in")
stand("by its root")
os.fchdir(home)
os.chdir(f"/proc/{pid}/cwd")
stand("by its cwd")
os.fchdir(home)
fd = os.open(there + "/up", os.O_RDONLY)
print("by a descriptor", [t(lambda: sorted(os.listdir(os.open(name, os.O_RDONLY, dir_fd=fd)))) for name in (".", "deep", "deep/in", "deep/..", "deep/in/../..")],
      os.readlink(f"/proc/self/fd/{fd}").replace(here, "HERE"))
print("limits", [(s.f_blocks, s.f_files) for s in [os.statvfs(there + "/small")]], [t(lambda: os.close(os.open(f"{there}/small/{i}", os.O_CREAT | os.O_WRONLY))) for i in range(7)])
print("terminals", oct(os.stat(there + "/pts/ptmx").st_mode), isinstance(t(os.open, there + "/pts/ptmx", os.O_RDWR | os.O_NOCTTY), int))
print("copies", t(shutil.copy, there + "/up/deep/file", "copy"), open("copy").read(), t(shutil.move, there + "/up/deep/file", "moved"), t(os.listdir, there + "/up/deep"))
os.chroot(there + "/up")
print("as root", t(os.listdir, "/"), t(os.listdir, "/deep"), t(os.listdir, "/.."), t(os.listdir, "/deep/in/.."))
os.write(closing, b"x")
os.waitpid(pid, 0)
END
