/* SPDX-License-Identifier: MIT */
/*
 * What the runtime in a process knows of its tasks: their blocks lie at addresses that are the same everywhere, and
 * in them the pointers to contexts. A pointer is an object within an address space; what is shared beyond one stands in
 * shared memory and has a number of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>
#include "host/own_fds.h"
#include "kernel/mm.h"
#include "map/map.h"
#include "sys/runtime.h"

/* The part of struct task that says whose it is. */
struct identity {
	u32 state, restart;
	s32 tid, tgid, host_tid, host_tgid;
};
_Static_assert(offsetof(struct task, host_tgid) - offsetof(struct task, state) == offsetof(struct identity, host_tgid),
	       "a part of struct task");

struct runtime {
	int pid;
	u64 mm_id;
	u32 nr;
	struct identity *block;
};

static const struct task *block_at(u32 i)
{
	return (const struct task *)(BLOCKS_BASE + BLOCK_SIZE * i);
}

#define ROW 256

/* All identities, by as few calls as possible. */
static bool read_blocks(struct runtime *r)
{
	struct iovec to, from[ROW];

	for (u32 first = 0, nr; first < r->nr; first += nr) {
		nr = MIN(r->nr - first, (u32)ROW);
		to = (struct iovec){r->block + first, nr * sizeof(*r->block)};
		for (u32 i = 0; i < nr; i++)
			from[i] = (struct iovec){(char *)block_at(first + i) + offsetof(struct task, state),
						 sizeof(*r->block)};
		if (process_vm_readv(r->pid, &to, 1, from, nr, 0) != (ssize_t)to.iov_len)
			return false;
	}
	return true;
}

struct runtime *runtime_open(int pid)
{
	struct runtime_header header = {0};
	struct runtime *r = calloc(1, sizeof(*r));
	struct mm_struct mm = {0};

	errno = 0;
	if (!r || !peek(pid, &header, (void *)RUNTIME_HEADER, sizeof(header)) || header.magic != ARENA_MAGIC ||
	    header.layout != RUNTIME_LAYOUT || !peek(pid, &mm, header.mm, sizeof(mm)))
		goto fail;
	*r = (struct runtime){.pid = pid, .mm_id = mm.id, .nr = MIN(mm.nr_blocks, (u32)BLOCKS_MAX)};
	r->block = calloc(r->nr ? r->nr : 1, sizeof(*r->block));
	if (r->block && read_blocks(r))
		return r;
fail:
	runtime_close(r);
	return NULL;
}

void runtime_close(struct runtime *r)
{
	if (r)
		free(r->block);
	free(r);
}

static const struct task *find_block(const struct runtime *r, s32 host_tid)
{
	for (u32 i = 0; i < r->nr; i++) {
		if (r->block[i].state == TASK_RUNNING && r->block[i].host_tid == host_tid)
			return block_at(i);
	}
	return NULL;
}

static struct key pointer_key(const struct runtime *r, const void *pointer)
{
	return (struct key){pointer ? KEY_KNOWN : KEY_UNKNOWN, r->mm_id, (u64)(uintptr_t)pointer};
}

/* An object in shared memory; 0 in place of the pointer, which is nobody's address. */
static struct key number_key(u64 number)
{
	return (struct key){number ? KEY_KNOWN : KEY_UNKNOWN, number, 0};
}

static struct key fs_key(const struct runtime *r, const struct fs_struct *at)
{
	struct fs_struct fs = {0};

	if (!peek(r->pid, &fs, at, sizeof(fs)))
		return (struct key){0};
	/* The task has not heard yet that it goes on in shared memory. */
	if (fs.moved && !peek(r->pid, &fs, fs.moved, sizeof(fs)))
		return (struct key){0};
	return fs.shared ? number_key(fs.id) : pointer_key(r, at);
}

static struct key files_key(const struct runtime *r, const struct files_struct *at)
{
	struct files_struct files = {0};
	u64 number;

	if (!peek(r->pid, &files, at, sizeof(files)))
		return (struct key){0};
	if (!files.own)
		return pointer_key(r, at);
	return peek(r->pid, &number, files.own, sizeof(number)) ? number_key(number) : (struct key){0};
}

/* The host knows it, until somebody has left it. */
static struct key undo_key(const struct runtime *r, const struct sem_undo *at)
{
	struct sem_undo sem = {0};

	if (!peek(r->pid, &sem, at, sizeof(sem)) || !sem.parted)
		return (struct key){0};
	return sem.id ? number_key(sem.id) : (struct key){.state = KEY_NONE};
}

/* Where the runtime does not say, the host's word stays. */
static void set_key(struct map_task *task, enum context c, struct key key)
{
	if (key.state != KEY_UNKNOWN)
		task->key[c] = key;
}

void runtime_keys(const struct session *s, const struct runtime *r, struct map_task *task)
{
	const struct task *at = find_block(r, task->host_tid);
	struct nsproxy ns = {0};
	struct task t = {0};

	if (!at || !peek(r->pid, &t, at, sizeof(t)) || t.state != TASK_RUNNING || t.host_tid != task->host_tid)
		return;
	set_key(task, CTX_VM, number_key(r->mm_id));
	set_key(task, CTX_SIGHAND, pointer_key(r, t.sighand));
	set_key(task, CTX_FS, fs_key(r, t.fs));
	set_key(task, CTX_FILES, files_key(r, t.files));
	set_key(task, CTX_SYSVSEM, undo_key(r, t.sem));
	if (!peek(r->pid, &ns, t.nsproxy, sizeof(ns)))
		return;
	set_key(task, CTX_MNT, namespace_key(s, &ns.mnt->inum));
	set_key(task, CTX_UTS, namespace_key(s, &ns.uts->inum));
	set_key(task, CTX_USER, namespace_key(s, &ns.user->inum));
}
