# SPDX-License-Identifier: MIT
# Process groups, sessions, terminals, orphans.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/groups"
