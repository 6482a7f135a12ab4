# SPDX-License-Identifier: MIT
# Every call that sleeps, met by a signal in every way: the result, the time left, and whether the handler ran first.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/interrupt_io"
"$TOP/build/tests/tools/interrupt_wait"
"$TOP/build/tests/tools/interrupt_lock"
# One of the signals that the runtime lives on.
"$TOP/build/tests/tools/interrupt_lock" 31 | grep -v -e ignored -e blocked
