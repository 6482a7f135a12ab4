/* SPDX-License-Identifier: MIT */
/*
 * User and group ids (credentials(7)): virtual, and mapped by the task's user namespace. A new set of
 * credentials is prepared, checked against the old one and committed whole.
 */
#include "sys/cred.h"

#include <linux/prctl.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "sys/sys.h"

#define NOT_SET ((u32)-1)

/*
 * Has the task CAP_SETUID or CAP_SETGID? In the session's first namespace ids are the host's, where an ordinary
 * user can become nobody else, whatever it may do to the session's own objects; mount(8) counts on that.
 */
static bool may_set_ids(const struct task *task, int cap)
{
	const struct user_ns *ns = task->nsproxy->user;

	return ns_capable(task, ns, cap) && (ns->parent || host_is_root());
}

/* ---- reading ---- */

static s64 put_ids(const struct regs *regs, u32 real, u32 effective, u32 saved)
{
	int err = put_guest(ARG0(regs), real);

	err = err ? err : put_guest(ARG1(regs), effective);
	return err ? err : put_guest(ARG2(regs), saved);
}

s64 sys_getuid(struct task *task, struct regs *regs)
{
	return from_kuid_munged(task->nsproxy->user, task->cred->uid);
}

s64 sys_geteuid(struct task *task, struct regs *regs)
{
	return from_kuid_munged(task->nsproxy->user, task->cred->euid);
}

s64 sys_getgid(struct task *task, struct regs *regs)
{
	return from_kgid_munged(task->nsproxy->user, task->cred->gid);
}

s64 sys_getegid(struct task *task, struct regs *regs)
{
	return from_kgid_munged(task->nsproxy->user, task->cred->egid);
}

s64 sys_getresuid(struct task *task, struct regs *regs)
{
	const struct user_ns *ns = task->nsproxy->user;
	const struct cred *cred = task->cred;

	return put_ids(regs, from_kuid_munged(ns, cred->uid), from_kuid_munged(ns, cred->euid),
		       from_kuid_munged(ns, cred->suid));
}

s64 sys_getresgid(struct task *task, struct regs *regs)
{
	const struct user_ns *ns = task->nsproxy->user;
	const struct cred *cred = task->cred;

	return put_ids(regs, from_kgid_munged(ns, cred->gid), from_kgid_munged(ns, cred->egid),
		       from_kgid_munged(ns, cred->sgid));
}

/* ---- the rules, which are the same for users and groups ---- */

/* The ids of one kind, as kids. The file system id follows the effective one. */
struct ids {
	u32 real, effective, saved;
};

static bool is_one_of(u32 kid, const struct ids *ids)
{
	return kid == ids->real || kid == ids->effective || kid == ids->saved;
}

/* setuid(2), setgid(2) */
static int change_id(struct ids *ids, u32 kid, bool capable)
{
	if (!capable && kid != ids->real && kid != ids->saved)
		return -EPERM;
	if (capable)
		ids->real = ids->saved = kid;
	ids->effective = kid;
	return 0;
}

/* setreuid(2), setregid(2) */
static int change_re(struct ids *ids, u32 real, u32 effective, bool capable)
{
	const struct ids old = *ids;

	if (!capable && real != NOT_SET && real != old.real && real != old.effective)
		return -EPERM;
	if (!capable && effective != NOT_SET && !is_one_of(effective, &old))
		return -EPERM;
	if (real != NOT_SET)
		ids->real = real;
	if (effective != NOT_SET)
		ids->effective = effective;
	if (real != NOT_SET || (effective != NOT_SET && effective != old.real))
		ids->saved = ids->effective;
	return 0;
}

/* setresuid(2), setresgid(2) */
static int change_res(struct ids *ids, const struct ids *wanted, bool capable)
{
	const struct ids old = *ids;

	if (!capable && ((wanted->real != NOT_SET && !is_one_of(wanted->real, &old)) ||
			 (wanted->effective != NOT_SET && !is_one_of(wanted->effective, &old)) ||
			 (wanted->saved != NOT_SET && !is_one_of(wanted->saved, &old))))
		return -EPERM;
	if (wanted->real != NOT_SET)
		ids->real = wanted->real;
	if (wanted->effective != NOT_SET)
		ids->effective = wanted->effective;
	if (wanted->saved != NOT_SET)
		ids->saved = wanted->saved;
	return 0;
}

/* ---- changing user ids ---- */

static struct ids uids_of(const struct cred *cred)
{
	return (struct ids){cred->uid, cred->euid, cred->suid};
}

/* Makes the kid of an argument; -1 stays "leave as it is". False: the namespace maps no such id. */
static bool arg_kuid(const struct task *task, u64 arg, u32 *kid)
{
	*kid = (u32)arg == NOT_SET ? NOT_SET : make_kuid(task->nsproxy->user, (u32)arg);
	return (u32)arg == NOT_SET || *kid != INVALID_KID;
}

/* As in Linux: who acts as somebody else from now on is not told of its parent's death any more. */
static void commit_ids(struct task *task, struct cred *new)
{
	const struct cred *old = task->cred;
	bool acts_as_another =
	    new->euid != old->euid || new->egid != old->egid || new->fsuid != old->fsuid || new->fsgid != old->fsgid;

	commit_creds(task, new);
	if (acts_as_another)
		host_call2(__NR_prctl, PR_SET_PDEATHSIG, 0);
}

static int host_set_uids(const struct ids *ids)
{
	return host_is_root() ? (int)host_call3(__NR_setresuid, ids->real, ids->effective, ids->saved) : 0;
}

static s64 commit_uids(struct task *task, const struct ids *ids)
{
	struct cred *new = prepare_creds(task->cred);
	int err;

	if (!new)
		return -ENOMEM;
	new->uid = ids->real;
	new->euid = new->fsuid = ids->effective;
	new->suid = ids->saved;
	cred_fix_setuid(new, task->cred, task->nsproxy->user);
	err = host_set_uids(ids);
	if (err) {
		put_cred(new);
		return err;
	}
	commit_ids(task, new);
	return 0;
}

s64 sys_setuid(struct task *task, struct regs *regs)
{
	u32 kuid = make_kuid(task->nsproxy->user, (u32)ARG0(regs));
	struct ids ids = uids_of(task->cred);
	int err;

	if (kuid == INVALID_KID)
		return -EINVAL;
	err = change_id(&ids, kuid, may_set_ids(task, CAP_SETUID));
	return err ? err : commit_uids(task, &ids);
}

s64 sys_setreuid(struct task *task, struct regs *regs)
{
	struct ids ids = uids_of(task->cred);
	u32 real, effective;
	int err;

	if (!arg_kuid(task, ARG0(regs), &real) || !arg_kuid(task, ARG1(regs), &effective))
		return -EINVAL;
	err = change_re(&ids, real, effective, may_set_ids(task, CAP_SETUID));
	return err ? err : commit_uids(task, &ids);
}

s64 sys_setresuid(struct task *task, struct regs *regs)
{
	struct ids ids = uids_of(task->cred), wanted;
	int err;

	if (!arg_kuid(task, ARG0(regs), &wanted.real) || !arg_kuid(task, ARG1(regs), &wanted.effective) ||
	    !arg_kuid(task, ARG2(regs), &wanted.saved))
		return -EINVAL;
	err = change_res(&ids, &wanted, may_set_ids(task, CAP_SETUID));
	return err ? err : commit_uids(task, &ids);
}

/* Never fails: answers the id from before, whether it changed or not (setfsuid(2)). */
s64 sys_setfsuid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	const struct ids ids = uids_of(old);
	u32 before = from_kuid_munged(task->nsproxy->user, old->fsuid);
	u32 kuid = make_kuid(task->nsproxy->user, (u32)ARG0(regs));
	struct cred *new;

	if (kuid == INVALID_KID || kuid == old->fsuid)
		return before;
	if (!is_one_of(kuid, &ids) && !may_set_ids(task, CAP_SETUID))
		return before;
	new = prepare_creds(old);
	if (!new)
		return before;
	new->fsuid = kuid;
	cred_fix_setfsuid(new, old, task->nsproxy->user);
	if (host_is_root())
		host_call1(__NR_setfsuid, kuid);
	commit_ids(task, new);
	return before;
}

/* ---- changing group ids ---- */

static struct ids gids_of(const struct cred *cred)
{
	return (struct ids){cred->gid, cred->egid, cred->sgid};
}

static bool arg_kgid(const struct task *task, u64 arg, u32 *kid)
{
	*kid = (u32)arg == NOT_SET ? NOT_SET : make_kgid(task->nsproxy->user, (u32)arg);
	return (u32)arg == NOT_SET || *kid != INVALID_KID;
}

static int host_set_gids(const struct ids *ids)
{
	return host_is_root() ? (int)host_call3(__NR_setresgid, ids->real, ids->effective, ids->saved) : 0;
}

static s64 commit_gids(struct task *task, const struct ids *ids)
{
	struct cred *new = prepare_creds(task->cred);
	int err;

	if (!new)
		return -ENOMEM;
	new->gid = ids->real;
	new->egid = new->fsgid = ids->effective;
	new->sgid = ids->saved;
	err = host_set_gids(ids);
	if (err) {
		put_cred(new);
		return err;
	}
	commit_ids(task, new);
	return 0;
}

s64 sys_setgid(struct task *task, struct regs *regs)
{
	u32 kgid = make_kgid(task->nsproxy->user, (u32)ARG0(regs));
	struct ids ids = gids_of(task->cred);
	int err;

	if (kgid == INVALID_KID)
		return -EINVAL;
	err = change_id(&ids, kgid, may_set_ids(task, CAP_SETGID));
	return err ? err : commit_gids(task, &ids);
}

s64 sys_setregid(struct task *task, struct regs *regs)
{
	struct ids ids = gids_of(task->cred);
	u32 real, effective;
	int err;

	if (!arg_kgid(task, ARG0(regs), &real) || !arg_kgid(task, ARG1(regs), &effective))
		return -EINVAL;
	err = change_re(&ids, real, effective, may_set_ids(task, CAP_SETGID));
	return err ? err : commit_gids(task, &ids);
}

s64 sys_setresgid(struct task *task, struct regs *regs)
{
	struct ids ids = gids_of(task->cred), wanted;
	int err;

	if (!arg_kgid(task, ARG0(regs), &wanted.real) || !arg_kgid(task, ARG1(regs), &wanted.effective) ||
	    !arg_kgid(task, ARG2(regs), &wanted.saved))
		return -EINVAL;
	err = change_res(&ids, &wanted, may_set_ids(task, CAP_SETGID));
	return err ? err : commit_gids(task, &ids);
}

s64 sys_setfsgid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	const struct ids ids = gids_of(old);
	u32 before = from_kgid_munged(task->nsproxy->user, old->fsgid);
	u32 kgid = make_kgid(task->nsproxy->user, (u32)ARG0(regs));
	struct cred *new;

	if (kgid == INVALID_KID || kgid == old->fsgid)
		return before;
	if (!is_one_of(kgid, &ids) && !may_set_ids(task, CAP_SETGID))
		return before;
	new = prepare_creds(old);
	if (!new)
		return before;
	new->fsgid = kgid;
	if (host_is_root())
		host_call1(__NR_setfsgid, kgid);
	commit_ids(task, new);
	return before;
}

/* ---- supplementary groups ---- */

s64 sys_getgroups(struct task *task, struct regs *regs)
{
	const struct group_info *groups = task->cred->groups;
	s32 size = (s32)ARG0(regs);
	u32 nr = groups ? groups->nr : 0;

	if (size < 0)
		return -EINVAL;
	if (size == 0)
		return nr;
	if (nr > (u32)size)
		return -EINVAL;
	for (u32 i = 0; i < nr; i++) {
		u32 gid = from_kgid_munged(task->nsproxy->user, groups->gid[i]);

		if (put_guest(ARG1(regs) + i * sizeof(gid), gid))
			return -EFAULT;
	}
	return nr;
}

/* user_namespaces(7): not before gid_map is written, and not after "deny". */
static bool may_setgroups(const struct task *task)
{
	const struct user_ns *ns = task->nsproxy->user;

	if (!may_set_ids(task, CAP_SETGID) || ns->deny_setgroups)
		return false;
	return !ns->parent || (ns->maps_set & 2);
}

static void sort_gids(u32 *gid, u32 nr)
{
	for (u32 gap = nr / 2; gap; gap /= 2)
		for (u32 i = gap; i < nr; i++)
			for (u32 j = i; j >= gap && gid[j - gap] > gid[j]; j -= gap) {
				u32 tmp = gid[j];

				gid[j] = gid[j - gap];
				gid[j - gap] = tmp;
			}
}

/* Reads the guest's list into new kids. ERR_PTR: -EFAULT, -EINVAL (unmapped), -ENOMEM. */
static struct group_info *groups_from_guest(const struct task *task, u64 list, u32 nr)
{
	struct group_info *groups = groups_alloc(nr);
	int err = 0;

	if (!groups)
		return ERR_PTR(-ENOMEM);
	if (copy_from_guest(groups->gid, list, nr * sizeof(groups->gid[0])))
		err = -EFAULT;
	for (u32 i = 0; i < nr && !err; i++) {
		groups->gid[i] = make_kgid(task->nsproxy->user, groups->gid[i]);
		if (groups->gid[i] == INVALID_KID)
			err = -EINVAL;
	}
	if (err) {
		put_group_info(groups);
		return ERR_PTR(err);
	}
	sort_gids(groups->gid, nr);
	return groups;
}

s64 sys_setgroups(struct task *task, struct regs *regs)
{
	u32 nr = (u32)ARG0(regs);
	struct group_info *groups;
	struct cred *new;
	long err = 0;

	if (!may_setgroups(task))
		return -EPERM;
	if (nr > NGROUPS_KEPT)
		return -EINVAL;
	groups = groups_from_guest(task, ARG1(regs), nr);
	if (IS_ERR(groups))
		return PTR_ERR(groups);
	new = prepare_creds(task->cred);
	if (!new) {
		put_group_info(groups);
		return -ENOMEM;
	}
	put_group_info(new->groups);
	new->groups = groups;
	if (host_is_root())
		err = host_call2(__NR_setgroups, nr, groups->gid);
	if (err) {
		put_cred(new);
		return err;
	}
	commit_creds(task, new);
	return 0;
}
