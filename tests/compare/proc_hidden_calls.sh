# SPDX-License-Identifier: MIT
# What can be done with the directory of somebody else's process where proc is mounted with hidepid=, call by call.
exec python3 - <<'END'
import os

from calls import *


os.chmod(".", 0o755)
os.mkdir("p")
here = os.getcwd()
AT_EMPTY_PATH = 0x1000
for hidepid in b"0", b"1", b"4":
    print(hidepid, mount("none", "p", "proc", 0, b"hidepid=" + hidepid), flush=True)
    for pid in str(os.getpid()), "1", "self":
        if os.fork():
            os.wait()
            continue
        become_ordinary()
        p = here + "/p/" + pid
        buffer = ctypes.create_string_buffer(4096)
        print("  chdir", t(os.chdir, p), t(os.chdir, here))
        print("  access", [call(439, FDCWD, p.encode(), mode, flags) for mode in (0, 1, 4, 5) for flags in (0, 0x200)])
        for flags in 0, os.O_DIRECTORY, os.O_PATH:
            fd = call(257, FDCWD, p.encode(), flags, 0)
            print("  open", hex(flags), "ok" if isinstance(fd, int) else fd)
            if isinstance(fd, int):
                print("   ", call(262, fd, b"", buffer, AT_EMPTY_PATH), call(81, fd), t(os.chdir, here),
                      call(262, fd, b"stat", buffer, 0))
        print("  stat", call(262, FDCWD, p.encode(), buffer, 0), call(262, FDCWD, (p + "/stat").encode(), buffer, 0), flush=True)
        os._exit(0)
    print(umount("p"))
END
