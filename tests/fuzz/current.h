/* SPDX-License-Identifier: MIT */
/* Nobody runs on a task's own stack here. Every file of secede's begins with this. */
#ifndef SECEDE_TESTS_FUZZ_CURRENT_H
#define SECEDE_TESTS_FUZZ_CURRENT_H

#include "kernel/mm.h"

struct task *walk_current(void);
#define current_task walk_current

#endif
