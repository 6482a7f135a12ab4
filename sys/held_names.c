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
static bool is_held(const struct nameidata *nd)
{
	return nd->last_type == LAST_NORM && nd->len && nd->len + 1 + nd->last_len < PATH_MAX &&
	       mnt_name_held(nd->host, nd->len, nd->last, nd->last_len);
}

s64 names_hold(struct task *task, const struct nameidata *nd, const struct nameidata *other, s32 *held)
{
	const struct nameidata *names[] = {nd, other};
	struct request req;
	s64 ret;

	*held = -1;
	request_init(&req, REQ_HOLD_NAMES, task);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i] && is_held(names[i]))
			request_add_name(&req, names[i]);
	if (!req.nr)
		return 0;
	ret = warden_call_held(task, &req, held);
	/* Without a warden nobody makes or follows mounts any more. */
	return ret >= 0 || ret == -ENOENT || ret == -EIO ? 0 : ret;
}

void names_let_go(struct task *task, s32 held, s64 err)
{
	if (held >= 0)
		warden_let_go(task, held, !err);
}
