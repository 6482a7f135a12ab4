/* SPDX-License-Identifier: MIT */
/* clone: a child's contexts, shared with the parent or copied, as the flags say. */
#include "kernel/task.h"

static int copy_creds(struct task *parent, struct task *child)
{
	atomic_fetch_add(&parent->cred->users, 1);
	child->cred = parent->cred;
	return 0;
}

int copy_contexts(u64 flags, struct task *parent, struct task *child)
{
	int err;

	/* Credentials first: copy_namespaces replaces them for a new user namespace. */
	err = copy_creds(parent, child);
	if (!err)
		err = copy_fs(flags, parent, child);
	if (!err)
		err = copy_files(flags, parent, child);
	if (!err)
		err = copy_sighand(flags, parent, child);
	if (!err)
		err = copy_sem_undo(flags, parent, child);
	/* Last: it is the one that others can see (the warden makes something). */
	if (!err)
		err = copy_namespaces(flags, parent, child);
	if (err)
		put_contexts(child);
	return err;
}
