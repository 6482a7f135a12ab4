# SPDX-License-Identifier: MIT
# What the flags of sigaction(2) and sigaltstack(2) do.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/actions"
