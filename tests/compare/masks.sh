# SPDX-License-Identifier: MIT
# Signal masks: in every place where a program can say or ask which signals are blocked.
# native: hostile sh
# secede: secede sh
"$TOP/build/tests/tools/masks"
