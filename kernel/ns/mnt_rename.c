/* SPDX-License-Identifier: MIT */
/*
 * Names of the host's that change while mounts depend on them. The kernel's mounts hold on to files and directories;
 * ours know paths. So whoever is about to change a name looks whether a mount may depend on it, and the warden, who
 * sees what has become of it, tells the mounts.
 */
#include "kernel/ns/mnt_tree.h"
#include "lib/string.h"

/* ---- which names mounts depend on ---- */

static _Atomic u16 *count_of(u64 hash)
{
	return &arena()->paths_held[hash_final(hash) % PATHS_HELD];
}

static void count(_Atomic u16 *c, int by)
{
	u16 now = atomic_load_explicit(c, memory_order_relaxed);

	if (now != UINT16_MAX)
		atomic_store_explicit(c, (u16)(now + by), memory_order_relaxed);
}

void hold_path(const char *path, u32 len, int by)
{
	u64 hash = HASH_INIT;

	for (u32 end = 1; end <= len; end++) {
		hash = hash_bytes(hash, path + end - 1, 1);
		if (end > 1 && (end == len || path[end] == '/'))
			count(count_of(hash), by);
	}
}

void mount_hold_paths(const struct mount *m, int by)
{
	const char *name = strrchr(m->point, '/');

	name = name ? name + 1 : m->point;
	count(&arena()->points_named[hash_text(name, strlen(name)) % POINTS_NAMED], by);
	hold_path(m->point, m->point_len, by);
	hold_path(m->host, m->host_len, by);
}

bool mnt_name_held(const char *dir, size_t dir_len, const char *name, size_t len)
{
	u64 hash = hash_bytes(HASH_INIT, dir, dir_len == 1 ? 0 : dir_len);

	hash = hash_bytes(hash_bytes(hash, "/", 1), name, len);
	return atomic_load_explicit(count_of(hash), memory_order_relaxed);
}

static int uses_path(const struct mount *m, void *arg)
{
	const char *path = arg;
	size_t len = strlen(path);

	return path_below(m->point, m->point_len, path, len) || path_below(m->host, m->host_len, path, len);
}

/* Has the handle a mount, wherever that stands, that uses the path? */
static bool handle_uses_path(u32 index, const char *path)
{
	const struct mount *m = handle_at(index)->tree;

	return m && uses_path(m, (void *)path);
}

bool mnt_path_used(const char *path)
{
	bool used = root_below(path);

	for (u32 i = 0; i < arena()->nr_handles && !used; i++)
		used = handle_uses_path(i, path);
	for (const struct mnt_ns *ns = arena()->mnt_namespaces; ns && !used; ns = ns->next)
		used = mnt_for_each(ns, uses_path, (void *)path);
	return used;
}

struct longer {
	const char *from;
	size_t from_len, to_len;
};

static int is_too_long(const struct mount *m, void *arg)
{
	const struct longer *l = arg;

	return (path_below(m->point, m->point_len, l->from, l->from_len) &&
		l->to_len + m->point_len - l->from_len > HOST_PATH_MAX) ||
	       (path_below(m->host, m->host_len, l->from, l->from_len) &&
		l->to_len + m->host_len - l->from_len > HOST_PATH_MAX);
}

bool mnt_path_fits(const char *from, size_t to_len)
{
	struct longer l = {from, strlen(from), to_len};
	bool fits = roots_fit(from, to_len);

	for (const struct mnt_ns *ns = arena()->mnt_namespaces; ns && fits; ns = ns->next)
		fits = !mnt_for_each(ns, is_too_long, &l);
	return fits;
}

/* ---- what becomes of the mounts ---- */

struct renaming {
	const struct path_move *moves;
	unsigned nr;
	struct mnt_change change;
	struct mnt_ns *ns;
	const struct trie_node *gone; /* id -> mount of ns that is taken off; borrowed */
	struct mount *trees;	      /* the next ones of handles, by next_found, in their order; owned */
	bool roots;		      /* A root that is held moves. */
	bool shown;		      /* So does what a mount of ns shows that may be a root without one being held. */
};

int mount_change_paths(struct mnt_change *c, struct mnt_ns *ns, const struct mount *old, const char *point,
		       const char *host, const char *fsroot)
{
	struct mnt_tree *tree = change_tree(c, ns);
	struct mount *m = tree ? mount_clone(old, point, host, fsroot) : NULL;
	int err;

	if (!m)
		return -ENOMEM;
	mount_inherit(m, ns, old);
	err = tree_replace(tree, old, m);
	mount_put(m);
	return err;
}

const char *path_moved(const struct path_move *moves, unsigned nr, const char *path, u32 len, char buf[PATH_MAX])
{
	for (unsigned i = 0; i < nr; i++) {
		const char *from = moves[i].from, *to = moves[i].to;
		size_t from_len = strlen(from), to_len = to ? strlen(to) : 0;

		if (!path_below(path, len, from, from_len))
			continue;
		if (!to || to_len + len - from_len >= PATH_MAX)
			return path;
		memcpy(buf, to, to_len);
		memcpy(buf + to_len, path + from_len, len - from_len + 1);
		return buf;
	}
	return path;
}

static const char *path_now(const struct renaming *r, const char *path, u32 len, char buf[PATH_MAX])
{
	return path_moved(r->moves, r->nr, path, len, buf);
}

/*
 * The same within the file system, which is shown at `host` and now at `now`: where that path ends as the host's does
 * up to what both have in common, the end changes likewise. Elsewhere it is not of the file system that the name is in.
 */
static const char *fsroot_now(const struct mount *m, const char *now, char buf[FSROOT_MAX])
{
	size_t common = 0, end, len = strlen(m->fsroot);

	for (size_t i = 0; m->host[i] == now[i] && now[i]; i++)
		common = now[i] == '/' ? i : common;
	end = m->host_len - common;
	if (end > len || memcmp(m->fsroot + len - end, m->host + common, end) != 0 ||
	    len - end + strlen(now + common) >= FSROOT_MAX)
		return m->fsroot;
	memcpy(buf, m->fsroot, len - end);
	memcpy(buf + len - end, now + common, strlen(now + common) + 1);
	return buf;
}

/* By pivot_root(2), or setns(2), which leads to what is on top of the root mount. */
static bool may_be_root(const struct mnt_ns *ns, const struct mount *m)
{
	const struct mount *below = mnt_by_id(ns, m->parent);

	return m->pivoted || (m->dir && below && strcmp(m->point, below->host) == 0);
}

static int follow_names(const struct mount *m, void *arg)
{
	char point_buf[PATH_MAX], host_buf[PATH_MAX], fsroot_buf[FSROOT_MAX];
	struct renaming *r = arg;
	const char *point = path_now(r, m->point, m->point_len, point_buf);
	const char *host = path_now(r, m->host, m->host_len, host_buf);

	if ((point == m->point && host == m->host) || trie_find(r->gone, m->id, NULL, NULL))
		return 0;
	r->shown |= host != m->host && may_be_root(r->ns, m);
	return mount_change_paths(&r->change, r->ns, m, point, host,
				  host == m->host ? m->fsroot : fsroot_now(m, host, fsroot_buf));
}

static int take_off(const void *value, void *arg)
{
	const struct mount *m = value;
	struct renaming *r = arg;

	return trie_find(r->gone, m->id, NULL, NULL) ? 0 : trie_step(&r->gone, m->id, NULL, m, NULL);
}

/* What is mounted on a name that has gone, with all that is in it. */
static int find_gone(const struct mount *m, void *arg)
{
	const struct trie_node *below = NULL;
	struct renaming *r = arg;
	bool gone = false;
	int err;

	for (unsigned i = 0; i < r->nr; i++)
		gone |= !r->moves[i].to && strcmp(r->moves[i].from, m->point) == 0;
	if (!gone || m->parent == m->id)
		return 0;
	err = tree_below(mnt_tree(r->ns), m->id, NULL, &below);
	if (!err)
		err = trie_each(below, take_off, r);
	trie_put(below, NULL);
	return err ? err : take_off(m, r);
}

static int rename_in_namespace(struct renaming *r)
{
	struct mnt_tree *tree;
	int err;

	r->gone = NULL;
	r->shown = false;
	err = mnt_for_each(r->ns, find_gone, r);
	if (!err)
		err = mnt_for_each(r->ns, follow_names, r);
	if (!err && r->gone) {
		tree = change_tree(&r->change, r->ns);
		err = tree ? tree_remove_all(tree, r->gone) : -ENOMEM;
	}
	trie_put(r->gone, NULL);
	if (!err && (r->roots || r->shown)) {
		r->ns->note = moves_note(r->moves, r->nr);
		err = r->ns->note ? 0 : -ENOMEM;
	}
	return err;
}

/* Tasks are told, if nothing failed. */
static void end_notes(int err)
{
	for (struct mnt_ns *ns = arena()->mnt_namespaces; ns; ns = ns->next) {
		if (ns->note && !err)
			pivot_publish(ns, ns->note);
		else
			arena_free(ns->note);
		ns->note = NULL;
	}
}

/* ---- what descriptors are on, in a namespace or taken off ---- */

/* What the handle's mount shows now, as path_now(); NULL: that has not moved. */
static const char *handle_host(const struct renaming *r, u32 index, char buf[PATH_MAX])
{
	const struct mount *m = handle_at(index)->tree;
	const char *host = m ? path_now(r, m->host, m->host_len, buf) : NULL;

	return m && host != m->host ? host : NULL;
}

static int prepare_handles(struct renaming *r)
{
	char host_buf[PATH_MAX], fsroot_buf[FSROOT_MAX];
	struct mount **end = &r->trees;

	for (u32 i = 0; i < arena()->nr_handles; i++) {
		const struct mount *old = handle_at(i)->tree;
		const char *host = handle_host(r, i, host_buf);

		if (!host)
			continue;
		*end = mount_clone(old, old->point, host, fsroot_now(old, host, fsroot_buf));
		if (!*end)
			return -ENOMEM;
		(*end)->next_found = NULL;
		end = &(*end)->next_found;
	}
	/* A new version tells readers. */
	return !r->trees || change_tree(&r->change, arena()->detached) ? 0 : -ENOMEM;
}

/* Exchanges the mounts: r->trees are the old ones then. */
static void commit_handles(struct renaming *r)
{
	struct mount **at = &r->trees, *old;
	char buf[PATH_MAX];

	for (u32 i = 0; i < arena()->nr_handles && *at; i++) {
		if (!handle_host(r, i, buf))
			continue;
		old = (struct mount *)handle_at(i)->tree;
		old->next_found = (*at)->next_found;
		handle_at(i)->tree = *at;
		*at = old;
		at = &old->next_found;
	}
}

static void release_trees(struct mount *m)
{
	struct mount *next;

	for (; m; m = next) {
		next = m->next_found;
		mount_put(m);
	}
}

int mnt_paths_moved(const struct path_move *moves, unsigned nr)
{
	struct renaming r = {.moves = moves, .nr = nr};
	int err = roots_prepare(moves, nr, &r.roots);

	for (r.ns = arena()->mnt_namespaces; r.ns && !err; r.ns = r.ns->next)
		err = rename_in_namespace(&r);
	if (!err)
		err = prepare_handles(&r);
	if (!err)
		commit_handles(&r);
	err = change_end(&r.change, err);
	end_notes(err);
	roots_end(moves, nr, err);
	release_trees(r.trees);
	return err;
}
