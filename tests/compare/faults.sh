# SPDX-License-Identifier: MIT
# Faults: what their handlers are told, and how the program goes on. And frames that are none when they come back.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/faults"
"$TOP/build/tests/tools/frames"
