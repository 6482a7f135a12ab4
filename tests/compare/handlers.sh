# SPDX-License-Identifier: MIT
# What programs do in signal handlers, though they should not.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/handlers"
