# What root has after execve(2) when it has given up capabilities, with and without no_new_privs.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
exec python3 - <<'END_OF_SCRIPT'
import ctypes, os, struct

libc = ctypes.CDLL(None, use_errno=True)
CAPSET, NO_NEW_PRIVS, BSET_DROP, SET_SECUREBITS = 126, 38, 24, 28
FULL = (1 << 41) - 1
SHOW = ["sh", "-c", "grep -E '^(Uid|Gid|Cap)' /proc/self/status; "
        "mount -t tmpfs none /mnt 2>/dev/null; echo $?"]


def capset(effective, permitted, inheritable):
    head = struct.pack("Ii", 0x20080522, 0)
    sets = (effective, permitted, inheritable)
    data = b"".join(struct.pack("III", *((s >> shift) & 0xffffffff for s in sets)) for shift in (0, 32))
    return libc.syscall(CAPSET, head, data)


for new_privs in True, False:
    for what in (FULL, FULL, FULL), (0, 0, 0), (1 << 21, 1 << 21, 0), (0, FULL, 0), (0, 0, 1 << 21), (1 << 5, FULL, 1 << 5):
        for drop in None, 21:
            for bits in 0, 1:
                print("#", "new" if new_privs else "no new", *map(hex, what), drop, bits, flush=True)
                if not os.fork():
                    if drop:
                        libc.prctl(BSET_DROP, drop)
                    libc.prctl(SET_SECUREBITS, bits)
                    print(capset(*what), flush=True)
                    if not new_privs:
                        libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
                    os.execvp(SHOW[0], SHOW)
                os.wait()
END_OF_SCRIPT
