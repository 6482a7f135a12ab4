#!/bin/sh
# SPDX-License-Identifier: MIT
# What a tracer sees: system calls from entry to end, signals, events, filters that ask it, registers.
"$TOP/build/tests/tools/traced"
