# Bad addresses in every argument that is one, and descriptors that are none: EFAULT or EBADF, never more.
exec python3 - <<'END'
import ctypes, errno, os, socket

libc = ctypes.CDLL(None, use_errno=True)
os.mkdir("d")
open("f", "w").close()
os.symlink("f", "l")
HERE = -100
fd = os.open("d", os.O_RDONLY)
un = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
inotify = libc.inotify_init1(0)
buffer = ctypes.create_string_buffer(4096)
libc.mmap.restype = ctypes.c_void_p
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
edge = libc.mmap(None, 8192, 3, 0x22, -1, 0)
libc.munmap(edge + 4096, 4096)
ctypes.memset(edge, ord("a"), 4096)

# (number, name, arguments); every argument that is bytes or the buffer is replaced by bad addresses in turn.
calls = [
    (2, "open", b"f", 0), (4, "stat", b"f", buffer), (6, "lstat", b"f", buffer), (21, "access", b"f", 0), (76,
     "truncate", b"f", 0),
    (80, "chdir", b"."), (82, "rename", b"f", b"f"), (83, "mkdir", b"d", 0), (84, "rmdir", b"none"), (85,
     "creat", b"d", 0),
    (86, "link", b"f", b"f"), (87, "unlink", b"none"), (88, "symlink", b"x", b"f"), (89, "readlink", b"l",
     buffer, 100), (90, "chmod", b"f", 0o600),
    (92, "chown", b"f", -1, -1), (94, "lchown", b"f", -1, -1), (132, "utime", b"f", buffer), (133, "mknod",
     b"f", 0, 0), (137, "statfs", b"f", buffer),
    (165, "mount", b"x", b"d", b"unknownfs", 0, b""), (166, "umount2", b"d", 0), (188, "setxattr", b"f",
     b"user.x", b"v", 1, 0),
    (189, "lsetxattr", b"f", b"user.x", b"v", 1, 0), (191, "getxattr", b"f", b"user.x", buffer, 100), (192,
     "lgetxattr", b"f", b"user.x", buffer, 100),
    (194, "listxattr", b"f", buffer, 100), (195, "llistxattr", b"f", buffer, 100), (197, "removexattr", b"f",
     b"user.none"),
    (235, "utimes", b"f", buffer), (254, "inotify_add_watch", inotify, b"f", 2), (257, "openat", HERE, b"f",
     0), (258, "mkdirat", fd, b".", 0),
    (259, "mknodat", fd, b".", 0, 0), (260, "fchownat", HERE, b"f", -1, -1, 0), (261, "futimesat", HERE, b"f",
     buffer), (262, "newfstatat", HERE, b"f", buffer, 0),
    (263, "unlinkat", fd, b"none", 0), (264, "renameat", fd, b"none", fd, b"x"), (265, "linkat", fd, b"none",
     fd, b"x", 0), (266, "symlinkat", b"x", fd, b"."),
    (267, "readlinkat", HERE, b"l", buffer, 10), (268, "fchmodat", HERE, b"f", 0o600), (269, "faccessat", HERE,
     b"f", 0), (280, "utimensat", HERE, b"f", buffer, 0),
    (303, "name_to_handle_at", HERE, b"f", buffer, buffer, 0), (316, "renameat2", fd, b"none", fd, b"x",
     0), (332, "statx", HERE, b"f", 0, 0xfff, buffer),
    (439, "faccessat2", HERE, b"f", 0, 0), (452, "fchmodat2", HERE, b"f", 0o600, 0),
    (42, "connect", un.fileno(), b"\1\0none", 6), (49, "bind", un.fileno(), b"\1\0d", 3), (44, "sendto",
     un.fileno(), b"x", 1, 0, b"\1\0none", 6),
    (51, "getsockname", un.fileno(), buffer, b"\4\0\0\0"), (55, "getsockopt", un.fileno(), 1, 17, buffer,
     b"\4\0\0\0"), (46, "sendmsg", un.fileno(), b"\0" * 56, 0),
]


def call(number, arguments):
    converted = []
    for a in arguments:
        if isinstance(a, bytes):
            a = ctypes.c_char_p(a)
        elif isinstance(a, int):
            a = ctypes.c_long(a)
        converted.append(a)
    ctypes.set_errno(0)
    buffer[:64] = b"\0" * 64
    value = libc.syscall(ctypes.c_long(number), *converted)
    return errno.errorcode[ctypes.get_errno()] if value < 0 else "ok"


bad = [ctypes.c_void_p(0), ctypes.c_void_p(1), ctypes.c_void_p(edge + 4096), ctypes.c_void_p((1 << 47) - 2),
       ctypes.c_void_p((1 << 64) - 100), ctypes.c_void_p(1 << 60)]
for number, name, *arguments in calls:
    answers = [call(number, arguments)]
    for at, argument in enumerate(arguments):
        if not isinstance(argument, (bytes, ctypes.Array)):
            continue
        for address in bad:
            answers.append(call(number, arguments[:at] + [address] + arguments[at + 1:]))
    for at, argument in enumerate(arguments):
        if isinstance(argument, int) and argument in (fd, HERE, un.fileno(), inotify) and at < 4:
            answers.append(call(number, arguments[:at] + [999] + arguments[at + 1:]))
    print(name, *answers)
END
