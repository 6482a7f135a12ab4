/* SPDX-License-Identifier: MIT */
/* Reading the runtime of another process of the session (vfs/proc_peek.h). */
#include "vfs/proc_peek.h"

#include "host/host.h"
#include "lib/string.h"
#include "vfs/proc_internal.h"

struct iovec_remote {
	const void *base;
	size_t len;
};

bool peek_read(const struct peek *p, void *dst, const void *src, size_t len)
{
	struct iovec_remote to = {dst, len}, from = {src, len};

	return host_call6(__NR_process_vm_readv, p->pid, &to, 1, &from, 1, 0) == (long)len;
}

bool peek_hpath(const struct peek *p, const struct hpath *src, char buf[PATH_MAX])
{
	struct hpath head;

	if (!src || !peek_read(p, &head, src, sizeof(head)) || head.len == 0 || head.len >= PATH_MAX ||
	    !peek_read(p, buf, src + 1, head.len))
		return false;
	buf[head.len] = '\0';
	return buf[0] == '/';
}

bool peek_note(const struct peek *p, int fd, struct fd_info *out)
{
	struct files_struct files;
	u32 low = 0, high, mid;

	if (!peek_read(p, &files, p->task.files, sizeof(files)))
		return false;
	for (high = files.nr; low < high;) {
		mid = low + (high - low) / 2;
		if (!peek_read(p, out, &files.tab[mid], sizeof(*out)))
			return false;
		if (out->fd == fd)
			return true;
		if (out->fd < fd)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* ---- tasks: the host copies a part of many at a time ---- */

#define ROW 16

/* What tells whether a task is the one: a part of struct task. */
struct identity {
	_Atomic u32 state;
	u32 restart;
	s32 tid, tgid, host_tid, host_tgid;
};
_Static_assert(offsetof(struct task, host_tgid) - offsetof(struct task, state) == offsetof(struct identity, host_tgid),
	       "a part of struct task");

static const struct task *block_at(u32 i)
{
	return (const struct task *)(BLOCKS_BASE + BLOCK_SIZE * i);
}

/* Copies the `size` bytes at `offset` in each of up to ROW tasks, from number `first` on. How many there are, 0: no
 * more. */
static u32 peek_row(const struct peek *p, u32 first, size_t offset, size_t size, void *dst)
{
	u32 all = MIN(p->mm.nr_blocks, (u32)BLOCKS_MAX), nr = first < all ? MIN(all - first, (u32)ROW) : 0;
	struct iovec_remote to = {dst, nr * size}, from[ROW];

	for (u32 i = 0; i < nr; i++)
		from[i] = (struct iovec_remote){(const char *)block_at(first + i) + offset, size};
	if (nr && host_call6(__NR_process_vm_readv, p->pid, &to, 1, from, nr, 0) != (long)(nr * size))
		return 0;
	return nr;
}

static bool is_running(const struct identity *id)
{
	return atomic_load(&id->state) == TASK_RUNNING;
}

/* What a search for thread `pid` has met besides. */
struct others {
	s32 of_process; /* the number of any thread of process `pid`, or -1 */
	bool any;	/* a task, whosever */
};

/* Looks from task number `first` on for thread `pid`. Its number, or -1. */
static s32 find_from(const struct peek *p, u32 first, struct others *others)
{
	struct identity row[ROW];
	u32 nr, i;

	for (; (nr = peek_row(p, first, offsetof(struct task, state), sizeof(*row), row)); first += nr) {
		for (i = 0; i < nr; i++) {
			if (is_running(&row[i]) && row[i].host_tid == p->pid)
				return (s32)(first + i);
			if (is_running(&row[i]) && row[i].host_tgid == p->pid)
				others->of_process = (s32)(first + i);
			others->any = others->any || atomic_load(&row[i].state) != TASK_FREE;
		}
	}
	return -1;
}

/* The task of thread `pid`, or of another one of process `pid` when its first one has gone. */
static const struct task *find_task(const struct peek *p, bool *any)
{
	/* Whoever looks at all threads does so in their order, which is mostly that of their blocks. */
	static _Atomic u32 expected;
	struct others others = {-1, false};
	s32 found = find_from(p, atomic_load(&expected), &others);

	if (found < 0)
		found = find_from(p, 0, &others);
	if (found < 0)
		found = others.of_process;
	*any = others.any;
	atomic_store(&expected, (u32)MAX(found, 0));
	return found < 0 ? NULL : block_at((u32)found);
}

static bool peek_at(struct peek *p, const struct task *at)
{
	p->at = at;
	return at && peek_read(p, &p->task, at, sizeof(p->task)) && atomic_load(&p->task.state) == TASK_RUNNING;
}

/* 123 (name) T ... */
static bool is_stopped(int pid)
{
	char text[128];
	const char *p = proc_host_read(pid, "stat", text, sizeof(text)) > 0 ? strrchr(text, ')') : NULL;

	return p && (p[2] == 'T' || p[2] == 't');
}

/* In a process that fork(2) has just made are the tasks of the parent, until it knows itself: in a moment, where it is
 * not stopped and the machine not too busy. */
#define MOMENTS_ONLY 50
#define MOMENTS_MAX  20000

bool peek_task(int pid, struct peek *out)
{
	static const s64 a_moment[2] = {0, 100000};
	bool any = true;

	out->pid = pid;
	for (int i = 0; any && i < MOMENTS_MAX && peek_read(out, &out->mm, &mm, sizeof(out->mm)); i++) {
		if (peek_at(out, find_task(out, &any)))
			return true;
		if (i >= MOMENTS_ONLY && is_stopped(pid))
			break;
		host_call2(__NR_nanosleep, a_moment, NULL);
	}
	return false;
}

bool peek_holder(struct peek *p, s32 tgid, u32 *i)
{
	u64 row[ROW];
	u32 nr, at;

	if (!atomic_load(&p->mm.nr_held))
		return false;
	while ((nr = peek_row(p, *i, offsetof(struct task, sig_held), sizeof(*row), row))) {
		for (at = 0; at < nr && !row[at]; at++)
			;
		*i += MIN(at + 1, nr);
		if (at < nr && peek_at(p, block_at(*i - 1)) && p->task.host_tgid == tgid)
			return true;
	}
	return false;
}
