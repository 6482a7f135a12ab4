# SPDX-License-Identifier: MIT
# Processes that share the table of descriptors are killed while they rename what a mount depends on: the mount is where the
# directory is, and nothing is left in the table.
exec python3 - <<'END'
import ctypes, os, random, signal, time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_FILES, SYS_CLONE = 0x400, 56


def rename_for_ever():
    while True:
        for names in ("a", "x"), ("x", "a"):
            try:
                os.rename(*names)
            except FileNotFoundError:
                pass


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def is_there():
    """Where the directory is. Who was killed may be done with it only a moment later."""
    for _ in range(3000):
        if any(os.path.exists(d + "/m/f") for d in ("a", "x")):
            return True
        time.sleep(0.01)
    return False


os.makedirs("a/m")
print("mount", libc.mount(b"t", b"a/m", b"tmpfs", ctypes.c_ulong(0), None))
open("a/m/f", "w").close()
before = descriptors()
kept = 0
for _ in range(200):
    pid = libc.syscall(SYS_CLONE, CLONE_FILES | signal.SIGCHLD, 0, 0, 0, 0)
    if not pid:
        rename_for_ever()
    time.sleep(random.random() * 0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    kept += is_there()
print("kept", kept, "more descriptors", descriptors() - before)
END
