# The directory cache: what guests change is seen at once by all of them, whatever they had looked at before. Symlinks and
# the directories above them are renamed, replaced, exchanged and removed; mounts come and go over paths that lead
# through them; roots change; one directory is seen in two places.
exec python3 - <<'END'
import ctypes, errno, os, time

libc = ctypes.CDLL(None, use_errno=True)
BIND, DETACH, EXCHANGE = 4096, 2, 2


def result(value):
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def mount(source, target, fstype=None, flags=0):
    return result(libc.mount(source.encode(), target.encode(), fstype, ctypes.c_ulong(flags), None))


def umount(target, flags=0):
    return result(libc.umount2(target.encode(), flags))


def exchange(old, new):
    return result(libc.renameat2(-100, old.encode(), -100, new.encode(), EXCHANGE))


def read(name):
    try:
        with open(name) as f:
            text = f.read()
            inode = os.fstat(f.fileno()).st_ino
        return text if os.stat(name).st_ino == inode else f"{text}, but stat says otherwise"
    except OSError as error:
        return errno.errorcode[error.errno]


def know(*names):
    """Looks until whoever remembers such things has had the time to."""
    for _ in range(10):
        for name in names:
            read(name)
        time.sleep(0.001)
    return [read(name) for name in names]


def tree(top, *dirs):
    for d in dirs:
        os.makedirs(f"{top}/{d}")
        with open(f"{top}/{d}/file", "w") as f:
            f.write(f"{top}/{d}")


here = os.getcwd()
step = 0


def case(name, change, *names, links={}, dirs=("one", "two", "deep/er/one", "deep/er/two")):
    """In a fresh tree: what is there before and after the change, seen by us and by a process that changes nothing."""
    global step
    step += 1
    top = f"t{step}"
    tree(top, *dirs)
    for link, text in links.items():
        os.symlink(text.replace("HERE", here).replace("TOP", top), f"{top}/{link}")
    near_names, names = names, [f"{here}/{top}/{n}" for n in names]
    go, gone = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        know(*names)
        os.write(gone[1], b".")
        os.read(go[0], 1)
        os._exit(sum((read(n) != "ENOENT") << i for i, n in enumerate(names)))
    os.read(gone[0], 1)
    before = know(*names)
    os.chdir(top)
    near = know(*near_names)
    said = change()
    near += [read(n) for n in near_names]
    os.chdir(here)
    after = [read(n) for n in names]
    os.write(go[1], b".")
    print(name, said, before, near, after, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), [read(n) for n in names])
    for fd in go + gone:
        os.close(fd)


def relink(text, name):
    os.unlink(name)
    os.symlink(text, name)


def swing(text, name):
    os.symlink(text, name + ".new")
    os.rename(name + ".new", name)


def in_child(change):
    pid = os.fork()
    if pid == 0:
        change()
        os._exit(0)
    return os.waitpid(pid, 0)[1]


one = {"link": "one"}
deep = {"deep/er/link": "one", "link": "deep/er"}
case("unlink", lambda: os.unlink("link"), "link/file", links=one)
case("relink", lambda: relink("two", "link"), "link/file", links=one)
case("swing", lambda: swing("two", "link"), "link/file", links=one)
case("rename away", lambda: os.rename("link", "other"), "link/file", "other/file", links=one)
case("in a child", lambda: in_child(lambda: swing("two", "link")), "link/file", links=one)
case("replaced by a directory", lambda: (os.unlink("link"), os.rename("two", "link")), "link/file", links=one)
case("exchanged", lambda: exchange("link", "two"), "link/file", "two/file", links=one)
case("exchanged links", lambda: exchange("link", "rel"), "link/file", "rel/file", links={"link": "one", "rel": "./two"})
case("target renamed", lambda: os.rename("one", "three"), "link/file", "three/file", links=one)
case("target a link", lambda: (os.rename("one", "three"), os.symlink("two", "one")), "link/file", links=one)
case("link to a link", lambda: swing("two", "link"), "second/file", links={"link": "one", "second": "link"})
case("link through a link", lambda: swing("two", "deep/er/link"), "link/link/file", links=deep)
case("directory above renamed", lambda: os.rename("deep", "deeper"), "deep/er/link/file", "deeper/er/link/file", links=deep)
case("directory above replaced", lambda: (os.rename("deep/er", "er"), os.mkdir("deep/er"), os.symlink("../../two", "deep/er/link")),
     "deep/er/link/file", "link/link/file", links=deep)
case("directory above a link now", lambda: (os.rename("deep", "d"), os.mkdir("e"), os.rename("d/er", "e/er"), os.symlink("e", "deep")),
     "deep/er/link/file", links=deep)
case("absolute", lambda: swing("two", "link"), "link/file", links={"link": "HERE/TOP/one"})
case("final", lambda: swing("two/file", "link"), "link", links={"link": "one/file"})
case("dot-dot", lambda: swing("two", "link"), "link/../two/file", "link/../file", links={"link": "deep/er/one"})
case("to nowhere", lambda: swing("none", "link"), "link/file", links=one)
case("a loop", lambda: swing("link", "link"), "link/file", links=one)
case("slashes", lambda: swing("two/", "link"), "link//file", "link/./file", links={"link": "one///"})


def create(name):
    try:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        return errno.errorcode[error.errno]


case("made with a slash", lambda: [create(f"{os.getcwd()}/{n}") for n in ("link/", "link/file/", "link/..", "link")], "link/file",
     links={"link": "one/."})
case("hard link", lambda: (os.link("link", "also", follow_symlinks=False), swing("two", "link")), "link/file", "also/file", links=one)

# ---- mounts ----

case("mount on the target", lambda: mount("two", "one", None, BIND), "link/file", links=one)
case("mount above", lambda: mount("deep/er", "deep", None, BIND), "deep/er/link/file", "deep/link/file", links=deep)
case("mount over the link's directory", lambda: (mount("none", "deep/er", b"tmpfs"), os.symlink(f"{here}/t1/two", "deep/er/link")),
     "deep/er/link/file", links=deep)


def mount_and_back():
    said = mount("two", "one", None, BIND)
    inside = know("link/file", f"{os.getcwd()}/link/file")
    return said, inside, umount("one"), read("link/file")


case("mount and umount", mount_and_back, "link/file", links=one)


def twice():
    os.mkdir("a"), os.mkdir("b")
    said = mount("deep", "a", None, BIND), mount("deep", "b", None, BIND)
    cwd = os.getcwd()
    ways = [f"{cwd}/{d}/er/link/file" for d in ("a", "b", "deep")]
    before = know(*ways)
    swing("two", "b/er/link")
    after = [read(w) for w in ways]
    said += mount("two", "a/er/one", None, BIND),
    swing("one", "deep/er/link")
    return said, before, after, [read(w) for w in ways]


case("bound twice", twice, "deep/er/link/file", links=deep)


def out_and_up():
    """A link whose text leads up and out of a bind mount."""
    os.mkdir("far"), os.makedirs("x/y/z")
    os.symlink("../two", "deep/up")
    said = mount("deep", "x/y/z", None, BIND)
    os.makedirs("x/y/two")
    with open("x/y/two/file", "w") as f:
        f.write("beside the mount point")
    cwd = os.getcwd()
    return said, know(f"{cwd}/x/y/z/up/file", f"{cwd}/deep/up/file")


case("up out of a bind mount", out_and_up, links={})

case("a directory becomes a link to a mount point", lambda: (mount("deep/er", "two", None, BIND), know("one/file", f"{os.getcwd()}/one/file"),
                                                              os.rename("one", "three"), os.symlink("two", "one"), read(f"{os.getcwd()}/one/file")),
     "one/file", "deep/er/file", dirs=("one", "two", "deep/er"))
case("a directory above becomes one", lambda: (mount("deep/er", "two", None, BIND), os.makedirs("deep/er/in"), os.link("deep/er/file", "deep/er/in/file"),
                                               know(f"{os.getcwd()}/up/in/file"), os.rename("up", "three"), os.symlink("two", "up"),
                                               read(f"{os.getcwd()}/up/in/file"), read("up/in/file")),
     "up/in/file", dirs=("up/in", "two", "deep/er"))


def held(name):
    """Removed while it is open, and then a link."""
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
    os.unlink(f"{name}/file"), os.rmdir(name)
    os.symlink("two", name)
    seen = read(f"{os.getcwd()}/{name}/file")
    os.close(fd)
    return seen


case("removed in use", lambda: (mount("deep/er", "two", None, BIND), know(f"{os.getcwd()}/one/file"), held("one")),
     "one/file", dirs=("one", "two", "deep/er"))

# ---- roots ----

case("tmpfs", lambda: (mount("none", "two", b"tmpfs"), tree("two", "a", "b"), os.symlink("a", "two/l"), know(f"{os.getcwd()}/two/l/file"),
                       swing("b", "two/l"), read(f"{os.getcwd()}/two/l/file")), "two/file")
case("under another root", lambda: in_child(lambda: (os.symlink("/two", "abs"), os.chroot("."), print(know("/link/file", "/abs/file")),
                                                     swing("/deep/er/two", "/abs"), print(read("/abs/file")),
                                                     os.chroot("deep/er"), os.chdir("/"), print(know("/link/file", "/abs/file")))),
     "link/file", "abs/file", links={"link": "one", "deep/er/link": "two"})


def pivot():
    mount("none", "two", b"tmpfs")
    tree("two", "one", "old")
    os.symlink("/one", "two/abs")
    print(know(f"{os.getcwd()}/two/abs/file"))
    os.chdir("two")
    print(result(libc.syscall(155, b".", b"old")), know("/abs/file"))
    os.symlink("/old", "/abs2")
    print(umount("/old", DETACH), know("/abs/file", "/abs2/file"))
    swing("/none", "/abs")
    print(read("/abs/file"))


def in_own_namespace(change):
    if libc.unshare(0x20000):
        return "no namespace"
    libc.mount(None, b"/", None, ctypes.c_ulong(0x44000), None)
    change()


case("pivot_root", lambda: in_child(lambda: in_own_namespace(pivot)), "two/file")
END
