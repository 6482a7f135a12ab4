#!/bin/sh
# SPDX-License-Identifier: MIT
# Random seccomp filters, one upon the other: the same calls fail, trap, and kill.
"$TOP/build/tests/tools/random_filters" 150
