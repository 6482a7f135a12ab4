/* SPDX-License-Identifier: MIT */
/*
 * User namespaces (user_namespaces(7)). They stand in the arena: the warden writes them, guests
 * read. "kid" is an id as the session's first namespace counts it, which is the host's number.
 */
#ifndef SECEDE_KERNEL_NS_USER_H
#define SECEDE_KERNEL_NS_USER_H

#include "kernel/ns/nsfs.h"
#include "kernel/uapi.h"

#define UID_MAP_MAX    340 /* lines, as in Linux since 4.15 */
#define USER_NS_LEVELS 33  /* level of the deepest one, as in Linux */

struct uid_extent {
	u32 first;  /* id inside */
	u32 lower;  /* kid outside, already translated through all the parents */
	u32 parent; /* the id as written, in the parent's numbers, for reading the file back */
	u32 count;
};

struct uid_map {
	u32 nr;			   /* 0: not written yet, every id is unmapped */
	struct uid_extent *extent; /* in the arena, immutable once published */
};

struct user_ns {
	_Atomic u64 refs;	/* the warden's */
	u64 inum;		/* what /proc/PID/ns/user shows */
	struct user_ns *parent; /* NULL: the session's first, which maps every id to itself */
	u32 level;
	u32 owner, group;     /* effective kids of the creator */
	_Atomic u32 maps_set; /* bit 0: uid_map written, bit 1: gid_map; set after the map, release */
	_Atomic u32 deny_setgroups;
	bool parent_could_setfcap; /* the creator had CAP_SETFCAP: may map the parent's 0 from inside */
	struct uid_map uid, gid;
	/* /proc/sys/user/max_mnt_namespaces and its kin, and how many there are, in the namespaces below as well. Who
	 * makes some is one user: what Linux counts by user and namespace is one number for each namespace here. */
	_Atomic u32 max[NS_TYPES];
	u32 count[NS_TYPES];
};
#define UCOUNT_MAX 0x7fffffffu

#define INVALID_KID ((u32)-1)

/* Inside id to kid; INVALID_KID where the namespace maps none. */
u32 make_kuid(const struct user_ns *ns, u32 uid);
u32 make_kgid(const struct user_ns *ns, u32 gid);
/* Kid to inside id; OVERFLOW_ID where the namespace maps none. */
u32 from_kuid_munged(const struct user_ns *ns, u32 kuid);
u32 from_kgid_munged(const struct user_ns *ns, u32 kgid);
/* The same, but INVALID_KID for the unmapped. */
u32 from_kuid(const struct user_ns *ns, u32 kuid);
u32 from_kgid(const struct user_ns *ns, u32 kgid);

/* Is `ns` the same as `ancestor` or below it? */
bool in_userns(const struct user_ns *ancestor, const struct user_ns *ns);

/*
 * Parses what write(2) got for uid_map or gid_map: lines "inside outside count". Fills at most
 * UID_MAP_MAX extents with first, parent, count (lower is the warden's to fill).
 * Returns the number of lines, or -EINVAL (empty, malformed, count 0, overlap, wrap, too many).
 */
int parse_id_map(const char *text, size_t len, struct uid_extent *out);

/* ---- writing: the warden ---- */

/* Is there no room for one more of that type, owned by `ns`? By its limit, or by one of the namespaces above
 * (namespaces(7)). */
bool ucount_reached(const struct user_ns *ns, enum ns_type type);
/* One more, or one less (`by`: 1, -1). (kernel/ns/ucount.c) */
void ucount_add(struct user_ns *ns, enum ns_type type, int by);

/* A namespace below `parent` (on which it takes a reference; NULL: the first one), refs == 1. NULL: ENOMEM. */
struct user_ns *user_ns_create(struct user_ns *parent, u32 owner, u32 group);
struct user_ns *user_ns_get(struct user_ns *ns);
void user_ns_put(struct user_ns *ns);
/*
 * Publishes a map that parse_id_map made: fills `lower` through the parent. The caller has judged
 * who may write which map. -EPERM: written before, or a range that the parent does not map in one
 * piece; -ENOMEM.
 */
int user_ns_set_map(struct user_ns *ns, bool gid, struct uid_extent *extent, u32 nr);

#endif
