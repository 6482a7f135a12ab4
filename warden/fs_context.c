/* SPDX-License-Identifier: MIT */
/*
 * File systems to be: what a descriptor of fsopen(2) or fspick(2) stands for. It gathers options until it is told to
 * make the file system, or to change the one that it was picked from. What it has to say of its options are messages on
 * that descriptor.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fsconfig.h"
#include "warden/warden.h"

/* As in the kernel. Each step leads to the next, and any failure of the last two to PHASE_FAILED. */
enum phase {
	PHASE_CREATE_PARAMS,  /* takes options for a new one */
	PHASE_AWAITING_MOUNT, /* it is made */
	PHASE_AWAITING_RECONF,
	PHASE_RECONF_PARAMS, /* takes options for the one that there is */
	PHASE_FAILED,
};

struct fs_context {
	enum phase phase;
	struct fs_spec spec;
	struct user_ns *user; /* who must consent, and whose ids options are; a reference */
	struct fresh fresh;   /* from PHASE_AWAITING_MOUNT on; sb is a reference */
};

void fs_context_free(struct fs_context *c)
{
	super_put(c->fresh.sb);
	user_ns_put(c->user);
	free(c);
}

static struct fs_context *context_new(struct user_ns *user)
{
	struct fs_context *c = warden_realloc(NULL, sizeof(*c));

	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->user = user_ns_get(user);
	return c;
}

static s64 context_publish(struct call *call, struct fs_context *c)
{
	struct ns_set set = {.kind = HANDLE_FS, .context = c};

	return call_publish(call, &set);
}

static struct handle *find_context(const struct call *call)
{
	struct handle *h = handle_find(call->req->inode);

	return h && h->kind == HANDLE_FS ? h : NULL;
}

/* ---- fsopen, fspick ---- */

s64 do_fsopen(struct call *call)
{
	struct fs_context *c;
	int err;

	if (!may_mount(call))
		return -EPERM;
	c = context_new(call->self->user);
	if (!c)
		return -ENOMEM;
	err = fs_spec_init(&c->spec, call, call->s[0]);
	if (err) {
		fs_context_free(c);
		log_refusal(call, call->s[0], "a file system of that type is not built");
		return err;
	}
	return context_publish(call, c);
}

s64 do_fspick(struct call *call)
{
	const struct mnt_ns *ns = ns_of_mount(call, call->req->dst);
	const struct mount *m = ns ? mnt_by_id(ns, call->req->dst) : NULL;
	struct fs_context *c;

	if (!may_mount(call))
		return -EPERM;
	if (!m)
		return -EINVAL;
	c = context_new(m->sb->owner ? m->sb->owner : call->self->user);
	if (!c)
		return -ENOMEM;
	c->phase = PHASE_RECONF_PARAMS;
	fs_spec_of(&c->spec, m->sb);
	c->fresh.sb = m->sb;
	m->sb->refs++;
	return context_publish(call, c);
}

/* ---- fsconfig ---- */

static int set_option(const struct handle *h, const struct call *call, u32 command)
{
	struct fs_context *c = h->context;
	struct fs_parameter o = {.log = h, .name = call->s[0]};
	int err;

	if (c->phase != PHASE_CREATE_PARAMS && c->phase != PHASE_RECONF_PARAMS)
		return -EBUSY;
	if (command != FSCONFIG_SET_FLAG)
		o.value = command == FSCONFIG_SET_STRING ? call->s[1] : no_string;
	err = fs_spec_option(&c->spec, c->user, &o);
	if (err)
		log_refusal(call, o.name, "that option, or with that value, is not built");
	return err;
}

static int make(const struct handle *h, const struct call *call, bool exclusive)
{
	struct fs_context *c = h->context;
	char text[128];
	int err;

	if (exclusive && fs_type_single(c->spec.type)) {
		snprintf(text, sizeof(text), "w %s: reusing existing filesystem not allowed\n", c->spec.name);
		loop_tell(h, text);
		return -EBUSY;
	}
	err = fs_spec_make(&c->spec, &c->fresh);
	if (err)
		log_refusal(call, c->spec.name, "a file system of that type cannot be made");
	return err;
}

static int create(const struct handle *h, const struct call *call, bool exclusive)
{
	struct fs_context *c = h->context;
	int err;

	if (c->phase != PHASE_CREATE_PARAMS)
		return -EBUSY;
	if (!call_capable(call, c->user, CAP_SYS_ADMIN))
		return -EPERM;
	err = make(h, call, exclusive);
	c->phase = err ? PHASE_FAILED : PHASE_AWAITING_MOUNT;
	return err;
}

static int check_reconfigure(const struct handle *h, struct call *call)
{
	struct fs_context *c = h->context;

	if (c->fresh.sb->kind == SUPER_HOST) {
		log_refusal(call, "fsconfig", "a file system of the host cannot be reconfigured");
		return -EPERM;
	}
	if (!call_capable(call, c->user, CAP_SYS_ADMIN))
		return -EPERM;
	return fs_spec_check(&c->spec, call, c->fresh.sb, h);
}

static int reconfigure(const struct handle *h, struct call *call)
{
	struct fs_context *c = h->context;
	int err;

	if (c->phase != PHASE_RECONF_PARAMS)
		return -EBUSY;
	err = check_reconfigure(h, call);
	if (err == -EAGAIN)
		return err;
	c->phase = err ? PHASE_FAILED : PHASE_AWAITING_RECONF;
	if (!err)
		fs_spec_apply(&c->spec, c->fresh.sb);
	return err;
}

/* Options count once; the flags that they named are no longer set, but still named, as in Linux. */
static void start_anew(struct fs_context *c)
{
	u32 given = c->spec.given;

	fs_spec_of(&c->spec, c->fresh.sb);
	c->spec.given = given;
}

s64 do_fsconfig(struct call *call)
{
	const struct handle *h = find_context(call);
	struct fs_context *c;
	u64 command = call->req->arg;

	if (!h)
		return -EINVAL;
	c = h->context;
	if (c->phase == PHASE_FAILED)
		return -EBUSY;
	if (c->phase == PHASE_AWAITING_RECONF) {
		c->phase = PHASE_RECONF_PARAMS;
		start_anew(c);
	}
	switch (command) {
	case FSCONFIG_SET_FLAG:
	case FSCONFIG_SET_STRING:
	case FSCONFIG_SET_BINARY:
	case FSCONFIG_SET_PATH:
	case FSCONFIG_SET_PATH_EMPTY:
	case FSCONFIG_SET_FD:
		return set_option(h, call, (u32)command);
	case FSCONFIG_CMD_CREATE:
	case FSCONFIG_CMD_CREATE_EXCL:
		return create(h, call, command == FSCONFIG_CMD_CREATE_EXCL);
	case FSCONFIG_CMD_RECONFIGURE:
		return reconfigure(h, call);
	}
	return -EINVAL;
}

/* ---- fsmount ---- */

s64 do_fsmount(struct call *call)
{
	const struct handle *h = find_context(call);
	struct mount_spec spec = {.point = "", .flags = call->req->flags, .dir = true};
	struct fs_context *c;
	s64 id;

	if (!may_mount(call))
		return -EPERM;
	if (!h)
		return -EINVAL;
	c = h->context;
	if (!c->fresh.sb)
		return -EINVAL;
	if (c->phase != PHASE_AWAITING_MOUNT)
		return -EBUSY;
	spec.host = c->fresh.host;
	spec.sb = c->fresh.sb;
	id = mnt_new_detached(arena()->detached, &spec);
	if (id < 0)
		return id;
	c->phase = PHASE_AWAITING_RECONF;
	return tree_publish(call, (u64)id, 0);
}
