/* SPDX-License-Identifier: MIT */
/* The rows: the threads of each process of the session. */
#include <errno.h>
#include <stdlib.h>
#include "cli/cli.h"
#include "map/map.h"

static struct map_task *new_task(struct map *map)
{
	if (map->nr == map->room) {
		map->room = map->room ? 2 * map->room : 64;
		map->task = reallocarray(map->task, map->room, sizeof(*map->task));
		if (!map->task)
			die_errno("cannot draw so many tasks");
	}
	map->task[map->nr] = (struct map_task){0};
	return &map->task[map->nr++];
}

struct reading {
	const struct session *session;
	struct map *map;
	int pid;
	const struct runtime *runtime; /* NULL: it cannot be read */
};

/* A number as /proc shows it here: outside the host's, inside a guest's. */
static s32 as_guest(const struct session *s, s32 here)
{
	return s->inside ? here : pid_to_guest(s->pids, here);
}

static s32 as_host(const struct session *s, s32 here)
{
	return s->inside ? pid_to_host(s->pids, here) : here;
}

static bool read_task(int tid, void *arg)
{
	struct reading *r = arg;
	struct map_task *task = new_task(r->map);

	task->here = tid;
	task->tid = as_guest(r->session, tid);
	task->pid = as_guest(r->session, r->pid);
	task->host_tid = as_host(r->session, tid);
	read_command(r->pid, tid, task->command);
	host_keys(r->session, r->pid, task);
	if (!r->runtime && !r->session->inside)
		handle_keys(r->session, r->pid, task);
	if (r->runtime)
		runtime_keys(r->session, r->runtime, task);
	return true;
}

void read_process(const struct session *s, struct map *map, int pid)
{
	struct reading reading = {.session = s, .map = map, .pid = pid};
	struct runtime *runtime = runtime_open(pid);
	char dir[64];

	/* It has the arena open, as we ourselves had for a moment, but is no guest. */
	if (!runtime && errno == EFAULT)
		return;
	reading.runtime = runtime;
	snprintf(dir, sizeof(dir), "/proc/%d/task", pid);
	for_each_number(dir, read_task, &reading);
	runtime_close(runtime);
}
