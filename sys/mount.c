/* SPDX-License-Identifier: MIT */
/*
 * mount(2): the arguments are decoded and the places walked here, in the kernel's order; the warden, who
 * alone writes the mount tree, is asked for the change.
 */
#include "host/uaccess.h"
#include "lib/string.h"
#include "sys/held_names.h"
#include "sys/mount.h"
#include "sys/sys.h"

#define MS_MGC_VAL 0xC0ED0000UL
#define MS_MGC_MSK 0xffff0000UL
#define MS_NOUSER  (1UL << 31)

#define OPTIONS_SIZE 4096

/* ---- mount(2)'s arguments ---- */

struct mount_call {
	struct task *task;
	struct nameidata *target;
	const char *source, *fstype, *options; /* NULL: not given */
	u64 flags;			       /* as given, without the magic number */
};

/* A string as mount(2) takes it; *out is NULL for none. */
static s64 copy_mount_string(char *buf, u64 ustring, const char **out)
{
	s64 len;

	*out = NULL;
	if (!ustring)
		return 0;
	len = strncpy_from_guest(buf, ustring, PATH_MAX);
	if (len < 0)
		return len == -ENAMETOOLONG ? -EINVAL : len;
	*out = buf;
	return 0;
}

/* The options are a page of memory, of which the end may be missing. */
static s64 copy_mount_options(char *buf, u64 udata, const char **out)
{
	u64 first = OPTIONS_SIZE - (udata & (OPTIONS_SIZE - 1));

	*out = NULL;
	if (!udata)
		return 0;
	if (copy_from_guest(buf, udata, first))
		return -EFAULT;
	if (copy_from_guest(buf + first, udata + first, OPTIONS_SIZE - first))
		memset(buf + first, 0, OPTIONS_SIZE - first);
	buf[OPTIONS_SIZE - 1] = '\0';
	*out = buf;
	return 0;
}

/* ---- what mount(2) can mean ---- */

/* MS_REMOUNT: the file system, and the mount as well; with MS_BIND the mount alone. */
static s64 do_remount(struct mount_call *call)
{
	const char *options = call->options && !(call->flags & MS_BIND) ? call->options : "";
	struct mount_facts facts;
	struct request req;

	mount_facts(call->task, call->target, &facts);
	if (!facts.is_root)
		return -EINVAL;
	request_init(&req, REQ_REMOUNT, call->task);
	req.dst = call->target->mnt;
	req.flags = (u32)call->flags;
	if (!request_add(&req, options, strlen(options)))
		return -ENAMETOOLONG;
	return ask_warden_measured(call->task, &req);
}

/* Walks the source of a bind or a move. Released by the caller when 0 is returned. */
static s64 walk_source(struct mount_call *call, struct nameidata *source)
{
	if (!call->source || !*call->source)
		return -EINVAL;
	return path_lookup(call->task, AT_FDCWD, call->source, LOOKUP_FOLLOW, source);
}

static s64 bind_place(struct mount_call *call, struct nameidata *source)
{
	struct request req;
	s64 dir = named_place_is_dir(call->task, source), target_dir = named_place_is_dir(call->task, call->target);

	if (dir < 0 || target_dir < 0)
		return MIN(dir, target_dir);
	request_init(&req, REQ_BIND, call->task);
	req.src = source->mnt;
	req.dst = call->target->mnt;
	req.flags = call->flags & MS_REC;
	req.arg = (u64)(dir | target_dir << 1);
	if (!request_add(&req, source->host, source->len))
		return -ENAMETOOLONG;
	return ask_warden(call->task, &req, call->target->host, call->target->len);
}

/* MS_BIND: all other flags but MS_REC mean nothing. */
static s64 do_loopback(struct mount_call *call)
{
	struct nameidata source;
	s64 err = walk_source(call, &source);

	if (err)
		return err;
	err = bind_place(call, &source);
	path_release(&source);
	return err;
}

/* MS_SHARED and its kin. That all mounts are to be private or slaves is said at the start of many programs, and they
 * are. */
static s64 do_change_type(struct mount_call *call)
{
	u64 type = call->flags & ~(u64)(MS_REC | MS_SILENT);
	struct mount_facts facts;
	struct request req;

	mount_facts(call->task, call->target, &facts);
	if (!facts.is_root || type & ~(u64)MS_PROPAGATION || type & (type - 1))
		return -EINVAL;
	if ((type == MS_PRIVATE || type == MS_SLAVE) && mnt_all_private(call->task->nsproxy->mnt))
		return 0;
	request_init(&req, REQ_SET_ATTR, call->task);
	req.dst = call->target->mnt;
	req.flags = (u32)type;
	req.arg = call->flags & MS_REC;
	return ask_warden(call->task, &req, NULL, 0);
}

static s64 do_move_mount(struct mount_call *call)
{
	struct nameidata source;
	s64 err = walk_source(call, &source);

	if (err)
		return err;
	err = place_has_name(call->task, call->target);
	if (!err)
		err = move_place(call->task, &source, call->target, false);
	path_release(&source);
	return err;
}

/* What is said before a file system is made: sysfs, of which there is one, is not mounted on itself. */
static s64 may_mount_new(const struct mount_call *call)
{
	struct mount_facts facts;

	if (!call->fstype)
		return -EINVAL;
	mount_facts(call->task, call->target, &facts);
	return facts.is_root && facts.sysfs && !strcmp(call->fstype, "sysfs") ? -EBUSY : 0;
}

static s64 do_new_mount(struct mount_call *call)
{
	const char *source = call->source ? call->source : "none";
	const char *options = call->options ? call->options : "";
	struct request req;
	s64 err = may_mount_new(call), dir = named_place_is_dir(call->task, call->target);

	if (err || (dir < 0 && dir != -ENOENT))
		return err ? err : dir;
	request_init(&req, REQ_MOUNT_NEW, call->task);
	req.arg = dir < 0 ? 2 : (u64)dir;
	req.dst = call->target->mnt;
	req.flags = (u32)call->flags;
	if (!request_add(&req, call->fstype, strlen(call->fstype)) || !request_add(&req, source, strlen(source)) ||
	    !request_add(&req, options, strlen(options)))
		return -ENAMETOOLONG;
	return ask_warden(call->task, &req, call->target->host, call->target->len);
}

/* ---- mount(2) ---- */

/* Which of the meanings it is; the order decides. */
static s64 path_mount(struct mount_call *call)
{
	u64 flags = call->flags;

	if (flags & MS_NOUSER)
		return -EINVAL;
	if (!may_mount(call->task))
		return -EPERM;
	if (flags & MS_REMOUNT)
		return do_remount(call);
	if (flags & MS_BIND)
		return do_loopback(call);
	if (flags & MS_PROPAGATION)
		return do_change_type(call);
	if (flags & MS_MOVE)
		return do_move_mount(call);
	return do_new_mount(call);
}

SYSCALL(mount)
{
	char fstype[PATH_MAX], source[PATH_MAX], options[OPTIONS_SIZE];
	struct nameidata target;
	struct mount_call call = {.task = task, .target = &target, .flags = ARG3(regs)};
	s64 err = copy_mount_string(fstype, ARG2(regs), &call.fstype);

	if (!err)
		err = copy_mount_string(source, ARG0(regs), &call.source);
	if (!err)
		err = copy_mount_options(options, ARG4(regs), &call.options);
	if (err)
		return err;
	names_follow(task);
	err = user_path(task, AT_FDCWD, ARG1(regs), LOOKUP_FOLLOW, &target);
	if (err)
		return err;
	if ((call.flags & MS_MGC_MSK) == MS_MGC_VAL)
		call.flags &= ~MS_MGC_MSK;
	err = path_mount(&call);
	path_release(&target);
	return err < 0 ? err : 0;
}
