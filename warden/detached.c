/* SPDX-License-Identifier: MIT */
/* Trees of mounts that are mounted nowhere, for as long as somebody has a descriptor on them: open_tree(2). */
#include <errno.h>
#include "warden/warden.h"

s64 tree_publish(struct call *call, u64 id)
{
	struct ns_set set = {.kind = HANDLE_TREE, .tree = mount_get(mnt_by_id(arena()->detached, id))};

	return call_publish(call, &set);
}

void tree_put(struct mount *tree)
{
	const struct mount *m = mnt_by_id(arena()->detached, tree->id);

	if (m && m->parent == m->id)
		detach_mount(arena()->detached, m->id);
	mount_put(tree);
}

bool tree_is_held(u64 id)
{
	if (!atomic_load(&arena()->tree_handles))
		return false;
	for (u32 i = 0; i < arena()->nr_handles; i++) {
		if (handle_at(i)->inode && handle_at(i)->tree && handle_at(i)->tree->id == id && !loop_hung_up(i))
			return true;
	}
	return false;
}

s64 do_open_tree(struct call *call)
{
	const struct request *req = call->req;
	const struct mnt_ns *ns = ns_of_mount(call, req->src);
	s64 id;

	if (!may_mount(call))
		return -EPERM;
	if (!ns || !is_path(call->s[0]) || req->arg > 1)
		return -EINVAL;
	id = mnt_bind_from(ns, req->src, call->s[0], arena()->detached, 0, "", req->arg == 1, req->flags & MS_REC);
	return id < 0 ? id : tree_publish(call, (u64)id);
}

s64 do_set_attr(struct call *call)
{
	const struct request *req = call->req;
	struct mnt_ns *ns = ns_of_mount(call, req->dst);

	if (!may_mount(call))
		return -EPERM;
	if (!ns)
		return -EINVAL;
	return mnt_set_attr(ns, req->dst, req->flags & ~(u32)MS_PROPAGATION, (u32)req->arg, req->flags & MS_PROPAGATION,
			    req->arg & MS_REC);
}
