# "..": from directories of mounts that have been taken off, up to the roots of those and no further; and how they are called.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
exec python3 - <<'END'
import os, sys

from calls import *

here = os.getcwd()


def names(path, **dir):
    return t(lambda: sorted(os.listdir(os.open(path, os.O_RDONLY, **dir))))


def look(title, fds):
    print("#", title)
    for path in ".", "..", "../..", "../../..", "../deep", "../../../dir/deep", "deep/..", "../deep/../..":
        print(path, [names(path)] + [names(path, dir_fd=fd) for fd in fds])
    print(t(lambda: open("../made", "w").close()), names(".."), names("."), t(os.unlink, "../made"), t(os.stat, "made"))
    print(t(os.readlink, "/proc/self/cwd"), [t(os.readlink, "/proc/self/fd/%d" % fd) for fd in fds])
    for _ in range(3):
        print(t(os.chdir, ".."), names("."), t(os.readlink, "/proc/self/cwd"))


def mount_on(top, kind):
    """With directories in it, and a mount below."""
    print(mount(top + "/src", top + "/mnt", None, BIND) if kind == "bind" else mount("none", top + "/mnt", "tmpfs"))
    os.makedirs(top + "/mnt/dir/deep/in", exist_ok=True)
    os.makedirs(top + "/mnt/below", exist_ok=True)
    print(mount("none", top + "/mnt/below", "tmpfs"))
    os.makedirs(top + "/mnt/below/a/b")


def bystander(title, start, fds, top):
    """A child stands there while its parent takes the mount off."""
    ready, tell = os.pipe()
    end, closing = os.pipe()
    sys.stdout.flush()
    if not os.fork():
        os.close(closing)
        os.chdir(start)
        os.write(tell, b"x")
        os.read(end, 1)
        look(title, fds)
        sys.stdout.flush()
        os._exit(0)
    os.read(ready, 1)
    os.chdir(start)
    print(call(166, top.encode() + b"/mnt", DETACH))
    os.close(end)
    os.close(closing)
    os.wait()
    look(title + ", who took it off", fds)
    os.chdir("/")


for kind in "bind", "tmpfs":
    top = f"{here}/all/{kind}"
    os.makedirs(top + "/mnt")
    os.makedirs(top + "/src")
    for start in "dir/deep", "below/a/b", "below", "":
        mount_on(top, kind)
        fds = [os.open(f"{top}/mnt/{path}", os.O_PATH) for path in ("", "dir", "dir/deep/in", "below", "below/a/b")]
        bystander(f"{kind}: {start}", f"{top}/mnt/{start}", fds, top)
        for fd in fds:
            os.close(fd)

# What somebody else has pivoted away and taken off.
os.makedirs(here + "/all/root/old")
os.makedirs(here + "/all/stays/a/b")
print(mount("none", here + "/all/root", "tmpfs"))
os.mkdir(here + "/all/root/old")
end, closing = os.pipe()
ready, tell = os.pipe()
sys.stdout.flush()
if not os.fork():
    os.close(closing)
    os.chdir(here + "/all/stays/a/b")
    os.write(tell, b"x")
    os.read(end, 1)
    print(names("../.."), names("../../../root"), t(os.readlink, "/proc/self/cwd"), flush=True)
    os._exit(0)
os.read(ready, 1)
os.chdir(here + "/all/root")
print(call(155, b".", b"old"), call(166, b"/old", DETACH), names("/"), flush=True)
os.close(closing)
os.wait()
END
