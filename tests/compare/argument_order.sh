# SPDX-License-Identifier: MIT
# Which of two bad arguments counts, where Linux looks at them in another order than in the rest of a family.
exec python3 - <<'END'
import itertools, os, select, struct

from calls import *

REMOVEXATTRAT, EPOLL_PWAIT2 = 466, 441
open("f", "w").close()
for fd, path, flags in itertools.product((FDCWD, 99, -1), (b"f", b"missing", b"", None, BAD), (0, 0x8000, 0x1000, 0x100)):
    print("removexattrat", fd, path is not BAD and path, flags,
          [call(REMOVEXATTRAT, fd, path, flags, name) for name in (b"user.x", b"", b"n" * 300, BAD)])

epoll = select.epoll()
times = {"now": struct.pack("qq", 0, 0), "nsec": struct.pack("qq", 0, -1), "a second": struct.pack("qq", 0, 1000000000),
         "sec": struct.pack("qq", -1, 0), "bad": BAD}
for fd, (events, buffer), most, time in itertools.product((epoll.fileno(), 99, 0), (("events", bytes(12)), ("bad", BAD)), (1, 0, -1), times):
    print("epoll_pwait2", fd not in (0, 99) or fd, events, most, time,
          [call(EPOLL_PWAIT2, fd, buffer, most, times[time], mask, size) for mask in (None, bytes(8), BAD) for size in (8, 4)])
END
