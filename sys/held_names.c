/* SPDX-License-Identifier: MIT */
/* See sys/held_names.h. */
#include "sys/held_names.h"

#include <asm/errno.h>
#include "kernel/ns/mnt.h"
#include "lib/fmt.h"
#include "warden/client.h"

bool request_add_name(struct request *req, const struct nameidata *nd)
{
	char path[PATH_MAX + NAME_MAX + 2];
	struct fmt f;

	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "%s/%s", nd->len == 1 ? "" : nd->host, nd->last);
	return f.len < PATH_MAX && request_add(req, path, f.len);
}

/* A name whose path is not known, or too long to be walked, is no mount's. */
static bool may_be_held(const struct nameidata *nd)
{
	return nd->last_type == LAST_NORM && nd->len && nd->len + 1 + nd->last_len < PATH_MAX;
}

static bool is_too_deep(const struct nameidata *nd)
{
	return nd->last_type == LAST_NORM && !may_be_held(nd);
}

static bool is_held(const struct nameidata *nd)
{
	return may_be_held(nd) && mnt_name_held(nd->host, nd->len, nd->last, nd->last_len);
}

/* Once. `all`: also names that no mount seems to depend on. */
static s64 hold_once(struct task *task, const struct nameidata *nd, const struct nameidata *other, bool all, s32 *held)
{
	struct request req;
	s64 ret;

	if (!all && !is_held(nd) && !(other && is_held(other)))
		return 0;
	request_init(&req, REQ_HOLD_NAMES, task);
	if (may_be_held(nd))
		request_add_name(&req, nd);
	if (other && may_be_held(other))
		request_add_name(&req, other);
	if (!req.nr)
		return 0;
	ret = warden_call_held(task, &req, held);
	/* Without a warden nobody makes or follows mounts any more. */
	if (ret == -ENOENT || ret == -EIO)
		return 0;
	if (ret >= 0 && (is_too_deep(nd) || (other && is_too_deep(other)))) {
		warden_let_go(task, *held, true);
		*held = -1;
		return -ENAMETOOLONG;
	}
	return ret < 0 ? ret : 0;
}

/*
 * While somebody else is about to rename a directory, its mounts are known by a path that may be neither the one that
 * we have found nor right any more. So the warden is asked in any case, which looks where everything is. If then
 * something was elsewhere, so may be what it was asked about.
 */
s64 names_hold(struct task *task, struct nameidata *nd, struct nameidata *other, u64 since, s32 *held)
{
	bool others;
	u64 seen;
	s64 err;

	for (;;) {
		*held = -1;
		others = atomic_load(&arena()->names_held);
		seen = names_moved();
		if (others || seen != since) {
			nd_look_again(nd);
			if (other)
				nd_look_again(other);
		}
		err = hold_once(task, nd, other, others, held);
		since = seen;
		if (err || names_moved() == since)
			return err;
		if (*held >= 0)
			warden_let_go(task, *held, true);
	}
}

void names_let_go(struct task *task, s32 held, s64 err)
{
	if (held >= 0)
		warden_let_go(task, held, !err);
}

void names_follow(struct task *task)
{
	struct request req;

	if (!atomic_load(&arena()->names_held))
		return;
	/* Whatever the request, the warden looks first. */
	request_init(&req, REQ_SETTLE, task);
	warden_call(task, &req, NULL);
}
