/* SPDX-License-Identifier: MIT */
/* nsproxy: the namespaces of a task, held alive by one descriptor (warden/proto.h). */
#include "kernel/task.h"

struct nsproxy *get_nsproxy(struct nsproxy *ns)
{
	atomic_fetch_add(&ns->users, 1);
	return ns;
}

void put_nsproxy(struct nsproxy *ns, const struct files_struct *files)
{
	if (!ns || atomic_fetch_sub(&ns->users, 1) != 1)
		return;
	warden_close_handle(ns, files);
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
		child->nsproxy = get_nsproxy(parent->nsproxy);
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
