/* SPDX-License-Identifier: MIT */
/*
 * Requests that change a mount tree: mount(2), umount2(2), pivot_root(2). The guest's walk has
 * found the places; what is asked of them is judged here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "warden/warden.h"

#define ATIME_FLAGS (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)
#define MOUNT_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW)

bool may_mount(const struct call *call)
{
	return call_capable(call, call->self->mnt->user_ns, CAP_SYS_ADMIN);
}

struct mnt_ns *ns_of_mount(const struct call *call, u64 id)
{
	if (mnt_by_id(call->self->mnt, id))
		return call->self->mnt;
	return mnt_by_id(arena()->detached, id) && tree_is_callers(call, id) ? arena()->detached : NULL;
}

/* The flags of a mount as mount(2) means them: relatime is the default. */
static u32 mount_flags(u32 flags)
{
	u32 out = flags & MOUNT_FLAGS;

	if (flags & MS_NODIRATIME)
		out |= MS_NODIRATIME;
	if (flags & MS_STRICTATIME)
		return out;
	return out | (flags & MS_NOATIME ? MS_NOATIME : MS_RELATIME);
}

/* A remount that says nothing about atime leaves it alone. */
static u32 remount_flags(u32 flags, u32 old)
{
	if (flags & ATIME_FLAGS)
		return mount_flags(flags);
	return (flags & MOUNT_FLAGS) | (old & (MS_NOATIME | MS_NODIRATIME | MS_RELATIME));
}

static int new_file_system(struct call *call, struct fresh *out)
{
	static struct fs_spec spec;
	int err = fs_spec_init(&spec, call, call->s[0]);

	if (!err) {
		snprintf(spec.source, sizeof(spec.source), "%s", call->s[1]);
		spec.has_source = true;
		spec.flags = call->req->flags & SUPER_FLAGS;
		err = fs_spec_options(&spec, call->self->user, call->s[2]);
	}
	if (!err)
		err = fs_spec_make(&spec, out);
	if (err)
		log_refusal(call, call->s[0], "a file system of that type or with these options is not built");
	return err;
}

s64 do_mount_new(struct call *call)
{
	static struct fresh fresh;
	struct mnt_ns *ns = call->self->mnt;
	struct mount_spec spec = {
	    .parent = call->req->dst,
	    .point = call->s[3],
	    .host = fresh.host,
	    .flags = mount_flags(call->req->flags),
	    .dir = true,
	};
	s64 id;
	int err;

	if (!may_mount(call))
		return -EPERM;
	if (!is_path(spec.point) || !mnt_by_id(ns, spec.parent))
		return -EINVAL;
	err = new_file_system(call, &fresh);
	if (err)
		return err;
	spec.sb = fresh.sb;
	/* The file system's own objections come first, as in the kernel. */
	if (call->req->arg == 1)
		id = mnt_attach(ns, &spec);
	else
		id = call->req->arg ? -ENOENT : -ENOTDIR;
	super_put(fresh.sb); /* the mount has its own reference, or nobody has and it goes */
	if (id < 0)
		return id;
	call->value = (u64)id;
	return 0;
}

/* ---- changing the tree ---- */

s64 do_bind(struct call *call)
{
	const struct request *req = call->req;
	const struct mnt_ns *from;
	s64 id;

	if (!may_mount(call))
		return -EPERM;
	if (!is_path(call->s[0]) || !is_path(call->s[1]) || req->arg > 3)
		return -EINVAL;
	from = ns_to_copy_from(call, req->src);
	if (!from || !mnt_by_id(call->self->mnt, req->dst) ||
	    !mnt_may_bind(from, req->src, call->s[0], req->flags & MS_REC))
		return -EINVAL;
	if (req->arg == 1 || req->arg == 2)
		return -ENOTDIR;
	id = mnt_bind_from(from, req->src, call->s[0], call->self->mnt, req->dst, call->s[1], req->arg & 1,
			   req->flags & MS_REC);
	if (id < 0)
		return id;
	call->value = (u64)id;
	return 0;
}

/* What a file system is to become: what is asked for, and whether its owner lets the caller. */
static int changed_super(struct call *call, const struct super *sb, struct fs_spec *spec)
{
	if (sb->kind == SUPER_HOST) {
		log_refusal(call, "mount", "a file system of the host cannot be remounted, only bound");
		return -EPERM;
	}
	fs_spec_of(spec, sb);
	spec->flags = call->req->flags & SUPER_FLAGS;
	spec->given = SUPER_FLAGS;
	if (fs_spec_options(spec, spec->owner, call->s[0]))
		return -EINVAL;
	if (!call_capable(call, spec->owner, CAP_SYS_ADMIN))
		return -EPERM;
	return fs_spec_check(spec, call, sb, NULL);
}

static int becomes_readonly(const struct mount *m, void *arg)
{
	const u32 *flags = arg;

	return (*flags & ~m->flags & MS_RDONLY) && m->sb->kind == SUPER_TMPFS && path_written(m->host) ? -EBUSY : 0;
}

/*
 * Would mounts that are to be read-only cut off who writes? Then -EBUSY. Of a tmpfs it can be told, unless another
 * mount shows it as well: which one a file was opened through, nobody knows.
 */
static int mounts_written(const struct mnt_ns *ns, u64 id, u32 flags, bool rec)
{
	return flags & MS_RDONLY ? mnt_each_alone(ns, id, rec, becomes_readonly, &flags) : 0;
}

s64 do_remount(struct call *call)
{
	struct mnt_ns *ns = call->self->mnt;
	const struct request *req = call->req;
	const struct mount *m = mnt_by_id(ns, req->dst);
	static struct fs_spec spec;
	bool whole = !(req->flags & MS_BIND);
	struct super *sb;
	int err;

	if (!may_mount(call))
		return -EPERM;
	if (!m)
		return -EINVAL;
	sb = m->sb;
	if (whole)
		err = changed_super(call, sb, &spec);
	else
		err = mounts_written(ns, req->dst, req->flags, false);
	if (!err)
		err = mnt_reconfigure(ns, req->dst, remount_flags(req->flags, m->flags));
	if (err || !whole)
		return err;
	/* Nothing can fail any more. */
	fs_spec_apply(&spec, sb);
	return 0;
}

/* Is a tmpfs in use? Where a mount that stays shows it as well, nobody can tell which one is used. */
static bool mount_busy(struct mnt_ns *ns, const struct mount *m)
{
	return tree_is_held(m->id) ||
	       (m->sb->kind == SUPER_TMPFS && mnt_umount_takes_all(ns, m->id) && path_busy(m->host));
}

/* Taking off must not fail for want of memory. */
static int umount_surely(struct mnt_ns *ns, u64 id, bool detach)
{
	int err = mnt_umount(ns, id, detach);

	if (err == -ENOMEM) {
		arena_use_reserve();
		err = mnt_umount(ns, id, detach);
		arena_reserve();
	}
	return err;
}

int detach_mount(struct mnt_ns *ns, u64 id)
{
	return umount_surely(ns, id, true);
}

void mounts_follow(const struct path_move *moves, unsigned nr)
{
	if (mnt_paths_moved(moves, nr) != -ENOMEM)
		return;
	arena_use_reserve();
	mnt_paths_moved(moves, nr);
	arena_reserve();
}

s64 do_umount(struct call *call)
{
	struct mnt_ns *ns = call->self->mnt;
	const struct mount *m = mnt_by_id(ns, call->req->dst);
	u32 flags = call->req->flags;
	int err;

	if (!may_mount(call))
		return -EPERM;
	if (!m || (flags & ~(u32)(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW)))
		return -EINVAL;
	if (!(flags & MNT_DETACH) && !mnt_locked(ns, m) && mount_busy(ns, m))
		return -EBUSY;
	err = flags & MNT_EXPIRE ? mnt_expire(ns, call->req->dst) : 0;
	return err ? err : umount_surely(ns, call->req->dst, flags & MNT_DETACH);
}

s64 do_used(struct call *call)
{
	return mnt_used(call->self->mnt, call->req->dst);
}

s64 do_move(struct call *call)
{
	struct mnt_ns *from = ns_of_mount(call, call->req->src), *to = ns_of_mount(call, call->req->dst);

	if (!may_mount(call))
		return -EPERM;
	if (!is_path(call->s[0]) || !from || !to)
		return -EINVAL;
	if (from != to && from != arena()->detached)
		return -EINVAL;
	if (call->req->arg)
		return mnt_move_beneath(from, call->req->src, to, call->req->dst);
	if (from == arena()->detached)
		return mnt_attach_detached(from, call->req->src, to, call->req->dst, call->s[0]);
	return mnt_move(from, call->req->src, call->req->dst, call->s[0]);
}

s64 do_pivot(struct call *call)
{
	if (!may_mount(call))
		return -EPERM;
	if (!is_path(call->s[0]))
		return -EINVAL;
	return mnt_pivot(call->self->mnt, call->req->dst, call->req->src, call->req->arg, call->s[0]);
}

s64 do_set_attr(struct call *call)
{
	const struct request *req = call->req;
	struct mnt_ns *ns = ns_of_mount(call, req->dst);
	int err;

	if (!may_mount(call))
		return -EPERM;
	if (!ns)
		return -EINVAL;
	err = mounts_written(ns, req->dst, req->flags, req->arg & MS_REC);
	if (err)
		return err;
	return mnt_set_attr(ns, req->dst, req->flags & ~(u32)MS_PROPAGATION, (u32)req->arg, req->flags & MS_PROPAGATION,
			    req->arg & MS_REC);
}

s64 do_set_group(struct call *call)
{
	struct mnt_ns *from = ns_of_mount(call, call->req->src), *to = ns_of_mount(call, call->req->dst);

	if (!may_mount(call))
		return -EPERM;
	return from && to ? mnt_set_group(from, call->req->src, to, call->req->dst) : -EINVAL;
}
