# SPDX-License-Identifier: MIT
# Directories that come by a message or by pidfd_getfd(2): of proc, which hide what they hid, of a tmpfs and of a bind. By
# whom they were opened: a process in the same mount namespace, or in another one.
exec python3 - <<'END'
import os
import re
import socket
import struct

from calls import *

PIDFD_OPEN, PIDFD_GETFD = 434, 438
here = os.getcwd()
PLACES = ("/proc", "p", "p/self/fd", "p/self/fdinfo", "p/self/task", "hidden", "tmp", "tmp/dir", "bound", "bound/dir", "readonly")


def come(sending):
    """A process that opens those places, after it has left the mount namespace or not, and sends them; its pid."""
    ours, theirs = socket.socketpair()
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            if sending != "same":
                libc.unshare(NEWNS)
                mount(None, "/", None, PRIVATE | REC)
            make()
            for place in PLACES:
                for how in os.O_RDONLY, os.O_PATH:
                    fd = os.open(place, how)
                    socket.send_fds(theirs, [struct.pack("2i", fd, mount_of(fd))], [fd])
                    theirs.recv(1)
        finally:
            os._exit(0)
    theirs.close()
    return ours, pid


def make():
    print(mount("none", "p", "proc"), mount("none", "hidden", "proc", 0, b"hidepid=2,subset=pid"), mount("none", "tmp", "tmpfs"))
    os.makedirs("tmp/dir/on")
    open("tmp/dir/file", "w").close()
    print(mount("none", "tmp/dir/on", "tmpfs"), mount("shown", "bound", None, BIND), mount("none", "bound/dir/on", "tmpfs"))
    open("tmp/dir/on/above", "w").close()
    open("bound/dir/on/above", "w").close()
    print(mount("shown", "readonly", None, BIND), mount(None, "readonly", None, BIND | REMOUNT | RDONLY))


def mount_of(fd):
    return int(re.search(r"mnt_id:\t(\d+)", open(f"/proc/self/fdinfo/{fd}").read())[1])


def hidden(fd):
    """Is there a process in the list that cannot be found in it?"""
    listed = t(os.listdir, fd)
    seen = [name for name in listed if name.isdigit()] if "self" in listed else []
    return len([name for name in seen if not os.path.exists(f"/proc/{name}") and name in os.listdir(fd)])


def below(fd):
    return [(name, t(lambda: bool(os.stat(name, dir_fd=fd)))) for name in
            ("self", "self/fd", "self/../sys", "mounts", "file", "dir/file", "on/above", "dir/on/above", "..", "../dir/file", "../missing")]


def look(fd, known, elsewhere):
    path = t(os.readlink, f"/proc/self/fd/{fd}")
    fs = t(os.fstatvfs, fd)
    # The mounts of another namespace are not known but that one.
    print("  ", hidden(fd), elsewhere or path.replace(here, "HERE").replace(str(known["pid"]), "PID"), hex(fs.f_flag & 15) if not isinstance(fs, str) else fs, mount_of(fd) == known["mnt"])
    print("    ", [answer for name, answer in below(fd) if not elsewhere or "on/" not in name and ".." not in name])
    listed = t(os.listdir, fd)
    if isinstance(listed, list):
        if "self" in listed or str(known["pid"]) in listed:
            print("    ", [name in listed for name in ("self", "mounts", str(known["pid"]), str(os.getpid()))])
        else:
            print("    ", sorted(listed))
    opened = t(os.open, "self", os.O_RDONLY, dir_fd=fd)
    if isinstance(opened, int):
        print("    ", t(os.readlink, "self", dir_fd=fd) == str(os.getpid()), len(t(os.listdir, opened)) > 20, hidden(opened))
        os.close(opened)
    print("    ", t(lambda: os.close(os.open("new", os.O_CREAT | os.O_WRONLY, dir_fd=fd))), t(lambda: os.unlink("new", dir_fd=fd)))


for name in ("p", "hidden", "tmp", "bound", "readonly", "shown/dir/on"):
    os.makedirs(name)
open("shown/dir/file", "w").close()
for sending in "same", "another":
    ours, pid = come(sending)
    pidfd = call(PIDFD_OPEN, pid, 0)
    print("none", {t(socket.send_fds, ours, [b"x"], [number]) for number in range(1000, 1100)}, {call(PIDFD_GETFD, pidfd, number, 0) for number in range(1000, 1100)})
    for place in PLACES:
        for how in "open", "path":
            message, (fd,), _, _ = socket.recv_fds(ours, 8, 1)
            number, mnt = struct.unpack("2i", message)
            print(sending, place, how)
            # Which mount it is that shows what the host has elsewhere, too, is not known of what comes by a message.
            if place not in ("bound", "bound/dir", "readonly"):
                look(fd, {"pid": pid, "mnt": mnt}, sending == "another")
            fd = call(PIDFD_GETFD, pidfd, number, 0)
            print("  by its number")
            if sending == "same" or place != "readonly":
                look(fd, {"pid": pid, "mnt": mnt}, sending == "another")
            ours.send(b"x")
    os.waitpid(pid, 0)
    if sending == "same":
        print([umount(name, DETACH) for name in ("p", "hidden", "tmp", "bound", "readonly")])
