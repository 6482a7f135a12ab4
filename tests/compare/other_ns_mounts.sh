# SPDX-License-Identifier: MIT
# statmount(2) and listmount(2) of another mount namespace, by its id and by a descriptor (NS_GET_MNTNS_ID of ioctl_nsfs(2)).
exec python3 - <<'END'
import fcntl, os, struct, sys

from calls import *

STATMOUNT, LISTMOUNT, STATX, BASE, ROOT = 457, 458, 332, 1 << 31, (1 << 64) - 1
here = os.getcwd()


def ns_id(fd):
    buffer = bytearray(8)
    answer = t(fcntl.ioctl, fd, 0x8008b705, buffer)
    return struct.unpack("Q", buffer)[0] if answer == 0 else answer


def request(id, param, ns=0, fd=0):
    return struct.pack("IiQQQ", 32, fd, id, param, ns)


def unique(path):
    stx = ctypes.create_string_buffer(256)
    call(STATX, FDCWD, path, 0, 0x4000, stx)
    return struct.unpack_from("Q", stx, 0x90)[0]


def statmount(id, **ns):
    """The point and the type, and whether the namespace is said to be the one that was asked for."""
    text = ctypes.create_string_buffer(4096)
    answer = call(STATMOUNT, request(id, 0x10 | 0x20 | 0x40, **ns), text, 4096, 0)
    if answer:
        return answer
    type, = struct.unpack_from("I", text, 36)
    point, = struct.unpack_from("I", text, 108)
    said, = struct.unpack_from("Q", text, 112)
    strings = [text.raw[512 + at:].split(b"\0")[0].decode().replace(here, "HERE") for at in (type, point)]
    return strings, said == (ns.get("ns") or ids["other"] if ns else ids["own"])


def listmount(id=ROOT, **ns):
    """The points of those that are ours."""
    found = (ctypes.c_ulong * 1000)()
    count = call(LISTMOUNT, request(id, 0, **ns), found, 1000, 0)
    return count if isinstance(count, str) else sorted(name for name in (str(statmount(found[i], **ns)) for i in range(count)) if "HERE" in name)


def child(function):
    """A process that does that and waits to be told its end; its pid."""
    told, tell = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        function()
        os.write(tell, b"x")
        os.read(end, 1)
        os._exit(0)
    os.read(told, 1)
    os.close(told)
    os.close(tell)
    return pid


def other():
    call(272, NEWNS)
    mount("none", here + "/b", "tmpfs")
    mount("none", here + "/b/c", "tmpfs")
    os.mkdir(here + "/b/in")
    mount("none", here + "/b/in", "tmpfs")
    shared.write(struct.pack("Q", unique(b"b/in")))
    shared.flush()


os.mkdir("a")
os.mkdir("b")
end, closing = os.pipe()
shared = open("shared", "w+b")
print(mount("none", here + "/a", "tmpfs"))
pid = child(other)
own, fd, uts = (os.open("/proc/%s/ns/%s" % name, os.O_RDONLY) for name in (("self", "mnt"), (pid, "mnt"), (pid, "uts")))
ids = {"own": ns_id(own), "other": ns_id(fd)}
print("ids", ids["own"] == ids["other"], [isinstance(n, int) and n > 0 for n in ids.values()], ns_id(uts), ns_id(shared.fileno()))
inside, = struct.unpack("Q", open("shared", "rb").read())
a = unique(b"a")
print("own", statmount(a), statmount(a, ns=ids["own"]), statmount(inside), listmount(), listmount(ns=ids["own"]) == listmount())
print("id", statmount(inside, ns=ids["other"]), listmount(ns=ids["other"]), listmount(inside, ns=ids["other"]))
print("fd", statmount(inside, fd=fd), listmount(fd=fd), statmount(inside, fd=uts), statmount(inside, fd=shared.fileno()), statmount(inside, fd=999), statmount(inside, fd=-1),
      statmount(inside, fd=fd, ns=ids["other"]), listmount(fd=uts), listmount(fd=999))
print("none", statmount(a, ns=1 << 40), listmount(ns=1 << 40), statmount(1, ns=ids["other"]), listmount(1, ns=1 << 40))
sys.stdout.flush()
if not os.fork():
    call(272, NEWUSER | NEWNS)
    print("powerless", statmount(inside, ns=ids["other"]), listmount(ns=ids["other"]), statmount(inside, fd=fd), len(listmount(fd=fd)), flush=True)
    os._exit(0)
os.wait()

# When the last who was in one has been waited for, it is gone.
answers = set()
for i in range(100):
    last = child(lambda: call(272, NEWNS))
    last_ns = os.open("/proc/%s/ns/mnt" % last, os.O_RDONLY)
    id = ns_id(last_ns)
    os.close(last_ns)
    before = listmount(ns=id)
    os.kill(last, 9)
    os.waitpid(last, 0)
    answers.add((len(before) > 0, str(listmount(ns=id))))
print("gone at once", answers)
os.close(fd)
os.close(uts)
os.close(closing)
os.kill(pid, 9)
os.wait()
print("gone", statmount(inside, ns=ids["other"]), listmount(ns=ids["other"]))
