#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Judges what secede map prints: what is not as it should be goes to standard output, nothing when all is well.

    map_check.py sharing MAP.json NAMES     of tests/tools/sharing: who shares what, and the numbers of the tasks
    map_check.py unread MAP.json NAMES all|kcmp   where the host does not let us read
    map_check.py json MAP.json              it is a table of tasks
    map_check.py svg MAP.svg                it is a drawing of tasks
    map_check.py scribble PID               writes random numbers over what the runtime of that process knows
"""
import json
import random
import sys
import xml.etree.ElementTree as ElementTree

CONTEXTS = "vm thread sighand files fs sysvsem mnt uts user ipc net pidns cgroup time".split()
THREADS = ["first", "thread", "files", "fs", "sighand"]
TASKS = THREADS + ["moved", "forked", "table", "places", "vfork", "uts", "mnt", "undo"]

# Those that share; whoever is in no group of a column is alone there. "": none of them has any.
SHARED = {
    "vm": [THREADS + ["vfork"]],
    "thread": [THREADS],
    "sighand": [[name for name in THREADS if name != "sighand"]],
    "files": [[name for name in THREADS if name != "files"] + ["moved", "table"]],
    "fs": [[name for name in THREADS if name != "fs"] + ["moved", "places"]],
    "sysvsem": [THREADS + ["moved", "undo"]],
    "mnt": [[name for name in TASKS if name != "mnt"]],
    "uts": [[name for name in TASKS if name != "uts"]],
}
NO_UNDO_LIST = ["forked", "table", "places", "vfork", "uts", "mnt"]


def read_tasks(path):
    with open(path) as file:
        return json.load(file)["tasks"]


def named(tasks):
    return {task["command"]: task for task in tasks if task["command"] in TASKS}


def wanted(context, a, b):
    groups = SHARED.get(context, [TASKS])
    return any(a in group and b in group for group in groups)


def check_column(tasks, context):
    for a in tasks:
        for b in tasks:
            if a < b and (tasks[a][context] == tasks[b][context]) != wanted(context, a, b):
                print(f"{context}: {a} has {tasks[a][context]}, {b} has {tasks[b][context]}")


def check_numbers(tasks, path):
    with open(path) as file:
        numbers = dict(line.split() for line in file if " " in line)
    if sorted(tasks) != sorted(TASKS):
        print("tasks:", sorted(tasks))
    for name, task in tasks.items():
        if task["tid"] != int(numbers[name]):
            print(f"{name}: tid {task['tid']} and not {numbers[name]}")
        group = numbers["first"] if name in THREADS else numbers[name]
        if task["pid"] != int(group):
            print(f"{name}: pid {task['pid']} and not {group}")
        if (task["host_tid"] != task["tid"]) != (name == "moved"):
            print(f"{name}: tid {task['tid']} is {task['host_tid']} on the host")


def sharing(path, names):
    tasks = named(read_tasks(path))
    check_numbers(tasks, names)
    for context in CONTEXTS:
        if context != "sysvsem":
            check_column(tasks, context)
    check_column({name: task for name, task in tasks.items() if name not in NO_UNDO_LIST}, "sysvsem")
    for name in NO_UNDO_LIST:
        if tasks[name]["sysvsem"] != 0:
            print(f"{name} has an undo list")


def unread(path, names, what):
    tasks = named(read_tasks(path))
    check_numbers(tasks, names)
    unknown = ["fs", "sighand"] + (["vm", "files", "sysvsem"] if what == "all" else [])
    for context in CONTEXTS:
        if context in unknown:
            for name, task in tasks.items():
                if task[context] is not None:
                    print(f"{name}: {context} is {task[context]}, and cannot be known")
        elif context in ("vm", "thread", "files", "mnt", "uts", "user", "net"):
            check_column(tasks, context)


def svg(path):
    root = ElementTree.parse(path).getroot()
    if not root.tag.endswith("svg") or not list(root.iter("{http://www.w3.org/2000/svg}rect")):
        print("no drawing:", root.tag)


def scribble(pid):
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(0x550000001010)  # struct runtime_header: mm
        where = [int.from_bytes(memory.read(8), "little"), 0x551020000000]
        for at in where:
            memory.seek(at)
            data = bytearray(memory.read(2048))
            for _ in range(random.choice([1, 10, 300])):
                offset = random.randrange(len(data) // 8) * 8
                value = random.choice([0, 1, 2**64 - 1, 0x7fffffff, 0x551020000000, random.getrandbits(64)])
                # Blocks stay those of running tasks, mostly: otherwise nobody looks further.
                if at == where[0] or random.random() < 0.9:
                    data[offset:offset + 8] = value.to_bytes(8, "little")
            memory.seek(at)
            memory.write(data)


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "json":
        for task in read_tasks(*arguments):
            if sorted(task) != sorted(["pid", "tid", "host_tid", "command"] + CONTEXTS):
                print("a task without all it should have:", task)
    else:
        {"sharing": sharing, "unread": unread, "svg": svg, "scribble": scribble}[command](*arguments)


main()
