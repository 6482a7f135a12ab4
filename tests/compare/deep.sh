# SPDX-License-Identifier: MIT
# Directories deeper than PATH_MAX: as working directories, through descriptors, over fork, execve and threads, with
# symlinks and ".." on the way, and with names that are mount points elsewhere.
exec python3 - <<'END'
import ctypes, os, subprocess, sys, threading

from calls import *


def getcwd():
    buf = ctypes.create_string_buffer(8192)
    return result(libc.syscall(79, buf, 8192))


def is_file(name, dir_fd=None):
    return t(lambda: open(os.open(name, os.O_RDONLY, dir_fd=dir_fd)).read())


def here():
    st = os.stat(".")
    return st.st_dev, st.st_ino


NAME = "d" * 200
DEPTH = 60
os.makedirs("m")
os.makedirs("behind/tmp")
print("mounted", result(libc.mount(b"behind", b"m", None, 4096, None)),
      result(libc.mount(b"none", b"m/tmp", b"tmpfs", 0, None)))
for start in "m", "behind":
    os.chdir(start)
    top = os.open(".", os.O_RDONLY)
    inodes = []
    for depth in range(DEPTH):
        os.mkdir(NAME)
        if t(os.chdir, NAME) != "ok":
            print("no chdir at", depth)
            break
        inodes.append(here())
    print(start, "down", len(inodes), getcwd(), t(os.readlink, "/proc/self/cwd"))
    print("write", t(lambda: open("file", "w").write("deep")), is_file("file"), t(lambda: os.stat("file").st_size))
    print("names", t(os.mkdir, "tmp"), t(os.mkdir, "tmp/a"), t(os.symlink, "a", "tmp/l"), t(os.symlink, "../file", "tmp/up"),
          t(os.symlink, "/etc/hostname", "abs"), t(os.symlink, "nowhere", "dangling"))
    print("links", is_file("tmp/up"), is_file("tmp/l/../up"), is_file("tmp/l/../../file"), is_file("abs"), t(os.stat, "abs/x"),
          t(os.stat, "dangling"), t(os.readlink, "tmp/l/../../dangling"), t(os.listdir, "tmp/l"))
    print("slashes", t(os.stat, "file/"), t(os.stat, "file/x"), t(os.stat, "tmp/l/") != "ENOTDIR", t(os.stat, "tmp/none/x"),
          t(os.lstat, "tmp/l/.") != "ENOTDIR", t(os.stat, "./file") != "ENOENT", t(os.stat, "e" * 256), t(os.stat, ""))
    print("dangling", t(lambda: open("dangling", "w").write("made")), is_file("nowhere"), t(os.mkdir, "dangling/x"))
    print("rename", t(os.rename, "nowhere", "tmp/there"), is_file("tmp/there"), t(os.link, "tmp/there", "again"),
          t(os.unlink, "again"), t(os.chmod, "file", 0o600), t(os.truncate, "file", 2), is_file("file"), t(os.access, "tmp", 7))
    print("whole names", t(os.stat, NAME + "/" + NAME), t(os.makedirs, "x/y/z"), t(os.rmdir, "x/y/z/../z"), t(os.listdir, "x/y"))
    fd = os.open("tmp", os.O_RDONLY)
    print("descriptor", is_file("up", fd), is_file("../file", fd), t(os.stat, "..", dir_fd=fd).st_ino == os.stat(".").st_ino,
          t(os.mkdir, "b", dir_fd=fd), t(os.rmdir, "b", dir_fd=fd), sorted(os.listdir(fd)),
          t(os.stat, fd).st_ino == os.stat("tmp").st_ino, is_file("l/../up", fd))
    open("low", "w").close()
    print("renamed out", t(os.rename, "low", "low", dst_dir_fd=top), t(os.link, "low", "low", src_dir_fd=top),
          t(os.rename, "low", "tmp/low", src_dir_fd=top), t(os.unlink, "low"), t(os.unlink, "tmp/low"))
    print("fchdir", t(os.fchdir, fd), sorted(os.listdir(".")), t(os.chdir, ".."), here() == inodes[-1])
    print("exec", subprocess.run(["/bin/cat", "file"], capture_output=True).stdout,
          subprocess.run(["/bin/sh", "-c", "cd tmp && cd a && cd .. && cat up && ls"], capture_output=True).stdout)
    seen = []

    def thread():
        os.umask(0o27)
        seen.append((here() == inodes[-1], is_file("file"), t(os.chdir, ".."), here() == inodes[-2]))

    one = threading.Thread(target=thread)
    one.start()
    one.join()
    print("thread", seen, here() == inodes[-2], t(os.chdir, NAME))
    waiting, go = threading.Event(), threading.Event()

    def idle():
        waiting.set()
        go.wait()
        seen.append((here() == inodes[-1], is_file("file")))

    os.chdir("/")
    one = threading.Thread(target=idle)
    one.start()
    waiting.wait()
    print("from afar", t(os.fchdir, fd), t(os.chdir, ".."))
    go.set()
    one.join()
    print("idle thread", seen[-1])
    sys.stdout.flush()
    child = os.fork()
    if not child:
        print("child", here() == inodes[-1], t(os.chdir, ".."), here() == inodes[-2], flush=True)
        os._exit(0)
    os.waitpid(child, 0)
    print("rename above", t(os.rename, NAME, start + "-moved", src_dir_fd=top, dst_dir_fd=top), is_file("file"),
          t(os.chdir, "tmp"), t(os.chdir, ".."), is_file("file"))
    for depth in range(2, DEPTH + 1):
        os.chdir("..")
        if here() != inodes[-depth]:
            print("up: elsewhere at", depth)
    print("up", os.getcwd().endswith(start + "/" + start + "-moved"))
    os.chdir("../..")
    print("removed", subprocess.run(["rm", "-r", start + "/" + start + "-moved"]).returncode, os.listdir(start))
    os.close(fd)
    os.close(top)
END
