/* SPDX-License-Identifier: MIT */
/* What the unit tests share: an arena of their own, and allocations that fail on demand. */
#ifndef SECEDE_TESTS_UNIT_H
#define SECEDE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arena/arena.h"
#include "kernel/task.h"

/* Fixtures: a fresh, empty arena at ARENA_BASE; the teardown insists that nothing was left in it. */
int arena_setup(void **state);
int arena_teardown(void **state);
u64 arena_objects(void);

/* Which allocation from now on fails, counted from 1; 0: none, or it has failed already. A loop over
 * all places ends when an operation leaves it above 0. Of the arena, and of kzalloc. */
extern unsigned arena_fail_at, kzalloc_fail_at;
/* kzalloc's live blocks. */
extern _Atomic long kzalloc_live;

/* ---- fakes.c: the world outside kernel/ ---- */
struct fake_world {
	int warden_error, files_error, sem_error, leave_error; /* what the next calls answer: 0 or -errno */
	bool strict;
	unsigned threads;
	u64 warden_flags; /* of the last request for namespaces */
	u32 sem_left;	  /* the last list that was left */
	s32 sem_removed;  /* a set that is not there */
	u64 synced;	  /* signals of which the host was last told anew */
	unsigned warden_calls, handles_closed, files_calls, sem_calls;
	char order[64]; /* 'w', 'f', 's', 'l', 'h': the calls as they came */
};
extern struct fake_world world;

#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_setup, arena_teardown)

#endif
