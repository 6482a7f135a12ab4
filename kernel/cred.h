/* SPDX-License-Identifier: MIT */
/*
 * Virtual credentials (credentials(7), capabilities(7)). Immutable once a task points to them;
 * a change is prepare_creds, edit, commit_creds. All ids are kids (kernel/ns/user.h).
 */
#ifndef SECEDE_KERNEL_CRED_H
#define SECEDE_KERNEL_CRED_H

#include "kernel/ns/user.h"

#define NGROUPS_KEPT 65536

struct group_info {
	_Atomic u32 users;
	u32 nr;
	u32 gid[]; /* kids */
};

struct cred {
	_Atomic u32 users;
	u32 uid, euid, suid, fsuid;
	u32 gid, egid, sgid, fsgid;
	u64 cap_inheritable, cap_permitted, cap_effective, cap_bset, cap_ambient;
	u32 securebits;
	u32 landlocked; /* is in a domain that restricts the file system: nothing can be mounted (sys/landlock.c) */
	struct group_info *groups;
};

struct task;

/* securebits (capabilities(7)); the bit after each is its lock */
#define SECBIT_NOROOT		    0x01u
#define SECBIT_NO_SETUID_FIXUP	    0x04u
#define SECBIT_KEEP_CAPS	    0x10u
#define SECBIT_KEEP_CAPS_LOCKED	    0x20u
#define SECBIT_NO_CAP_AMBIENT_RAISE 0x40u
#define SECBITS_ALL		    0x55u
#define SECBITS_LOCKS		    0xaau

/* A private copy to edit, users == 1, or NULL (ENOMEM). Groups are shared with the old one. */
struct cred *prepare_creds(const struct cred *old);
/* The task takes `new` over (and its reference); the old one is put. */
void commit_creds(struct task *task, struct cred *new);
void put_cred(struct cred *cred);
/* Room for nr supplementary groups, users == 1, or NULL (ENOMEM). Sorted by whoever fills it. */
struct group_info *groups_alloc(u32 nr);
void put_group_info(struct group_info *groups);

/*
 * Has the task `cap` over objects that `target` owns? As user_namespaces(7) says: in its own
 * namespace by its effective set; above an owner of a namespace below by being that owner.
 */
bool ns_capable(const struct task *task, const struct user_ns *target, int cap);

/* Is that group (a kid) the one for files, or a supplementary one? */
bool in_group_p(const struct cred *c, u32 kgid);

/*
 * What execve does to capabilities (capabilities(7), "Transformation of capabilities during
 * execve()") for a file without file capabilities: root of the namespace regains the bounding set,
 * ambient survives. With no_new_privs nothing is regained, and who would have regained something becomes his real ids.
 * Returns the new credentials or NULL (ENOMEM).
 */
struct cred *exec_creds(const struct cred *old, const struct user_ns *ns, bool no_new_privs);

/*
 * What a change of user ids does to capabilities (capabilities(7), "Effect of user ID changes on
 * capabilities"): `new` already has its new ids. cred_fix_setfsuid is for setfsuid(2) alone.
 */
void cred_fix_setuid(struct cred *new, const struct cred *old, const struct user_ns *ns);
void cred_fix_setfsuid(struct cred *new, const struct cred *old, const struct user_ns *ns);

/* unshare(CLONE_NEWUSER): all capabilities in the new namespace, none carried over elsewhere. */
struct cred *userns_creds(const struct cred *old);

#endif
