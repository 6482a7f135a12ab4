# SPDX-License-Identifier: MIT
# Mounts of proc with hidepid=, gid= and subset=pid: what mountinfo says of them, what they take by mount(2), remount and
# fsconfig(2), and what they show to whom.
exec python3 - <<'END'
import os, subprocess

from calls import *

FSOPEN, FSCONFIG, FSMOUNT, FSPICK, MOVE_MOUNT = 430, 431, 432, 433, 429
STRING, CREATE, RECONFIGURE = 1, 6, 7


def shown(path):
    for line in open("/proc/self/mountinfo"):
        field = line.split()
        if field[4] == os.path.abspath(path):
            return field[5], field[-1]


def messages(fd):
    out = []
    while isinstance(text := t(os.read, fd, 1000), bytes):
        out.append(text.decode().strip())
    return out


os.mkdir("p")
for options in ("hidepid=0", "hidepid=1", "hidepid=2", "hidepid=4", "hidepid=off", "hidepid=noaccess", "hidepid=invisible", "hidepid=ptraceable", "hidepid=3",
                "hidepid=x", "hidepid=", "hidepid", "hidepid=0x2", "hidepid=-1", "gid=0", "gid=77", "gid=x", "gid=", "subset=pid", "subset=pid,hidepid=2,gid=5",
                "subset=x", "subset", "subset=", "hidepid=2,hidepid=0", "hidepid=1,bogus", "pid"):
    print(options, mount("none", "p", "proc", 0, options.encode()), shown("p"), umount("p"))

print("remount", mount("none", "p", "proc"), shown("p"))
for options in "hidepid=2", "subset=pid", "gid=7", "hidepid=1", "hidepid=x", "", "hidepid=off,gid=0", "ro":
    print(options, mount(None, "p", None, REMOUNT, options.encode()), shown("p"))
fd = call(FSPICK, FDCWD, b"p", 1)
print("fspick", call(FSCONFIG, fd, STRING, b"hidepid", b"4", 0), call(FSCONFIG, fd, STRING, b"hidepid", b"9", 0), call(FSCONFIG, fd, STRING, b"subset", b"net", 0),
      messages(fd), shown("p"), call(FSCONFIG, fd, RECONFIGURE, None, None, 0), shown("p"))
os.close(fd)
print("each its own", mount("none", "p", "proc", 0, b"hidepid=invisible"), shown("/proc")[1].split(",hidepid")[0], umount("p"), shown("p"), umount("p"))
fd = call(FSOPEN, b"proc", 1)
print("fsopen", call(FSCONFIG, fd, STRING, b"hidepid", b"ptraceable", 0), call(FSCONFIG, fd, STRING, b"subset", b"pid", 0), call(FSCONFIG, fd, CREATE, None, None, 0))
tree = call(FSMOUNT, fd, 1, 0)
print("moved", call(MOVE_MOUNT, tree, b"", FDCWD, b"p", 4), shown("p"), umount("p"))
os.close(tree), os.close(fd)
print("p", umount("p"))

# Who is there: this one, which has all capabilities, one that has none, and process 1.
LOOK = r'''
import os, sys
def t(function, *args):
    try:
        function(*args)
        return "ok"
    except OSError as error:
        return error.strerror
who = dict(word.split("=") for word in sys.argv[1:])
for name, pid in [*who.items(), ("me", str(os.getpid())), ("self", "self"), ("thread", "thread-self"), ("nobody", "999999999"), ("0", "0"), ("zeros", "00" + str(os.getpid()))]:
    p = "p/" + pid
    print("  ", name, pid in os.listdir("p"), t(os.stat, p), t(os.listdir, p), t(os.stat, p + "/stat"), t(open, p + "/stat"), t(os.stat, p + "/missing"), t(os.listdir, p + "/task"),
          t(os.stat, p + "/task/" + pid), t(open, p + "/status"))
print("  ", [t(os.stat, "p/" + n) for n in ("cmdline", "sys", "sys/kernel/hostname", "mounts", "net", "filesystems", "locks", "self/mounts", "self/net", "missing", ".", "..", "self/../sys")],
      [t(open, "p/" + n) for n in ("cmdline", "sys/kernel/hostname", "mounts", "filesystems", "stat", "self/mountinfo", "locks")],
      sorted(n for n in os.listdir("p") if n in ("sys", "cmdline", "self", "thread-self", "mounts", "version")))
d = os.open("p", os.O_PATH)
print("  ", t(lambda: os.stat("sys", dir_fd=d)), t(lambda: os.stat("self", dir_fd=d)), t(lambda: os.stat(who["other"], dir_fd=d)), t(lambda: os.stat(who["other"] + "/stat", dir_fd=d)))
'''


def plain(args):
    """Runs it as an ordinary user without capabilities."""
    return subprocess.Popen(args, preexec_fn=become_ordinary, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


os.chmod(".", 0o755)
other = plain(["python3", "-c", "import sys; print('up', flush=True); sys.stdin.read()"])
other.stdout.readline()
who = ["other=%d" % other.pid, "parent=%d" % os.getpid()]
for options in "", "hidepid=1", "hidepid=2", "hidepid=4", "subset=pid", "hidepid=2,subset=pid", "hidepid=2,gid=1000", "hidepid=2,gid=77", "hidepid=1,gid=1000", "hidepid=4,gid=1000":
    mount("none", "p", "proc", 0, options.encode())
    print(options, "plain", flush=True)
    print(plain(["python3", "-c", LOOK, *who, "first=1"]).communicate("")[0])
    print(options, "capable", flush=True)
    print(subprocess.run(["python3", "-c", LOOK, *who], stdout=subprocess.PIPE, text=True).stdout)
    print(umount("p"))
# Who is in such a mount when it is taken off sees no more of it than before.
here = os.getcwd()
print(mount("none", "p", "proc", 0, b"hidepid=2,subset=pid"))
os.chdir("p")
print(umount(f"{here}/p", DETACH))
look = f"import os; print([os.access(n, 0) for n in ('{other.pid}', 'self', 'mounts')], '{other.pid}' in os.listdir(), 'mounts' in os.listdir())"
print(plain(["python3", "-c", look]).communicate("")[0], subprocess.run(["python3", "-c", look], stdout=subprocess.PIPE, text=True).stdout)
os.chdir(here)
other.communicate("")
END
