/* SPDX-License-Identifier: MIT */
/* Mount options of proc (proc(5)): what a mount of it hides. Guests see to that themselves (vfs/proc_hide.c). */
#include <stdio.h>
#include <string.h>
#include "warden/warden.h"

const struct fs_parameter_spec proc_rules[] = {
    {"hidepid", OPTION_STRING}, {"subset", OPTION_STRING}, {"gid", OPTION_U32}, {NULL}};

/* By their numbers; there is no 3. */
static const char *const hidepid_names[] = {"off", "noaccess", "invisible", "", "ptraceable"};

static bool take_hidepid(const char *value, u32 *out)
{
	if (fs_parse_u32(value, 0, out))
		return *out < ARRAY_SIZE(hidepid_names) && *hidepid_names[*out];
	for (*out = 0; *out < ARRAY_SIZE(hidepid_names); ++*out) {
		if (!strcmp(value, hidepid_names[*out]))
			return true;
	}
	return false;
}

static int take_subset(const struct fs_parameter *o, struct proc_options *out)
{
	char list[256], *next = list, *word;

	snprintf(list, sizeof(list), "%s", o->value);
	while ((word = strsep(&next, ","))) {
		if (*word && strcmp(word, "pid") != 0)
			return refuse(o->log, "proc: unsupported subset option - %s", word);
		if (*word)
			out->hides |= SUBSET_PID;
	}
	out->given |= SUBSET_PID;
	return 0;
}

int proc_option(const struct fs_parameter *o, struct proc_options *out)
{
	u32 hidepid;

	if (!strcmp(o->name, "gid")) {
		out->gid = make_kgid(o->ns, o->number);
		out->has_gid = true;
		return 0;
	}
	if (!strcmp(o->name, "subset"))
		return take_subset(o, out);
	if (!take_hidepid(o->value, &hidepid))
		return refuse(o->log, "proc: unknown value of hidepid - %s", o->value);
	out->hides = (out->hides & ~HIDEPID_MASK) | hidepid;
	out->given |= HIDEPID_MASK;
	return 0;
}

void proc_set_options(struct super *sb, const struct proc_options *options)
{
	u32 hides = (sb->proc_hides & ~options->given) | (options->hides & options->given);
	u32 gid = options->has_gid ? options->gid : sb->proc_gid;
	char text[SUPER_OPTIONS] = "";
	size_t n = 0;

	if (gid)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",gid=%u", gid == INVALID_KID ? OVERFLOW_ID : gid);
	if (hides & HIDEPID_MASK)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",hidepid=%s", hidepid_names[hides & HIDEPID_MASK]);
	if (hides & SUBSET_PID)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",subset=pid");
	atomic_store(&sb->proc_gid, gid);
	atomic_store(&sb->proc_hides, hides);
	super_set_options(sb, text + (n > 0));
}
