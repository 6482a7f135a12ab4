# Opening what is there on a read-only mount, as somebody who may not write to it in any case: what is said first.
# native: setpriv --reuid 1000 --regid 1000 --clear-groups unshare -rm sh
# secede: secede -rm sh
exec python3 - <<'END'
import os, subprocess

from calls import *

BIND, REMOUNT, RDONLY = 4096, 32, 1
FLAGS = "WRONLY", "RDWR", "TRUNC", "CREAT", "EXCL", "DIRECTORY", "NOFOLLOW", "APPEND", "NONBLOCK", "PATH"

os.mkdir("ro")
os.mkdir("own")
open("own/file", "w").close()
for source, place in (b"/etc", b"ro"), (b"own", b"own"):
    print(mount(source, place, None, BIND), mount(None, place, None, BIND | REMOUNT | RDONLY))


def attempt(path, flags):
    os.close(os.open(path, flags, 0o600))


for path in "/etc/passwd", "/etc/shadow", "ro/passwd", "ro/shadow", "ro/missing", "ro", "ro/ssl", "own/file":
    for bits in range(1 << len(FLAGS)):
        flags = 0
        for at, name in enumerate(FLAGS):
            flags |= getattr(os, "O_" + name) if bits >> at & 1 else 0
        print(path, *[name for at, name in enumerate(FLAGS) if bits >> at & 1], t(attempt, path, flags))
print(subprocess.run("echo x >>ro/passwd; touch ro/passwd; echo x >ro/passwd; cat /dev/null >>own/file", shell=True, text=True,
                     stderr=subprocess.STDOUT, stdout=subprocess.PIPE).stdout)
END
