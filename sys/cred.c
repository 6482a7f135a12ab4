/* SPDX-License-Identifier: MIT */
/*
 * User and group ids (credentials(7)): virtual, and mapped by the task's user namespace. A new set of
 * credentials is prepared, checked against the old one and committed whole.
 *
 * A caller who is really root on the host loses that power there as well, in the same thread: a
 * program that drops privilege must not keep it behind its back.
 */
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "sys/sys.h"

#define NOT_SET ((u32)-1)

static bool host_is_root(void)
{
	return arena()->uid == 0;
}

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

/* ---- changing user ids ---- */

/* Makes the kid of an argument; -1 stays "leave as it is". False: the namespace maps no such id. */
static bool arg_kuid(const struct task *task, u64 arg, u32 *kid)
{
	*kid = NOT_SET;
	if ((u32)arg == NOT_SET)
		return true;
	*kid = make_kuid(task->nsproxy->user, (u32)arg);
	return *kid != INVALID_KID;
}

static bool arg_kgid(const struct task *task, u64 arg, u32 *kid)
{
	*kid = NOT_SET;
	if ((u32)arg == NOT_SET)
		return true;
	*kid = make_kgid(task->nsproxy->user, (u32)arg);
	return *kid != INVALID_KID;
}

static int host_set_uids(const struct cred *new)
{
	int err;

	if (!host_is_root())
		return 0;
	err = (int)host_call3(__NR_setresuid, new->uid, new->euid, new->suid);
	if (!err && new->fsuid != new->euid)
		host_call1(__NR_setfsuid, new->fsuid);
	return err;
}

/* Ends every change of user ids: takes `new` over, commits it or gives it back. */
static s64 finish_uids(struct task *task, struct cred *new)
{
	int err;

	cred_fix_setuid(new, task->cred, task->nsproxy->user);
	err = host_set_uids(new);
	if (err) {
		put_cred(new);
		return err;
	}
	commit_creds(task, new);
	return 0;
}

s64 sys_setuid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	u32 kuid = make_kuid(task->nsproxy->user, (u32)ARG0(regs));
	bool capable = may_set_ids(task, CAP_SETUID);
	struct cred *new;

	if (kuid == INVALID_KID)
		return -EINVAL;
	if (!capable && kuid != old->uid && kuid != old->suid)
		return -EPERM;
	new = prepare_creds(old);
	if (!new)
		return -ENOMEM;
	if (capable)
		new->uid = new->suid = kuid;
	new->euid = new->fsuid = kuid;
	return finish_uids(task, new);
}

s64 sys_setreuid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	bool capable = may_set_ids(task, CAP_SETUID);
	u32 ruid, euid;
	struct cred *new;

	if (!arg_kuid(task, ARG0(regs), &ruid) || !arg_kuid(task, ARG1(regs), &euid))
		return -EINVAL;
	if (ruid != NOT_SET && ruid != old->uid && ruid != old->euid && !capable)
		return -EPERM;
	if (euid != NOT_SET && euid != old->uid && euid != old->euid && euid != old->suid && !capable)
		return -EPERM;
	new = prepare_creds(old);
	if (!new)
		return -ENOMEM;
	if (ruid != NOT_SET)
		new->uid = ruid;
	if (euid != NOT_SET)
		new->euid = euid;
	if (ruid != NOT_SET || (euid != NOT_SET && euid != old->uid))
		new->suid = new->euid;
	new->fsuid = new->euid;
	return finish_uids(task, new);
}

s64 sys_setresuid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	u32 id[3];
	struct cred *new;

	for (int i = 0; i < 3; i++)
		if (!arg_kuid(task, i == 0 ? ARG0(regs) : i == 1 ? ARG1(regs) : ARG2(regs), &id[i]))
			return -EINVAL;
	for (int i = 0; i < 3; i++)
		if (id[i] != NOT_SET && id[i] != old->uid && id[i] != old->euid && id[i] != old->suid &&
		    !may_set_ids(task, CAP_SETUID))
			return -EPERM;
	new = prepare_creds(old);
	if (!new)
		return -ENOMEM;
	if (id[0] != NOT_SET)
		new->uid = id[0];
	if (id[1] != NOT_SET)
		new->euid = id[1];
	if (id[2] != NOT_SET)
		new->suid = id[2];
	new->fsuid = new->euid;
	return finish_uids(task, new);
}

/* Never fails: answers the id from before, whether it changed or not (setfsuid(2)). */
s64 sys_setfsuid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	u32 before = from_kuid_munged(task->nsproxy->user, old->fsuid);
	u32 kuid = make_kuid(task->nsproxy->user, (u32)ARG0(regs));
	struct cred *new;

	if (kuid == INVALID_KID || kuid == old->fsuid)
		return before;
	if (kuid != old->uid && kuid != old->euid && kuid != old->suid && !may_set_ids(task, CAP_SETUID))
		return before;
	new = prepare_creds(old);
	if (!new)
		return before;
	new->fsuid = kuid;
	cred_fix_setfsuid(new, old, task->nsproxy->user);
	if (host_is_root())
		host_call1(__NR_setfsuid, kuid);
	commit_creds(task, new);
	return before;
}

/* ---- changing group ids ---- */

static int host_set_gids(const struct cred *new)
{
	int err;

	if (!host_is_root())
		return 0;
	err = (int)host_call3(__NR_setresgid, new->gid, new->egid, new->sgid);
	if (!err && new->fsgid != new->egid)
		host_call1(__NR_setfsgid, new->fsgid);
	return err;
}

static s64 finish_gids(struct task *task, struct cred *new)
{
	int err = host_set_gids(new);

	if (err) {
		put_cred(new);
		return err;
	}
	commit_creds(task, new);
	return 0;
}

s64 sys_setgid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	u32 kgid = make_kgid(task->nsproxy->user, (u32)ARG0(regs));
	bool capable = may_set_ids(task, CAP_SETGID);
	struct cred *new;

	if (kgid == INVALID_KID)
		return -EINVAL;
	if (!capable && kgid != old->gid && kgid != old->sgid)
		return -EPERM;
	new = prepare_creds(old);
	if (!new)
		return -ENOMEM;
	if (capable)
		new->gid = new->sgid = kgid;
	new->egid = new->fsgid = kgid;
	return finish_gids(task, new);
}

s64 sys_setregid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	bool capable = may_set_ids(task, CAP_SETGID);
	u32 rgid, egid;
	struct cred *new;

	if (!arg_kgid(task, ARG0(regs), &rgid) || !arg_kgid(task, ARG1(regs), &egid))
		return -EINVAL;
	if (rgid != NOT_SET && rgid != old->gid && rgid != old->egid && !capable)
		return -EPERM;
	if (egid != NOT_SET && egid != old->gid && egid != old->egid && egid != old->sgid && !capable)
		return -EPERM;
	new = prepare_creds(old);
	if (!new)
		return -ENOMEM;
	if (rgid != NOT_SET)
		new->gid = rgid;
	if (egid != NOT_SET)
		new->egid = egid;
	if (rgid != NOT_SET || (egid != NOT_SET && egid != old->gid))
		new->sgid = new->egid;
	new->fsgid = new->egid;
	return finish_gids(task, new);
}

s64 sys_setresgid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	u32 id[3];
	struct cred *new;

	for (int i = 0; i < 3; i++)
		if (!arg_kgid(task, i == 0 ? ARG0(regs) : i == 1 ? ARG1(regs) : ARG2(regs), &id[i]))
			return -EINVAL;
	for (int i = 0; i < 3; i++)
		if (id[i] != NOT_SET && id[i] != old->gid && id[i] != old->egid && id[i] != old->sgid &&
		    !may_set_ids(task, CAP_SETGID))
			return -EPERM;
	new = prepare_creds(old);
	if (!new)
		return -ENOMEM;
	if (id[0] != NOT_SET)
		new->gid = id[0];
	if (id[1] != NOT_SET)
		new->egid = id[1];
	if (id[2] != NOT_SET)
		new->sgid = id[2];
	new->fsgid = new->egid;
	return finish_gids(task, new);
}

s64 sys_setfsgid(struct task *task, struct regs *regs)
{
	const struct cred *old = task->cred;
	u32 before = from_kgid_munged(task->nsproxy->user, old->fsgid);
	u32 kgid = make_kgid(task->nsproxy->user, (u32)ARG0(regs));
	struct cred *new;

	if (kgid == INVALID_KID || kgid == old->fsgid)
		return before;
	if (kgid != old->gid && kgid != old->egid && kgid != old->sgid && !may_set_ids(task, CAP_SETGID))
		return before;
	new = prepare_creds(old);
	if (!new)
		return before;
	new->fsgid = kgid;
	if (host_is_root())
		host_call1(__NR_setfsgid, kgid);
	commit_creds(task, new);
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
