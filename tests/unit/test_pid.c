/* SPDX-License-Identifier: MIT */
/* kernel/pid.c */
#include <errno.h>
#include <pthread.h>

#include "kernel/pid.h"
#include "unit.h"

static struct pid_map *new_map(void)
{
	struct pid_map *map = calloc(1, sizeof(*map));

	assert_non_null(map);
	return map;
}

static void an_empty_map_changes_nothing(void **state)
{
	struct pid_map *map = new_map();

	assert_int_equal(pid_to_host(map, 17), 17);
	assert_int_equal(pid_to_guest(map, 17), 17);
	assert_int_equal(pid_to_host(map, 0), 0);
	assert_int_equal(pid_to_host(map, -1), -1);
	assert_false(pid_is_husk(map, 17));
	free(map);
}

static void a_task_keeps_its_number_when_it_moves(void **state)
{
	struct pid_map *map = new_map();

	assert_int_equal(pid_reserve(map, 100), 0);
	assert_int_equal(pid_to_host(map, 100), 100);
	assert_int_equal(pid_to_guest(map, 100), 100);
	assert_int_equal(pid_move(map, 100, 200, false), 0);
	assert_int_equal(pid_to_host(map, 100), 200);
	assert_int_equal(pid_to_guest(map, 200), 100);
	/* Nobody is known by the number that only the host uses. */
	assert_int_equal(pid_to_host(map, 200), PID_NONE);
	free(map);
}

static void who_gets_the_number_on_the_host_has_a_substitute(void **state)
{
	struct pid_map *map = new_map();

	pid_reserve(map, 100);
	pid_move(map, 100, 200, false);
	assert_int_equal(pid_to_guest(map, 100), 100 | PID_SUBSTITUTE);
	assert_int_equal(pid_to_host(map, 100 | PID_SUBSTITUTE), 100);
	/* A substitute of somebody who needs none is nobody's number. */
	assert_int_equal(pid_to_host(map, 300 | PID_SUBSTITUTE), PID_NONE);
	/* And it outlives the task that has taken the number along. */
	pid_gone(map, 100);
	assert_int_equal(pid_to_host(map, 100), PID_NONE);
	assert_int_equal(pid_to_guest(map, 100), 100 | PID_SUBSTITUTE);
	assert_int_equal(pid_to_guest(map, 200), 200);
	pid_free(map, 100);
	assert_int_equal(pid_to_guest(map, 100), 100);
	assert_int_equal(map->nr, 0);
	free(map);
}

static void a_new_task_may_have_moved_before_its_maker_asks(void **state)
{
	struct pid_map *map = new_map();
	u32 before;

	pid_reserve(map, 100);
	pid_move(map, 100, 200, false);
	before = atomic_load(&map->seq);
	/* Made with a number that somebody else took along: */
	assert_int_equal(pid_of_new(map, before, 100), 100 | PID_SUBSTITUTE);
	/* made with its own, which it takes along at once: */
	pid_reserve(map, 300);
	pid_move(map, 300, 400, false);
	assert_int_equal(pid_of_new(map, before, 300), 300);
	/* made with one that somebody who is gone lived under on the host. */
	assert_int_equal(pid_of_new(map, before, 200), 200);
	free(map);
}

static void a_husk_is_told_by_its_host_number(void **state)
{
	struct pid_map *map = new_map();

	pid_reserve(map, 100);
	pid_move(map, 100, 200, true);
	assert_true(pid_is_husk(map, 100));
	assert_false(pid_is_husk(map, 200));
	pid_husk_gone(map, 100);
	assert_false(pid_is_husk(map, 100));
	/* The other way round: its end was told, so where it moved to is nobody. */
	pid_stillborn(map, 100);
	assert_true(pid_is_husk(map, 200));
	pid_husk_gone(map, 100);
	assert_false(pid_is_husk(map, 200));
	free(map);
}

static void wrong_calls_are_refused(void **state)
{
	struct pid_map *map = new_map();

	assert_int_equal(pid_reserve(map, 0), -EINVAL);
	assert_int_equal(pid_reserve(map, -5), -EINVAL);
	assert_int_equal(pid_reserve(map, PID_SUBSTITUTE), -EINVAL);
	assert_int_equal(pid_move(map, 100, 200, false), -ESRCH);
	assert_int_equal(pid_reserve(map, 100), 0);
	assert_int_equal(pid_reserve(map, 100), -EEXIST);
	assert_int_equal(pid_move(map, 100, 100, false), -EINVAL);
	assert_int_equal(pid_move(map, 100, 200, false), 0);
	assert_int_equal(pid_move(map, 100, 201, false), -ESRCH);
	free(map);
}

static void a_full_map_refuses_and_recovers(void **state)
{
	struct pid_map *map = new_map();
	s32 i;

	for (i = 1; i <= PIDS_MAX; i++)
		assert_int_equal(pid_reserve(map, i), 0);
	assert_int_equal(pid_reserve(map, i), -ENOMEM);
	pid_free(map, 7);
	assert_int_equal(pid_reserve(map, i), 0);
	for (i = 1; i <= PIDS_MAX + 1; i++)
		pid_free(map, i);
	assert_int_equal(map->nr, 0);
	free(map);
}

/*
 * Tasks come, move and go at random, with a host of few numbers that hands them out again at once; whatever
 * happens, each live task has its own number, keeps it for life, and is found by it.
 */
#define HOST_NUMBERS 40
#define STEPS	     200000
static void numbers_never_collide(void **state)
{
	struct pid_map *map = new_map();
	struct {
		s32 guest;
		bool moved;
	} task[HOST_NUMBERS + 1] = {0}; /* by host number; guest 0: not in use */
	unsigned seed = 1;

	for (int step = 0; step < STEPS; step++) {
		s32 a = 1 + rand_r(&seed) % HOST_NUMBERS, b = 1 + rand_r(&seed) % HOST_NUMBERS;

		if (!task[a].guest) { /* a is born */
			task[a].guest = pid_to_guest(map, a);
		} else if (rand_r(&seed) % 3 == 0) { /* a goes */
			if (task[a].moved)
				pid_gone(map, task[a].guest);
			task[a].guest = 0;
			task[a].moved = false;
		} else if (!task[b].guest && !task[a].moved && task[a].guest == a) { /* a moves to b */
			if (pid_reserve(map, a))
				continue;
			assert_int_equal(pid_move(map, a, b, false), 0);
			task[b].guest = a;
			task[b].moved = true;
			task[a].guest = 0;
		}
		/* What is over is forgotten once the host does not use the number: the warden's rule. */
		for (s32 i = 1; i <= HOST_NUMBERS; i++) {
			s32 host;

			if (pid_find(map, i, &host) && !host && !task[i].guest)
				pid_free(map, i);
		}
		for (s32 i = 1; i <= HOST_NUMBERS; i++) {
			if (!task[i].guest)
				continue;
			assert_int_equal(pid_to_guest(map, i), task[i].guest);
			assert_int_equal(pid_to_host(map, task[i].guest), i);
			for (s32 k = 1; k < i; k++)
				assert_true(task[k].guest != task[i].guest);
		}
	}
	free(map);
}

/* Readers beside a writer: a task that moves to and fro is always found, and never as somebody else. */
static struct pid_map *shared;
static _Atomic bool over;

static void *read_on(void *arg)
{
	while (!atomic_load(&over)) {
		s32 host = pid_to_host(shared, 1000), other = pid_to_host(shared, 5);

		if ((host != 1000 && host != 2000) || other != 6)
			return (void *)1;
	}
	return NULL;
}

static void readers_see_one_state_or_the_other(void **state)
{
	pthread_t reader[2];
	void *bad;

	shared = new_map();
	atomic_store(&over, false);
	pid_reserve(shared, 5);
	pid_move(shared, 5, 6, false);
	for (int i = 0; i < 2; i++)
		pthread_create(&reader[i], NULL, read_on, NULL);
	for (int i = 0; i < 20000; i++) {
		pid_reserve(shared, 1000);
		pid_move(shared, 1000, 2000, false);
		pid_free(shared, 1000);
	}
	atomic_store(&over, true);
	for (int i = 0; i < 2; i++) {
		pthread_join(reader[i], &bad);
		assert_null(bad);
	}
	free(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_map_changes_nothing),
	    cmocka_unit_test(a_task_keeps_its_number_when_it_moves),
	    cmocka_unit_test(who_gets_the_number_on_the_host_has_a_substitute),
	    cmocka_unit_test(a_new_task_may_have_moved_before_its_maker_asks),
	    cmocka_unit_test(a_husk_is_told_by_its_host_number),
	    cmocka_unit_test(wrong_calls_are_refused),
	    cmocka_unit_test(a_full_map_refuses_and_recovers),
	    cmocka_unit_test(numbers_never_collide),
	    cmocka_unit_test(readers_see_one_state_or_the_other),
	};

	return cmocka_run_group_tests_name("pid", tests, NULL, NULL);
}
