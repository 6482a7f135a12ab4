/* SPDX-License-Identifier: MIT */
/*
 * files_struct: what is known of descriptors beyond the host's table, shared under CLONE_FILES.
 * Most descriptors have no note; the table is small and sorted by number.
 */
#include "kernel/refs.h"
#include "kernel/task.h"
#include "lib/string.h"

/*
 * Whoever changes the table can be killed at any instruction. A number that stands there twice counts where it
 * stands first, so a note moves upwards with its number first and downwards with it last, and is never lost.
 */
static void note_copy_body(struct fd_info *to, const struct fd_info *from)
{
	to->kind = from->kind;
	to->sub = from->sub;
	to->mnt = from->mnt;
	to->dev = from->dev;
	to->ino = from->ino;
}

static void note_up(struct fd_info *to, const struct fd_info *from)
{
	to->fd = from->fd;
	publish();
	note_copy_body(to, from);
	publish();
}

static void note_down(struct fd_info *to, const struct fd_info *from)
{
	note_copy_body(to, from);
	publish();
	to->fd = from->fd;
	publish();
}

/* Index of the first note whose number is >= fd. Held: files->lock. */
static u32 files_find(const struct files_struct *files, int fd)
{
	u32 low = 0, high = files->nr;

	while (low < high) {
		u32 mid = (low + high) / 2;

		if (files->tab[mid].fd < fd)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Makes room for one more note. Held: files->lock. */
static int files_grow(struct files_struct *files)
{
	u32 cap = files->cap ? files->cap * 2 : 8;
	struct fd_info *tab, *old = files->tab;

	if (files->nr < files->cap)
		return 0;
	tab = kzalloc(cap * sizeof(*tab));
	if (!tab)
		return -ENOMEM;
	if (files->nr)
		memcpy(tab, old, files->nr * sizeof(*tab));
	publish();
	files->tab = tab;
	publish();
	files->cap = cap;
	kfree(old);
	return 0;
}

/* Makes room at index i by moving up what stands there. Held: files->lock. */
static void files_shift(struct files_struct *files, u32 i)
{
	struct fd_info *tab = files->tab;
	u32 k = files->nr;

	if (i == k)
		return;
	tab[k] = tab[k - 1];
	publish();
	files->nr = k + 1;
	while (--k > i)
		note_up(&tab[k], &tab[k - 1]);
}

/* Held: files->lock. */
static int files_set_locked(struct files_struct *files, const struct fd_info *info)
{
	u32 i = files_find(files, info->fd);
	int err;

	if (i == files->nr || files->tab[i].fd != info->fd) {
		err = files_grow(files);
		if (err)
			return err;
		files_shift(files, i);
	}
	note_up(&files->tab[i], info);
	if (i == files->nr)
		files->nr++;
	return 0;
}

/* Held: files->lock. */
static void files_clear_locked(struct files_struct *files, unsigned first, unsigned last)
{
	u32 i, from, to;

	if (first > INT32_MAX)
		return;
	from = files_find(files, (int)first);
	for (to = from; to < files->nr && (unsigned)files->tab[to].fd <= last; to++)
		;
	for (i = 0; to + i < files->nr; i++)
		note_down(&files->tab[from + i], &files->tab[to + i]);
	files->nr -= to - from;
}

int files_set(struct files_struct *files, const struct fd_info *info)
{
	int err;

	mutex_lock(&files->lock);
	err = files_set_locked(files, info);
	mutex_unlock(&files->lock);
	return err;
}

bool files_get(struct files_struct *files, int fd, struct fd_info *out)
{
	bool found = false;
	u32 i;

	/* Nearly every process has no note at all: say so without the lock. */
	if (!files->nr)
		return false;
	mutex_lock(&files->lock);
	i = files_find(files, fd);
	if (i < files->nr && files->tab[i].fd == fd) {
		*out = files->tab[i];
		found = true;
	}
	mutex_unlock(&files->lock);
	return found;
}

bool files_next(struct files_struct *files, int fd, struct fd_info *out)
{
	bool found;
	u32 i;

	mutex_lock(&files->lock);
	i = files_find(files, fd);
	found = i < files->nr;
	if (found)
		*out = files->tab[i];
	mutex_unlock(&files->lock);
	return found;
}

void files_clear(struct files_struct *files, unsigned first, unsigned last)
{
	if (!files->nr)
		return;
	mutex_lock(&files->lock);
	files_clear_locked(files, first, last);
	mutex_unlock(&files->lock);
}

int files_dup_entry(struct files_struct *files, int from, int to)
{
	struct fd_info info;

	if (!files_get(files, from, &info)) {
		files_clear(files, (unsigned)to, (unsigned)to);
		return 0;
	}
	info.fd = to;
	return files_set(files, &info);
}

struct files_struct *dup_files(struct files_struct *old)
{
	struct files_struct *files = kzalloc(sizeof(*files));

	if (!files)
		return NULL;
	atomic_init(&files->users, 1);
	mutex_lock(&old->lock);
	if (old->nr) {
		files->tab = kzalloc(old->cap * sizeof(*files->tab));
		if (!files->tab) {
			mutex_unlock(&old->lock);
			kfree(files);
			return NULL;
		}
		memcpy(files->tab, old->tab, old->nr * sizeof(*files->tab));
		files->nr = old->nr;
		files->cap = old->cap;
	}
	mutex_unlock(&old->lock);
	return files;
}

void drop_files(struct files_struct **slot)
{
	struct files_struct *files;
	bool last;

	refs_lock();
	files = *slot;
	last = files && ref_drop(&files->users, slot);
	refs_unlock();
	if (!last)
		return;
	kfree(files->tab);
	kfree(files);
}

int copy_files(u64 flags, struct task *parent, struct task *child)
{
	if (flags & CLONE_FILES) {
		refs_lock();
		ref_take(&parent->files->users, &child->files, parent->files);
		refs_unlock();
		return 0;
	}
	child->files = dup_files(parent->files);
	return child->files ? 0 : -ENOMEM;
}

int unshare_files(u64 flags, struct task *task, struct files_struct **new)
{
	*new = NULL;
	if (!(flags & CLONE_FILES) || atomic_load(&task->files->users) == 1)
		return 0;
	*new = dup_files(task->files);
	return *new ? 0 : -ENOMEM;
}
