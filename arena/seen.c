/* SPDX-License-Identifier: MIT */
/* How much of the arena this process has mapped: see arena/arena.h. */
#include "arena/arena.h"

u64 arena_seen;
void (*arena_see_more)(void);
