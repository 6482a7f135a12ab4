# /proc/PID of oneself, a thread, a child, and a grandchild with another program: signals as the program has set them,
# names, arguments, environment, places.
exec python3 - <<'END'
import ctypes, os, resource, signal, subprocess, sys, threading, time

SEGV, BUS, SYS, USR1, USR2, RT = signal.SIGSEGV, signal.SIGBUS, signal.SIGSYS, signal.SIGUSR1, signal.SIGUSR2, 40
STATUS = "Name Umask State Threads SigPnd ShdPnd SigBlk SigIgn SigCgt Tgid Pid PPid TracerPid".split()
LINKS = "exe cwd root".split()
names = {}


def named(text):
    for number, name in names.items():
        text = text.replace(str(number), name)
    return text


def wait_for_sleep(pid):
    """Who sleeps may also wait for a lock, a page, or (here) the warden: call this when all that it does before is done."""
    for _ in range(6000):
        with open("/proc/%d/stat" % pid) as f:
            if f.read().rsplit(")", 1)[1].split()[0] == "S":
                return
        time.sleep(0.01)


def show(title, where):
    print("--", title)
    status = dict(line.split(":", 1) for line in open(where + "/status"))
    for key in STATUS:
        print(named("%s:%s" % (key, status[key].rstrip())))
    stat = open(where + "/stat").read()
    fields = [stat.split(" ", 1)[0], stat[stat.index("("):stat.rindex(")") + 1]] + stat[stat.rindex(")") + 2:].split()
    print(len(fields), *(named(fields[i - 1]) for i in (1, 2, 3, 4, 20, 31, 32, 33, 34, 38)))
    # addresses of code, data, heap, arguments, environment: where the program has them, in order
    code, data, brk, args, env = (list(map(int, fields[a:b])) for a, b in ((25, 27), (44, 46), (46, 47), (47, 49), (49, 51)))
    ranges = [tuple(int(n, 16) for n in line.split()[0].split("-")) for line in open(where + "/maps")]
    print(*(any(start <= value <= end for start, end in ranges) for value in code + data + args + env),
          code[0] < code[1], args[0] < args[1] == env[0] <= env[1])
    for name in LINKS:
        print(name, os.readlink("%s/%s" % (where, name)))
    for name in "comm", "cmdline", "environ":
        print(name, open("%s/%s" % (where, name), "rb").read())
    auxv = memoryview(open(where + "/auxv", "rb").read()).cast("Q").tolist()
    auxv = dict(zip(auxv[::2], auxv[1::2]))
    entry, phdr, base = auxv[9], auxv[3], auxv.get(7)
    lines = [line.split(None, 5) for line in open(where + "/maps")]

    def file_at(address):
        for line in lines:
            start, end = (int(n, 16) for n in line[0].split("-"))
            if start <= address < end:
                return line[5].strip() if len(line) > 5 else ""

    print("auxv", file_at(entry), file_at(phdr), file_at(base), auxv[5] > 5, auxv[6])
    print("fd", *sorted(int(n) for n in os.listdir(where + "/fd")), "fdinfo", len(os.listdir(where + "/fdinfo")))
    for name in sorted(os.listdir(where + "/fd"), key=int)[:3]:
        print(name, os.readlink("%s/fd/%s" % (where, name)) == "/dev/null",
              open("%s/fdinfo/%s" % (where, name)).read().split()[:4])


signal.signal(SEGV, lambda *a: 0)
signal.signal(BUS, signal.SIG_IGN)
signal.signal(USR2, lambda *a: 0)
signal.signal(RT, signal.SIG_IGN)
null = os.open("/dev/null", os.O_RDWR)
for fd in 0, 1, 2:
    if fd != 1:
        os.dup2(null, fd)
os.close(null)
os.environ.clear()
names[os.getpid()] = "SELF"
names[os.getppid()] = "PARENT"

# Python's lock changes hands only where its holder blocks: a thread that has said its number is seen again when it waits.
sys.setswitchinterval(1000)
threads = []


def thread(masked):
    signal.pthread_sigmask(signal.SIG_SETMASK, masked)
    ctypes.CDLL(None).prctl(15, b"my thread", 0, 0, 0)
    threads.append(threading.get_native_id())
    threading.Event().wait()


t = threading.Thread(target=thread, args=({SEGV, SYS, USR1, RT, signal.SIGTERM},), daemon=True)
t.start()
while not threads:
    time.sleep(0.01)
names[threads[0]] = "THREAD"
wait_for_sleep(threads[0])
signal.pthread_kill(t.ident, SEGV)
signal.pthread_kill(t.ident, USR1)
signal.pthread_sigmask(signal.SIG_BLOCK, {BUS, SYS, signal.SIGTERM})
os.kill(os.getpid(), signal.SIGTERM)
os.kill(os.getpid(), SYS)

show("self", "/proc/self")
show("by number", "/proc/%d" % os.getpid())
show("first thread", "/proc/self/task/%d" % os.getpid())
show("thread", "/proc/self/task/%d" % threads[0])
show("thread by number", "/proc/%d" % threads[0])

ready, done = os.pipe(), os.pipe()
child = os.fork()
if not child:
    signal.pthread_sigmask(signal.SIG_SETMASK, {SEGV})
    signal.signal(SYS, lambda *a: 0)
    signal.signal(SEGV, signal.SIG_DFL)
    os.kill(os.getpid(), SEGV)
    os.umask(0o37)
    os.chdir("/usr")
    os.close(done[1])
    os.write(ready[1], b"x")
    os.read(done[0], 1)
    os._exit(0)
names[child] = "CHILD"
os.read(ready[0], 1)
wait_for_sleep(child)
show("child", "/proc/%d" % child)
show("child's thread", "/proc/%d/task/%d" % (child, child))

program = subprocess.Popen(["my name", "-c", "echo; read x"], executable="/bin/sh", cwd="/etc",
                           env={"A": "1", "SECOND": "two words", "EMPTY": ""},
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
names[program.pid] = "PROGRAM"
program.stdout.readline()
wait_for_sleep(program.pid)
show("program", "/proc/%d" % program.pid)
show("program's thread", "/proc/%d/task/%d" % (program.pid, program.pid))

# Limits, and that nothing is said of a filter or of handlers that the program has not.
print(open("/proc/self/limits").read().split("\n")[0])
with open("/proc/%d/status" % program.pid) as f:
    print(*(line.strip() for line in f if line.startswith(("SigCgt", "SigIgn", "SigBlk"))))
os.kill(child, 9)
program.kill()
print(os.waitpid(child, 0)[1], program.wait())
try:
    open("/proc/%d/status" % child)
except OSError as error:
    print(error.strerror)
# Namespaces of what has ended: waitid(2) with WNOWAIT leaves it there.
ended = subprocess.Popen(["true"])
os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
for kind in "mnt", "uts", "user", "net":
    try:
        os.readlink("/proc/%d/ns/%s" % (ended.pid, kind))
    except OSError as error:
        print(kind, error.strerror)
ended.wait()
f = open("/proc/self/status")
first = f.read()
signal.signal(signal.SIGHUP, lambda *a: 0)
f.seek(0)
print(first == f.read(), [line for line in first.split("\n") if line.startswith("SigCgt")])
END
