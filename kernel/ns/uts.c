/* SPDX-License-Identifier: MIT */
/* UTS namespaces: two names, read without a lock. */
#include "arena/arena.h"
#include "kernel/ns/uts.h"
#include "lib/string.h"

/* The names are read while they are written, so both sides go byte by byte, atomically. */
static void load_name(char *dst, const char *src)
{
	for (size_t i = 0; i < UTS_LEN; i++)
		dst[i] = __atomic_load_n(&src[i], __ATOMIC_RELAXED);
	dst[UTS_LEN] = 0;
}

static void store_name(char *dst, const char *src, size_t len)
{
	for (size_t i = 0; i < UTS_LEN; i++)
		__atomic_store_n(&dst[i], i < len ? src[i] : 0, __ATOMIC_RELAXED);
}

void uts_read(const struct uts_ns *ns, char *nodename, char *domainname)
{
	_Atomic u64 *seq = &((struct uts_ns *)ns)->seq;
	const struct uts_names *names;
	u64 begin;

	do {
		begin = atomic_load_explicit(seq, memory_order_acquire);
		names = &ns->copy[begin & 1];
		if (nodename)
			load_name(nodename, names->nodename);
		if (domainname)
			load_name(domainname, names->domainname);
		atomic_thread_fence(memory_order_acquire);
	} while (atomic_load_explicit(seq, memory_order_relaxed) != begin);
}

void uts_write(struct uts_ns *ns, bool domain, const char *name, size_t len)
{
	u64 seq = atomic_load_explicit(&ns->seq, memory_order_relaxed);
	const struct uts_names *old = &ns->copy[seq & 1];
	struct uts_names *new = &ns->copy[~seq & 1];

	/* Who still reads in this copy, from the time before seq was raised last, is to notice. */
	atomic_thread_fence(memory_order_release);
	len = MIN(len, (size_t)UTS_LEN);
	store_name(new->nodename, domain ? old->nodename : name, domain ? UTS_LEN : len);
	store_name(new->domainname, domain ? name : old->domainname, domain ? len : UTS_LEN);
	atomic_store_explicit(&ns->seq, seq + 1, memory_order_release);
}

struct uts_ns *uts_ns_dup(const struct uts_ns *old, struct user_ns *user_ns)
{
	struct uts_ns *ns = arena_alloc(sizeof(*ns));

	if (!ns)
		return NULL;
	ns->refs = 1;
	ns->inum = atomic_fetch_add(&arena()->next_inum, 1);
	ns->user_ns = user_ns_get(user_ns);
	ucount_add(user_ns, NS_UTS, 1);
	if (old)
		memcpy(&ns->copy[0], &old->copy[old->seq & 1], sizeof(ns->copy[0]));
	return ns;
}

void uts_ns_put(struct uts_ns *ns)
{
	if (!ns || --ns->refs)
		return;
	ucount_add(ns->user_ns, NS_UTS, -1);
	user_ns_put(ns->user_ns);
	arena_free(ns);
}
