# SPDX-License-Identifier: MIT
# Timers, alarms while files are opened, and signals in queues.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/timers"
