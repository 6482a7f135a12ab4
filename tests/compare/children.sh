# SPDX-License-Identifier: MIT
# Children: how they are made, how they end, and who is told by which wait.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/children"
