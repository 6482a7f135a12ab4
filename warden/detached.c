/* SPDX-License-Identifier: MIT */
/* Trees of mounts that are mounted nowhere, for as long as somebody has a descriptor on them: open_tree(2). */
#include <errno.h>
#include <sys/stat.h>
#include "warden/warden.h"

s64 tree_publish(struct call *call, u64 id, u64 origin)
{
	struct ns_set set = {.kind = HANDLE_TREE,
			     .origin = origin,
			     .tree = mount_get(mnt_by_id(arena()->detached, id)),
			     .user = user_ns_get(call->self->user)};

	return call_publish(call, &set);
}

void tree_put(struct mount *tree)
{
	const struct mount *m = mnt_by_id(arena()->detached, tree->id);

	if (m && m->parent == m->id)
		detach_mount(arena()->detached, m->id);
	mount_put(tree);
}

/* The handle on a tree with that root, attached by now or not; NULL: there is none. */
static const struct handle *find_tree(u64 id)
{
	if (!atomic_load(&arena()->tree_handles))
		return NULL;
	for (u32 i = 0; i < arena()->nr_handles; i++) {
		if (handle_at(i)->inode && handle_at(i)->tree && handle_at(i)->tree->id == id && !loop_hung_up(i))
			return handle_at(i);
	}
	return NULL;
}

bool tree_is_held(u64 id)
{
	return find_tree(id);
}

/* The handle on the detached tree that the mount is in. */
static const struct handle *handle_of_tree(u64 id)
{
	const struct mount *m = mnt_by_id(arena()->detached, id);

	while (m->parent != m->id)
		m = mnt_by_id(arena()->detached, m->parent);
	return find_tree(m->id);
}

bool tree_is_callers(const struct call *call, u64 id)
{
	const struct handle *h = handle_of_tree(id);

	for (const struct user_ns *ns = h ? h->user : NULL; ns; ns = ns->parent) {
		if (ns == call->self->user)
			return true;
	}
	return false;
}

/* Trees can be taken elsewhere, but copied only where they come from. */
const struct mnt_ns *ns_to_copy_from(const struct call *call, u64 id)
{
	const struct mnt_ns *ns = ns_of_mount(call, id);
	u64 origin = ns == arena()->detached ? handle_of_tree(id)->origin : 0;

	return origin && origin != call->self->mnt->inum ? NULL : ns;
}

/* Who has the descriptor may, whatever its namespace: it sends it along. */
s64 do_show_tree(struct call *call)
{
	struct user_ns *old;
	struct handle *h;
	struct stat st;

	call->answered = true;
	h = fstat(call->fd, &st) == 0 ? handle_find(st.st_ino) : NULL;
	if (!h || h->kind != HANDLE_TREE)
		return -EINVAL;
	old = h->user;
	h->user = user_ns_get(call->self->user);
	user_ns_put(old);
	return 0;
}

s64 do_open_tree(struct call *call)
{
	const struct request *req = call->req;
	const struct mnt_ns *ns = ns_to_copy_from(call, req->src);
	u64 origin;
	s64 id;

	if (!may_mount(call))
		return -EPERM;
	if (!ns || !is_path(call->s[0]) || req->arg > 1)
		return -EINVAL;
	origin = ns == arena()->detached ? handle_of_tree(req->src)->origin : ns->inum;
	id = mnt_bind_from(ns, req->src, call->s[0], arena()->detached, 0, "", req->arg == 1, req->flags & MS_REC);
	return id < 0 ? id : tree_publish(call, (u64)id, origin);
}
