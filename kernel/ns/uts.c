/* SPDX-License-Identifier: MIT */
/* UTS namespaces: two names behind a sequence count. */
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

/*
 * A write takes some hundred nanoseconds, so a reader that finds seq odd for so many turns reads
 * what a killed warden left behind: whatever is there then will not change any more.
 */
#define READ_TURNS 10000

void uts_read(const struct uts_ns *ns, char *nodename, char *domainname)
{
	_Atomic u64 *seq = &((struct uts_ns *)ns)->seq;
	u64 begin;

	for (unsigned turn = 0; turn < READ_TURNS; turn++) {
		begin = atomic_load_explicit(seq, memory_order_acquire);
		if (nodename)
			load_name(nodename, ns->nodename);
		if (domainname)
			load_name(domainname, ns->domainname);
		atomic_thread_fence(memory_order_acquire);
		if (!(begin & 1) && atomic_load_explicit(seq, memory_order_relaxed) == begin)
			return;
	}
}

void uts_write(struct uts_ns *ns, bool domain, const char *name, size_t len)
{
	u64 seq = atomic_load_explicit(&ns->seq, memory_order_relaxed);

	atomic_store_explicit(&ns->seq, seq + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	store_name(domain ? ns->domainname : ns->nodename, name, MIN(len, (size_t)UTS_LEN));
	atomic_store_explicit(&ns->seq, seq + 2, memory_order_release);
}

struct uts_ns *uts_ns_dup(const struct uts_ns *old, struct user_ns *user_ns)
{
	struct uts_ns *ns = arena_alloc(sizeof(*ns));

	if (!ns)
		return NULL;
	ns->refs = 1;
	ns->inum = atomic_fetch_add(&arena()->next_inum, 1);
	ns->user_ns = user_ns_get(user_ns);
	if (old) {
		memcpy(ns->nodename, old->nodename, sizeof(ns->nodename));
		memcpy(ns->domainname, old->domainname, sizeof(ns->domainname));
	}
	return ns;
}

void uts_ns_put(struct uts_ns *ns)
{
	if (!ns || --ns->refs)
		return;
	user_ns_put(ns->user_ns);
	arena_free(ns);
}
