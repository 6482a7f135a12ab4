/* SPDX-License-Identifier: MIT */
/*
 * The mount options of devpts. The host's instance is shown, so what they say of ptmx holds where a guest comes to it
 * (vfs/devpts.c), of the terminals the mode; uid=, gid= and max= are checked and shown.
 */
#include <stdio.h>
#include <string.h>
#include "warden/warden.h"

#define DEVPTS_MAX  (1u << 20)
#define PERMISSIONS 07777

const struct fs_parameter_spec devpts_rules[] = {{"uid", OPTION_UID},
						 {"gid", OPTION_GID},
						 {"mode", OPTION_OCTAL},
						 {"ptmxmode", OPTION_OCTAL},
						 {"newinstance", OPTION_FLAG},
						 {"max", OPTION_S32},
						 {NULL}};

const struct devpts_options devpts_defaults = {INVALID_KID, INVALID_KID, 0600, 0, DEVPTS_MAX};

int devpts_option(const struct fs_parameter *o, struct devpts_options *out)
{
	if (!strcmp(o->name, "uid"))
		out->uid = o->number;
	else if (!strcmp(o->name, "gid"))
		out->gid = o->number;
	else if (!strcmp(o->name, "mode"))
		out->mode = o->number & PERMISSIONS;
	else if (!strcmp(o->name, "ptmxmode"))
		out->ptmxmode = o->number & PERMISSIONS;
	else if (!strcmp(o->name, "max") && o->number > DEVPTS_MAX)
		return refuse(o->log, "max out of range");
	else if (!strcmp(o->name, "max"))
		out->max = o->number;
	return 0;
}

void devpts_set_options(struct super *sb, const struct devpts_options *options)
{
	char text[SUPER_OPTIONS];
	size_t n = 0;

	if (options->uid != INVALID_KID)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "uid=%u,", options->uid);
	if (options->gid != INVALID_KID)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "gid=%u,", options->gid);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "mode=%03o,ptmxmode=%03o", options->mode, options->ptmxmode);
	if (options->max < DEVPTS_MAX)
		snprintf(text + n, sizeof(text) - n, ",max=%u", options->max);
	atomic_store(&sb->ptmx_mode, options->ptmxmode);
	atomic_store(&sb->pts_mode, options->mode);
	super_set_options(sb, text);
}
