# SPDX-License-Identifier: MIT
# Several processes change at once names that mounts depend on: one renames a directory, another one a directory in it;
# one renames a directory, another one takes its name and mounts something in there. No mount is lost, and none goes
# along that belongs to the other directory.
exec python3 - <<'END'
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
BIND = 4096


def mount(source, target, fstype=None, flags=0):
    return libc.mount(source.encode(), target.encode(), fstype and fstype.encode(), ctypes.c_ulong(flags), None)


def fork(work, *args):
    pid = os.fork()
    if not pid:
        os._exit(work(*args))
    return pid


def there_and_back(old, new, dir=None):
    for _ in range(100):
        os.rename(old, new, src_dir_fd=dir, dst_dir_fd=dir)
        os.rename(new, old, src_dir_fd=dir, dst_dir_fd=dir)
    return 0


def make_anew(name):
    """Waits until it has gone."""
    while True:
        try:
            os.mkdir(name)
            break
        except FileExistsError:
            pass
    os.mkdir(name + "/m")
    return -mount("src", name + "/m", None, BIND)


os.makedirs("a/b/m")
print("mount", mount("t", "a/b/m", "tmpfs"))
open("a/b/m/f", "w").close()
a = os.open("a", os.O_RDONLY)
kept = 0
for _ in range(5):
    pid = fork(there_and_back, "b", "c", a)
    there_and_back("a", "x")
    os.waitpid(pid, 0)
    kept += os.path.exists("a/b/m/f")
print("kept", kept)

os.makedirs("d/m")
os.mkdir("src")
open("src/f", "w").close()
print("mount", mount("src", "d/m", None, BIND))
kept = made = 0
for i in range(100):
    pid = fork(make_anew, "d")
    os.rename("d", "d%d" % i)
    made += os.waitpid(pid, 0)[1] == 0
    kept += os.path.exists("d/m/f") and os.path.exists("d%d/m/f" % i)
print("made", made, "kept", kept)
END
