/* SPDX-License-Identifier: MIT */
/* A message from a guest: is it a request, what does it ask, and the reply. */
#include <errno.h>
#include <sys/socket.h>
#include "warden/warden.h"

static const struct operation {
	s64 (*fn)(struct call *call);
	u32 min_strings, max_strings;
	bool one_way; /* the asker need not learn what became of it */
} operations[] = {
    [REQ_UNSHARE] = {do_unshare, 0, 0},
    [REQ_OPEN_NS] = {do_open_ns, 0, 0},
    [REQ_SETNS] = {do_setns, 0, 0},
    [REQ_MOUNT_NEW] = {do_mount_new, 4, 4},
    [REQ_BIND] = {do_bind, 2, 2},
    [REQ_REMOUNT] = {do_remount, 0, 1},
    [REQ_UMOUNT] = {do_umount, 0, 0},
    [REQ_USED] = {do_used, 0, 0},
    [REQ_MOVE] = {do_move, 1, 1},
    [REQ_SETNAME] = {do_setname, 1, 1},
    [REQ_ID_MAP] = {do_id_map, 1, 1},
    [REQ_UCOUNT] = {do_ucount, 0, 0},
    [REQ_LOG] = {do_log, 1, 1, true},
    [REQ_PIVOT] = {do_pivot, 1, 1},
    [REQ_PID] = {do_pid, 0, 0},
    [REQ_ALIAS] = {do_alias, 2, 2},
    [REQ_SEM] = {do_sem, 0, 1},
    [REQ_UNLINK] = {do_unlink, 1, 1},
    [REQ_BURIED] = {do_buried, 1, 1},
    [REQ_FAIL] = {do_fail, 0, 0},
    [REQ_OPEN_TREE] = {do_open_tree, 1, 1},
    [REQ_FSOPEN] = {do_fsopen, 1, 1},
    [REQ_FSPICK] = {do_fspick, 0, 0},
    [REQ_FSCONFIG] = {do_fsconfig, 0, 2},
    [REQ_FSMOUNT] = {do_fsmount, 0, 0},
    [REQ_SET_ATTR] = {do_set_attr, 0, 0},
    [REQ_SET_GROUP] = {do_set_group, 0, 0},
    [REQ_DENTRY] = {do_dentry, 1, 1, true},
    [REQ_RECENTS] = {do_recents, 0, 0, true},
    [REQ_SETTLE] = {do_settle, 0, 0},
    [REQ_STAT] = {do_stat, 0, 0, true},
    [REQ_SHOW_TREE] = {do_show_tree, 0, 0},
    [REQ_HOLD_NAMES] = {do_hold_names, 1, 2},
    [REQ_HOLD_ROOT] = {do_hold_root, 1, 1},
    [REQ_SENT] = {do_sent, 1, 1},
};

bool call_capable(const struct call *call, const struct user_ns *target, int cap)
{
	const struct user_ns *mine = call->self->user;

	for (const struct user_ns *ns = target; ns; ns = ns->parent) {
		if (ns == mine)
			return call->req->caps >> cap & 1;
		if (ns->parent == mine && ns->owner == call->req->uid)
			return true;
	}
	return false;
}

s64 call_publish(struct call *call, struct ns_set *set)
{
	int domain = 0, err;
	socklen_t len = sizeof(domain);
	s64 index = -EINVAL;

	/* Only a socket can tell by its hang-up that the guest has gone. */
	if (call->fd >= 0 && getsockopt(call->fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX)
		index = handle_publish(call->req->self_inode, set);
	if (index < 0) {
		ns_set_put(set);
		return index;
	}
	err = loop_watch(call->fd, (u32)index);
	if (err) {
		handle_release((u32)index);
		return err;
	}
	call->fd_taken = true;
	return index;
}

/* Finds the strings in the data and sees that each is one: terminated, and without another NUL. */
static bool take_strings(struct call *call, size_t len)
{
	const struct request *req = call->req;
	const char *p = req->data, *end = (const char *)req + len;

	for (u32 i = 0; i < req->nr; i++) {
		if (req->len[i] >= (size_t)(end - p))
			return false;
		if (__builtin_memchr(p, '\0', req->len[i] + 1u) != p + req->len[i])
			return false;
		call->s[i] = p;
		p += req->len[i] + 1u;
	}
	return p == end;
}

static s64 carry_out(struct call *call, size_t len)
{
	const struct request *req = call->req;
	const struct operation *op;

	if (len < offsetof(struct request, data) || req->op >= ARRAY_SIZE(operations))
		return -EINVAL;
	op = &operations[req->op];
	/* Nothing is done of which the asker would never learn: its descriptor did not arrive when there was none left.
	 */
	if (call->fd < 0 && !op->one_way)
		return -EINVAL;
	/* A descriptor on one namespace (kind != 0) holds it open and can do nothing else. */
	if (!op->fn || req->nr < op->min_strings || req->nr > op->max_strings || call->self->kind != 0)
		return -EINVAL;
	if (!take_strings(call, len))
		return -EINVAL;
	/* What the caller says about paths may be younger than a change of names that is under way. */
	names_settle();
	return op->fn(call);
}

bool request_serve(u32 index, const struct request *req, size_t len, int fd)
{
	struct call call = {
	    .req = req,
	    .self = handle_at(index),
	    .s = {"", "", "", ""},
	    .fd = fd,
	};
	struct reply reply;

	reply.result = carry_out(&call, len);
	if (call.answered)
		return false;
	reply.value = call.value;
	/* Whoever does not want to read the answer need not: nobody makes the warden wait. */
	if (fd >= 0)
		send(fd, &reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
	return call.fd_taken;
}
