/* SPDX-License-Identifier: MIT */
/* Writing uid_map, gid_map and setgroups (user_namespaces(7)): who may write what, and when. */
#include <errno.h>
#include <string.h>
#include "warden/warden.h"

/* Mapping the parent's id 0 takes CAP_SETFCAP there (since Linux 5.12). */
static bool may_map_root(const struct call *call, const struct user_ns *ns, const struct uid_extent *extent, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		if (extent[i].parent == 0)
			return call->self->user == ns ? ns->parent_could_setfcap
						      : call_capable(call, ns->parent, CAP_SETFCAP);
	}
	return true;
}

static bool may_write_map(const struct call *call, const struct user_ns *ns, bool gid, const struct uid_extent *extent,
			  u32 nr)
{
	const struct request *req = call->req;

	if (!gid && !may_map_root(call, ns, extent, nr))
		return false;
	/* Whoever made the namespace may map itself alone. */
	if (nr == 1 && extent[0].count == 1 && ns->owner == req->uid) {
		if (!gid && make_kuid(ns->parent, extent[0].parent) == req->uid)
			return true;
		if (gid && atomic_load(&ns->deny_setgroups) && make_kgid(ns->parent, extent[0].parent) == req->gid)
			return true;
	}
	return call_capable(call, ns->parent, gid ? CAP_SETGID : CAP_SETUID);
}

static s64 write_map(struct call *call, struct user_ns *ns, bool gid)
{
	static struct uid_extent extent[UID_MAP_MAX];
	int nr;

	/* Either from inside, or from the parent. */
	if (!ns->parent || (call->self->user != ns && call->self->user != ns->parent))
		return -EPERM;
	if ((gid ? ns->gid.nr : ns->uid.nr) || !call_capable(call, ns, CAP_SYS_ADMIN))
		return -EPERM;
	nr = parse_id_map(call->s[0], call->req->len[0], extent);
	if (nr < 0)
		return nr;
	if (!may_write_map(call, ns, gid, extent, (u32)nr))
		return -EPERM;
	return user_ns_set_map(ns, gid, extent, (u32)nr);
}

static s64 write_setgroups(struct call *call, struct user_ns *ns)
{
	const char *text = call->s[0];
	size_t word = strcspn(text, " \t\n\r\f\v");
	bool allow = word == 5 && !memcmp(text, "allow", 5);

	if (!call_capable(call, ns, CAP_SYS_ADMIN))
		return -EPERM;
	if (!allow && !(word == 4 && !memcmp(text, "deny", 4)))
		return -EINVAL;
	if (call->req->len[0] >= 8 || text[word + strspn(text + word, " \t\n\r\f\v")])
		return -EINVAL;
	if (allow)
		return atomic_load(&ns->deny_setgroups) ? -EPERM : 0;
	/* Too late once groups are mapped: setgroups(2) may have been used. The first namespace maps all. */
	if (!ns->parent || ns->gid.nr)
		return -EPERM;
	atomic_store(&ns->deny_setgroups, 1);
	return 0;
}

s64 do_id_map(struct call *call)
{
	struct handle *h = handle_find(call->req->inode);

	if (!h || !h->user)
		return -ESRCH;
	switch (call->req->arg) {
	case 0:
	case 1:
		return write_map(call, h->user, call->req->arg == 1);
	case 2:
		return write_setgroups(call, h->user);
	default:
		return -EINVAL;
	}
}
