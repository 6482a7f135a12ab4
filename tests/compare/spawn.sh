# SPDX-License-Identifier: MIT
# posix_spawn(3), with both C libraries.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/spawn"
"$TOP/build/tests/tools/spawn-musl"
