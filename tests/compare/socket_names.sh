#!/bin/sh
# SPDX-License-Identifier: MIT
# The name of a socket is the text that bind(2) was given, for all who ask: relative or absolute, below mounts, by way
# of symlinks, and as long as a name may be. getsockname(2), getpeername(2), accept(2), recvfrom(2), recvmsg(2),
# recvmmsg(2).
exec python3 - <<'END'
import ctypes, errno, os, socket

libc = ctypes.CDLL(None, use_errno=True)
BIND = 4096
here = os.getcwd()


def mount(source, target, fstype=None, flags=0):
    assert libc.mount(source, target, fstype, ctypes.c_ulong(flags), None) == 0


def name(text):
    if isinstance(text, bytes):
        text = text.split(b"\0")[0].decode()
    return text.replace(here, "HERE") if text else text


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("iov", ctypes.POINTER(Iovec)),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("pad", ctypes.c_int), ("len", ctypes.c_uint), ("pad2", ctypes.c_int)]


def recvmmsg(sock, room):
    names = [ctypes.create_string_buffer(b"-" * room, room) for _ in range(3)]
    data = [ctypes.create_string_buffer(8) for _ in range(3)]
    vectors = [Iovec(ctypes.cast(d, ctypes.c_void_p), 8) for d in data]
    messages = (Message * 3)(*[Message(ctypes.cast(n, ctypes.c_void_p), room, ctypes.pointer(v), 1, None, 0, 0, 0, 0, 0)
                               for n, v in zip(names, vectors)])
    count = libc.recvmmsg(sock.fileno(), messages, 3, socket.MSG_DONTWAIT, None)
    return [(m.namelen - len(here) * n.raw.startswith(b"\1\0" + here.encode()), name(n.raw[2:]), d.raw[:m.len])
            for m, n, d in list(zip(messages, names, data))[:count]]


def streams(where):
    server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    server.bind(where + "S")
    client.bind(where + "C")
    server.listen()
    client.connect(where + "S")
    peer, address = server.accept()
    print("stream", name(server.getsockname()), name(address), name(peer.getsockname()), name(peer.getpeername()),
          name(client.getsockname()), name(client.getpeername()))
    client.sendall(b"abcd")
    print("       ", [type(a).__name__ if a is None else name(a) for a in (peer.recvfrom(1)[1], peer.recvmsg(1)[3])])


def datagrams(where):
    server, client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(where + "s")
    client.bind(where + "c")
    for text in b"one", b"two", b"three", b"four":
        client.sendto(text, where + "s")
    data, address = server.recvfrom(9)
    print("datagram", data, name(address), end=" ")
    server.sendto(b"reply", address)
    data, _, _, address = client.recvmsg(9)
    print(data, name(address))
    print("        ", recvmmsg(server, 110), recvmmsg(server, 110))
    client.sendto(b"last", where + "s")
    print("        ", [n[1][:9] for n in recvmmsg(server, 9)])


for directory in "private", "tmp", "mem", "plain":
    os.mkdir(directory)
mount(b"private", b"tmp", None, BIND)
mount(b"none", b"mem", b"tmpfs")
os.mkdir("mem/deeper")
os.symlink(here + "/mem/deeper", "link")
for where in "plain/", "tmp/", here + "/tmp/", "mem/", "mem/../mem//deeper/", here + "/mem/", "link/":
    print(where.replace(here, "HERE"))
    streams(where)
    datagrams(where)
    for made in "SCsc":
        os.unlink(where + made)
os.chdir("mem")
streams("")
datagrams("./")
os.mkdir("a" * 60)
streams("a" * 60 + "/")
long = "b" * (107 - len("mem/a/"))
os.mkdir("a")
streams("a/" + long[:90])
where = here + "/mem/"
where += "x" * (106 - len(where) - 1) + "/"
os.mkdir(where)
streams(where)
datagrams(where)
# What it is not: too small a buffer, no name at all, an abstract one.
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
b.send(b"x")
print(a.recvfrom(1))
a = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
a.bind("\0abstract-%d" % os.getpid())
c = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
c.bind("\0other-%d" % os.getpid())
c.sendto(b"x", a.getsockname())
print(a.recvfrom(1)[1] == c.getsockname())
i = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
i.bind(("127.0.0.1", 0))
i.sendto(b"x", i.getsockname())
print(i.recvfrom(1)[1] == i.getsockname())
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
t = socket.socket()
t.connect(s.getsockname())
print(s.accept()[1] == t.getsockname())
END
