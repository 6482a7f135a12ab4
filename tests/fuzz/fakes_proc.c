/* SPDX-License-Identifier: MIT */
/* What proc asks of the runtime: each task is alone in its address space, and its number on the host is its own + 1. */
#include "host/limit.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/control.h"
#include "sys/patch.h"
#include "sys/pids.h"
#include "walk.h"

struct mm_struct mm;

/* ---- tasks ---- */

struct host_thread *host_thread_of(int pid)
{
	return pid >= 1 && pid <= MODEL_TASKS && tasks[pid - 1].task ? &tasks[pid - 1].thread : NULL;
}

int host_thread_number(void)
{
	int pid = 1;

	while (host_thread_of(pid) != host_thread)
		pid++;
	return pid;
}

struct task *walk_current(void)
{
	return tasks[host_thread_number() - 1].task;
}

struct task *task_find(s32 tid)
{
	return tid == host_thread_number() ? walk_current() : NULL;
}

struct task *task_next(u32 *i)
{
	return (*i)++ ? NULL : walk_current();
}

/* All memory is one here, but that each task stands in the first block of its own. */
bool host_peek(int pid, void *to, const void *at, size_t len)
{
	size_t offset = (size_t)at - BLOCKS_BASE;

	if (!at)
		return false;
	if (offset < sizeof(struct task))
		at = (const char *)tasks[pid - 1].task + offset;
	memcpy(to, at, len);
	return true;
}

u64 signal_mask(const struct task *task);
u64 signal_mask(const struct task *task)
{
	return task->sig_mask;
}

/* ---- what is not hidden, because it is not there ---- */

bool process_is_hidden(s32 pid)
{
	return false;
}

bool range_is_ours(u64 addr, u64 len)
{
	return false;
}

bool next_own_range(u64 addr, struct mm_range *out)
{
	return false;
}

void patch_stop_in(struct task *task, s32 pid)
{
}

struct rlimit64 limit_for_guest(struct rlimit64 host)
{
	return host;
}

/* Nobody reads twice, or writes. */
int control_open(struct task *task, struct fd_info *info)
{
	const struct node *n = host_fd_node(info->fd);

	info->dev = WALK_HOST_DEV;
	info->ino = n->ino;
	return files_set(task->files, info);
}
