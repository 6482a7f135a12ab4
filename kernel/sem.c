/* SPDX-License-Identifier: MIT */
/* See kernel/sem.h: who shares a list, and what is known of it. */
#include "kernel/refs.h"
#include "kernel/task.h"
#include "lib/string.h"

struct sem_undo *new_sem_undo(void)
{
	struct sem_undo *sem = kzalloc(sizeof(*sem));

	if (sem)
		atomic_init(&sem->users, 1);
	return sem;
}

/* ---- which semaphores ---- */

/* Index of the first that is not below `key`. */
static u32 find(const struct sem_undo *sem, u64 key)
{
	u32 low = 0, high = sem->nr;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (sem->known[mid] < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Sets that have been removed took their adjustments along: else a list would grow for as long as a program lives. */
static void forget_removed(struct sem_undo *sem)
{
	u32 i, nr = 0;

	for (i = 0; i < sem->nr; i++)
		if (host_sem_exists(sem_key_set(sem->known[i])))
			sem->known[nr++] = sem->known[i];
	sem->nr = nr;
}

static int make_room(struct sem_undo *sem)
{
	u32 cap = sem->cap ? sem->cap * 2 : 8;
	u64 *known, *old = sem->known;

	if (sem->nr == sem->cap)
		forget_removed(sem);
	if (sem->nr < sem->cap)
		return 0;
	known = kzalloc(cap * sizeof(*known));
	if (!known)
		return -ENOMEM;
	if (sem->nr)
		memcpy(known, old, sem->nr * sizeof(*known));
	publish();
	sem->known = known;
	publish();
	sem->cap = cap;
	kfree(old);
	return 0;
}

int sem_undo_note(struct sem_undo *sem, u64 key)
{
	u32 i = find(sem, key), k;
	int err;

	if (i < sem->nr && sem->known[i] == key)
		return 0;
	err = make_room(sem);
	if (err)
		return err;
	/* Upwards from the end, so that whoever is killed here leaves one of them twice, and none out. */
	i = find(sem, key);
	for (k = sem->nr; k > i; k--) {
		sem->known[k] = sem->known[k - 1];
		publish();
		if (k == sem->nr)
			sem->nr++;
		publish();
	}
	sem->known[i] = key;
	publish();
	if (i == sem->nr)
		sem->nr++;
	return 0;
}

/* ---- who shares it ---- */

void sem_undo_alone(struct sem_undo *sem, bool shared)
{
	atomic_store(&sem->users, 1);
	if (shared)
		return;
	atomic_store(&sem->parted, false);
	atomic_store(&sem->id, 0);
	sem->nr = 0;
}

void drop_sem_undo(struct sem_undo **slot)
{
	struct sem_undo *sem;
	bool last = false;
	u32 id = 0;

	refs_lock();
	sem = *slot;
	if (sem) {
		id = atomic_load(&sem->id);
		last = ref_drop(&sem->users, slot);
	}
	refs_unlock();
	if (id)
		host_leave_sem_undo(sem, id);
	if (!last)
		return;
	kfree(sem->known);
	kfree(sem);
}

int copy_sem_undo(u64 flags, struct task *parent, struct task *child)
{
	if (flags & CLONE_SYSVSEM) {
		refs_lock();
		ref_take(&parent->sem->users, &child->sem, parent->sem);
		refs_unlock();
		return 0;
	}
	child->sem = new_sem_undo();
	return child->sem ? 0 : -ENOMEM;
}

/* Nothing was ever in it, and nobody else can put anything there: it is as good as a new one. */
static bool is_new(const struct sem_undo *sem)
{
	return atomic_load(&sem->users) == 1 && !atomic_load(&sem->id) && !sem->nr;
}

int unshare_sem_undo(u64 flags, struct task *task, struct sem_undo **new)
{
	int err;

	*new = NULL;
	if (!(flags & CLONE_SYSVSEM) || is_new(task->sem))
		return 0;
	*new = new_sem_undo();
	if (!*new)
		return -ENOMEM;
	atomic_init(&(*new)->parted, true);
	err = host_part_sem_undo(task->sem);
	if (err)
		drop_sem_undo(new);
	return err;
}
