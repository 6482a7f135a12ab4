# SPDX-License-Identifier: MIT
# Threads that are cancelled while they sleep, with both C libraries.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/cancel"
"$TOP/build/tests/tools/cancel-musl"
