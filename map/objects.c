/* SPDX-License-Identifier: MIT */
/* From keys to objects, which have numbers in each column in the order of the rows. */
#include <stdlib.h>
#include "cli/cli.h"
#include "map/map.h"

const char *const context_names[CONTEXTS] = {"vm",  "thread", "sighand", "files", "fs",	 "sysvsem", "mnt",
					     "uts", "user",   "ipc",	 "net",	  "pid", "cgroup",  "time"};

static bool same(const struct map_task *a, const struct map_task *b, enum context c)
{
	const struct key *x = &a->key[c], *y = &b->key[c];

	if (x->state == KEY_KNOWN && y->state == KEY_KNOWN)
		return x->a == y->a && x->b == y->b;
	return x->state >= KEY_ASK && y->state >= KEY_ASK && host_says_same(a, b, c);
}

static int object_of(const struct map *map, size_t row, enum context c, const size_t *first)
{
	const struct map_task *task = &map->task[row];

	if (task->key[c].state == KEY_NONE)
		return OBJECT_NONE;
	if (task->key[c].state == KEY_UNKNOWN)
		return OBJECT_UNKNOWN;
	for (int i = 0; i < map->nr_objects[c]; i++) {
		if (same(&map->task[first[i]], task, c))
			return i + 1;
	}
	return map->nr_objects[c] + 1;
}

static void number_column(struct map *map, enum context c)
{
	size_t *first = calloc(map->nr, sizeof(*first)); /* row in which each object is first seen */

	map->users[c] = calloc(map->nr + 1, sizeof(*map->users[c]));
	if (!first || !map->users[c])
		die_errno("cannot draw so many tasks");
	for (size_t row = 0; row < map->nr; row++) {
		int object = object_of(map, row, c, first);

		if (object > map->nr_objects[c]) {
			first[map->nr_objects[c]] = row;
			map->nr_objects[c] = object;
		}
		map->task[row].object[c] = object;
		if (object > 0)
			map->users[c][object]++;
	}
	free(first);
}

static int by_number(const void *x, const void *y)
{
	const struct map_task *a = x, *b = y;

	return a->pid != b->pid ? (a->pid > b->pid) - (a->pid < b->pid) : (a->tid > b->tid) - (a->tid < b->tid);
}

void number_objects(struct map *map)
{
	qsort(map->task, map->nr, sizeof(*map->task), by_number);
	for (enum context c = 0; c < CONTEXTS; c++)
		number_column(map, c);
}

int object_colour(const struct map *map, const struct map_task *task, enum context c)
{
	int object = task->object[c], colour = (int)c; /* in each column another one first */

	if (object <= 0 || map->users[c][object] < 2)
		return -1;
	for (int i = 1; i < object; i++)
		colour += map->users[c][i] > 1;
	return colour;
}

bool column_matters(const struct map *map, enum context c)
{
	if (c == CTX_SYSVSEM) {
		for (size_t i = 0; i < map->nr; i++) {
			if (map->task[i].object[c] != OBJECT_UNKNOWN)
				return true;
		}
		return false;
	}
	return c < CTX_IPC || map->nr_objects[c] > 1;
}
