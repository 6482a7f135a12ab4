/* SPDX-License-Identifier: MIT */
/* nsproxy: the namespaces of a task, held alive by one descriptor (warden/proto.h). */
#include "kernel/refs.h"
#include "kernel/task.h"

void drop_nsproxy(struct nsproxy **slot, const struct files_struct *files)
{
	struct nsproxy *ns;
	bool last = false;

	refs_lock();
	ns = *slot;
	/* First, and it may be done twice: a killed one that had counted itself out could not do it any more. */
	if (ns && atomic_load(&ns->users) == 1)
		warden_close_handle(ns, files);
	if (ns)
		last = ref_drop(&ns->users, slot);
	refs_unlock();
	if (last)
		kfree(ns);
}

/*
 * New namespaces as `flags` says, and the credentials that go with them: in a new user namespace
 * the task holds every capability. Nothing of the task changes. On error both are NULL.
 */
static int create_new_namespaces(u64 flags, struct task *task, struct nsproxy **new, struct cred **new_cred)
{
	int err;

	*new = NULL;
	*new_cred = NULL;
	if (!(flags & CLONE_NEWUSER) && !ns_capable(task, task->nsproxy->user, CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & CLONE_NEWUSER) {
		*new_cred = userns_creds(task->cred);
		if (!*new_cred)
			return -ENOMEM;
	}
	err = warden_new_namespaces(task->nsproxy, task->cred, flags & CLONE_NS_BUILT, new);
	if (err && *new_cred) {
		put_cred(*new_cred);
		*new_cred = NULL;
	}
	return err;
}

int copy_namespaces(u64 flags, struct task *parent, struct task *child)
{
	struct cred *cred;
	int err;

	if (!(flags & CLONE_NS_BUILT)) {
		refs_lock();
		ref_take(&parent->nsproxy->users, &child->nsproxy, parent->nsproxy);
		refs_unlock();
		return 0;
	}
	err = create_new_namespaces(flags, parent, &child->nsproxy, &cred);
	if (err)
		return err;
	if (cred)
		commit_creds(child, cred);
	return 0;
}

int unshare_namespaces(u64 flags, struct task *task, struct nsproxy **new, struct cred **new_cred)
{
	*new = NULL;
	*new_cred = NULL;
	if (!(flags & CLONE_NS_BUILT))
		return 0;
	return create_new_namespaces(flags, task, new, new_cred);
}
