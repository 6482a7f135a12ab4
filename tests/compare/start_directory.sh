# native: hostile sh
# secede: secede sh
# ".." and what is beside the directory where a relative name begins: when that may not be searched, though one stands in
# it or has a descriptor on it, and when it has been removed and another one has its name.
exec python3 - <<'END'
import os
import shutil
import time

from calls import *

here = os.getcwd()
NAMES = ("..", "../file", "../one/file", "../two/file", "./../file", "file", "in/../file", "in/deep/../../file", "in/..",
         "link/../file", "link/file", "../link", "../two/in/../file")


def make(top, length):
    os.makedirs(f"{top}/in/deep")
    for name in f"{top}/file", f"{top}/in/file":
        with open(name, "w") as f:
            f.write("x" * length)
    os.symlink("in", f"{top}/link")


def opened(name, fd):
    opened = os.open(name, os.O_RDONLY, dir_fd=fd)
    try:
        return os.fstat(opened).st_mode >> 12, min(os.fstat(opened).st_size, 5)
    finally:
        os.close(opened)


def look(fd=None):
    return [(t(lambda: min(os.stat(name, dir_fd=fd).st_size, 5)), t(opened, name, fd)) for name in NAMES]


def twice(*fds):
    """Before somebody knows of the directories, and then."""
    before = [look(fd) for fd in (None, *fds)]
    for _ in range(12):
        look()
        time.sleep(0.0005)
    print(before, [look(fd) for fd in (None, *fds)] == before)


make("top", 1)
make("top/one", 2)
make("top/two", 3)
os.chdir("top/one")
fds = [os.open(".", how) for how in (os.O_RDONLY, os.O_PATH)]
twice(*fds)
for mode in 0o600, 0o100, 0o000, 0o755:
    os.chmod(f"{here}/top/one", mode)
    print(oct(mode))
    twice(*fds)
shutil.rmtree(f"{here}/top/one")
print("removed")
twice(*fds)
make(f"{here}/top/one", 4)
print("made anew")
twice(*fds)
END
