# SPDX-License-Identifier: MIT
"""
Tables of system calls, call by argument by fault. Two arguments at a time go through all their values while the others
are right, so the order in which faults count shows as well.
"""
import ctypes
import itertools
import os

from calls import BAD, call, mount

PATHS = [b"missing", b"dir/missing", b"file", b"file/x", b"loop", b"link", b"dangling", b"", b"x" * 300, b"./" * 2100,
         b"mnt", b".", b"..", b"/", None, BAD]


def make_files():
    """What the names of PATHS are, and some more: dir/sub, other, bound, which is a bind of dir, mnt, which is a tmpfs."""
    for path in "dir", "dir/sub", "other", "mnt", "bound":
        os.mkdir(path)
    open("file", "w").close()
    os.symlink("loop", "loop")
    os.symlink("dir", "link")
    os.symlink("missing", "dangling")
    mount(b"none", b"mnt", b"tmpfs")
    mount(b"dir", b"bound", None, 4096)


class Arg:
    """A value with a name of its own."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def make(self):
        return self.value

    def release(self, value):
        pass


class Struct(Arg):
    """Whatever size a call is told: zeros follow."""

    def __init__(self, name, data):
        super().__init__(name, ctypes.create_string_buffer(data, 8192))


class Fd(Arg):
    """A descriptor that is made anew for each call, by a function."""

    def make(self):
        fd = self.value()
        if isinstance(fd, str):
            raise SystemExit("no %s: %s" % (self.name, fd))
        return fd

    def release(self, value):
        os.close(value)


def name(value):
    if isinstance(value, Arg):
        return value.name
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode() if len(value) < 40 else "x*%d" % len(value)
    if value is BAD:
        return "BAD"
    return hex(value) if isinstance(value, int) else str(value)


def rows(right, values):
    """Every pair of arguments through all of their values, each combination once."""
    seen = set()
    for a, b in itertools.combinations(range(len(right)), 2) if len(right) > 1 else [(0, 0)]:
        for x, y in itertools.product(values[a] + [right[a]], values[b] + [right[b]]):
            args = list(right)
            args[a], args[b] = x, y
            key = tuple(name(arg) for arg in args)
            if key not in seen:
                seen.add(key)
                yield args


def made(args):
    return [arg.make() if isinstance(arg, Arg) else arg for arg in args]


def release(args, values):
    for arg, value in zip(args, values):
        if isinstance(arg, Arg):
            arg.release(value)


def table(title, number, right, values, after=lambda args, value: None, judge=lambda args, answer: answer):
    """Prints a line a call. What succeeds is undone by `after`; `judge` has the last word on what is printed."""
    for args in rows(right, values):
        actual = made(args)
        answer = call(number, *actual)
        failed = isinstance(answer, str)
        print(title, *map(name, args), judge(args, answer if failed else "ok"))
        if not failed:
            after(args, answer)
        release(args, actual)


def alone(title, number, right, values, first=()):
    """Each in a process of its own, after the calls `first`."""
    for args in rows(right, values):
        read, write = os.pipe()
        if not os.fork():
            answers = [call(*other) for other in [*first, (number, *made(args))]]
            os.write(write, next((a for a in answers if isinstance(a, str)), "ok").encode())
            os._exit(0)
        os.close(write)
        print(title, *map(name, args), os.read(read, 40).decode())
        os.close(read)
        os.wait()
