/* SPDX-License-Identifier: MIT */
/* Mount namespaces of others, which their handles lead to. */
#include "kernel/ns/mnt_tree.h"

/* The one that the handle holds, which the caller's arena_see() has made readable; NULL: none. */
static const struct mnt_ns *held_by(u32 index)
{
	struct handle *h = handle_at(index);
	const struct mnt_ns *ns = READ_ONCE(h->mnt);

	return atomic_load(&h->inode) && arena_contains(ns, sizeof(*ns)) ? ns : NULL;
}

const struct mnt_ns *mnt_ns_in_use(u64 inum)
{
	u32 nr = READ_ONCE(arena()->nr_handles);

	arena_see();
	for (u32 i = 0; i < nr; i++) {
		const struct mnt_ns *ns = held_by(i);

		if (ns && READ_ONCE(ns->inum) == inum)
			return ns;
	}
	return NULL;
}

static bool has_mount(const struct mnt_ns *ns, u64 id)
{
	const struct mount *m;
	u64 seq;

	do {
		seq = mnt_read_begin(ns);
		m = mnt_by_id(ns, id);
	} while (mnt_read_retry(ns, seq));
	return m;
}

const struct mnt_ns *mnt_ns_of(const struct mnt_ns *own, u64 id)
{
	u32 nr = READ_ONCE(arena()->nr_handles);
	const struct mnt_ns *ns, *last = own;

	/* One's own that was taken off is nobody else's copy of it. */
	if (!id || has_mount(own, id) || mnt_gone(id).taken_off)
		return own;
	arena_see();
	for (u32 i = 0; i < nr; i++) {
		ns = held_by(i);
		if (!ns || ns == last)
			continue;
		if (has_mount(ns, id))
			return ns;
		last = ns;
	}
	return own;
}
