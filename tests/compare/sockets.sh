# Sockets with paths: on mounts, relative and long names, what getsockname(2) says, descriptors and credentials.
exec python3 - <<'END'
import array, ctypes, errno, os, socket, stat, struct

libc = ctypes.CDLL(None, use_errno=True)
BIND, REMOUNT, RDONLY = 4096, 32, 1
here = os.getcwd()


def mount(source, target, fstype=None, flags=0):
    value = libc.mount(source, target, fstype, ctypes.c_ulong(flags), None)
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def t(call, *args):
    try:
        value = call(*args)
        return "ok" if value is None else value
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


def relative(name):
    return os.path.abspath(name).replace(here, "HERE")


def talk(where, also=None):
    server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    print("bind", t(server.bind, where), relative(server.getsockname()), end=" ")
    server.listen()
    print(t(client.connect, also or where), end=" ")
    peer, address = server.accept()
    client.sendall(b"hello")
    print(peer.recv(5), relative(peer.getsockname()), relative(client.getpeername()), repr(address), end=" ")
    print(oct(os.stat(also or where).st_mode), t(server.bind, where + "x"),
          t(socket.socket(socket.AF_UNIX).bind, where))
    creds = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    print("credentials", creds[0] == os.getpid(), creds[1] == os.getuid(), creds[2] == os.getgid())
    for s in server, client, peer:
        s.close()
    print(t(socket.socket(socket.AF_UNIX).connect, where), t(os.unlink, where),
          t(socket.socket(socket.AF_UNIX).connect, where))


os.umask(0o027)
for name in "private", "tmp", "mem", "ro":
    os.mkdir(name)
print(mount(b"private", b"tmp", None, BIND), mount(b"none", b"mem", b"tmpfs"),
      mount(b"private", b"ro", None, BIND), mount(None, b"ro", None, BIND | REMOUNT | RDONLY))
talk("plain")
talk(here + "/plain")
talk("tmp/sock")
talk(here + "/tmp/sock")
talk(here + "/tmp/sock", here + "/private/sock")
talk(here + "/private/sock", "ro/sock")
talk("mem/sock")
talk(here + "/mem/sock")
os.symlink(here + "/tmp", "mem/link")
os.chdir("mem")
talk("sock")
talk("./sock")
talk("../tmp/sock")
os.chdir(here)
os.mkdir("tmp/" + "d" * 60)
os.chdir("tmp/" + "d" * 60)
talk("s" * 100)
os.chdir(here)

s = socket.socket(socket.AF_UNIX)
print("errors", t(s.connect, "tmp/none"), t(s.connect, "none/x"), t(s.connect, ""), t(s.connect, "tmp"),
      t(s.bind, "none/x"), t(s.bind, "tmp"), t(s.bind, "ro/new"), t(s.bind, "tmp/."), t(s.bind, "/"))
print("not a socket", t(lambda: libc.connect(0, b"\1\0tmp/none12345\0", 17)), t(libc.bind, 99, b"\1\0x\0", 4),
      ctypes.get_errno() == errno.EBADF)
inet = socket.socket(socket.AF_INET)
print("other family", libc.connect(inet.fileno(), b"\1\0tmp/none12345\0", 17),
      errno.errorcode[ctypes.get_errno()], libc.bind(inet.fileno(), b"\1\0tmp/none12345\0", 17),
      errno.errorcode[ctypes.get_errno()])
print("lengths", libc.connect(s.fileno(), b"\1\0x", 200), errno.errorcode[ctypes.get_errno()],
      libc.connect(s.fileno(), b"\1\0x", -1), errno.errorcode[ctypes.get_errno()],
      libc.connect(s.fileno(), b"\1\0" + b"x" * 120, 115), errno.errorcode[ctypes.get_errno()],
      libc.connect(s.fileno(), ctypes.c_void_p(1), 10), errno.errorcode[ctypes.get_errno()])
name = "\0secede-test-%d" % os.getpid()
print("abstract", t(s.bind, name), s.getsockname() == name.encode(),
      t(socket.socket(socket.AF_UNIX).connect, name))

a, b = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
a.bind("tmp/a")
print("datagrams", t(b.sendto, b"one", "tmp/a"), t(b.sendto, b"two", here + "/private/a"),
      t(b.sendto, b"x", "tmp/none"), t(b.sendmsg, [b"th", b"ree"], [], 0, "mem/link/a"),
      [a.recv(9) for i in range(3)])
fds = array.array("i", [os.open("/dev/null", os.O_RDONLY)])
print("descriptor", t(b.sendmsg, [b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)], 0, "tmp/a"),
      len(a.recvmsg(1, 100)[1]))


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("len", ctypes.c_size_t)]


class Mmsghdr(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("namelen", ctypes.c_int), ("iov", ctypes.POINTER(Iovec)),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("pad", ctypes.c_int), ("len", ctypes.c_uint), ("pad2", ctypes.c_int)]


def message(path, text):
    name = b"\1\0" + path + b"\0"
    return Mmsghdr(name, len(name), ctypes.pointer(Iovec(text, len(text))), 1, None, 0, 0, 0, 99)


vector = (Mmsghdr * 3)(message(b"tmp/a", b"first"), message(b"private/a", b"second message"),
          message(b"none", b"third"))
print("sendmmsg", libc.sendmmsg(b.fileno(), vector, 3, 0), [m.len for m in vector], a.recv(99), a.recv(99))
print("sendmmsg", libc.sendmmsg(b.fileno(), ctypes.byref(vector, 2 * ctypes.sizeof(Mmsghdr)), 1, 0),
      errno.errorcode[ctypes.get_errno()], libc.sendmmsg(b.fileno(), vector, 0, 0),
      libc.sendmmsg(99, vector, 0, 0), errno.errorcode[ctypes.get_errno()])
END
