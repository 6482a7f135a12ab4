# SPDX-License-Identifier: MIT
# Into a directory that has been removed, by "." or a descriptor: it is there still, though its name is not.
exec python3 - <<'END'
import os

from calls import *

HERE = os.getcwd()


def seen(what):
    print(what, t(os.listdir, "."), t(lambda: os.stat(".").st_nlink), t(os.getcwd), t(os.mkdir, "x"), t(os.stat, "x"))
    # proc's text is not compared where another directory has the name.
    if not os.path.exists(HERE + "/dir"):
        print(os.readlink("/proc/self/cwd").replace(HERE, "HERE"))
    print(t(os.chdir, "."))


os.mkdir("dir")
os.chdir("dir")
fd = os.open(".", os.O_RDONLY)
os.rmdir(HERE + "/dir")
seen("in it")
print(t(os.chdir, "."))
seen("by .")
for turn in range(2):
    print(t(os.chdir, HERE), os.getcwd() == HERE)
    print(t(os.fchdir, fd))
    seen("by descriptor")
    print(t(os.chdir, HERE), t(os.chdir, "/proc/self/fd/%d" % fd))
    seen("by proc")
    print(t(os.chdir, HERE), t(os.mkdir, "dir"))  # another one has its name
print(t(os.chdir, "dir"), t(os.getcwd) == HERE + "/dir")
END
