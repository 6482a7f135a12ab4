#!/bin/sh
# SPDX-License-Identifier: MIT
# needs: python3
# Python: a virtual environment made and used, descriptors closed up to the limit, 300 threads.
python3 -m venv --without-pip v
echo "venv $?"
./v/bin/python -c 'import sys; print(sys.prefix == sys.base_prefix)'
python3 - <<'END'
import os, resource, threading, time

os.closerange(3, 65536)
print(resource.getrlimit(resource.RLIMIT_NOFILE))
count = 0
try:
    while True:
        os.dup(0)
        count += 1
except OSError as error:
    print(count, error)
os.closerange(3, 65536)
threads = [threading.Thread(target=time.sleep, args=(0.5,)) for _ in range(300)]
for thread in threads:
    thread.start()
print(len(os.listdir('/proc/self/task')))
for thread in threads:
    thread.join()
END
