# SPDX-License-Identifier: MIT
# Handlers that jump out instead of returning. (make check-long jumps a million times.)
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/jumps" 40000 2>/dev/null
