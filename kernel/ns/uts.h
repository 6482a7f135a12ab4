/* SPDX-License-Identifier: MIT */
/* UTS namespaces (uts_namespaces(7)): two names. In the arena; the warden writes, guests read. */
#ifndef SECEDE_KERNEL_NS_UTS_H
#define SECEDE_KERNEL_NS_UTS_H

#include "kernel/ns/user.h"

#define UTS_LEN 64

struct uts_names {
	char nodename[UTS_LEN + 1];
	char domainname[UTS_LEN + 1];
};

struct uts_ns {
	_Atomic u64 refs;
	u64 inum;
	struct user_ns *user_ns; /* owner */
	/*
	 * Its lowest bit says which copy holds. The warden fills the other one and then raises seq, so
	 * readers never wait for it, not even for a dead one: read, copy, compare seq, again if it changed.
	 */
	_Atomic u64 seq;
	struct uts_names copy[2];
};

/* Copies both names out, consistently. Each buffer has UTS_LEN + 1 bytes; NULL: not wanted. */
void uts_read(const struct uts_ns *ns, char *nodename, char *domainname);
/* The warden's: replaces the name that `domain` picks. len <= UTS_LEN. */
void uts_write(struct uts_ns *ns, bool domain, const char *name, size_t len);

/* The warden's: a namespace with the names of `old` (NULL: both empty), owned by user_ns, on which
 * it takes a reference. NULL: ENOMEM. */
struct uts_ns *uts_ns_dup(const struct uts_ns *old, struct user_ns *user_ns);
void uts_ns_put(struct uts_ns *ns);

#endif
