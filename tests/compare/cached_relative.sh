# native: hostile sh
# secede: secede sh
# The directory cache and relative names: what they lead to when the working directory, or what is below it, is renamed,
# replaced or left, by the process itself, another thread or another process. And extended attributes, which are read by
# a path where a directory is known.
exec python3 - <<'END'
import errno, os, struct, threading, time

from calls import *

here = os.getcwd()


def result(function, *args, **how):
    try:
        return function(*args, **how)
    except OSError as error:
        return errno.errorcode[error.errno]


def size(name, **how):
    answer = result(os.stat, name, **how)
    return answer if isinstance(answer, str) else answer.st_size


NAMES = "in/file", "./in//file", "in/deep/file", "in/./deep/link", "in/none", "in/file/", "in/deep/.", "link/file"


def look():
    """By stat, lstat, readlink, open and access, the size of what is there."""
    seen = []
    for name in NAMES:
        text = result(os.readlink, name)
        seen.append((size(name), size(name, follow_symlinks=False), text, os.access(name, os.R_OK)))
    return seen


def know():
    """Looks until whoever remembers such things has had the time to."""
    for _ in range(20):
        look()
        time.sleep(0.0005)
    return look()


def make(top, length):
    os.makedirs(f"{top}/in/deep")
    for name in f"{top}/in/file", f"{top}/in/deep/file":
        with open(name, "w") as f:
            f.write("x" * length)
    os.symlink("file", f"{top}/in/deep/link")
    os.symlink("in", f"{top}/link")


def by_itself(change, *args):
    change(*args)


step = 0


def case(name, change):
    """The change is made, and unmade by its generator, while we stand in `one` beside `two`."""
    global step
    for way in by_itself, by_thread, by_child:
        step += 1
        top = f"{here}/t{step}"
        make(f"{top}/above/one", 1)
        make(f"{top}/above/two", 2)
        os.chdir(f"{top}/above/one")
        before = know()
        for n, part in enumerate(change(top)):
            way(*part)
            print(name, way.__name__, n, look() == before, look(), know() == look())
        os.chdir(here)


def renamed(top):
    yield os.rename, f"{top}/above/one", f"{top}/above/three"
    yield os.rename, f"{top}/above/two", f"{top}/above/one"


def above_renamed(top):
    yield os.rename, f"{top}/above", f"{top}/elsewhere"
    yield make, f"{top}/above/one", 3


def below_replaced(top):
    yield os.rename, f"{top}/above/one/in", f"{top}/above/one/out"
    yield os.symlink, f"{top}/above/two/in", f"{top}/above/one/in"
    yield os.unlink, f"{top}/above/one/in"
    yield os.rename, f"{top}/above/one/out", f"{top}/above/one/in"


def forbidden(top):
    yield os.chmod, f"{top}/above/one/in", 0o600
    yield os.chmod, f"{top}/above/one/in", 0o755


def left(top):
    yield os.chdir, f"{top}/above/two"
    yield os.chdir, f"{top}/above/one"
    yield os.chdir, f"{top}/above/one/in"
    yield os.chdir, ".."


def removed(top):
    os.mkdir(f"{top}/empty")
    yield os.chdir, f"{top}/empty"
    yield os.rmdir, f"{top}/empty"
    yield make, f"{top}/empty", 4


case("working directory renamed", renamed)
case("directory above renamed", above_renamed)
case("directory below replaced", below_replaced)
case("directory below forbidden", forbidden)
case("working directory left", left)
case("working directory removed", removed)

# Who looks through two directories of one may have the others known, which were not looked at: they are what they are.
for by in by_itself, by_child:
    os.chdir(here)
    top = f"family.{by.__name__}"
    for n in range(12):
        make(f"{top}/{n}", 1)
    make(f"{top}.other", 2)
    os.chdir(top)
    for turn in range(12):
        for n in 0, 1, 2:
            for name in f"{n}/in/file", f"{here}/{top}/{n}/in/deep/file", f"{n}/file", f"{here}/{top}/{n}/none":
                for _ in range(8):
                    size(name)
        time.sleep(0.001)
    by(os.rename, f"{here}/{top}/5", f"{here}/{top}/five")
    by(os.symlink, f"{here}/{top}.other", f"{here}/{top}/5")
    by(os.rename, f"{here}/{top}/6/in", f"{here}/{top}/6/out")
    by(os.symlink, f"{here}/{top}.other/in", f"{here}/{top}/6/in")
    by(os.chmod, f"{here}/{top}/7", 0o600)
    print([size(f"{base}{n}/in/file") for base in ("", f"{here}/{top}/", "./") for n in range(12)])
    os.chmod("7", 0o755)

# Threads look while another one walks to and fro: always in one of the two.
os.chdir(here)
make("to", 1)
make("fro", 2)
os.chdir("to")
over, wrong = False, []


def looking():
    while not over:
        seen = size("in/file"), size("./in/deep/file")
        if not set(seen) <= {1, 2}:
            wrong.append(seen)


threads = [threading.Thread(target=looking) for _ in range(3)]
for thread in threads:
    thread.start()
for turn in range(200):
    os.chdir(f"{here}/to" if turn & 1 else f"{here}/fro")
    # Nobody else changes it: from now on it is this one.
    now = 1 if turn & 1 else 2
    if (size("in/file"), size("in/deep/file"), len(os.getcwd()) - len(here)) != (now, now, 4 - now % 2):
        wrong.append((turn, size("in/file"), os.getcwd()))
    time.sleep(0.001)
over = True
for thread in threads:
    thread.join()
print("walks to and fro:", wrong[:3])

# Attributes: of a file, of symlinks to it, of a directory, of what is missing.
os.chdir(here)
make("attributes", 1)
os.symlink("../file", "attributes/in/deep/up")
os.symlink("nowhere", "attributes/in/deep/dangling")
ACL = "system.posix_acl_access"
acl = struct.pack("<I" + "HHI" * 4, 2, 1, 6, 2**32 - 1, 4, 4, 2**32 - 1, 16, 4, 2**32 - 1, 32, 4, 2**32 - 1)
print(result(os.setxattr, "attributes/in/file", "user.one", b"text"))
print(result(os.setxattr, "attributes/in/deep", "user.one", b"of the directory"))
print(result(os.setxattr, "attributes/in/deep/file", ACL, acl))
for base in "attributes", f"{here}/attributes":
    for name in "in/file", "in/deep", "in/deep/", "in/deep/file", "in/deep/link", "in/deep/up", "in/deep/dangling", "in/no":
        path = f"{base}/{name}"
        for _ in range(12):
            for follow in True, False:
                seen = [result(os.getxattr, path, key, follow_symlinks=follow)
                        for key in ("user.one", "user.none", ACL, "security.selinux", "nonsense", "user." + 250 * "x")]
                seen.append(result(os.listxattr, path, follow_symlinks=follow))
                last = seen if follow else (last, seen)
            time.sleep(0.0005)
        print(path.replace(here, "HERE"), last)
END
