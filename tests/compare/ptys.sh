# SPDX-License-Identifier: MIT
# Terminals of a devpts that a guest has mounted: what its options say, who opens ptmx, and what is made by it.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
exec 2>&1
mkdir p bound d other
cat >options.py <<'END'
import stat

from calls import *


def shown(path):
    for line in open("/proc/self/mountinfo"):
        if line.split()[4] == os.path.abspath(path):
            return line.split(" - ")[1].strip()


def look(path="p/ptmx"):
    st = os.stat(path)
    may = "".join(str(int(os.access(path, mode))) for mode in (0, 1, 2, 4, 6))
    return stat.filemode(st.st_mode), st.st_uid, st.st_gid, st.st_rdev, may


def opens(path="p/ptmx", flags=os.O_RDWR, **at):
    try:
        fd = os.open(path, flags | os.O_NOCTTY, **at)
    except OSError as error:
        return errno.errorcode[error.errno]
    os.close(fd)
    return "ok"


def in_flushed_child(what, unshare=0):
    sys.stdout.flush()
    in_child(what, unshare)


def without_capabilities(what):
    def child():
        libc.syscall(126, struct.pack("Ii", 0x20080522, 0), bytes(24))
        what()
    in_flushed_child(child)


for options in ("", "newinstance", "newinstance,ptmxmode=0666,mode=620", "ptmxmode=666", "gid=0", "gid=5", "uid=0,gid=0,mode=0", "uid=9", "mode=7777", "ptmxmode=7777",
                "ptmxmode=17777", "max=5", "max=0", "max=1048576", "max=1048577", "max=-1", "max", "bogus", "mode=9", "mode", "newinstance=1", "ptmxmode", "ptmxmode=",
                "mode=0640,mode=0604", "uid=99999999999", "ro,ptmxmode=600"):
    print(options, mount("X", "p", "devpts", 0, options.encode()), shown("p"))
    if shown("p"):
        print("  ", look(), umount("p"))

print("remount", mount("X", "p", "devpts", 0, b"newinstance,ptmxmode=640,mode=620,max=300,gid=0"), shown("p"), look())
for options in "ptmxmode=0604", "", "max=200,mode=4", "bogus", "max=-1", "uid=0", "ptmxmode=7":
    print("  ", options, mount(None, "p", None, REMOUNT, options.encode()), shown("p"), look())
print("  ", mount(None, "p", None, REMOUNT | RDONLY, b"ptmxmode=666"), shown("p"), look(), opens(), opens("p/new", os.O_CREAT | os.O_RDWR), umount("p"))


def permissions():
    for mode in "000", "666", "066", "600", "400", "200", "4", "2", "100":
        print("  ", mode, mount("X", "p", "devpts", 0, b"ptmxmode=" + mode.encode()), look(), [opens(flags=how) for how in range(4)])

        def less():
            print("      without capabilities", look(), [opens(flags=how) for how in range(4)], opens(flags=os.O_PATH))
        without_capabilities(less)
        in_flushed_child(elsewhere, NEWUSER)
        umount("p")


def elsewhere():
    """Where its owner has no id, capabilities count for nothing."""
    print("      in another user namespace", look(), [opens(flags=how) for how in range(4)])


print("permissions")
permissions()

print("ways", mount("X", "p", "devpts", 0, b"ptmxmode=600"))
for name in "ptmx/", "ptmx/.", "./ptmx", "ptmx/x", "../p/ptmx", "ptmxx":
    print("  ", name, opens("p/" + name), t(os.access, "p/" + name, 6))
for flags in (os.O_PATH, os.O_DIRECTORY, os.O_CREAT, os.O_CREAT | os.O_EXCL, os.O_NOFOLLOW, os.O_TRUNC, os.O_APPEND, os.O_TMPFILE):
    print("  ", hex(flags), opens(flags=flags | os.O_RDWR))
os.symlink("p/ptmx", "link")
print("  link", opens("link"), opens("link", os.O_RDWR | os.O_NOFOLLOW), look("link"))
fd = os.open("p", os.O_RDONLY)
print("  of a directory", opens("ptmx", dir_fd=fd), stat.filemode(os.stat("ptmx", dir_fd=fd).st_mode))
os.chdir("p")
print("  in it", opens("ptmx"), stat.filemode(os.lstat("ptmx").st_mode))
os.chdir("..")
open("file", "w").close()
print("  bound", mount("p/ptmx", "file", None, BIND), opens("file"), look("file"), umount("file"))
print("  bound", mount("p", "bound", None, BIND), opens("bound/ptmx"), look("bound/ptmx"), umount("bound"))
print("  nodev", mount(None, "p", None, REMOUNT | BIND | NODEV), opens(), look(), mount(None, "p", None, REMOUNT | BIND))
os.close(fd)
print(umount("p"))
END
cat >terminal.py <<'END'
import fcntl, stat, struct

from calls import *

TIOCGPTN, TIOCSPTLCK, TIOCGPTPEER = 0x80045430, 0x40045431, 0x5441
here = os.getcwd()


def number(fd):
    return struct.unpack("i", fcntl.ioctl(fd, TIOCGPTN, bytes(4)))[0]


def link(fd, n):
    return os.readlink("/proc/self/fd/%d" % fd).replace(here, "HERE").replace("/%d" % n, "/N")


def terminal(options):
    print(options, mount("X", "p", "devpts", 0, options.encode()))
    master = os.open("p/ptmx", os.O_RDWR | os.O_NOCTTY)
    n = number(master)
    path = "p/%d" % n
    st = os.stat(path)
    print("  ", stat.filemode(st.st_mode), st.st_uid, str(n) in os.listdir("p"), "ptmx" in os.listdir("p"), t(os.open, path, os.O_RDWR | os.O_NOCTTY), link(master, n))
    fcntl.ioctl(master, TIOCSPTLCK, bytes(4))
    slave, peer = os.open(path, os.O_RDWR | os.O_NOCTTY), fcntl.ioctl(master, TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY)
    print("  ", link(slave, n), os.isatty(slave), os.isatty(peer), os.path.sameopenfile(slave, peer), os.path.samestat(st, os.fstat(peer)))
    os.write(slave, b"to the master\n")
    print("  ", os.read(master, 100))
    os.write(master, b"to the slave\n")
    print("  ", os.read(peer, 100))
    again = os.open("/proc/self/fd/%d" % slave, os.O_RDWR | os.O_NOCTTY)
    further = os.open("/proc/self/fd/%d" % master, os.O_RDWR | os.O_NOCTTY)
    print("  ", link(again, n), number(further) != n)
    for fd in slave, peer, again, master, further:
        os.close(fd)
    print("  ", os.path.exists(path), umount("p"))


terminal("newinstance,ptmxmode=666")
terminal("mode=620")
terminal("mode=604")
END
cat >inside.py <<'END'
import fcntl, os, pty

master, slave = os.openpty()
name = os.ttyname(slave)
print(name.rstrip("0123456789"), os.path.samestat(os.stat(name), os.fstat(slave)), os.isatty(master), os.isatty(slave))
peer = fcntl.ioctl(master, 0x5441, os.O_RDWR | os.O_NOCTTY)  # TIOCGPTPEER
print([os.readlink("/proc/self/fd/%d" % fd) == name for fd in (slave, peer)], os.ttyname(peer) == name, os.readlink("/proc/self/fd/%d" % master), oct(os.stat(name).st_mode))
print(pty.spawn(["sh", "-c", "tty | tr -d 0-9; test -t 0 && stty size; echo $((6 * 7)); test -c /dev/tty && echo here >/dev/tty"]))
END
python3 options.py
python3 terminal.py
if command -v bwrap >/dev/null; then
	inside() { bwrap --bind / / --dev /dev --proc /proc "$@" </dev/null; }
	inside script -qc 'tty | tr -d 0-9; stty -a | head -n 1 | cut -d" " -f1-3' /dev/null
	inside python3 inside.py
	inside stat -Lc '%A %u %g %t:%T' /dev/ptmx /dev/pts/ptmx
	inside sh -c 'readlink /dev/ptmx; grep -o " - devpts.*" /proc/self/mountinfo | tail -n 1; test -w /dev/ptmx && echo writable'
fi
# /dev/ptmx, and so the C library's functions
mount -t tmpfs -o mode=755 none d
mkdir d/pts d/shm
ln -s pts/ptmx d/ptmx
ln -s /proc/self/fd d/fd
touch d/null d/tty
mount --bind /dev/null d/null
mount --bind /dev/tty d/tty
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts d/pts
mount --move d /dev 2>/dev/null # which mount(8) is not content with
script -qc 'tty | tr -d 0-9' /dev/null </dev/null
python3 inside.py </dev/null
