/* SPDX-License-Identifier: MIT */
/* sighand_struct: the guest's signal handlers, shared under CLONE_SIGHAND. */
#include "kernel/refs.h"
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

void drop_sighand(struct sighand_struct **slot)
{
	struct sighand_struct *sighand;
	bool last;

	refs_lock();
	sighand = *slot;
	last = sighand && ref_drop(&sighand->users, slot);
	refs_unlock();
	if (last)
		kfree(sighand);
}

int copy_sighand(u64 flags, struct task *parent, struct task *child)
{
	if (flags & CLONE_SIGHAND) {
		refs_lock();
		ref_take(&parent->sighand->users, &child->sighand, parent->sighand);
		refs_unlock();
		return 0;
	}
	child->sighand = dup_sighand(parent->sighand);
	return child->sighand ? 0 : -ENOMEM;
}
