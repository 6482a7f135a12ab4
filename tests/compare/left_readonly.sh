# SPDX-License-Identifier: MIT
# What a mount was stays true for who is in it when it has been taken off: read-only, noexec, nosymfollow.
exec python3 - <<'END'
import os, shutil

from calls import *

NOSYMFOLLOW = 256


def look(d):
    return [t(os.mkdir, "new", dir_fd=d), t(os.unlink, "file", dir_fd=d), t(os.rename, "file", "moved", src_dir_fd=d, dst_dir_fd=d),
            t(lambda: os.close(os.open("file", os.O_WRONLY, dir_fd=d))), t(lambda: os.close(os.open("made", os.O_WRONLY | os.O_CREAT, dir_fd=d))),
            t(lambda: os.close(os.open("link", os.O_RDONLY, dir_fd=d))), t(os.chmod, "file", 0o755, dir_fd=d), t(os.access, "file", os.W_OK, dir_fd=d),
            os.fstatvfs(d).f_flag & (1 | 8 | 256 | 8192), sorted(os.listdir(d))]


os.mkdir("m")
os.mkdir("n")
for how, flags in (("plain", 0), ("ro", RDONLY), ("noexec", NOEXEC), ("nosymfollow", NOSYMFOLLOW), ("ro and noexec", RDONLY | NOEXEC)):
    for what in "bind", "tmpfs", "below":
        # A tmpfs is also mounted elsewhere, and so is there afterwards.
        mount("none", "n", "tmpfs") if what == "tmpfs" else "ok"
        for name in "s", "s/d", "s/s":
            os.makedirs("n/" + name)
        mount("n", "m", None, BIND)
        if what == "below":
            mount("n/s", "m/s/s", None, BIND)
        top = "m/s/s" if what == "below" else "m/s"
        for place in top, top + "/d":
            open(place + "/file", "w").close()
            os.symlink("file", place + "/link")
        answer = mount(None, top if what == "below" else "m", None, REMOUNT | flags | BIND)
        root, d = os.open(top, os.O_RDONLY), os.open(top + "/d", os.O_PATH)
        here = os.getcwd()
        os.chdir(top + "/d")
        print(how, what, answer, umount(here + "/m", DETACH), look(root), look(d), look(os.open(".", os.O_RDONLY)), t(os.mkdir, "here"))
        os.chdir(here)
        os.close(root), os.close(d)
        while umount("n") == "ok":
            pass
        shutil.rmtree("n/s", ignore_errors=True)

# However many others have been taken off since.
mount("n", "m", None, BIND)
mount(None, "m", None, REMOUNT | RDONLY | BIND)
d = os.open("m", os.O_RDONLY)
os.mkdir("proc")
mount("none", "proc", "proc", 0, b"subset=pid")
p = os.open("proc", os.O_RDONLY)
print(umount("m", DETACH), umount("proc", DETACH))
print([(mount("n", "m", None, BIND), umount("m", DETACH)) for i in range(1100)] == [("ok", "ok")] * 1100)
print(t(os.mkdir, "new", dir_fd=d), t(os.stat, "cpuinfo", dir_fd=p), t(lambda: os.stat("self/status", dir_fd=p).st_size))
END
