/* SPDX-License-Identifier: MIT */
/* In place of the one that masks the stack pointer: tests run on a stack of their own. Every file of vfs/ begins with
 * this here. */
#ifndef SECEDE_TESTS_UNIT_CURRENT_H
#define SECEDE_TESTS_UNIT_CURRENT_H

#include "kernel/mm.h"

struct task *unit_current(void);
#define current_task unit_current

#endif
