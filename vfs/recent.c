/* SPDX-License-Identifier: MIT */
/*
 * The directory that a task has just looked into. Who looks at many files looks at those of one directory in a row, and
 * of most directories just once: before the warden could have them watched (vfs/dcache.c) that is over. So when the
 * host has refused symlinks on the way to a file, the next one in the same directory, or in one above, is asked for by
 * its path. The same where a directory was opened in that way, or was found by its path in one that is remembered.
 *
 * The host sees to all that may happen to a directory but one thing: that a symlink comes to be where it was. For that
 * it must have left its name, and guests who do that make all forget what they remember before they return, as the
 * arena has it (`recents`). Of what others do nobody hears: so it is remembered for 40 ms. The path is the key: an
 * absolute one is the host's, a relative one begins where the task's host thread stands.
 */
#include <asm/stat.h>
#include "arch/x86_64/ticks.h"
#include "arena/arena.h"
#include "lib/string.h"
#include "vfs/walk.h"
#include "warden/client.h"

/* Is that a place whose path may be remembered? */
static bool is_kept(const struct nameidata *nd, const struct target *t)
{
	return t->dfd == AT_FDCWD && !nd->proc && !(t->path == nd->host && nd->tail);
}

/* The length of the path of the directory that the target is in; 0: it is none to be remembered. */
static size_t directory_len(const struct nameidata *nd, const struct target *t)
{
	const char *slash = is_kept(nd, t) ? strrchr(t->path, '/') : NULL;

	return slash && slash - t->path <= RECENT_PATH_MAX ? (size_t)(slash - t->path) : 0;
}

/* The first `len` bytes of the path: it, or a directory on its way. */
static bool is_recent(const struct task *task, const char *path, size_t len)
{
	return len && len <= task->recent.len && !memcmp(path, task->recent.path, len) &&
	       (len == task->recent.len || task->recent.path[len] == '/') &&
	       (*path == '/' || task->recent.fs_seq == task->host_fs_seq);
}

/*
 * One part in so many of the time that the cache is believed (DCACHE_LEASE_MS): a directory is looked through in less,
 * even by one of several threads that have to wait for the processor in between.
 */
#define LEASE_PART 2

/* Of the ticks: also when the clock has been set back. */
static bool counts(const struct task *task)
{
	struct dcache *dc = &arena()->dcache;
	u64 lease = atomic_load_explicit(&dc->lease_ticks, memory_order_relaxed);

	/* The number last: it changes when they end, and before they begin again. */
	return task->recent.seq && dcache_has_recents(dc) && dcache_ticks_readable() &&
	       arch_ticks() - task->recent.ticks < lease / LEASE_PART && task->recent.seq == dcache_seq(dc) + 1;
}

bool recent_reaches(const struct task *task, const struct nameidata *nd, const struct target *t)
{
	return task->recent.seq && is_recent(task, t->path, directory_len(nd, t)) && counts(task);
}

struct recent_mark recent_begin(void)
{
	const struct dcache *dc = &arena()->dcache;
	struct recent_mark mark = {.seq = dcache_seq(dc) + 1};

	/* After the number: see counts(). */
	if (!dcache_has_recents(dc) || !dcache_ticks_readable())
		mark.seq = 0;
	else
		mark.ticks = arch_ticks();
	return mark;
}

/* Nothing is remembered, and this was the second file in a directory: when that is so often, the warden hears of it. */
#define WANTED_MIN 32
static void want(const struct task *task)
{
	static _Atomic u32 wanted;
	struct request req;

	if (++wanted % WANTED_MIN || dcache_has_recents(&arena()->dcache) || !dcache_live(&arena()->dcache) ||
	    !dcache_ticks_readable())
		return;
	request_init(&req, REQ_RECENTS, task);
	warden_post(task, &req);
}

static void keep(struct task *task, const char *path, size_t len, struct recent_mark mark)
{
	task->recent.seq = mark.seq;
	task->recent.ticks = mark.ticks;
	task->recent.fs_seq = task->host_fs_seq;
	task->recent.len = (u32)len;
	memcpy(task->recent.path, path, len);
}

void recent_keep(struct task *task, const struct nameidata *nd, const struct target *t, struct recent_mark mark)
{
	size_t len = directory_len(nd, t);

	if (!len)
		return;
	if (!mark.seq && is_recent(task, t->path, len))
		want(task);
	keep(task, t->path, len, mark);
}

void recent_keep_directory(struct task *task, const struct nameidata *nd, const struct target *t,
			   struct recent_mark mark)
{
	size_t len = strlen(t->path);

	if (is_kept(nd, t) && len <= RECENT_PATH_MAX)
		keep(task, t->path, len, mark);
}

void recent_enter(struct task *task, const struct nameidata *nd)
{
	struct target t = {nd->near ? nd->near_dfd : AT_FDCWD, nd->near ? nd->near : nd->host};

	/* As old as what it was found by. */
	if (nd->fd < 0 && recent_reaches(task, nd, &t) && !is_recent(task, t.path, strlen(t.path)))
		recent_keep_directory(task, nd, &t, (struct recent_mark){task->recent.seq, task->recent.ticks});
}
