/* SPDX-License-Identifier: MIT */
/* Credentials as objects, and the rules of capabilities(7) and user_namespaces(7) over them. */
#include "arena/arena.h"
#include "kernel/task.h"
#include "lib/string.h"

/* What setfsuid(2) takes from and gives back to the effective set: CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH,
 * FOWNER, FSETID, LINUX_IMMUTABLE, MKNOD, MAC_OVERRIDE. */
#define CAP_FS_SET (0x1fULL | 1ULL << 9 | 1ULL << 27 | 1ULL << 32)

/* ---- objects ---- */

struct group_info *groups_alloc(u32 nr)
{
	struct group_info *groups = kzalloc(sizeof(*groups) + nr * sizeof(groups->gid[0]));

	if (!groups)
		return NULL;
	groups->users = 1;
	groups->nr = nr;
	return groups;
}

void put_group_info(struct group_info *groups)
{
	if (groups && atomic_fetch_sub(&groups->users, 1) == 1)
		kfree(groups);
}

bool in_group_p(const struct cred *c, u32 kgid)
{
	bool in = c->fsgid == kgid;

	for (u32 i = 0; c->groups && !in && i < c->groups->nr; i++)
		in = c->groups->gid[i] == kgid;
	return in;
}

struct cred *prepare_creds(const struct cred *old)
{
	struct cred *new = kzalloc(sizeof(*new));

	if (!new)
		return NULL;
	memcpy(new, old, sizeof(*new));
	new->users = 1;
	if (new->groups)
		atomic_fetch_add(&new->groups->users, 1);
	return new;
}

void put_cred(struct cred *cred)
{
	if (!cred || atomic_fetch_sub(&cred->users, 1) != 1)
		return;
	put_group_info(cred->groups);
	kfree(cred);
}

void commit_creds(struct task *task, struct cred *new)
{
	struct cred *old;

	task_lock(task);
	old = task->cred;
	task->cred = new;
	task_unlock(task);
	put_cred(old);
}

/* ---- rules ---- */

bool ns_capable(const struct task *task, const struct user_ns *target, int cap)
{
	const struct user_ns *own = task->nsproxy->user;
	const struct cred *cred = task->cred;

	const struct user_ns *ns = target;

	/* Of another process's namespaces no more is known than that they were there a moment ago. */
	for (u32 n = 0; n <= USER_NS_LEVELS && arena_contains(ns, sizeof(*ns)); n++, ns = READ_ONCE(ns->parent)) {
		if (ns == own)
			return cred->cap_effective & 1ULL << cap;
		if (ns->level <= own->level)
			return false;
		/* The creator of a namespace, standing in its parent, has every capability in it. */
		if (ns->parent == own && ns->owner == cred->euid)
			return true;
	}
	return false;
}

struct cred *exec_creds(const struct cred *old, const struct user_ns *ns, bool no_new_privs)
{
	struct cred *new = prepare_creds(old);
	u32 root = make_kuid(ns, 0);
	bool is_root;

	if (!new)
		return NULL;
	is_root = root != INVALID_KID && !(old->securebits & SECBIT_NOROOT);

	new->cap_permitted = 0;
	new->cap_effective = new->cap_ambient;
	if (is_root && (old->euid == root || old->uid == root))
		new->cap_permitted = old->cap_bset | old->cap_inheritable;
	if (no_new_privs && (new->cap_permitted & ~old->cap_permitted)) {
		new->cap_permitted &= old->cap_permitted;
		new->euid = old->uid;
		new->egid = old->gid;
	}
	new->cap_permitted |= new->cap_ambient;
	if (is_root && old->euid == root)
		new->cap_effective = new->cap_permitted;

	new->suid = new->fsuid = new->euid;
	new->sgid = new->fsgid = new->egid;
	new->securebits &= ~SECBIT_KEEP_CAPS;
	return new;
}

void cred_fix_setuid(struct cred *new, const struct cred *old, const struct user_ns *ns)
{
	u32 root = make_kuid(ns, 0);

	if (old->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if ((old->uid == root || old->euid == root || old->suid == root) &&
	    new->uid != root &&new->euid != root &&new->suid != root) {
		if (!(old->securebits & SECBIT_KEEP_CAPS)) {
			new->cap_permitted = 0;
			new->cap_effective = 0;
		}
		new->cap_ambient = 0;
	}
	if (old->euid == root && new->euid != root)
		new->cap_effective = 0;
	if (old->euid != root && new->euid == root)
		new->cap_effective = new->cap_permitted;
}

void cred_fix_setfsuid(struct cred *new, const struct cred *old, const struct user_ns *ns)
{
	u32 root = make_kuid(ns, 0);

	if (old->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (old->fsuid == root && new->fsuid != root)
		new->cap_effective &= ~CAP_FS_SET;
	if (old->fsuid != root && new->fsuid == root)
		new->cap_effective |= new->cap_permitted &CAP_FS_SET;
}

struct cred *userns_creds(const struct cred *old)
{
	struct cred *new = prepare_creds(old);

	if (!new)
		return NULL;
	new->securebits = 0;
	new->cap_inheritable = 0;
	new->cap_ambient = 0;
	new->cap_permitted = CAP_FULL_SET;
	new->cap_effective = CAP_FULL_SET;
	new->cap_bset = CAP_FULL_SET;
	return new;
}
