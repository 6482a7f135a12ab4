/* SPDX-License-Identifier: MIT */
/* The types of file systems that a session can make, and what mount(2) and fsconfig(2) can ask of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "warden/warden.h"

#define RAMFS_MODE 0755

struct fs_type {
	const char *name;
	enum super_kind kind;
	int (*make)(const struct fs_spec *spec, struct fresh *out);
	/* 0, -EINVAL (the value), -ENOENT (there is no such option); NULL: there is none at all. */
	int (*option)(struct fs_spec *spec, const struct user_ns *ns, const char *name, const char *value);
};

/* ---- tmpfs, and ramfs, which is one without limits ---- */

/* st_dev of file systems that have no device: major 0, and minors that the host is unlikely to reach. */
static u64 anonymous_dev(void)
{
	static u32 minor = 0x1000;
	u32 n = minor++;

	return (n & 0xff) | (u64)(n & ~0xffu) << 12;
}

static int make_directory(const struct fs_spec *spec, const char *shown, struct fresh *out)
{
	u32 number;
	int err = storage_add(&spec->tmpfs, &number);

	if (err)
		return err;
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

static void set_limits(struct super *sb, const struct tmpfs_options *options)
{
	atomic_store(&sb->max_bytes, options->size == TMPFS_UNSET ? 0 : options->size);
	atomic_store(&sb->max_inodes, options->nr_inodes == TMPFS_UNSET ? 0 : options->nr_inodes);
}

static int make_tmpfs(const struct fs_spec *spec, struct fresh *out)
{
	char shown[sizeof(out->sb->options)];
	int err;

	tmpfs_show(&spec->tmpfs, shown, sizeof(shown));
	err = make_directory(spec, shown, out);
	if (!err)
		set_limits(out->sb, &spec->tmpfs);
	return err;
}

static int option_tmpfs(struct fs_spec *spec, const struct user_ns *ns, const char *name, const char *value)
{
	return tmpfs_option(name, value, ns, &spec->tmpfs);
}

static int make_ramfs(const struct fs_spec *spec, struct fresh *out)
{
	char shown[32] = "";

	if (spec->tmpfs.mode != RAMFS_MODE)
		snprintf(shown, sizeof(shown), "mode=%o", spec->tmpfs.mode);
	return make_directory(spec, shown, out);
}

/* It has but one, and lets any other pass. */
static int option_ramfs(struct fs_spec *spec, const struct user_ns *ns, const char *name, const char *value)
{
	return strcmp(name, "mode") != 0 ? 0 : tmpfs_option(name, value, ns, &spec->tmpfs);
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

static const struct mount *find_host(const char *type)
{
	struct search search = {.fstype = type};

	return mnt_for_each(arena()->init_mnt, whole_of_type, &search) ? search.found : NULL;
}

/* A mount of the same type shows the same, so the host's is shown once more. */
static int make_view(const struct fs_spec *spec, struct fresh *out)
{
	const struct mount *host = find_host(spec->type->name);
	const struct super *sb;

	if (!host)
		return -ENODEV;
	sb = host->sb;
	out->sb = super_create(spec->type->kind, spec->type->name, spec->source,
			       spec->type->kind == SUPER_VIEW ? sb->options : "", spec->flags, sb->dev, sb->host_dev);
	if (!out->sb)
		return -ENOMEM;
	mnt_copy_string(out->host, sizeof(out->host), host->host);
	return 0;
}

/* What is so without being asked for; nothing else can be had of a view. */
static int option_proc(struct fs_spec *spec, const struct user_ns *ns, const char *name, const char *value)
{
	static const char *const off[] = {"0", "off", NULL}, *const known[] = {"hidepid", "subset", "gid", NULL};

	if (!one_of(name, known))
		return -ENOENT;
	return !strcmp(name, "hidepid") && value && one_of(value, off) ? 0 : -EINVAL;
}

/* The first namespace's hierarchy has its own, and another one's are ignored, as in Linux. */
static int option_cgroup2(struct fs_spec *spec, const struct user_ns *ns, const char *name, const char *value)
{
	static const char *const known[] = {"nsdelegate",
					    "favordynmods",
					    "memory_localevents",
					    "memory_recursiveprot",
					    "memory_hugetlb_accounting",
					    "pids_localevents",
					    NULL};

	if (!one_of(name, known))
		return -ENOENT;
	return value ? -EINVAL : 0;
}

/* The host's instance is shown, as before Linux 4.7 without newinstance: who it belongs to is not changed. */
static int option_devpts(struct fs_spec *spec, const struct user_ns *ns, const char *name, const char *value)
{
	static const char *const known[] = {"uid", "gid", "mode", "ptmxmode", "max", NULL};

	if (!strcmp(name, "newinstance"))
		return value ? -EINVAL : 0;
	if (!one_of(name, known))
		return -ENOENT;
	return value && *value >= '0' && *value <= '9' ? 0 : -EINVAL;
}

/* ---- the types ---- */

static const struct fs_type types[] = {
    {"sysfs", SUPER_SYSFS, make_view, NULL},	      {"tmpfs", SUPER_TMPFS, make_tmpfs, option_tmpfs},
    {"proc", SUPER_PROC, make_view, option_proc},     {"cgroup2", SUPER_VIEW, make_view, option_cgroup2},
    {"ramfs", SUPER_TMPFS, make_ramfs, option_ramfs}, {"devpts", SUPER_VIEW, make_view, option_devpts},
    {"mqueue", SUPER_VIEW, make_view, NULL},
};

void fs_types_list(char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].make == make_view && !find_host(types[i].name))
			continue;
		n += (size_t)snprintf(buf + n, size - n, "nodev\t%s\n", types[i].name);
	}
}

static const struct fs_type *find_type(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!strcmp(types[i].name, name))
			return &types[i];
	}
	return NULL;
}

/* ---- what is asked for ---- */

/* Does the host know that type? Then it is one for which a user needs the host's own consent, as in any user namespace.
 */
static bool host_has_type(const char *type)
{
	char path[sizeof(arena()->proc) + 16], line[256];
	bool found = false;
	FILE *types;

	snprintf(path, sizeof(path), "%s/filesystems", arena()->proc);
	types = fopen(path, "re");
	while (types && !found && fgets(line, sizeof(line), types)) {
		char *name = strrchr(line, '\t');

		line[strcspn(line, "\n")] = '\0';
		found = name && !strcmp(name + 1, type);
	}
	if (types)
		fclose(types);
	return found;
}

int fs_spec_init(struct fs_spec *spec, const struct call *call, const char *type)
{
	memset(spec, 0, sizeof(*spec));
	spec->type = find_type(type);
	snprintf(spec->name, sizeof(spec->name), "%s", type);
	strcpy(spec->source, "none");
	spec->owner = call->self->user;
	spec->tmpfs = (struct tmpfs_options){01777, call->req->uid, call->req->gid, false, TMPFS_UNSET, TMPFS_UNSET};
	if (spec->type && spec->type->make == make_ramfs)
		spec->tmpfs.mode = RAMFS_MODE;
	if (spec->type)
		return 0;
	return host_has_type(type) ? 0 : -ENODEV;
}

int fs_spec_option(struct fs_spec *spec, const struct user_ns *ns, const char *name, const char *value)
{
	return spec->type && spec->type->option ? spec->type->option(spec, ns, name, value) : -ENOENT;
}

int fs_spec_options(struct fs_spec *spec, const struct user_ns *ns, const char *text)
{
	char copy[1024], *next = copy, *name, *value;

	if (!spec->type)
		return 0;
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
	int err = spec->type ? spec->type->make(spec, out) : -EPERM;

	if (!err)
		out->sb->owner = user_ns_get(spec->owner);
	return err;
}

/* ---- of what there is ---- */

void fs_spec_of(struct fs_spec *spec, const struct super *sb)
{
	memset(spec, 0, sizeof(*spec));
	spec->type = sb->kind == SUPER_HOST ? NULL : find_type(sb->fstype);
	strcpy(spec->name, sb->fstype);
	spec->flags = sb->flags;
	spec->owner = sb->owner;
	spec->tmpfs = (struct tmpfs_options){01777, 0, 0, false, TMPFS_UNSET, TMPFS_UNSET};
	fs_spec_options(spec, arena()->init_user, sb->options);
}

/* Options not named keep their values, and owner and mode are the first mount's. */
void fs_spec_apply(const struct fs_spec *spec, struct super *sb)
{
	struct fs_spec old;
	char shown[sizeof(sb->options)];

	if (spec->type->make != make_tmpfs)
		return;
	fs_spec_of(&old, sb);
	old.tmpfs.size = spec->tmpfs.size;
	old.tmpfs.nr_inodes = spec->tmpfs.nr_inodes;
	tmpfs_show(&old.tmpfs, shown, sizeof(shown));
	memcpy(sb->options, shown, sizeof(shown));
	set_limits(sb, &old.tmpfs);
}
