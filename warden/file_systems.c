/* SPDX-License-Identifier: MIT */
/* The types of file systems that a session can make, and what mount(2) and fsconfig(2) can ask of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "warden/warden.h"

struct fs_type {
	const char *name;
	enum super_kind kind;
	int (*make)(const struct fs_spec *spec, struct fresh *out);
	int (*option)(const char *name, const char *value, const struct user_ns *ns, struct tmpfs_options *out);
};

/* ---- tmpfs ---- */

/* st_dev of file systems that have no device: major 0, and minors that the host is unlikely to reach. */
static u64 anonymous_dev(void)
{
	static u32 minor = 0x1000;
	u32 n = minor++;

	return (n & 0xff) | (u64)(n & ~0xffu) << 12;
}

static int make_tmpfs(const struct fs_spec *spec, struct fresh *out)
{
	char shown[sizeof(out->sb->options)];
	u32 number;
	int err = storage_add(&spec->tmpfs, &number);

	if (err)
		return err;
	tmpfs_show(&spec->tmpfs, shown, sizeof(shown));
	out->sb = super_create(SUPER_TMPFS, spec->type->name, spec->source, shown, spec->flags, anonymous_dev(),
			       arena()->storage_dev);
	if (!out->sb) {
		storage_remove(number);
		return -ENOMEM;
	}
	out->sb->storage = number;
	storage_path(number, out->host, sizeof(out->host));
	return 0;
}

/* ---- views of the host's ---- */

/* For mnt_for_each: finds where the host has all of a file system of one type. */
struct search {
	const char *fstype;
	const struct mount *found;
};

static int whole_of_type(const struct mount *m, void *arg)
{
	struct search *search = arg;

	if (strcmp(m->sb->fstype, search->fstype) != 0 || strcmp(m->fsroot, "/") != 0)
		return 0;
	search->found = m;
	return 1;
}

/* A mount of the same type shows the same, so the host's is shown once more. */
static int make_view(const struct fs_spec *spec, struct fresh *out)
{
	struct search search = {.fstype = spec->type->name};
	const struct super *host;

	if (!mnt_for_each(arena()->init_mnt, whole_of_type, &search))
		return -ENODEV;
	host = search.found->sb;
	out->sb =
	    super_create(spec->type->kind, spec->type->name, spec->source, "", spec->flags, host->dev, host->host_dev);
	if (!out->sb)
		return -ENOMEM;
	mnt_copy_string(out->host, sizeof(out->host), search.found->host);
	return 0;
}

/* ---- the types ---- */

static const struct fs_type types[] = {
    {"tmpfs", SUPER_TMPFS, make_tmpfs, tmpfs_option},
    {"proc", SUPER_PROC, make_view, NULL},
    {"sysfs", SUPER_SYSFS, make_view, NULL},
};

static const struct fs_type *find_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcmp(types[i].name, name))
			return &types[i];
	}
	return NULL;
}

/* ---- what is asked for ---- */

int fs_spec_init(struct fs_spec *spec, const struct call *call, const char *type)
{
	memset(spec, 0, sizeof(*spec));
	spec->type = find_type(type);
	strcpy(spec->source, "none");
	spec->tmpfs = (struct tmpfs_options){01777, call->req->uid, call->req->gid, false, TMPFS_UNSET, TMPFS_UNSET};
	return spec->type ? 0 : -ENODEV;
}

const char *fs_spec_type(const struct fs_spec *spec)
{
	return spec->type->name;
}

int fs_spec_option(struct fs_spec *spec, const struct user_ns *ns, const char *name, const char *value)
{
	return spec->type->option ? spec->type->option(name, value, ns, &spec->tmpfs) : -ENOENT;
}

int fs_spec_options(struct fs_spec *spec, const struct user_ns *ns, const char *text)
{
	char copy[1024], *next = copy, *name, *value;

	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	while ((name = strsep(&next, ","))) {
		value = strchr(name, '=');
		if (value)
			*value++ = '\0';
		if (*name && fs_spec_option(spec, ns, name, value))
			return -EINVAL;
	}
	return 0;
}

int fs_spec_make(const struct fs_spec *spec, struct fresh *out)
{
	return spec->type->make(spec, out);
}

/* ---- of what there is ---- */

void fs_spec_of(struct fs_spec *spec, const struct super *sb)
{
	memset(spec, 0, sizeof(*spec));
	spec->type = find_type(sb->fstype);
	spec->flags = sb->flags;
	spec->tmpfs = (struct tmpfs_options){01777, 0, 0, false, TMPFS_UNSET, TMPFS_UNSET};
	fs_spec_options(spec, arena()->init_user, sb->options);
}

/* Options not named keep their values, and owner and mode are the first mount's. */
void fs_spec_apply(const struct fs_spec *spec, struct super *sb)
{
	struct fs_spec old;
	char shown[sizeof(sb->options)];

	if (sb->kind != SUPER_TMPFS)
		return;
	fs_spec_of(&old, sb);
	old.tmpfs.size = spec->tmpfs.size;
	old.tmpfs.nr_inodes = spec->tmpfs.nr_inodes;
	tmpfs_show(&old.tmpfs, shown, sizeof(shown));
	memcpy(sb->options, shown, sizeof(shown));
}
