# SPDX-License-Identifier: MIT
# Shared subtrees: random mounts, binds, moves, remounts, unmounts and changes of type in several namespaces, some of
# other users. After each step every tree must look the same, with groups numbered as they appear.
# native: unshare -Urm --propagation private sh
# secede: secede -Urm sh
exec python3 - "$@" <<'END'
import ctypes, errno, os, random, sys

libc = ctypes.CDLL(None, use_errno=True)
REMOUNT, BIND, MOVE, REC, DETACH = 32, 4096, 8192, 16384, 2
RDONLY, NOSUID, NOEXEC, NOATIME, STRICTATIME = 1, 2, 8, 1024, 1 << 24
TYPES = {"unbindable": 1 << 17, "private": 1 << 18, "slave": 1 << 19, "shared": 1 << 20}
NEWNS, NEWUSER = 0x20000, 0x10000000
HERE = os.getcwd()


def result(value):
    return "ok" if value >= 0 else errno.errorcode[ctypes.get_errno()]


def mount(source, target, fstype=None, flags=0):
    source = source and source.encode()
    return result(libc.mount(source, target.encode(), fstype and fstype.encode(), ctypes.c_ulong(flags), None))


def mounts():
    """The tree below HERE: lines of depth, point, part of the file system, optional fields."""
    entries = {}
    for line in open("/proc/self/mountinfo"):
        f = line.split()
        end = f.index("-")
        entries[f[0]] = (f[1], f[4], f[3], f[6:end] + ["("] + f[5].split(",") + [")"], f[end + 1])
    below = {}
    for id, e in entries.items():
        if id != e[0]:
            below.setdefault(e[0], []).append(id)
    lines = []

    def show(id, depth):
        parent, point, part, optional, fstype = entries[id]
        if point.startswith(HERE):
            lines.append("%d %s %s %s" % (depth, point[len(HERE):], part if fstype == "tmpfs" else "-",
                                          " ".join(optional)))
            depth += 1
        for child in sorted(below.get(id, []), key=lambda c: entries[c][1]):
            show(child, depth)

    for id in entries:
        if entries[id][0] not in entries or entries[id][0] == id:
            show(id, 0)
    return lines


def directories():
    """All below t, not too deep."""
    found = []
    for path, names, _ in os.walk("t"):
        names.sort()
        found.append(path)
        if path.count("/") > 4:
            names.clear()
    return found


def run(command):
    what, arguments = command[0], command[1:]
    if what == "directories":
        return directories()
    if what == "mounts":
        return mounts()
    if what == "tmpfs":
        answer = mount("none", arguments[0], "tmpfs", arguments[1])
        if answer == "ok" and not arguments[1]:
            for name in "xy":
                try:
                    os.mkdir(arguments[0] + "/" + name)
                except OSError as error:  # it was passed on to what is above it
                    answer += " " + errno.errorcode[error.errno]
        return answer
    if what == "umount":
        return result(libc.umount2(arguments[0].encode(), arguments[1]))
    if what == "beneath":
        return result(libc.syscall(429, -100, arguments[0].encode(), -100, arguments[1].encode(), 0x200))
    return mount(*arguments)


class Namespace:
    """A process in a namespace that is copied from that of another one, who forks it."""

    def __init__(self, flags):
        there, self.input = os.pipe()
        self.output, back = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            # Nobody else's pipes, so that the end of one process ends those that it has made.
            for fd in range(3, 100):
                if fd not in (there, back):
                    try:
                        os.close(fd)
                    except OSError:
                        pass
            if flags and libc.unshare(flags) < 0:
                print("unshare", result(-1), flush=True)
                os._exit(1)
            if flags & NEWUSER:
                for file, text in ("setgroups", "deny"), ("uid_map", "0 0 1"), ("gid_map", "0 0 1"):
                    open("/proc/self/" + file, "w").write(text)
            self.serve(open(there), open(back, "w"))
        os.close(there)
        os.close(back)
        self.input, self.output = open(self.input, "w"), open(self.output)

    def serve(self, commands, answers):
        children = {}
        os.chdir(HERE)
        for line in commands:
            command = eval(line)
            if command[0] == "copy":
                children[command[1]] = Namespace(command[2])
                answer = "ok"
            elif command[0] == "pass":
                answer = children[command[1]].ask(*command[2:])
            elif command[0] == "end":
                os._exit(0)
            else:
                answer = run(command)
            print(repr(answer), file=answers, flush=True)
        os._exit(0)

    def ask(self, *command):
        print(repr(command), file=self.input, flush=True)
        if command[0] != "end":
            return eval(self.output.readline())


class Session:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.first = Namespace(NEWNS)
        self.ways = {0: []}
        self.next = 1

    def ask(self, ns, *command):
        for hop in reversed(self.ways[ns]):
            command = ("pass", hop) + command
        return self.first.ask(*command)

    def step(self):
        r, ns = self.random, self.random.choice(sorted(self.ways))
        what = r.choice(["tmpfs"] * 5 + ["bind"] * 4 + ["rbind", "move", "move"] + ["beneath"] * 6 + ["umount"] * 4 + ["detach"] +
                        ["shared"] * 4 + ["slave"] * 3 + ["private", "unbindable"] + ["copy", "users"] + ["remount"] * 2)
        paths = self.ask(ns, "directories")
        points = sorted({line.split()[1][1:] for line in self.ask(ns, "mounts")} - {""})
        a, b, p = r.choice(paths), r.choice(paths), r.choice(points)
        rec = REC if r.random() < 0.4 else 0
        if p == "t" and what in ("umount", "detach", "move", "beneath"):
            what = "shared"
        if what in ("copy", "users"):
            if len(self.ways) >= 6:
                return "no copy"
            self.ways[self.next] = self.ways[ns] + [self.next]
            self.next += 1
            return "%s of %d: %s" % (what, ns, self.ask(ns, "copy", self.next - 1,
                                                        NEWNS | (NEWUSER if what == "users" else 0)))
        if what == "tmpfs":
            b = r.choice([0] * 5 + [RDONLY, NOSUID | NOATIME])
            answer = self.ask(ns, "tmpfs", a, b)
        elif what == "bind" or what == "rbind":
            if len(self.ask(ns, "mounts")) > 60:
                rec = 0
            answer = self.ask(ns, "mount", a, b, None, BIND | (REC if what == "rbind" else 0))
        elif what == "move":
            answer, a = self.ask(ns, "mount", p, b, None, MOVE), p
        elif what == "beneath":
            a, b = p, r.choice(points)
            answer = self.ask(ns, "beneath", a, b)
        elif what == "umount" or what == "detach":
            answer, a, b = self.ask(ns, "umount", p, DETACH if what == "detach" else 0), p, ""
        elif what == "remount":
            a, b = p, sum(r.sample([RDONLY, NOSUID, NOEXEC, NOATIME, STRICTATIME], r.randrange(3)))
            answer = self.ask(ns, "mount", None, p, None, REMOUNT | BIND | b)
        else:
            answer, a, b = self.ask(ns, "mount", None, p, None, TYPES[what] | rec), p, ("rec" if rec else "")
        return "%d: %s %s %s: %s" % (ns, what, a, b, answer)

    def dump(self):
        numbers = {}
        for ns in sorted(self.ways):
            for line in self.ask(ns, "mounts"):
                words = line.split(" ")
                for i, word in enumerate(words[3:], 3):
                    if ":" in word:
                        kind, number = word.split(":")
                        words[i] = kind + ":%d" % numbers.setdefault(number, len(numbers) + 1)
                print("   ", ns, " ".join(words).rstrip())


def session(seed, steps):
    print("seed", seed)
    s = Session(seed)
    print(s.ask(0, "tmpfs", "t", 0))
    for path in "t/x", "t/y":
        s.ask(0, "tmpfs", path, 0)
    for _ in range(steps):
        print(s.step())
        s.dump()
    s.first.ask("end")
    os.waitpid(s.first.pid, 0)


os.mkdir("t")
for seed in range(12):
    session(seed, 40)
    sys.stdout.flush()
END
