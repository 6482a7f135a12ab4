/* SPDX-License-Identifier: MIT */
/*
 * Requests that change a mount tree: mount(2), umount2(2), pivot_root(2). The guest's walk has
 * found the places; what is asked of them is judged here.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "warden/warden.h"

#define ATIME_FLAGS (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)
#define MOUNT_FLAGS (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW)
#define SUPER_FLAGS (MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK | MS_DIRSYNC | MS_LAZYTIME)

static bool may_mount(const struct call *call)
{
	return call_capable(call, call->self->mnt->user_ns, CAP_SYS_ADMIN);
}

static bool is_path(const char *s)
{
	return s[0] == '/' && strlen(s) < PATH_MAX;
}

/* The flags of a mount as mount(2) means them: relatime is the default. */
static u32 mount_flags(u32 flags)
{
	u32 out = flags & MOUNT_FLAGS;

	if (flags & MS_NODIRATIME)
		out |= MS_NODIRATIME;
	if (flags & MS_STRICTATIME)
		return out;
	return out | (flags & MS_NOATIME ? MS_NOATIME : MS_RELATIME);
}

/* A remount that says nothing about atime leaves it alone. */
static u32 remount_flags(u32 flags, u32 old)
{
	if (flags & ATIME_FLAGS)
		return mount_flags(flags);
	return (flags & MOUNT_FLAGS) | (old & (MS_NOATIME | MS_NODIRATIME | MS_RELATIME));
}

/* ---- new file systems ---- */

/* What mount(2) of a new file system shows: a super that the caller puts, and a host path. */
struct fresh {
	struct super *sb;
	char host[PATH_MAX];
};

/* st_dev of file systems that have no device: major 0, and minors that the host is unlikely to reach. */
static u64 anonymous_dev(void)
{
	static u32 minor = 0x1000;
	u32 n = minor++;

	return (n & 0xff) | (u64)(n & ~0xffu) << 12;
}

static int fresh_tmpfs(struct call *call, struct fresh *out)
{
	struct tmpfs_options options = {01777, call->req->uid, call->req->gid, false, TMPFS_UNSET, TMPFS_UNSET};
	char shown[sizeof(out->sb->options)];
	u32 number;
	int err = tmpfs_parse(call->s[2], call->self->user, &options);

	if (!err)
		err = storage_add(&options, &number);
	if (err)
		return err;
	tmpfs_show(&options, shown, sizeof(shown));
	out->sb = super_create(SUPER_TMPFS, "tmpfs", call->s[1], shown, call->req->flags & SUPER_FLAGS, anonymous_dev(),
			       arena()->storage_dev);
	if (!out->sb) {
		storage_remove(number);
		return -ENOMEM;
	}
	out->sb->storage = number;
	storage_path(number, out->host, sizeof(out->host));
	return 0;
}

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

/* proc and sysfs: a mount of the same type shows the same, so the host's is shown once more. */
static int fresh_view(struct call *call, enum super_kind kind, struct fresh *out)
{
	struct search search = {.fstype = call->s[0]};
	const struct super *host;

	if (call->s[2][0])
		return -EINVAL;
	if (!mnt_for_each(arena()->init_mnt, whole_of_type, &search))
		return -ENODEV;
	host = search.found->sb;
	out->sb =
	    super_create(kind, call->s[0], call->s[1], "", call->req->flags & SUPER_FLAGS, host->dev, host->host_dev);
	if (!out->sb)
		return -ENOMEM;
	mnt_copy_string(out->host, sizeof(out->host), search.found->host);
	return 0;
}

static int fresh_file_system(struct call *call, struct fresh *out)
{
	if (!strcmp(call->s[0], "tmpfs"))
		return fresh_tmpfs(call, out);
	if (!strcmp(call->s[0], "proc"))
		return fresh_view(call, SUPER_PROC, out);
	if (!strcmp(call->s[0], "sysfs"))
		return fresh_view(call, SUPER_SYSFS, out);
	return -ENODEV;
}

s64 do_mount_new(struct call *call)
{
	static struct fresh fresh;
	struct mount_spec spec = {
	    .parent = call->req->dst,
	    .point = call->s[3],
	    .host = fresh.host,
	    .flags = mount_flags(call->req->flags),
	    .dir = true,
	};
	s64 id;
	int err;

	if (!may_mount(call))
		return -EPERM;
	if (!is_path(spec.point) || !mnt_by_id(call->self->mnt, spec.parent))
		return -EINVAL;
	err = fresh_file_system(call, &fresh);
	if (err == -ENODEV || err == -EINVAL)
		log_refusal(call, call->s[0], "a file system of that type or with these options is not built");
	if (err)
		return err;
	spec.sb = fresh.sb;
	id = mnt_attach(call->self->mnt, &spec);
	super_put(fresh.sb); /* the mount has its own reference, or nobody has and it goes */
	if (id < 0)
		return id;
	call->value = (u64)id;
	return 0;
}

/* ---- changing the tree ---- */

s64 do_bind(struct call *call)
{
	const struct request *req = call->req;
	s64 id;

	if (!may_mount(call))
		return -EPERM;
	if (!is_path(call->s[0]) || !is_path(call->s[1]) || req->arg > 1)
		return -EINVAL;
	id = mnt_bind(call->self->mnt, req->src, call->s[0], req->dst, call->s[1], req->arg == 1, req->flags & MS_REC);
	if (id < 0)
		return id;
	call->value = (u64)id;
	return 0;
}

/* New options for a tmpfs: those not named keep their values, and owner and mode are the first mount's. */
static int remount_tmpfs(struct call *call, struct super *sb)
{
	struct tmpfs_options options = {01777, 0, 0, false, TMPFS_UNSET, TMPFS_UNSET}, new;
	char shown[sizeof(sb->options)];

	tmpfs_parse(sb->options, arena()->init_user, &options);
	new = options;
	if (tmpfs_parse(call->s[0], call->self->user, &new))
		return -EINVAL;
	options.size = new.size;
	options.nr_inodes = new.nr_inodes;
	tmpfs_show(&options, shown, sizeof(shown));
	memcpy(sb->options, shown, sizeof(shown));
	return 0;
}

s64 do_remount(struct call *call)
{
	struct mnt_ns *ns = call->self->mnt;
	const struct request *req = call->req;
	const struct mount *m = mnt_by_id(ns, req->dst);
	struct super *sb;
	int err;

	if (!may_mount(call))
		return -EPERM;
	if (!m)
		return -EINVAL;
	sb = m->sb;
	if (!(req->flags & MS_BIND)) {
		if (sb->kind == SUPER_HOST) {
			log_refusal(call, "mount", "a file system of the host cannot be remounted, only bound");
			return -EPERM;
		}
		err = sb->kind == SUPER_TMPFS ? remount_tmpfs(call, sb) : 0;
		if (err)
			return err;
	}
	err = mnt_reconfigure(ns, req->dst, remount_flags(req->flags, m->flags));
	if (!err && !(req->flags & MS_BIND))
		atomic_store(&sb->flags, req->flags & SUPER_FLAGS);
	return err;
}

/* Is a tmpfs in use? Where another mount shows it as well, nobody can tell which one is used. */
static bool mount_busy(const struct mount *m)
{
	return m->sb->kind == SUPER_TMPFS && m->sb->refs == 1 && path_busy(m->host);
}

s64 do_umount(struct call *call)
{
	struct mnt_ns *ns = call->self->mnt;
	const struct mount *m = mnt_by_id(ns, call->req->dst);
	u32 flags = call->req->flags;
	int err;

	if (!may_mount(call))
		return -EPERM;
	if (!m || (flags & ~(u32)(MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW)))
		return -EINVAL;
	if (!(flags & MNT_DETACH) && !mnt_locked(ns, m) && mount_busy(m))
		return -EBUSY;
	err = mnt_umount(ns, call->req->dst, flags & MNT_DETACH);
	if (err == -ENOMEM) {
		arena_use_reserve();
		err = mnt_umount(ns, call->req->dst, flags & MNT_DETACH);
		arena_reserve();
	}
	return err;
}

s64 do_move(struct call *call)
{
	if (!may_mount(call))
		return -EPERM;
	if (!is_path(call->s[0]))
		return -EINVAL;
	return mnt_move(call->self->mnt, call->req->src, call->req->dst, call->s[0]);
}

s64 do_pivot(struct call *call)
{
	if (!may_mount(call))
		return -EPERM;
	if (!is_path(call->s[0]))
		return -EINVAL;
	return mnt_pivot(call->self->mnt, call->req->dst, call->req->src, call->req->arg, call->s[0]);
}
