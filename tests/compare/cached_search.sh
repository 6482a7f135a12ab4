# native: hostile sh
# secede: secede sh
# The directory cache: who may not search a directory any more gets no further through it, also where what is behind
# it has been seen before.
exec python3 - <<'END'
import errno, os, time


def read(name):
    try:
        with open(name) as f:
            return f.read()
    except OSError as error:
        return errno.errorcode[error.errno]


here = os.getcwd()
os.makedirs("a/b/c")
os.mkdir("target")
with open("target/file", "w") as f:
    f.write("text")
os.symlink(f"{here}/target", "a/b/link")
os.symlink("../link", "a/b/c/link")
ways = [f"{here}/a/b/link/file", f"{here}/a/b/c/link/file", f"{here}/a/../a/b/link/file"]


def look():
    return [read(way) for way in ways]


def know():
    for _ in range(3):
        look()
        time.sleep(0.003)
    return look()


def by_descriptor(name, mode):
    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
    os.fchmod(fd, mode)
    os.close(fd)


def by_child(name, mode):
    pid = os.fork()
    if pid == 0:
        os.chmod(name, mode)
        os._exit(0)
    os.waitpid(pid, 0)


print(know())
for name in "a", "a/b", "a/b/c", "target":
    for change in os.chmod, by_descriptor, by_child:
        change(name, 0o600)
        print(name, change.__name__, look(), know())
        os.chmod(name, 0o755)
        print(look(), know())
os.chmod("a/b", 0o711)
print(know())
os.chmod("a/b", 0o311)
print(know())
END
