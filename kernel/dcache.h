/* SPDX-License-Identifier: MIT */
/*
 * The directory cache: which host paths are symbolic links, and what they say; and which are directories, with nothing
 * but directories above them.
 *
 * For links that stand here the walk needs no host call. Everything else that it passes it takes for a directory, and
 * the one host call at its end, which refuses symlinks, says whether that was right. So a link that is not true any
 * more can do harm in one way alone: that it is followed although it has changed. stat(2) can do without that refusal,
 * and so without an O_PATH descriptor, where the directory is known to be one.
 *
 * Host paths know nothing of mount trees, roots and namespaces: a change there leaves every entry as true as it was.
 *
 * The table stands in the arena. The warden alone writes it: it enters what it has seen itself, with the host watching
 * that and every directory above it for changes (inotify(7)), and takes out what changes (warden/dcache.c).
 *
 * So it counts only as long as the warden does that. `warden` is a robust futex of its, which the host marks at its
 * death, also by SIGKILL. And it says up to when the table counts, each time that it has seen to all changes so far:
 * however late it gets the processor, or if it is stopped, nothing older than DCACHE_LEASE_MS is believed.
 *
 * Beside the table, tasks remember for a moment which directory they have just looked into (vfs/recent.c). Nobody
 * watches those: while `recents` says that there may be some, who takes a directory from its name asks the warden, and
 * `seq` is another one.
 *
 * Reading takes no lock: `seq` changes before the memory of an entry is given back, and what was copied out counts if
 * it has not changed since.
 */
#ifndef SECEDE_KERNEL_DCACHE_H
#define SECEDE_KERNEL_DCACHE_H

#include "lib/types.h"

#define DCACHE_SETS  512 /* each a bucket of the hash of paths; when it is full, something goes */
#define DCACHE_WAYS  4
#define DCACHE_NAMES 4096 /* counters of names, by their hash */

#define DCACHE_LEASE_MS 80

/* Immutable but for `counts`, which is set at most once. */
struct dentry {
	u32 len, text_len;   /* text_len 0: a directory */
	_Atomic bool counts; /* else it is a link that the warden cannot watch, or anything not watched yet */
	char path[];	     /* len bytes and NUL, then the link's text likewise */
};

struct dcache {
	_Atomic u32 warden;	 /* its thread id; with FUTEX_OWNER_DIED when it has died, 0 without a cache */
	_Atomic u64 lease;	 /* the table counts up to that time, in ticks (arch_ticks()), */
	_Atomic u64 lease_ticks; /* and from so long before: should the clock have been set back */
	_Atomic u64 seq;
	_Atomic u32 recents;		   /* tasks may remember directories; at its end `seq` changes */
	_Atomic u32 nr;			   /* entries */
	_Atomic u16 on_path[DCACHE_NAMES]; /* how many components of paths have such a name */
	_Atomic u16 last[DCACHE_NAMES];	   /* how many links end in one */
	struct dentry *_Atomic set[DCACHE_SETS][DCACHE_WAYS];
};

/* ---- reading: any process ---- */

/* Is there a warden that keeps a cache? */
bool dcache_live(const struct dcache *dc);
/* Does what stands in it count now? */
bool dcache_valid(const struct dcache *dc, u64 ticks);
/* May some link have a name with that hash_text()? False is certain. */
static inline bool dcache_ends_in(const struct dcache *dc, u64 hash)
{
	return atomic_load_explicit(&((struct dcache *)dc)->last[hash % DCACHE_NAMES], memory_order_acquire);
}
/* May some entry's path have that component? False is certain. */
bool dcache_passes(const struct dcache *dc, const char *name, size_t len);
/*
 * The text of the link at that host path, in `text`, which is NUL-terminated. Its length; 0: not known; -EAGAIN: it
 * stands there as one not to be followed, so nobody need tell the warden; -ENAMETOOLONG: `size` is too small.
 */
int dcache_readlink(const struct dcache *dc, const char *path, size_t len, char *text, size_t size);

/* Is another number when an entry has gone, or what tasks remember. */
u64 dcache_seq(const struct dcache *dc);
/* May tasks remember directories, and is there a warden to be asked about them? */
bool dcache_has_recents(const struct dcache *dc);

/* Is that host path known to be a directory, and no symlink on the way? */
bool dcache_is_directory(const struct dcache *dc, const char *path, size_t len);

/* ---- writing: the warden, and unit tests ---- */

/* Called for each entry that is about to go. */
typedef void (*dcache_gone)(const struct dentry *e);

/* Enters a link, or with text "" a directory, that is not there yet and counts from dcache_count() on. NULL: no memory.
 */
struct dentry *dcache_add(struct dcache *dc, const char *path, const char *text, dcache_gone gone);
static inline void dcache_count(struct dentry *e)
{
	atomic_store_explicit(&e->counts, true, memory_order_release);
}
/* What tasks remember counts no more, but what they remember from now on. */
void dcache_forget_recents(struct dcache *dc);
/* Takes out what is at that path or below it; "/" is everything. */
void dcache_drop(struct dcache *dc, const char *path, dcache_gone gone);

#endif
