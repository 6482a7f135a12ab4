# SPDX-License-Identifier: MIT
# Descriptors of processes.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/pidfds"
