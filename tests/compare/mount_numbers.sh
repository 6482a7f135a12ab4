# Mounts by their numbers: statmount(2), listmount(2), statx(2), name_to_handle_at(2) and mountinfo agree.
exec python3 - <<'END'
import ctypes, errno, os, struct

libc = ctypes.CDLL(None, use_errno=True)
FDCWD, EMPTY = -100, 0x1000
BASE = 1 << 31
ROOT = (1 << 64) - 1
NAMES = {"sb": 1, "mnt": 2, "from": 4, "root": 8, "point": 16, "type": 32, "ns": 64, "opts": 128, "source": 512, "array": 1024}
ALL = sum(NAMES.values())


def call(number, *args):
    value = libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(a & ROOT) if isinstance(a, int) else a for a in args])
    return value if value >= 0 else errno.errorcode[ctypes.get_errno()]


def mount(source, target, fstype=None, flags=0, data=None):
    value = libc.mount(source, target, fstype, ctypes.c_ulong(flags), data)
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def request(id, param=0, size=24, spare=0):
    return struct.pack("IIQQQ", size, spare, id & ROOT, param & ROOT, 0)[:max(size, 24)]


def statmount(id, mask=ALL, size=4096, flags=0, **keywords):
    buffer = ctypes.create_string_buffer(max(size, 512))
    ret = call(457, request(id, mask, **keywords), buffer, size, flags)
    if ret != 0:
        return ret
    head = struct.unpack_from("IIQ IIQ II QQ II QQQQQ II Q II IIII", buffer)
    (size, opts, mask, major, minor, magic, flags, type, id, parent, old, old_parent, attr, propagation, peer, master, from_,
     root, point, ns, subtype, source, number, array, _, _) = head
    text = buffer.raw[512:size]

    def string(offset):
        return text[offset:].split(b"\0")[0].decode()
    return {"mask": mask, "dev": (major, minor), "magic": magic, "flags": flags, "type": string(type), "id": id, "parent": parent,
            "old": old, "old_parent": old_parent, "attr": attr, "propagation": propagation, "peer": (peer, master, from_),
            "root": string(root), "point": string(point), "opts": string(opts), "source": string(source),
            "array": text[array:].split(b"\0")[:number]}


def listmount(id, after=0, nr=1000, flags=0, **keywords):
    ids = (ctypes.c_uint64 * max(nr, 1))()
    ret = call(458, request(id, after, **keywords), ids, nr, flags)
    return ret if isinstance(ret, str) else list(ids[:ret])


def statx(path, mask, fd=FDCWD, flags=0):
    buffer = ctypes.create_string_buffer(256)
    ret = call(332, fd, path, flags, mask, buffer)
    return ret if ret else (struct.unpack_from("I", buffer)[0] & 0x5000, struct.unpack_from("Q", buffer, 0x90)[0])


def handle(path, flags=0):
    buffer = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128), 136)
    id = ctypes.c_uint64(0)
    ret = call(303, FDCWD, path, buffer, ctypes.byref(id), flags)
    return ret if ret else id.value


def mountinfo():
    return {int(line.split()[0]): line.split() for line in open("/proc/self/mountinfo")}


here = os.getcwd()
for name in "a", "b", "c":
    os.mkdir(name)
mount(b"one", b"a", b"tmpfs", 2, b"size=8k")
os.makedirs("a/x/y")
mount(b"a/x", b"b", None, 4096)
mount(b"two", b"a/x/y", b"tmpfs", 1 | 8, b"size=1m")
mount(None, b"b", None, 4096 | 32 | 4 | 1024)

info = mountinfo()
old = {name: statx(name.encode(), 0x1000) for name in ("a", "a/x", "b", "a/x/y", "c", ".")}
new = {name: statx(name.encode(), 0x4000) for name in old}
both = {name: statx(name.encode(), 0x5000) for name in old}
print("masks", {m for m, _ in old.values()}, {m for m, _ in new.values()}, {m for m, _ in both.values()})
print("mountinfo", [info[old[n][1]][4].replace(here, "") for n in ("a", "a/x", "b", "a/x/y")], old["c"][1] == old["."][1], old["c"][1] in info)
print("unique", all(id > BASE for _, id in new.values()), len({id for _, id in new.values()}), new == both)
print("handles", handle(b"a") == old["a"][1] or handle(b"a"), handle(b"b") == old["b"][1], handle(b"b", 1) == new["b"][1] or handle(b"b", 1))
fd = os.open("b", os.O_RDONLY)
print("descriptors", statx(b"", 0x1000, fd, EMPTY) == old["b"], statx(b"", 0x4000, fd, EMPTY) == new["b"])

for name in ("a", "b", "a/x/y"):
    st = statmount(new[name][1])
    line = info[old[name][1]]
    print(name, st["old"] == old[name][1], st["id"] == new[name][1], st["old_parent"] == int(line[1]), "%d:%d" % st["dev"] == line[2],
          st["mask"], hex(st["magic"]), st["flags"], st["type"], hex(st["attr"]), st["propagation"], st["peer"], st["root"],
          st["point"].replace(here, ""), st["source"], statmount(st["parent"])["id"] == st["parent"], st["opts"].split(",")[0], st["array"][:1])
print("parents", statmount(new["a/x/y"][1])["parent"] == new["a"][1], statmount(new["b"][1])["parent"] == new["c"][1])
print("parts", [statmount(new["a"][1], mask)["mask"] for mask in (0, *NAMES.values())])
print("errors", statmount(0), statmount(old["a"][1]), statmount(BASE), statmount(1 << 40), statmount(new["a"][1], flags=1),
      statmount(new["a"][1], size=512), statmount(new["a"][1], 3, size=512)["mask"],
      call(457, None, None, 0, 0), call(457, request(new["a"][1], 3), ctypes.c_void_p(1), 512, 0),
      call(457, request(new["a"][1], 3, 8), ctypes.c_void_p(1), 512, 0), call(457, struct.pack("IIQQQQ", 8192, 0, 1, 1, 1, 1), None, 512, 0),
      call(457, struct.pack("IIQQQQ", 40, 0, new["a"][1], 1, 0, 1), None, 512, 0))

all_ = listmount(ROOT)
print("list", all_ == sorted(all_), {statmount(i)["old"] for i in all_} == set(mountinfo()), listmount(ROOT, 0, 1000, 1) == all_[::-1])
print("below", listmount(new["a"][1]) == [new["a/x/y"][1]], listmount(new["b"][1]), listmount(new["a/x/y"][1]))
print("pieces", listmount(ROOT, all_[1], 2) == all_[2:4], listmount(ROOT, all_[3], 2, 1) == all_[1:3][::-1], listmount(ROOT, all_[-1]),
      listmount(ROOT, 0, 0))
print("errors", listmount(0), listmount(5), listmount(1 << 40), listmount(ROOT, 5), listmount(ROOT, flags=2),
      call(458, request(ROOT), None, 1000001, 0), call(458, request(ROOT), ctypes.c_void_p(1), 1, 0), call(458, None, None, 0, 0))
os.mkdir("root")
mount(b"r", b"root", b"tmpfs")
os.mkdir("root/in")
mount(b"in", b"root/in", b"tmpfs")
outside = new["a"][1]
os.chroot("root")
os.chdir("/")
print("chroot", [statmount(i)["point"] for i in listmount(ROOT)], len(listmount(ROOT)), statmount(outside)["point"], len(listmount(outside)))
END
