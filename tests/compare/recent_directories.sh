# What a task remembers of the directory that it has just looked into: when that leaves its name, and a symlink comes there,
# whoever did it, the next look is behind the symlink, where mounts of our own are. At the symlink's target stands
# something else on the host.
exec python3 - <<'END'
import ctypes, os, subprocess

from calls import *

here = os.getcwd()
EXCHANGE, AT_FDCWD = 2, -100


def exchange(old, new):
    if libc.renameat2(AT_FDCWD, old.encode(), AT_FDCWD, new.encode(), EXCHANGE):
        raise OSError(ctypes.get_errno(), "renameat2")


def make(top, length):
    os.makedirs(f"{top}/in/deep")
    for name in f"{top}/in/file", f"{top}/in/deep/file":
        with open(name, "w") as f:
            f.write("x" * length)


# Of one, two and three bytes: what is remembered, what the host has behind the symlink, and what is there for us.
make("hidden", 2)
make("shown", 3)
subprocess.run(["mount", "--bind", "shown", "hidden"], check=True)
os.symlink(f"{here}/hidden", "link")
os.symlink(f"{here}/hidden/in", "link-in")
os.symlink(f"{here}/hidden/in/deep", "link-deep")


def by_itself(change, *args):
    change(*args)


def size(name):
    try:
        return os.lstat(name).st_size
    except OSError as error:
        return error.strerror


def above(top):
    os.rename(top, f"{top}.old")
    os.symlink("link", top)


def below(top):
    os.rename(f"{top}/in", f"{top}/out")
    os.rename("link-in", f"{top}/in")
    os.symlink(f"{here}/hidden/in", "link-in")


def exchanged(top):
    exchange("link-deep", f"{top}/in/deep")


def exchanged_back(top):
    exchange(f"{top}/in/deep", "link-deep")
    exchange("link-deep", f"{top}/in/deep")
    exchange(f"{top}/in/deep", "link-deep")


def removed(top):
    os.unlink(f"{top}/in/deep/file")
    os.rmdir(f"{top}/in/deep")
    os.symlink(f"{here}/hidden/in/deep", f"{top}/in/deep")


def left(top):
    make(f"{top}/other", 4)
    os.chdir(f"{top}/other")


# What the directory was looked into with: its files, itself from the one above, and its list.
def lists(name):
    return len(os.listdir(os.path.dirname(name)))


def lists_above(name):
    return len(os.listdir(os.path.dirname(os.path.dirname(name)))), size(name)


def looks_down(name):
    """At each directory on the way, and at a file as far up as that is remembered."""
    parts = name.split("/")
    return [size("/".join(parts[:n + 1])) != 0 for n in range(len(parts)) if parts[n]], size(name)


step = 0
for change in above, below, exchanged, exchanged_back, removed, left:
    for by in by_itself, by_thread, by_child:
        for base in "", here + "/":
            for look in size, size, lists, lists_above, looks_down:
                step += 1
                top = f"t{step}"
                make(top, 1)
                name = f"{base}{top}/in/deep/file"
                # So often that remembering is asked for, and so that it is this directory which is remembered.
                before = {size(name) for _ in range(300)}
                seen = look(name)
                by(change, top)
                print(change.__name__, by.__name__, base == "", before, seen, size(name), size(f"{base}{top}/in/file"),
                      size(f"{base}in/deep/file"))
                os.chdir(here)
                if change is exchanged:
                    exchange("link-deep", f"{top}/in/deep")
END
