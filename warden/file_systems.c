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
	bool single; /* Linux has one of them, or one for a namespace that is not ours */
	int (*make)(const struct fs_spec *spec, struct fresh *out);
	const struct fs_parameter_spec *rules; /* NULL: it has no options */
	int (*take)(struct fs_spec *spec,
		    const struct fs_parameter *o); /* what the rules let pass; NULL: means nothing */
	/* What was taken, to one that there is; NULL: nothing of it can change. */
	void (*apply)(const struct fs_spec *spec, struct super *sb);
	bool any_option; /* lets others pass as well */
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

static u64 limit(u64 option)
{
	if (option == TMPFS_UNSET)
		return 0;
	return option ? option : SUPER_NO_LIMIT;
}

static void set_limits(struct super *sb, const struct tmpfs_options *options)
{
	atomic_store(&sb->max_bytes, limit(options->size));
	atomic_store(&sb->max_inodes, limit(options->nr_inodes));
}

static int make_tmpfs(const struct fs_spec *spec, struct fresh *out)
{
	char shown[SUPER_OPTIONS];
	int err;

	tmpfs_show(&spec->tmpfs, shown, sizeof(shown));
	err = make_directory(spec, shown, out);
	if (!err)
		set_limits(out->sb, &spec->tmpfs);
	return err;
}

static int take_tmpfs(struct fs_spec *spec, const struct fs_parameter *o)
{
	return tmpfs_option(o, &spec->tmpfs);
}

/* The options that it has. */
static struct tmpfs_options tmpfs_now(const struct super *sb)
{
	struct fs_spec spec;

	fs_spec_of(&spec, sb);
	fs_spec_options(&spec, arena()->init_user, super_options(sb));
	return spec.tmpfs;
}

/* Options not named keep their values, and owner and mode are the first mount's. */
static void apply_tmpfs(const struct fs_spec *spec, struct super *sb)
{
	struct tmpfs_options options = tmpfs_now(sb);
	char shown[SUPER_OPTIONS];

	if (spec->tmpfs.size != TMPFS_UNSET)
		options.size = spec->tmpfs.size;
	if (spec->tmpfs.nr_inodes != TMPFS_UNSET)
		options.nr_inodes = spec->tmpfs.nr_inodes;
	tmpfs_show(&options, shown, sizeof(shown));
	super_set_options(sb, shown);
	set_limits(sb, &options);
}

static int make_ramfs(const struct fs_spec *spec, struct fresh *out)
{
	char shown[32] = "";

	if (spec->tmpfs.mode != RAMFS_MODE)
		snprintf(shown, sizeof(shown), "mode=%o", spec->tmpfs.mode);
	return make_directory(spec, shown, out);
}

static const struct fs_parameter_spec ramfs_rules[] = {{"mode", OPTION_OCTAL}, {NULL}};

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
	out->sb =
	    super_create(spec->type->kind, spec->type->name, spec->source,
			 spec->type->kind == SUPER_VIEW ? super_options(sb) : "", spec->flags, sb->dev, sb->host_dev);
	if (!out->sb)
		return -ENOMEM;
	mnt_copy_string(out->host, sizeof(out->host), host->host);
	return 0;
}

static void apply_proc(const struct fs_spec *spec, struct super *sb)
{
	proc_set_options(sb, &spec->proc);
}

static int make_proc(const struct fs_spec *spec, struct fresh *out)
{
	int err = make_view(spec, out);

	if (!err)
		apply_proc(spec, out->sb);
	return err;
}

static int take_proc(struct fs_spec *spec, const struct fs_parameter *o)
{
	return proc_option(o, &spec->proc);
}

/* The first namespace's hierarchy has its own, and another one's are ignored, as in Linux. */
static const struct fs_parameter_spec cgroup2_rules[] = {{"nsdelegate", OPTION_FLAG},
							 {"favordynmods", OPTION_FLAG},
							 {"memory_localevents", OPTION_FLAG},
							 {"memory_recursiveprot", OPTION_FLAG},
							 {"memory_hugetlb_accounting", OPTION_FLAG},
							 {"pids_localevents", OPTION_FLAG},
							 {NULL}};

static void apply_devpts(const struct fs_spec *spec, struct super *sb)
{
	devpts_set_options(sb, &spec->devpts);
}

static int make_devpts(const struct fs_spec *spec, struct fresh *out)
{
	int err = make_view(spec, out);

	if (err)
		return err;
	out->sb->ptmx_uid = spec->uid;
	out->sb->ptmx_gid = spec->gid;
	apply_devpts(spec, out->sb);
	return 0;
}

static int take_devpts(struct fs_spec *spec, const struct fs_parameter *o)
{
	return devpts_option(o, &spec->devpts);
}

/* ---- the types ---- */

static const struct fs_type types[] = {
    {"sysfs", SUPER_SYSFS, .make = make_view, .single = true},
    {"tmpfs", SUPER_TMPFS, .make = make_tmpfs, .rules = tmpfs_rules, .take = take_tmpfs, .apply = apply_tmpfs},
    {"proc", SUPER_PROC, .make = make_proc, .rules = proc_rules, .take = take_proc, .apply = apply_proc},
    {"cgroup2", SUPER_VIEW, .make = make_view, .rules = cgroup2_rules, .single = true},
    {"ramfs", SUPER_TMPFS, .make = make_ramfs, .rules = ramfs_rules, .take = take_tmpfs, .any_option = true},
    {"devpts", SUPER_DEVPTS, .make = make_devpts, .rules = devpts_rules, .take = take_devpts, .apply = apply_devpts},
    {"mqueue", SUPER_VIEW, .make = make_view, .single = true},
};

bool fs_type_single(const struct fs_type *type)
{
	return type && type->single;
}

void fs_types_list(char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].kind != SUPER_TMPFS && !find_host(types[i].name))
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
	spec->devpts = devpts_defaults;
	spec->uid = call->req->uid;
	spec->gid = call->req->gid;
	if (spec->type && spec->type->make == make_ramfs)
		spec->tmpfs.mode = RAMFS_MODE;
	if (spec->type)
		return 0;
	return host_has_type(type) ? 0 : -ENODEV;
}

static int set_source(struct fs_spec *spec, const struct fs_parameter *o)
{
	if (!o->value || o->value == no_string)
		return refuse(o->log, "Non-string source");
	if (spec->has_source)
		return refuse(o->log, "Multiple sources");
	spec->has_source = true;
	snprintf(spec->source, sizeof(spec->source), "%s", o->value);
	return 0;
}

int fs_spec_option(struct fs_spec *spec, const struct user_ns *ns, struct fs_parameter *o)
{
	const struct fs_type *type = spec->type;
	int err;

	o->fstype = spec->name;
	o->ns = ns;
	if (vfs_parse_sb_flag(o, &spec->flags, &spec->given))
		return 0;
	if (!strcmp(o->name, "source"))
		return set_source(spec, o);
	err = type ? fs_parse(o, type->rules) : -ENOENT;
	if (!err && type->take)
		return type->take(spec, o);
	if (err == -ENOENT && (!type || !type->any_option))
		return refuse(o->log, "%s: Unknown parameter '%s'", o->fstype, o->name);
	return err == -ENOENT ? 0 : err;
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
		struct fs_parameter o = {.name = name};

		value = strchr(name, '=');
		if (value)
			*value++ = '\0';
		o.value = value;
		if (*name && fs_spec_option(spec, ns, &o))
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
	spec->owner = sb->owner;
	spec->tmpfs = (struct tmpfs_options){01777, 0, 0, false, TMPFS_UNSET, TMPFS_UNSET};
	spec->devpts = devpts_defaults;
}

int fs_spec_check(const struct fs_spec *spec, struct call *call, const struct super *sb, const struct handle *log)
{
	const struct tmpfs_options *new = &spec->tmpfs;
	struct tmpfs_options old;
	char path[PATH_MAX];

	if (sb->kind != SUPER_TMPFS)
		return 0;
	storage_path(sb->storage, path, sizeof(path));
	if ((spec->given & spec->flags & ~sb->flags & MS_RDONLY) && path_written(path))
		return -EBUSY;
	if (spec->type->make != make_tmpfs || (new->size == TMPFS_UNSET &&new->nr_inodes == TMPFS_UNSET))
		return 0;
	if (!call->req->used_inodes) {
		call->value = sb->storage;
		return -EAGAIN;
	}
	old = tmpfs_now(sb);
	return tmpfs_fits(&old, new, call->req, log);
}

void fs_spec_apply(const struct fs_spec *spec, struct super *sb)
{
	atomic_store(&sb->flags, (sb->flags & ~spec->given) | (spec->flags & spec->given));
	if (spec->type->apply)
		spec->type->apply(spec, sb);
}
