# SPDX-License-Identifier: MIT
# How processes end: the status for every signal, and cores.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/deaths"
