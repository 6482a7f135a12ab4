/* SPDX-License-Identifier: MIT */
/*
 * Reading a mount namespace. Everything here may run while the warden reuses the memory it looks
 * at: nothing is followed before it is known to lie in the arena, and what comes out counts only
 * after mnt_read_retry.
 */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

const struct mnt_ns *mnt_detached;

static bool any_detached(void)
{
	return mnt_detached && atomic_load_explicit(&((struct mnt_ns *)mnt_detached)->nr, memory_order_relaxed);
}

static bool readable_mount(const struct mount *m)
{
	return arena_contains(m, sizeof(*m)) && ((uintptr_t)m & 15) == 0;
}

bool path_below(const char *p, size_t plen, const char *top, size_t len)
{
	if (len == 1 && top[0] == '/')
		return true;
	return plen >= len && (plen == len || p[len] == '/') && memcmp(p, top, len) == 0;
}

/* ---- by place ---- */

struct place {
	u64 parent;
	const char *path;
	size_t len;
};

static bool mounted_at(const void *value, const void *arg)
{
	const struct mount *m = value;
	const struct place *place = arg;
	const char *point;

	if (!readable_mount(m) || m->parent != place->parent || m->point_len != place->len)
		return false;
	point = *(const char *const volatile *)&m->point;
	return arena_contains(point, place->len) && memcmp(point, place->path, place->len) == 0;
}

const struct mount *tree_child(const struct mnt_tree *tree, u64 parent, const char *path, size_t len)
{
	const struct place place = {.parent = parent, .path = path, .len = len};

	return trie_find(tree->by_point, place_key(parent, path, len), mounted_at, &place);
}

const struct mount *mnt_child(const struct mnt_ns *ns, u64 parent, const char *path, size_t len)
{
	const struct mount *m = tree_child(mnt_tree(ns), parent, path, len);

	return m || !any_detached() ? m : tree_child(mnt_tree(mnt_detached), parent, path, len);
}

bool mnt_hash_used(const struct mnt_ns *ns, u64 hash)
{
	if (!point_named(hash))
		return false;
	return trie_find(mnt_tree(ns)->by_name, hash, NULL, NULL) ||
	       (any_detached() && trie_find(mnt_tree(mnt_detached)->by_name, hash, NULL, NULL));
}

bool mnt_name_used(const struct mnt_ns *ns, const char *name, size_t len)
{
	return mnt_hash_used(ns, hash_text(name, len));
}

/* ---- by id ---- */

static bool has_id(const void *value, const void *arg)
{
	const struct mount *m = value;
	const u64 *id = arg;

	return readable_mount(m) && m->id == *id;
}

const struct mount *tree_mount(const struct mnt_tree *tree, u64 id)
{
	return trie_find(tree->by_id, id, has_id, &id);
}

const struct mount *mnt_by_id_in(const struct mnt_ns *ns, u64 id)
{
	return tree_mount(mnt_tree(ns), id);
}

const struct mount *mnt_by_id(const struct mnt_ns *ns, u64 id)
{
	const struct mount *m = mnt_by_id_in(ns, id);

	return m || !any_detached() ? m : mnt_by_id_in(mnt_detached, id);
}

struct mount_past mnt_gone(u64 id)
{
	struct mount_gone *gone = arena()->gone;
	struct mount_past past;

	for (size_t i = 0; i < MOUNTS_GONE; i++) {
		if (atomic_load(&gone[i].id) != id)
			continue;
		past = (struct mount_past){atomic_load(&gone[i].taken_off),  atomic_load(&gone[i].flags),
					   atomic_load(&gone[i].proc_hides), atomic_load(&gone[i].proc_gid),
					   atomic_load(&gone[i].host_len),   atomic_load(&gone[i].host_hash)};
		/* It may be another one's, who has got the entry meanwhile. */
		if (atomic_load(&gone[i].id) == id)
			return past;
	}
	return (struct mount_past){0};
}

u32 mnt_gone_root(u64 id, const char *host, u32 len)
{
	struct mount_past past = mnt_gone(id);
	u32 root = past.host_len;

	if (!root || len < root || hash_text(host, root) != past.host_hash)
		return 0;
	return root == 1 || len == root || host[root] == '/' ? root : 0;
}

/* ---- all of them ---- */

struct each {
	const struct mnt_ns *ns;
	u64 seq;
	int (*fn)(const struct mount *m, void *arg);
	void *arg;
	int ret;
};

static int each_mount(const void *value, void *arg)
{
	struct each *each = arg;

	/* A newer version is there: the caller will begin anew, why go on through the old one? */
	if (mnt_read_retry(each->ns, each->seq) || !readable_mount(value))
		return 1;
	each->ret = each->fn(value, each->arg);
	return each->ret;
}

int mnt_for_each(const struct mnt_ns *ns, int (*fn)(const struct mount *m, void *arg), void *arg)
{
	struct each each = {.ns = ns, .seq = mnt_read_begin(ns), .fn = fn, .arg = arg};

	trie_each(mnt_tree(ns)->by_id, each_mount, &each);
	return each.ret;
}

bool mnt_all_private(const struct mnt_ns *ns)
{
	bool all;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		all = !mnt_tree(ns)->by_group && (!any_detached() || !mnt_tree(mnt_detached)->by_group);
	} while (mnt_read_retry(ns, seq));
	return all;
}

/* ---- strings ---- */

size_t mnt_copy_string(char *dst, size_t size, const char *src)
{
	size_t len = 0;

	while (len + 1 < size && arena_contains(src + len, 1)) {
		dst[len] = *(const volatile char *)(src + len);
		if (!dst[len])
			return len;
		len++;
	}
	dst[len] = 0;
	return len;
}

size_t super_copy_options(char *dst, const struct super *sb)
{
	struct super *shared = (struct super *)sb;
	size_t len;
	u32 version;

	do {
		version = atomic_load_explicit(&shared->options_version, memory_order_acquire);
		len = mnt_copy_string(dst, SUPER_OPTIONS, sb->options[version & 1]);
		atomic_thread_fence(memory_order_acquire);
	} while (atomic_load_explicit(&shared->options_version, memory_order_relaxed) != version);
	return len;
}

const struct pivot *mnt_first_pivot(const struct mnt_ns *ns, u64 seen)
{
	const struct pivot *p, *first = NULL;

	arena_see();
	for (p = ns->pivots; p && arena_contains(p, sizeof(*p)) && p->serial > seen; p = p->older)
		first = p;
	return first;
}

const struct pivot *mnt_next_pivot(const struct pivot *p)
{
	const struct pivot *next = atomic_load(&((struct pivot *)p)->newer);

	arena_see();
	return next && arena_contains(next, sizeof(*next)) ? next : NULL;
}

bool mnt_pivot_moves(const struct pivot *p, bool root, u64 *mnt, char host[PATH_MAX])
{
	char buf[PATH_MAX];
	const char *now;

	if (!p->nr_moves) {
		if (*mnt != p->from || strcmp(host, p->from_host) != 0)
			return false;
		*mnt = p->to;
		mnt_copy_string(host, PATH_MAX, p->to_host);
		return true;
	}
	if (!arena_contains(p->moves, p->nr_moves * sizeof(*p->moves)))
		return false;
	now = root ? path_moved(p->moves, p->nr_moves, host, (u32)strlen(host), buf) : host;
	if (now == host)
		return false;
	memcpy(host, buf, strlen(buf) + 1);
	return true;
}
