/* SPDX-License-Identifier: MIT */
/* Counted host paths, and places made of them. */
#include "kernel/task.h"
#include "lib/string.h"

struct hpath *hpath_new(const char *s, size_t len)
{
	struct hpath *p = kzalloc(sizeof(*p) + len + 1);

	if (!p)
		return NULL;
	atomic_init(&p->users, 1);
	p->len = (u32)len;
	memcpy(p->s, s, len);
	return p;
}

struct hpath *hpath_get(struct hpath *p)
{
	atomic_fetch_add_explicit(&p->users, 1, memory_order_relaxed);
	return p;
}

void hpath_put(struct hpath *p)
{
	if (p && atomic_fetch_sub_explicit(&p->users, 1, memory_order_acq_rel) == 1)
		kfree(p);
}

void path_put(struct path *p)
{
	hpath_put(p->host);
	p->host = NULL;
}
