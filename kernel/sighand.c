/* SPDX-License-Identifier: MIT */
/* sighand_struct: the guest's signal handlers, shared under CLONE_SIGHAND. */
#include "kernel/task.h"
#include "lib/string.h"

struct sighand_struct *dup_sighand(struct sighand_struct *old)
{
	struct sighand_struct *sighand = kzalloc(sizeof(*sighand));

	if (!sighand)
		return NULL;
	atomic_init(&sighand->users, 1);
	mutex_lock(&old->lock);
	memcpy(sighand->action, old->action, sizeof(old->action));
	mutex_unlock(&old->lock);
	return sighand;
}

void put_sighand(struct sighand_struct *sighand)
{
	if (sighand && atomic_fetch_sub(&sighand->users, 1) == 1)
		kfree(sighand);
}

int copy_sighand(u64 flags, struct task *parent, struct task *child)
{
	if (flags & CLONE_SIGHAND) {
		atomic_fetch_add(&parent->sighand->users, 1);
		child->sighand = parent->sighand;
		return 0;
	}
	child->sighand = dup_sighand(parent->sighand);
	return child->sighand ? 0 : -ENOMEM;
}
