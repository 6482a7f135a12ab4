/* SPDX-License-Identifier: MIT */
/* The code of programs and libraries that are there, for tests of what reads code. */
#ifndef SECEDE_TESTS_UNIT_TEXT_H
#define SECEDE_TESTS_UNIT_TEXT_H

#include "arch/x86_64/pad.h"

/* Calls fn for each executable segment of some files, of this program's own among them. */
void for_each_text(void (*fn)(const struct code *text));

#endif
