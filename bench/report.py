#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""From the figures of bench/bench.sh to Markdown, and to a picture of the ratios.

    report.py FIGURES [SVG]

A figure is a line "SYSTEM ROUND NAME NANOSECONDS"; "skip ROW REASON" is a row that could not be measured.
"""
import collections
import math
import os
import platform
import re
import statistics
import subprocess
import sys

SYSTEMS = [("native", "native"), ("patched", "secede"), ("trapped", "secede, unpatched"), ("unshare", "unshare(1)"),
           ("proot", "proot"), ("bwrap", "bwrap")]

CALLS = [("read", "read"), ("write", "write"), ("futex", "futex"), ("getpid", "getpid"),
         ("sigprocmask", "sigprocmask"), ("fstat", "fstat"), ("stat", "stat below a bind mount"),
         ("open+close", "open + close below a bind mount"), ("fork", "fork + wait"),
         ("spawn", "posix_spawn of /bin/true"), ("thread", "a thread, from start to join")]
PROGRAMS = [("start", "starting /bin/true in a system of its own"), ("programs", "500 programs from bash"),
            ("compile", "compiling 25 C files, make -j2"), ("find", "find /usr"),
            ("git", "git status, 5,000 files"), ("ls", "ls -lR, 5,000 files"), ("tar", "tar, 5,000 files"),
            ("busybox", "building busybox (allnoconfig), make -j2"), ("python", "starting python3"),
            ("node", "starting node"), ("sqlite", "sqlite3, 2,000 inserts"), ("redis", "redis, a GET"),
            ("nginx", "nginx, a page of 1,000 bytes"), ("musl", "stat by a static program with musl"),
            ("go", "stat by a Go program")]
LOOKUPS = [("stat-1", "stat, 1 directory deep"), ("stat-4", "4 deep"), ("stat-16", "16 deep"), ("stat-64", "64 deep"),
           ("missing-4", "stat of what is missing"), ("open-4", "open + close"), ("access-4", "access"),
           ("readlink-4", "readlink"), ("stat-link", "stat through a symlink"),
           ("open-link", "open + close through a symlink"), ("stat-bin-cat", "stat of /bin/cat"),
           ("final-4", "stat of a symlink"), ("final-64", "stat of a symlink, 64 deep"),
           ("stat-rel-link", "stat of a relative name through a symlink"), ("stat-dotdot", "stat with ..")]
FLAGS = [("newns", "`CLONE_NEWNS`"), ("newuts", "`CLONE_NEWUTS`"), ("newuser", "`CLONE_NEWUSER`"),
         ("newipc", "`CLONE_NEWIPC`"), ("newpid", "`CLONE_NEWPID`"), ("newnet", "`CLONE_NEWNET`"),
         ("newcgroup", "`CLONE_NEWCGROUP`"), ("newtime", "`CLONE_NEWTIME`"), ("fs", "`CLONE_FS`, of a thread"),
         ("files", "`CLONE_FILES`, of a thread"), ("sysvsem", "`CLONE_SYSVSEM`, of a thread"),
         ("sighand", "`CLONE_SIGHAND`, of a thread"), ("together", "100 threads at once: `FS`, `FILES`, `NEWUTS`"),
         ("vm", "`CLONE_VM`, of a thread, 1 GiB"), ("fork-1g", "fork(2) there, for comparison")]
GROWTH = [("stat-mounts", "stat, so many mounts"), ("newns-mounts", "`CLONE_NEWNS`, so many mounts"),
          ("pair-mounts", "mount(2) and umount(2), so many mounts"),
          ("stat-namespaces", "stat, so many namespaces"), ("newuts-namespaces", "`CLONE_NEWUTS`, so many namespaces"),
          ("stat-tasks", "stat, so many processes"), ("fork-tasks", "fork + wait, so many processes"),
          ("both-parallel", "stat, open + close: per pair, by so many processes at once")]
REQUESTS = [("thread", "a thread for each, guests included"), ("fork", "a process for each"),
            ("leave", "a thread for each, which leaves for a guest")]
VERSIONS = ["gcc", "git", "python3", "node", "sqlite3", "redis-server", "nginx", "go", "bash", "proot", "bwrap"]

rounds = collections.defaultdict(dict)
skipped = {}
for line in open(sys.argv[1], encoding="utf-8"):
    words = line.rstrip("\n").split(" ", 2)
    if words[0] == "skip":
        skipped[words[1]] = words[2]
    else:
        name, ns = words[2].split()
        rounds[words[0], name][words[1]] = float(ns)
figures = {key: statistics.median(values.values()) for key, values in rounds.items()}


def time(system, name):
    ns = figures.get((system, name))
    if ns is None:
        return "-"
    for limit, unit, size in ((1e4, "ns", 1), (1e7, "us", 1e3), (1e10, "ms", 1e6)):
        if ns < limit:
            return f"{ns / size:.0f} {unit}"
    return f"{ns / 1e9:.1f} s"


def ratio(system, name, base="native", base_name=None):
    """The median of the ratios within a round."""
    ours, theirs = rounds.get((system, name), {}), rounds.get((base, base_name or name), {})
    both = [ours[r] / theirs[r] for r in ours if r in theirs]
    return statistics.median(both) if both else None


def ratio_text(value):
    if value is None:
        return "-"
    return f"{value:.0f}x" if value >= 20 else f"{value:.1f}x" if value >= 10 else f"{value:.2f}x"


def table(head, lines):
    if lines:
        print("\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for cells in lines:
            print("| " + " | ".join(cells) + " |")


def beside_native(title, rows):
    """The first column is the bare host's time, the others are ratios to it."""
    there = [s for s in SYSTEMS if any((s[0], name) in figures for name, _ in rows)]
    lines = []
    for name, text in rows:
        if name in skipped:
            lines.append([text, f"not measured: {skipped[name]}"] + [""] * (len(there) - 1))
        elif ("native", name) in figures:
            lines.append([text, time("native", name)] + [ratio_text(ratio(s, name)) for s, _ in there[1:]])
    table([title] + [text for _, text in there], lines)


def beside_kernel(title, rows):
    """Times, and the ratio of secede's to the kernel's own as root."""
    table([title, "the kernel, as root", "secede", "", "secede, unpatched"],
          [[text, time("kernel", name), time("patched", name), ratio_text(ratio("patched", name, "kernel")),
            time("trapped", name)] for name, text in rows if ("patched", name) in figures])


def lookups():
    lines = []
    for name, text in LOOKUPS:
        if ("native", name) in figures:
            lines.append([text, time("native", name)] + [ratio_text(ratio(s, name)) for s in ("patched", "trapped")] +
                         [ratio_text(ratio("patched", "many-" + name, base_name=name))])
    table(["a lookup, in processor time", "native", "secede", "secede, unpatched", "with 10,000 mounts"], lines)


def growth():
    for name, text in GROWTH:
        sizes = sorted({int(n.rsplit("-", 1)[1]) for _, n in figures if n.rsplit("-", 1)[0] == name})
        table([text] + [f"{size:,}" for size in sizes],
              [[label] + [time(system, f"{name}-{size}") for size in sizes]
               for system, label in (("kernel", "the kernel, as root"), ("patched", "secede"),
                                     ("trapped", "secede, unpatched")) if sizes])


def requests():
    def rate(system, name):
        ns = figures.get((system, name))
        return f"{1e9 / ns:.0f}" if ns else "-"
    table(["requests per second", "all guests, native", "secede", "one of ten a guest, native", "secede"],
          [[text] + [rate(system, f"{way}-{guests}") for guests in (10, 1) for system in ("native", "patched")]
           for way, text in REQUESTS if ("patched", f"{way}-10") in figures])


def version(name):
    option = {"go": "version", "nginx": "-v"}.get(name, "--version")
    try:
        said = subprocess.run([name, option], capture_output=True, text=True, check=False)
    except OSError:
        return None
    number = re.search(r"\d+\.\d+[.\d]*", said.stdout + said.stderr)
    return number and f"{name} {number[0]}"


def machine():
    model = re.search(r"^model name\s*: (.*)", open("/proc/cpuinfo", encoding="utf-8").read(), re.M)
    system = re.search(r'^PRETTY_NAME="(.*)"', open("/etc/os-release", encoding="utf-8").read(), re.M)
    print("Made by `make bench` on", ", ".join(filter(None, [
        f"Linux {platform.release()} {platform.machine()}", system and system[1],
        f"{os.cpu_count()} processors", model and model[1]])) + ". Medians of alternated runs; ratios are to the bare host, within a round.")
    print("Everything but bwrap and unshare(1) ran as an ordinary user on a host that denies all namespaces; those two ran as",
          "root.")
    print("\nVersions:", ", ".join(filter(None, map(version, ["secede"] + VERSIONS))) + ".")


# ---- the picture: one line a row, a dot a system, on a scale of ratios ----

COLOURS = {"patched": "#1a7f37", "trapped": "#8fce9f", "unshare": "#888888", "proot": "#cf222e", "bwrap": "#0969da"}
LEFT, WIDTH, LINE, TOP = 300, 560, 20, 50


def picture(path):
    rows = [(name, text) for name, text in CALLS + PROGRAMS if ("native", name) in figures]
    most = max([ratio(s, name) or 1 for s in COLOURS for name, _ in rows] + [10])
    decades = math.ceil(math.log10(most))

    def place(value):
        return LEFT + WIDTH * (math.log10(max(value, 0.5)) + 0.31) / (decades + 0.31)

    height = TOP + LINE * len(rows) + 20
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 20}" height="{height}" '
           'font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>']
    for i, (system, colour) in enumerate(COLOURS.items()):
        x = LEFT + i * 110
        out.append(f'<circle cx="{x}" cy="14" r="5" fill="{colour}"/>'
                   f'<text x="{x + 9}" y="18">{dict(SYSTEMS)[system]}</text>')
    for decade in range(decades + 1):
        x = place(10 ** decade)
        out.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{TOP - 8}" y2="{height - 20}" stroke="#cccccc"/>'
                   f'<text x="{x:.0f}" y="{TOP - 12}" text-anchor="middle">{10 ** decade}x</text>')
    for i, (name, text) in enumerate(rows):
        y = TOP + LINE * i + 8
        out.append(f'<text x="{LEFT - 10}" y="{y + 4}" text-anchor="end">{text}</text>')
        for system, colour in reversed(COLOURS.items()):
            value = ratio(system, name)
            if value:
                out.append(f'<circle cx="{place(value):.1f}" cy="{y}" r="5" fill="{colour}"/>')
    out.append("</svg>\n")
    with open(path, "w", encoding="utf-8") as svg:
        svg.write("\n".join(out))


machine()
beside_native("calls", CALLS)
beside_native("programs", PROGRAMS)
lookups()
beside_kernel("unshare(2)", FLAGS)
growth()
requests()
table(["a change of the host name: the warden's round trip", "alone", "with 8 callers at once"],
      [["secede"] + [time("patched", f"roundtrip-{n}") for n in (1, 8)]] if ("patched", "roundtrip-1") in figures else [])
if len(sys.argv) > 2:
    picture(sys.argv[2])
