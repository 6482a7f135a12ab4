# SPDX-License-Identifier: MIT
# Faults: what their handlers are told, and how the program goes on.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/faults"
