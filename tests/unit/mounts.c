/* SPDX-License-Identifier: MIT */
#include "mounts.h"

struct user_ns *new_user_ns(struct user_ns *parent)
{
	struct user_ns *user = user_ns_create(parent, 1000, 1000);

	assert_non_null(user);
	return user;
}

u64 attach_flags(struct mnt_ns *ns, u64 parent, const char *point, const char *host, u32 flags, bool locked)
{
	struct super *sb = super_create(SUPER_HOST, "ext4", "/dev/sda", "rw", 0, 5, 5);
	struct mount_spec spec = {
	    .parent = parent, .point = point, .host = host, .flags = flags, .imported = locked, .dir = true, .sb = sb};
	s64 id = mnt_attach(ns, &spec);

	assert_true(id > 0);
	super_put(sb);
	return (u64)id;
}

u64 attach(struct mnt_ns *ns, u64 parent, const char *point, const char *host)
{
	return attach_flags(ns, parent, point, host, 0, false);
}

struct mnt_ns *new_ns(void)
{
	struct user_ns *user = new_user_ns(NULL);
	struct mnt_ns *ns = mnt_ns_create(user);

	assert_non_null(ns);
	user_ns_put(user);
	attach(ns, 0, "/", "/");
	return ns;
}

const struct mount *child(const struct mnt_ns *ns, u64 parent, const char *path)
{
	return mnt_child(ns, parent, path, strlen(path));
}

static char texts[2][1 << 20];

struct dumping {
	const struct mnt_ns *ns;
	char *text;
	size_t len;
	u64 last;
	unsigned nr, children;
};

static bool anywhere(const struct mount *m, void *arg)
{
	return true;
}

static int dump_mount(const struct mount *m, void *arg)
{
	const char *name = strrchr(m->point, '/') + 1;
	struct dumping *d = arg;
	bool root = m->id == d->ns->root;
	struct peer_numbers n;

	assert_true(m->id > d->last);
	assert_ptr_equal(mnt_by_id(d->ns, m->id), m);
	assert_int_equal(m->point_len, strlen(m->point));
	assert_int_equal(m->host_len, strlen(m->host));
	assert_true(m->refs > 0 && m->sb->refs > 0);
	assert_int_equal(root, m->id == m->parent);
	if (root) {
		assert_ptr_not_equal(child(d->ns, m->id, m->point), m);
	} else {
		assert_non_null(mnt_by_id(d->ns, m->parent));
		assert_ptr_equal(child(d->ns, m->parent, m->point), m);
		assert_true(mnt_name_used(d->ns, name, strlen(name)));
	}
	d->len += (size_t)sprintf(d->text + d->len, "%lu %lu %s %s %s %x%s %x", m->id, m->parent, m->point, m->host,
				  m->fsroot, m->flags, mnt_locked(d->ns, m) ? " locked" : "",
				  m->locked_flags & ~MNT_LOCK_ATIME);
	mnt_peer_numbers(d->ns, m, anywhere, NULL, &n);
	if (m->propagation != PROP_PRIVATE)
		d->len += (size_t)sprintf(d->text + d->len, " %lu %lu %lu %d", n.shared, n.master, n.from,
					  mnt_propagation(d->ns, m));
	d->text[d->len++] = '\n';
	d->text[d->len] = 0;
	d->last = m->id;
	d->nr++;
	return 0;
}

/* What stands in the index of groups is not private, and is in force. */
static int check_group(const void *value, void *arg)
{
	const struct mount *m = value;
	const struct mnt_ns *ns = arg;

	assert_ptr_equal(mnt_by_id(ns, m->id), m);
	assert_int_not_equal(m->propagation, PROP_PRIVATE);
	assert_int_equal(!m->group, m->propagation == PROP_UNBINDABLE);
	return 0;
}

static int count_shared(const struct mount *m, void *arg)
{
	*(unsigned *)arg += m->propagation != PROP_PRIVATE;
	return 0;
}

static int count_value(const void *value, void *arg)
{
	++*(unsigned *)arg;
	return 0;
}

static int count_child(const struct mount *m, void *arg)
{
	++*(unsigned *)arg;
	return 0;
}

static int count_children(const struct mount *m, void *arg)
{
	struct dumping *d = arg;

	return tree_each_child(mnt_tree(d->ns), m->id, count_child, &d->children);
}

static int sum_value(const void *value, void *arg)
{
	*(unsigned *)arg += (uintptr_t)value;
	return 0;
}

const char *dump(const struct mnt_ns *ns)
{
	static unsigned turn;
	struct dumping d = {.ns = ns, .text = texts[turn++ % 2]};
	unsigned points = 0, names = 0, groups = 0, shared = 0;

	d.text[0] = 0;
	assert_int_equal(mnt_for_each(ns, dump_mount, &d), 0);
	mnt_for_each(ns, count_children, &d);
	trie_each(mnt_tree(ns)->by_point, count_value, &points);
	trie_each(mnt_tree(ns)->by_name, sum_value, &names);
	trie_each(mnt_tree(ns)->by_group, check_group, (void *)ns);
	trie_each(mnt_tree(ns)->by_group, count_value, &groups);
	mnt_for_each(ns, count_shared, &shared);
	assert_int_equal(groups, shared);
	assert_int_equal(d.nr, ns->nr);
	assert_int_equal(points, d.nr ? d.nr - 1 : 0);
	assert_int_equal(d.children, points);
	assert_int_equal(names, points);
	return d.text;
}

s64 every_failure(struct mnt_ns *ns, s64 (*op)(void *arg), void *arg)
{
	char *before = strdup(dump(ns));
	u64 objects = arena_objects(), seq = mnt_read_begin(ns);
	s64 ret;

	for (unsigned n = 1;; n++) {
		arena_fail_at = n;
		ret = op(arg);
		if (arena_fail_at)
			break;
		assert_int_equal(ret, -ENOMEM);
		assert_int_equal(arena_objects(), objects);
		assert_false(mnt_read_retry(ns, seq));
		assert_string_equal(dump(ns), before);
	}
	arena_fail_at = 0;
	free(before);
	return ret;
}
