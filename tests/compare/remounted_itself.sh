# A directory that is mounted on itself, and made read-only after descriptors were opened in it: nothing is changed by
# those either.
exec python3 - <<'END'
import os

from calls import *


def look(fd):
    return [call(439, fd, name, mode, flags) for name in (b"file", b"link", b"./file", b"") for mode in (os.X_OK, os.W_OK, os.R_OK)
            for flags in (0, 0x100, 0x200, 0x1000)] + [
        t(os.mkdir, "new", dir_fd=fd), t(os.rmdir, "new", dir_fd=fd), t(os.chmod, "file", 0o755, dir_fd=fd),
        t(os.utime, "file", dir_fd=fd), t(os.symlink, "x", "other", dir_fd=fd), t(os.unlink, "other", dir_fd=fd),
        t(lambda: os.close(os.open("file", os.O_WRONLY, dir_fd=fd)))]


def make(name):
    os.makedirs(f"{name}/in")
    for file in f"{name}/file", f"{name}/in/file":
        with open(file, "w"):
            os.chmod(file, 0o755)
    os.symlink("file", f"{name}/link")


make("top")
print(mount("top", "top", None, BIND))
fds = [os.open(name, how) for name in ("top", "top/in") for how in (os.O_RDONLY, os.O_PATH)]
for flags in RDONLY, NOEXEC, 0:
    print(flags, mount(None, "top", None, BIND | REMOUNT | flags))
    for fd in fds:
        print(look(fd))
print(t(os.rename, "file", "moved", src_dir_fd=fds[0], dst_dir_fd=fds[1]),
      t(os.link, "moved", "file", src_dir_fd=fds[1], dst_dir_fd=fds[0]),
      t(os.rename, "file", "top/in/there", src_dir_fd=fds[0]), t(os.rename, "top/moved", "here", dst_dir_fd=fds[3]))
END
