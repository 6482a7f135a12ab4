/* SPDX-License-Identifier: MIT */
/* The table of kernel/dcache.h. */
#include "kernel/dcache.h"

#include <asm/errno.h>
#include <linux/futex.h>
#include "arena/arena.h"
#include "lib/hash.h"
#include "lib/string.h"

/* ---- reading ---- */

bool dcache_live(const struct dcache *dc)
{
	u32 warden = atomic_load_explicit(&((struct dcache *)dc)->warden, memory_order_acquire);

	return warden & FUTEX_TID_MASK;
}

u64 dcache_seq(const struct dcache *dc)
{
	return atomic_load_explicit(&((struct dcache *)dc)->seq, memory_order_acquire);
}

bool dcache_has_recents(const struct dcache *dc)
{
	return atomic_load_explicit(&((struct dcache *)dc)->recents, memory_order_acquire) && dcache_live(dc);
}

bool dcache_valid(const struct dcache *dc, u64 ticks)
{
	struct dcache *shared = (struct dcache *)dc; /* for atomic_load, which some compilers give no const */
	u64 left = atomic_load_explicit(&shared->lease, memory_order_acquire) - ticks;

	return left - 1 < atomic_load_explicit(&shared->lease_ticks, memory_order_relaxed) && dcache_live(dc);
}

bool dcache_passes(const struct dcache *dc, const char *name, size_t len)
{
	return atomic_load_explicit(&((struct dcache *)dc)->on_path[hash_text(name, len) % DCACHE_NAMES],
				    memory_order_acquire);
}

/* Is this entry that of the path? While its memory may be reused: nothing outside the arena is touched. */
static bool is_at(const struct dentry *e, const char *path, size_t len)
{
	return arena_contains(e, sizeof(*e) + len + 1) && READ_ONCE(e->len) == len && !memcmp(e->path, path, len);
}

static bool counts(const struct dentry *e)
{
	return atomic_load_explicit(&((struct dentry *)e)->counts, memory_order_acquire);
}

static int copy_text(const struct dentry *e, size_t len, char *text, size_t size)
{
	size_t text_len = READ_ONCE(e->text_len);

	if (!text_len)
		return 0;
	if (!counts(e))
		return -EAGAIN;
	if (text_len >= size)
		return -ENAMETOOLONG;
	if (!arena_contains(e, sizeof(*e) + len + 1 + text_len))
		return 0;
	memcpy(text, e->path + len + 1, text_len);
	text[text_len] = '\0';
	return (int)text_len;
}

/* The entry of that path; what it says counts if unchanged() afterwards. */
static const struct dentry *find(const struct dcache *dc, const char *path, size_t len, u64 *seq)
{
	struct dcache *shared = (struct dcache *)dc;
	u64 set = hash_text(path, len) % DCACHE_SETS;
	const struct dentry *e;

	arena_see();
	*seq = dcache_seq(dc);
	for (int way = 0; way < DCACHE_WAYS; way++) {
		e = atomic_load_explicit(&shared->set[set][way], memory_order_acquire);
		if (e && is_at(e, path, len))
			return e;
	}
	return NULL;
}

static bool unchanged(const struct dcache *dc, u64 seq)
{
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&((struct dcache *)dc)->seq, memory_order_relaxed) == seq;
}

int dcache_readlink(const struct dcache *dc, const char *path, size_t len, char *text, size_t size)
{
	u64 seq;
	const struct dentry *e = find(dc, path, len, &seq);
	int ret = e ? copy_text(e, len, text, size) : 0;

	return unchanged(dc, seq) ? ret : 0;
}

bool dcache_is_directory(const struct dcache *dc, const char *path, size_t len)
{
	u64 seq;
	const struct dentry *e = find(dc, path, len, &seq);
	bool is = e && !READ_ONCE(e->text_len) && counts(e);

	return is && unchanged(dc, seq);
}

/* ---- writing ---- */

static void count_names(struct dcache *dc, const struct dentry *e, u16 by)
{
	const char *name, *end = e->path;
	u64 key = 0;

	while (*end) {
		for (name = ++end; *end && *end != '/'; end++)
			;
		key = hash_text(name, (size_t)(end - name)) % DCACHE_NAMES;
		atomic_fetch_add(&dc->on_path[key], by);
	}
	if (e->text_len)
		atomic_fetch_add(&dc->last[key], by);
}

static void take_out(struct dcache *dc, u64 set, int way, dcache_gone gone)
{
	struct dentry *e = atomic_load_explicit(&dc->set[set][way], memory_order_relaxed);

	gone(e);
	atomic_store_explicit(&dc->set[set][way], NULL, memory_order_relaxed);
	atomic_store_explicit(&dc->seq, dc->seq + 1, memory_order_release);
	/* Before every store into what is given back: who sees a reused block sees the new seq. */
	atomic_thread_fence(memory_order_release);
	count_names(dc, e, (u16)-1);
	dc->nr--;
	arena()->objects++;
	arena_free(e);
}

void dcache_forget_recents(struct dcache *dc)
{
	atomic_store(&dc->seq, dc->seq + 1);
}

struct dentry *dcache_add(struct dcache *dc, const char *path, const char *text, dcache_gone gone)
{
	size_t len = strlen(path), text_len = strlen(text);
	struct dentry *e = arena_alloc(sizeof(*e) + len + text_len + 2);
	u64 hash = hash_text(path, len), set = hash % DCACHE_SETS;
	int way;

	if (!e)
		return NULL;
	e->len = (u32)len;
	e->text_len = (u32)text_len;
	memcpy(e->path, path, len + 1);
	memcpy(e->path + len + 1, text, text_len + 1);
	for (way = 0; way < DCACHE_WAYS && dc->set[set][way]; way++)
		;
	if (way == DCACHE_WAYS) {
		way = (int)(hash / DCACHE_SETS % DCACHE_WAYS);
		take_out(dc, set, way, gone);
	}
	count_names(dc, e, 1);
	dc->nr++;
	/* Nobody holds it: what is counted there goes when the guests have gone that need it. */
	arena()->objects--;
	atomic_store_explicit(&dc->set[set][way], e, memory_order_release);
	return e;
}

static bool is_below(const struct dentry *e, const char *path, size_t len)
{
	if (len == 1)
		return true;
	return e->len >= len && !memcmp(e->path, path, len) && (e->path[len] == '/' || !e->path[len]);
}

void dcache_drop(struct dcache *dc, const char *path, dcache_gone gone)
{
	size_t len = strlen(path);

	for (u64 set = 0; set < DCACHE_SETS; set++) {
		for (int way = 0; way < DCACHE_WAYS; way++) {
			const struct dentry *e = dc->set[set][way];

			if (e && is_below(e, path, len))
				take_out(dc, set, way, gone);
		}
	}
}
