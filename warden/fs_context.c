/* SPDX-License-Identifier: MIT */
/*
 * File systems to be: what a descriptor of fsopen(2) or fspick(2) stands for. It gathers options until it is told to
 * make the file system, or to change the one that it was picked from. What it has to say of its options are messages on
 * that descriptor.
 */
#include <errno.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "warden/warden.h"

#ifndef FSCONFIG_CMD_CREATE_EXCL
#define FSCONFIG_CMD_CREATE_EXCL 8
#endif

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
	bool has_source;
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

/* -EINVAL, and why: of an option, in the name of the type. */
static int refuse_option(const struct handle *h, const char *why, const char *option)
{
	const struct fs_context *c = h->context;
	char text[512];

	snprintf(text, sizeof(text), "e %s: %s '%s'\n", c->spec.name, why, option);
	loop_tell(h, text);
	return -EINVAL;
}

static int refuse(const struct handle *h, const char *why)
{
	loop_tell(h, why);
	return -EINVAL;
}

/* The options that are not a type's own. False: it is none of them. */
static bool common_option(u32 *flags, const char *name)
{
	static const struct {
		const char *name;
		u32 flag;
		bool set;
	} names[] = {
	    {"dirsync", MS_DIRSYNC, true},	{"lazytime", MS_LAZYTIME, true},
	    {"mand", MS_MANDLOCK, true},	{"ro", MS_RDONLY, true},
	    {"sync", MS_SYNCHRONOUS, true},	{"async", MS_SYNCHRONOUS, false},
	    {"nolazytime", MS_LAZYTIME, false}, {"nomand", MS_MANDLOCK, false},
	    {"rw", MS_RDONLY, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].name, name) != 0)
			continue;
		*flags = names[i].set ? *flags | names[i].flag : *flags & ~names[i].flag;
		return true;
	}
	return false;
}

static int set_source(const struct handle *h, u32 command, const char *value)
{
	struct fs_context *c = h->context;

	if (command != FSCONFIG_SET_STRING)
		return refuse(h, "e Non-string source\n");
	if (c->has_source)
		return refuse(h, "e Multiple sources\n");
	c->has_source = true;
	snprintf(c->spec.source, sizeof(c->spec.source), "%s", value);
	return 0;
}

static int set_option(const struct handle *h, u32 command, const char *name, const char *value)
{
	struct fs_context *c = h->context;
	int err;

	if (c->phase != PHASE_CREATE_PARAMS && c->phase != PHASE_RECONF_PARAMS)
		return -EBUSY;
	if (common_option(&c->spec.flags, name))
		return 0;
	err = fs_spec_option(&c->spec, c->user, name, command == FSCONFIG_SET_FLAG ? NULL : value);
	if (err == -ENOENT && !strcmp(name, "source"))
		return set_source(h, command, value);
	if (err == -ENOENT)
		return refuse_option(h, "Unknown parameter", name);
	return err ? refuse_option(h, "Bad value for", name) : 0;
}

static int create(const struct call *call, struct fs_context *c)
{
	int err;

	if (c->phase != PHASE_CREATE_PARAMS)
		return -EBUSY;
	if (!call_capable(call, c->user, CAP_SYS_ADMIN))
		return -EPERM;
	err = fs_spec_make(&c->spec, &c->fresh);
	if (err)
		log_refusal(call, c->spec.name, "a file system of that type cannot be made");
	c->phase = err ? PHASE_FAILED : PHASE_AWAITING_MOUNT;
	return err;
}

static int reconfigure(const struct call *call, struct fs_context *c)
{
	struct super *sb = c->fresh.sb;

	if (c->phase != PHASE_RECONF_PARAMS)
		return -EBUSY;
	c->phase = PHASE_AWAITING_RECONF;
	if (sb->kind == SUPER_HOST)
		log_refusal(call, "fsconfig", "a file system of the host cannot be reconfigured");
	if (sb->kind == SUPER_HOST || !call_capable(call, c->user, CAP_SYS_ADMIN)) {
		c->phase = PHASE_FAILED;
		return -EPERM;
	}
	fs_spec_apply(&c->spec, sb);
	atomic_store(&sb->flags, c->spec.flags & SUPER_FLAGS);
	return 0;
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
	if (c->phase == PHASE_AWAITING_RECONF)
		c->phase = PHASE_RECONF_PARAMS;
	switch (command) {
	case FSCONFIG_SET_FLAG:
	case FSCONFIG_SET_STRING:
		return set_option(h, (u32)command, call->s[0], call->s[1]);
	case FSCONFIG_CMD_CREATE:
	case FSCONFIG_CMD_CREATE_EXCL: /* each is a file system of its own */
		return create(call, c);
	case FSCONFIG_CMD_RECONFIGURE:
		return reconfigure(call, c);
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
	return tree_publish(call, (u64)id);
}
