/* SPDX-License-Identifier: MIT */
/* Which file systems certain mounts are the only ones to show. The warden's. */
#include "kernel/ns/mnt_tree.h"

static int forget(const struct mount *m, void *arg)
{
	m->sb->elsewhere = 0;
	return 0;
}

static int count(const struct mount *m, void *arg)
{
	m->sb->elsewhere++;
	return 0;
}

static int count_off(const void *value, void *arg)
{
	((const struct mount *)value)->sb->elsewhere--;
	return 0;
}

static void in_all(int (*fn)(const struct mount *m, void *arg))
{
	for (const struct mnt_ns *ns = arena()->mnt_namespaces; ns; ns = ns->next)
		mnt_for_each(ns, fn, NULL);
}

struct visit {
	int (*fn)(const struct mount *m, void *arg);
	void *arg;
};

static int visit_alone(const void *value, void *arg)
{
	const struct visit *visit = arg;
	const struct mount *m = value;

	return m->sb->elsewhere ? 0 : visit->fn(m, visit->arg);
}

int mnt_each_alone(const struct mnt_ns *ns, u64 id, bool rec, int (*fn)(const struct mount *m, void *arg), void *arg)
{
	struct visit visit = {fn, arg};
	const struct mount *top = mnt_by_id(ns, id);
	const struct trie_node *mounts = NULL;
	int err = 0;

	if (!top)
		return 0;
	if (rec)
		err = tree_below(mnt_tree(ns), id, NULL, &mounts);
	if (!err)
		err = trie_step(&mounts, id, NULL, top, NULL);
	if (!err) {
		in_all(forget);
		in_all(count);
		trie_each(mounts, count_off, NULL);
		err = trie_each(mounts, visit_alone, &visit);
	}
	trie_put(mounts, NULL);
	return err;
}
