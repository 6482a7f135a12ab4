/* SPDX-License-Identifier: MIT */
/* The runtime's name plate: lets the command find runtime_attach without a symbol table. */
#include "arena/arena.h"
#include "sys/runtime.h"

extern const struct runtime_header runtime_header;
__attribute__((section(".header"), used))
const struct runtime_header runtime_header = {ARENA_MAGIC, runtime_attach, &mm, RUNTIME_LAYOUT};
