# SPDX-License-Identifier: MIT
# execve(2): threads, what is kept and what is lost, busy files, modes.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/execs"
