/* SPDX-License-Identifier: MIT */
/* What a tmpfs may hold, and whether more goes in: see vfs/tmpfs.h. */
#include "vfs/tmpfs.h"

#include <asm/statfs.h>
#include <linux/magic.h>
#include <linux/sysinfo.h>
#include "arena/arena.h"
#include "host/host.h"
#include "lib/string.h"
#include "warden/proto.h"

#define PAGE 4096UL

bool tmpfs_of_mount(struct task *task, u64 mnt, struct tmpfs *out)
{
	const struct mnt_ns *ns = mnt_ns_of(task->nsproxy->mnt, mnt);
	const struct super *sb;
	const struct mount *m;
	bool found;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		m = mnt_by_id(ns, mnt);
		sb = m ? READ_ONCE(m->sb) : NULL;
		found = sb && arena_contains(sb, sizeof(*sb)) && sb->kind == SUPER_TMPFS;
		if (!found)
			continue;
		out->storage = sb->storage;
		out->magic = memcmp(sb->fstype, "ramfs", sizeof("ramfs")) ? TMPFS_MAGIC : RAMFS_MAGIC;
		out->max_bytes = atomic_load_explicit(&((struct super *)sb)->max_bytes, memory_order_relaxed);
		out->max_inodes = atomic_load_explicit(&((struct super *)sb)->max_inodes, memory_order_relaxed);
	} while (mnt_read_retry(ns, seq));
	return found;
}

bool tmpfs_buried(struct task *task, u64 mnt)
{
	const struct mnt_ns *ns = mnt_ns_of(task->nsproxy->mnt, mnt);
	size_t mark = strlen(arena()->storage) + 1 + STORAGE_NAME;
	const struct mount *m;
	const char *host;
	bool buried;
	u64 seq;

	if (!atomic_load(&arena()->tmpfs_files))
		return false;
	do {
		seq = mnt_read_begin(ns);
		m = mnt_by_id(ns, mnt);
		host = m ? READ_ONCE(m->host) : NULL;
		buried = m && READ_ONCE(m->host_len) > mark && arena_contains(host, mark + 1) &&
			 host[mark] == GRAVE_MARK && !memcmp(host, arena()->storage, mark - STORAGE_NAME - 1);
	} while (mnt_read_retry(ns, seq));
	return buried;
}

/* ---- what is known of the usage ---- */

/*
 * Measuring takes a look at every file, so what was measured counts for a while, ten times as long as it took, and
 * what has been added here since is added. But nothing is refused on the word of the past.
 */
static struct {
	struct mutex lock; /* guards what follows */
	u32 storage;	   /* of the one that is known; 0: none */
	struct tmpfs_usage usage;
	u64 until; /* ns of the monotonic clock */
} known;
#define WORTH 10

static u64 now_ns(void)
{
	s64 t[2] = {0};

	host_call2(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, t);
	return (u64)t[0] * 1000000000UL + (u64)t[1];
}

/* Held: known.lock. False: it cannot be told. */
static bool measure(const struct tmpfs *fs)
{
	u64 start = now_ns(), end;

	known.storage = 0;
	if (tmpfs_measure(fs, TMPFS_ALL, &known.usage))
		return false;
	end = now_ns();
	known.storage = fs->storage;
	known.until = end + WORTH * (end - start);
	return true;
}

static bool has_room(const struct tmpfs *fs, u64 bytes, u64 inodes)
{
	if (fs->max_inodes && known.usage.inodes + inodes > fs->max_inodes)
		return false;
	return !fs->max_bytes || !bytes || known.usage.bytes + bytes <= fs->max_bytes;
}

static int may_add(struct task *task, u64 mnt, u64 bytes, u64 inodes, bool exact)
{
	struct tmpfs fs;
	bool room = true;

	if (!tmpfs_of_mount(task, mnt, &fs))
		return 0;
	mutex_lock(&known.lock);
	if (exact || known.storage != fs.storage || now_ns() > known.until || !has_room(&fs, bytes, inodes))
		room = !measure(&fs) || has_room(&fs, bytes, inodes);
	if (room) {
		known.usage.bytes += bytes;
		known.usage.inodes += inodes;
	}
	mutex_unlock(&known.lock);
	return room ? 0 : -ENOSPC;
}

int tmpfs_may_create(struct task *task, u64 mnt, u64 bytes)
{
	return may_add(task, mnt, bytes, 1, false);
}

int tmpfs_may_append(struct task *task, u64 mnt)
{
	return may_add(task, mnt, PAGE, 0, false);
}

int tmpfs_may_allocate(struct task *task, u64 mnt, u64 bytes)
{
	return may_add(task, mnt, bytes, 0, true);
}

/* ---- statfs ---- */

/* What a limit is shown as, and what is left of it. */
static u64 whole(u64 max)
{
	return max == SUPER_NO_LIMIT ? 0 : max;
}

static u64 left(u64 max, u64 used)
{
	return whole(max) > used ? max - used : 0;
}

/* In pages: what Linux gives a tmpfs that was told no limits. Here it is shown, and holds nobody back. */
static u64 half_of_memory(void)
{
	struct sysinfo memory = {0};

	host_call1(__NR_sysinfo, &memory);
	return memory.totalram * memory.mem_unit / PAGE / 2;
}

/* Nobody waits for what is only shown: many ask for the type alone. What the storage holds is at least as much. */
#define MOST_SHOWN 1000

static int measure_to_show(const struct tmpfs *fs, const struct statfs *storage, struct tmpfs_usage *used)
{
	bool limited = fs->max_bytes || fs->max_inodes;
	int err = tmpfs_measure(fs, limited ? TMPFS_ALL : MOST_SHOWN, used);

	if (err != -E2BIG)
		return err;
	used->bytes = (u64)(storage->f_blocks - storage->f_bfree) * (u64)storage->f_bsize;
	used->inodes = MAX(used->inodes, (u64)(storage->f_files - storage->f_ffree));
	return 0;
}

void tmpfs_statfs(const struct tmpfs *fs, struct statfs *st)
{
	u64 pages, bytes, inodes, storage_left = (u64)st->f_bavail * (u64)st->f_bsize;
	struct tmpfs_usage used;

	st->f_type = (long)fs->magic;
	if (fs->magic == RAMFS_MAGIC) {
		st->f_bsize = st->f_frsize = PAGE;
		st->f_blocks = st->f_bfree = st->f_bavail = st->f_files = st->f_ffree = 0;
		return;
	}
	if (measure_to_show(fs, st, &used))
		return;
	pages = half_of_memory();
	bytes = fs->max_bytes ? fs->max_bytes : pages * PAGE;
	inodes = fs->max_inodes ? fs->max_inodes : pages;
	st->f_bsize = st->f_frsize = PAGE;
	st->f_blocks = (long)(whole(bytes) / PAGE);
	st->f_bfree = (long)(left(bytes, used.bytes) / PAGE);
	st->f_bavail = (long)(MIN(left(bytes, used.bytes), storage_left) / PAGE);
	st->f_files = (long)whole(inodes);
	st->f_ffree = (long)left(inodes, used.inodes);
}
