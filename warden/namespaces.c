/* SPDX-License-Identifier: MIT */
/* Requests about whole namespaces: unshare(2), setns(2), /proc/PID/ns, ioctl_ns(2), sethostname(2). */
#include <errno.h>
#include "warden/warden.h"

/* clone(2)'s conditions for CLONE_NEWUSER. */
static int create_user_ns(const struct call *call, struct user_ns **out)
{
	struct user_ns *parent = call->self->user, *ns;
	const struct request *req = call->req;

	if (parent->level >= USER_NS_LEVELS || ucount_reached(parent, NS_USER))
		return -ENOSPC;
	if (from_kuid(parent, req->uid) == INVALID_KID || from_kgid(parent, req->gid) == INVALID_KID)
		return -EPERM;
	ns = user_ns_create(parent, req->uid, req->gid);
	if (!ns)
		return -ENOMEM;
	ns->parent_could_setfcap = req->caps >> CAP_SETFCAP & 1;
	*out = ns;
	return 0;
}

s64 do_unshare(struct call *call)
{
	const struct handle *self = call->self;
	u32 flags = call->req->flags;
	struct ns_set set = {0};
	int err;

	if (!flags || (flags & ~(u32)CLONE_NS_BUILT))
		return -EINVAL;
	if (flags & CLONE_NEWUSER) {
		err = create_user_ns(call, &set.user);
		if (err)
			return err;
	} else if (!call_capable(call, self->user, CAP_SYS_ADMIN)) {
		return -EPERM;
	} else {
		set.user = user_ns_get(self->user);
	}
	if (((flags & CLONE_NEWNS) && ucount_reached(set.user, NS_MNT)) ||
	    ((flags & CLONE_NEWUTS) && ucount_reached(set.user, NS_UTS))) {
		ns_set_put(&set);
		return -ENOSPC;
	}
	set.mnt = flags & CLONE_NEWNS ? mnt_ns_dup(self->mnt, set.user) : mnt_ns_get(self->mnt);
	set.uts = flags & CLONE_NEWUTS ? uts_ns_dup(self->uts, set.user) : uts_ns_get(self->uts);
	if (!set.mnt || !set.uts) {
		ns_set_put(&set);
		return -ENOMEM;
	}
	return call_publish(call, &set);
}

/* The user namespace that `relation` names, -EPERM when the caller may not know it. */
static int related_user_ns(const struct call *call, const struct handle *h, u32 type, struct user_ns **out)
{
	struct user_ns *ns;

	if (call->req->flags == NS_PARENT && type != NS_USER)
		return -EINVAL;
	if (type == NS_MNT)
		ns = h->mnt->user_ns;
	else if (type == NS_UTS)
		ns = h->uts->user_ns;
	else
		ns = h->user->parent;
	if (!ns || !in_userns(call->self->user, ns))
		return -EPERM;
	*out = ns;
	return 0;
}

s64 do_open_ns(struct call *call)
{
	const struct handle *h = handle_find(call->req->inode);
	u32 type = (u32)call->req->arg;
	struct ns_set set = {.kind = 1 + type};
	int err;

	if (!h)
		return -ENOENT;
	if (call->req->arg >= NS_TYPES || call->req->flags > NS_PARENT || (h->kind != 0 && h->kind != 1 + type))
		return -EINVAL;
	if (call->req->flags != NS_ITSELF) {
		err = related_user_ns(call, h, type, &set.user);
		if (err)
			return err;
		set.kind = 1 + NS_USER;
		user_ns_get(set.user);
	} else if (type == NS_MNT) {
		set.mnt = mnt_ns_get(h->mnt);
	} else if (type == NS_UTS) {
		set.uts = uts_ns_get(h->uts);
	} else {
		set.user = user_ns_get(h->user);
	}
	return call_publish(call, &set);
}

/* Like call_capable, for a caller that, with `joined`, has just entered that user namespace. */
static bool capable_after(const struct call *call, const struct user_ns *joined, const struct user_ns *target, int cap)
{
	return joined ? in_userns(joined, target) : call_capable(call, target, cap);
}

/* setns(2), "Details for specific namespace types". */
static int check_setns(const struct call *call, const struct handle *h, u32 flags)
{
	const struct user_ns *own = call->self->user, *joined = NULL;

	if (flags & CLONE_NEWUSER) {
		if (h->user == own)
			return -EINVAL;
		if (!call_capable(call, h->user, CAP_SYS_ADMIN))
			return -EPERM;
		own = joined = h->user;
	}
	if ((flags & CLONE_NEWNS) &&
	    !(capable_after(call, joined, h->mnt->user_ns, CAP_SYS_ADMIN) &&
	      capable_after(call, joined, own, CAP_SYS_CHROOT) && capable_after(call, joined, own, CAP_SYS_ADMIN)))
		return -EPERM;
	if ((flags & CLONE_NEWUTS) && !(capable_after(call, joined, h->uts->user_ns, CAP_SYS_ADMIN) &&
					capable_after(call, joined, own, CAP_SYS_ADMIN)))
		return -EPERM;
	return 0;
}

s64 do_setns(struct call *call)
{
	static const u32 kind_flags[] = {CLONE_NS_BUILT, CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER};
	const struct handle *h = handle_find(call->req->inode), *self = call->self;
	u32 flags = call->req->flags;
	struct ns_set set = {0};
	int err;

	if (!h || h->kind >= ARRAY_SIZE(kind_flags) || !flags || (flags & ~kind_flags[h->kind]))
		return -EINVAL;
	err = check_setns(call, h, flags);
	if (err)
		return err;
	set.mnt = mnt_ns_get(flags & CLONE_NEWNS ? h->mnt : self->mnt);
	set.uts = uts_ns_get(flags & CLONE_NEWUTS ? h->uts : self->uts);
	set.user = user_ns_get(flags & CLONE_NEWUSER ? h->user : self->user);
	return call_publish(call, &set);
}

s64 do_ucount(struct call *call)
{
	if (call->req->arg >= NS_TYPES || call->req->src > UCOUNT_MAX)
		return -EINVAL;
	if (!call_capable(call, call->self->user, CAP_SYS_RESOURCE))
		return -EPERM;
	atomic_store(&call->self->user->max[call->req->arg], (u32)call->req->src);
	return 0;
}

s64 do_setname(struct call *call)
{
	struct uts_ns *uts = call->self->uts;

	if (!call_capable(call, uts->user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	if (call->req->arg > 1 || call->req->len[0] > UTS_LEN)
		return -EINVAL;
	uts_write(uts, call->req->arg == 1, call->s[0], call->req->len[0]);
	return 0;
}
