# SPDX-License-Identifier: MIT
# What a program is given when it starts, and what it is called.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/startup"
"$TOP/build/tests/tools/startup" --again
