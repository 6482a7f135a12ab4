/* SPDX-License-Identifier: MIT */
/* The address space: what of it is ours, and the blocks that tasks live in (kernel/mm.h). */
#include "kernel/mm.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/limit.h"
#include "host/own_fds.h"
#include "lib/string.h"
#include "sys/runtime.h"

#define REAP_ALWAYS 8

struct mm_struct mm;

bool next_own_range(u64 addr, struct mm_range *out)
{
	static const struct mm_range ranges[] = {
	    {IMAGE_BASE, (u64)(uintptr_t)runtime_image_end},
	    {ARENA_BASE, ARENA_BASE + ARENA_SIZE},
	    {HEAP_BASE, HEAP_BASE + HEAP_SIZE},
	    {BLOCKS_BASE, BLOCKS_END},
	};

	if (addr >= BLOCKS_END)
		return false; /* where most of what is asked for lies */
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		*out = ranges[i];
		if (addr < out->end)
			return true;
	}
	return false;
}

bool range_is_ours(u64 addr, u64 len)
{
	u64 end = addr + len < addr ? UINT64_MAX : addr + len;
	struct mm_range own;

	return next_own_range(addr, &own) && own.start < end;
}

static struct task *block(u32 i)
{
	return (struct task *)(BLOCKS_BASE + BLOCK_SIZE * i);
}

static u32 block_index(const struct task *task)
{
	return (u32)(((u64)(uintptr_t)task - BLOCKS_BASE) / BLOCK_SIZE);
}

struct task *task_at(u32 i)
{
	return i < mm.nr_blocks ? block(i) : NULL;
}

/* Whoever was killed before it had counted its block has left a mapping there: it is replaced. */
static bool block_map(u32 i)
{
	long at = host_call6(__NR_mmap, block(i), BLOCK_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

	return at == (long)(uintptr_t)block(i);
}

/* Held: mm.tasks_lock, so that only one does it. */
static void bury(struct task *task)
{
	exec_release(task);
	put_contexts(task);
	atomic_store(&task->state, TASK_FREE);
}

void task_bury(struct task *task, u64 serial)
{
	mutex_lock(&mm.tasks_lock);
	if (atomic_load(&task->state) != TASK_FREE && task->serial == serial)
		bury(task);
	mutex_unlock(&mm.tasks_lock);
	own_fds_reclaim();
}

/*
 * A task of this address space can die without a word, or leave for a new program, if it is no thread of ours (a
 * vfork child, CLONE_VM alone); a thread can be killed alone by a filter of its own (SECCOMP_RET_KILL_THREAD). The
 * block and the contexts are taken back here. Held: mm.tasks_lock.
 */
static bool may_have_vanished(const struct task *task)
{
	bool own = task->tgid == current_task()->tgid;

	return atomic_load(&task->state) != TASK_FREE && !(own && !task->seccomp.mode);
}

/* How many are there? Asks the host about each of them, if `ask`, and takes back what the vanished had. */
static u32 count_vanishing(bool ask)
{
	u32 i, n = 0;

	for (i = 0; i < mm.nr_blocks; i++) {
		if (!may_have_vanished(block(i)))
			continue;
		if (ask && thread_where(block(i)->host_tid) != THREAD_HERE)
			bury(block(i));
		else
			n++;
	}
	return n;
}

/*
 * A few are asked about each time. Many, as in a chain of vfork(2)s or a program of a hundred threads under a filter of
 * its own, only when they have become twice as many: so one more costs no more than the one before.
 */
static void reap_all(void)
{
	u32 n = count_vanishing(false);

	if (n > REAP_ALWAYS && n < mm.reap_at)
		return;
	mm.reap_at = 2 * count_vanishing(true);
}

/* Held: mm.tasks_lock. The first task of all comes without. */
static struct task *block_find(void)
{
	u32 i;

	for (i = 0; i < mm.nr_blocks; i++)
		if (atomic_load(&block(i)->state) == TASK_FREE)
			return block(i);
	if (mm.nr_blocks == BLOCKS_MAX || !block_map(mm.nr_blocks))
		return NULL;
	return block(mm.nr_blocks++);
}

struct task *task_alloc(void)
{
	bool first = !mm.nr_blocks;
	struct task *task;

	if (!first) {
		mutex_lock(&mm.tasks_lock);
		reap_all();
	}
	task = block_find();
	if (task) {
		memset(task, 0, sizeof(*task));
		task->serial = ++mm.nr_tasks;
		task->host_tid = first ? 0 : current_task()->host_tid;
		atomic_store(&task->state, TASK_NEW);
	}
	if (!first)
		mutex_unlock(&mm.tasks_lock);
	return task;
}

void task_born(struct task *task, u64 serial, s32 tid)
{
	mutex_lock(&mm.tasks_lock);
	/* It may have run already, and even gone. */
	if (atomic_load(&task->state) == TASK_NEW && task->serial == serial)
		task->host_tid = tid;
	mutex_unlock(&mm.tasks_lock);
}

#define PAGE	    4096UL
#define BLOCKS_FEW  4
#define BLOCKS_KEPT 32	/* as they are, for threads that come and go */
#define MORE_STACK  512 /* what is below the frame of the last function */

static void forget_pages(u64 from, u64 to)
{
	if (from < to)
		host_call3(__NR_madvise, from, to - from, MADV_DONTNEED);
}

void task_trim(struct task *task)
{
	u64 base = (u64)(uintptr_t)task, here = (u64)(uintptr_t)__builtin_frame_address(0) - MORE_STACK;

	if (base < (u64)(uintptr_t)block(BLOCKS_KEPT))
		return;
	forget_pages(ALIGN_UP(base + sizeof(*task), PAGE), ALIGN_DOWN(here, PAGE));
	forget_pages(base + KSTACK_TOP, base + BLOCK_SIZE);
}

void task_free(struct task *task)
{
	atomic_store(&task->state, TASK_FREE);
}

struct task *task_find(s32 tid)
{
	u32 i;

	for (i = 0; i < mm.nr_blocks; i++)
		if (atomic_load(&block(i)->state) == TASK_RUNNING && block(i)->host_tid == tid)
			return block(i);
	return NULL;
}

struct task *task_next(u32 *i)
{
	while (*i < mm.nr_blocks) {
		struct task *task = block((*i)++);

		if (atomic_load(&task->state) == TASK_RUNNING)
			return task;
	}
	return NULL;
}

unsigned nr_threads(const struct task *task)
{
	unsigned n = 0;
	u32 i;

	mutex_lock(&mm.tasks_lock);
	reap_all();
	for (i = 0; i < mm.nr_blocks; i++)
		if (atomic_load(&block(i)->state) != TASK_FREE && block(i)->tgid == task->tgid)
			n++;
	mutex_unlock(&mm.tasks_lock);
	return n;
}

unsigned mm_users(void)
{
	unsigned n = 0;
	u32 i;

	mutex_lock(&mm.tasks_lock);
	reap_all();
	for (i = 0; i < mm.nr_blocks; i++)
		n += atomic_load(&block(i)->state) != TASK_FREE;
	mutex_unlock(&mm.tasks_lock);
	return n;
}

void tasks_close_handles(struct task *self)
{
	u32 i;

	for (i = 0; i < mm.nr_blocks; i++) {
		const struct nsproxy *ns = block(i)->nsproxy;

		if (block(i) != self && atomic_load(&block(i)->state) != TASK_FREE && ns && ns != self->nsproxy)
			warden_close_handle(ns, NULL);
	}
}

/* A write would be a copy of a page each: many blocks are rather made anew by the host, when they are needed. */
void tasks_forget_others(struct task *self)
{
	u32 i;

	if (mm.nr_blocks > BLOCKS_FEW) {
		forget_pages((u64)(uintptr_t)block(0), (u64)(uintptr_t)self);
		forget_pages((u64)(uintptr_t)self + BLOCK_SIZE, (u64)(uintptr_t)block(mm.nr_blocks));
		mm.nr_blocks = block_index(self) + 1;
		return;
	}
	for (i = 0; i < mm.nr_blocks; i++)
		if (block(i) != self && atomic_load(&block(i)->state) != TASK_FREE)
			atomic_store(&block(i)->state, TASK_FREE);
}

bool handle_in_use(u64 inode)
{
	bool found = false;
	u32 i;

	for (i = 0; i < mm.nr_blocks && !found; i++) {
		if (atomic_load(&block(i)->state) == TASK_FREE)
			continue;
		task_lock(block(i));
		found = block(i)->nsproxy && block(i)->nsproxy->inode == inode;
		task_unlock(block(i));
	}
	return found;
}

/* The handle of a task that shares our descriptor table; UINT32_MAX: none. */
static u32 handle_in_table(struct task *task, const struct files_struct *files)
{
	u32 fd = UINT32_MAX;

	task_lock(task);
	if (task->files == files && task->nsproxy)
		fd = (u32)task->nsproxy->handle;
	task_unlock(task);
	return fd;
}

u32 next_own_fd(u32 from)
{
	const struct files_struct *files = current_task()->files;
	u32 next = (u32)mm.arena_fd >= from ? (u32)mm.arena_fd : UINT32_MAX, i;

	for (i = 0; i < mm.nr_blocks; i++) {
		u32 fd = UINT32_MAX;

		if (atomic_load(&block(i)->state) != TASK_FREE && block(i)->files == files)
			fd = handle_in_table(block(i), files);
		if (fd >= from)
			next = MIN(next, fd);
	}
	return files ? MIN(next, own_fds_next(files, from)) : next;
}

/* Threads may be using it, and a child in the same memory has the same number in another table. */
bool move_own_fd(int fd)
{
	struct task *task = current_task();
	struct nsproxy *ns = task->nsproxy;
	u64 from = MAX(limit_files(), (u64)mm.fd_base);
	s32 moved;

	if (mm_users() != 1 || task->files->own || (fd != mm.arena_fd && fd != ns->handle))
		return false;
	moved = (s32)host_own_fd(__NR_fcntl, fd, F_DUPFD_CLOEXEC, (long)MIN(from, (u64)INT32_MAX), 0);
	if (moved < 0)
		return false;
	if (fd == mm.arena_fd)
		mm.arena_fd = moved;
	else
		ns->handle = moved;
	return true;
}

bool fd_is_ours(int fd)
{
	const struct task *task = current_task();

	if (fd < 0)
		return false;
	if (fd == mm.arena_fd || (task->nsproxy && fd == task->nsproxy->handle))
		return true;
	/* Only up there can be those of other threads: the usual answer comes without asking them all. */
	return fd >= mm.fd_base && next_own_fd((u32)fd) == (u32)fd;
}
