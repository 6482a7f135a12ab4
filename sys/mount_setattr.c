/* SPDX-License-Identifier: MIT */
/* mount_setattr(2): the flags of a mount, or of a whole tree of them, at once. And what the attributes are as flags. */
#include "sys/held_names.h"
#include "sys/mount_fds.h"

#include <linux/fcntl.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/sys.h"
#include "vfs/proc.h"

#define ATTR_SIZE_VER0 32
#define ATTR_SIZE_MAX  4096

/* Those that are one bit here and one there. */
static const struct {
	u32 attr, flag;
} plain[] = {
    {MOUNT_ATTR_RDONLY, MS_RDONLY}, {MOUNT_ATTR_NOSUID, MS_NOSUID},	    {MOUNT_ATTR_NODEV, MS_NODEV},
    {MOUNT_ATTR_NOEXEC, MS_NOEXEC}, {MOUNT_ATTR_NODIRATIME, MS_NODIRATIME}, {MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW},
};

static u32 plain_flags(u64 attr)
{
	u32 flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		flags |= attr & plain[i].attr ? plain[i].flag : 0;
	return flags;
}

u64 mount_flags_to_attr(u32 flags)
{
	u64 attr = flags & MS_NOATIME ? MOUNT_ATTR_NOATIME : flags & MS_RELATIME ? 0 : MOUNT_ATTR_STRICTATIME;

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		attr |= flags & plain[i].flag ? plain[i].attr : 0;
	return attr;
}

bool attr_to_mount_flags(u64 attr, u32 *flags)
{
	*flags = plain_flags(attr);
	switch (attr & MOUNT_ATTR__ATIME) {
	case MOUNT_ATTR_RELATIME:
		*flags |= MS_RELATIME;
		return true;
	case MOUNT_ATTR_NOATIME:
		*flags |= MS_NOATIME;
		return true;
	}
	return (attr & MOUNT_ATTR__ATIME) == MOUNT_ATTR_STRICTATIME;
}

/* The times of access are one choice out of three: to set one, all are cleared. */
static s64 flags_of(const struct mount_attr *attr, struct attr_change *change)
{
	u64 atime = attr->attr_clr & MOUNT_ATTR__ATIME;

	change->clear = plain_flags(attr->attr_clr);
	if (!atime) {
		change->set = plain_flags(attr->attr_set);
		return attr->attr_set & MOUNT_ATTR__ATIME ? -EINVAL : 0;
	}
	change->clear |= MS_NOATIME | MS_RELATIME;
	return atime == MOUNT_ATTR__ATIME && attr_to_mount_flags(attr->attr_set, &change->set) ? 0 : -EINVAL;
}

static s64 check_attr(const struct mount_attr *attr)
{
	u64 known = MOUNT_ATTRS | MOUNT_ATTR_IDMAP, type = attr->propagation;

	return (type & ~(u64)MS_PROPAGATION) || (type & (type - 1)) || ((attr->attr_set | attr->attr_clr) & ~known)
		   ? -EINVAL
		   : 0;
}

/* The user namespace by which ids are to be mapped: is there one? That no file system here can do it comes later. */
static s64 check_idmap(struct task *task, const struct mount_attr *attr, struct attr_change *change)
{
	struct fd_info note;
	int fd = (int)attr->userns_fd;

	if ((attr->attr_clr & MOUNT_ATTR_IDMAP) && !change->replaces)
		return -EINVAL;
	if (!(attr->attr_set & MOUNT_ATTR_IDMAP))
		return 0;
	if (attr->userns_fd > INT32_MAX)
		return -EINVAL;
	if (fd_is_ours(fd) || host_call2(__NR_fcntl, fd, F_GETFD) < 0)
		return -EBADF;
	if (!fd_note(task, fd, &note) || note.kind != FD_NS || note.sub != NS_USER)
		return -EINVAL;
	change->idmap = true;
	return 0;
}

s64 get_mount_attr(struct task *task, u64 uattr, u64 size, struct attr_change *change)
{
	struct mount_attr attr;
	s64 err;

	if (size > ATTR_SIZE_MAX)
		return -E2BIG;
	if (size < ATTR_SIZE_VER0)
		return -EINVAL;
	if (!may_mount(task))
		return -EPERM;
	err = copy_struct_from_guest(&attr, sizeof(attr), uattr, size);
	if (err)
		return err;
	if (!attr.attr_set && !attr.attr_clr && !attr.propagation) {
		change->nothing = true;
		return 0;
	}
	err = check_attr(&attr);
	if (!err)
		err = flags_of(&attr, change);
	if (!err)
		err = check_idmap(task, &attr, change);
	change->set |= (u32)attr.propagation;
	return err;
}

s64 set_mount_attr(struct task *task, const struct nameidata *nd, const struct attr_change *change, bool rec)
{
	struct mount_facts facts;
	struct request req;

	if (change->nothing)
		return 0;
	mount_facts(task, nd, &facts);
	/* A tree that is mounted nowhere is changed from its root. */
	if (!facts.is_root || (facts.detached && !facts.root_of_all))
		return -EINVAL;
	if (change->idmap) {
		guest_log(task, "mount_setattr MOUNT_ATTR_IDMAP: not built, EINVAL");
		return -EINVAL;
	}
	request_init(&req, REQ_SET_ATTR, task);
	req.dst = nd->mnt;
	req.flags = change->set;
	req.arg = change->clear | (rec ? MS_REC : 0);
	return ask_warden(task, &req, NULL, 0);
}

SYSCALL(mount_setattr)
{
	u32 flags = (u32)ARG2(regs);
	struct attr_change change = {0};
	struct nameidata nd;
	s64 err;

	if (flags & ~(u32)(AT_EMPTY_PATH | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return -EINVAL;
	err = get_mount_attr(task, ARG3(regs), ARG4(regs), &change);
	if (err || change.nothing)
		return err;
	names_follow(task);
	err = user_path_at(task, (int)ARG0(regs), ARG1(regs), flags, LOOKUP_FOLLOW, &nd);
	if (err)
		return err;
	err = set_mount_attr(task, &nd, &change, flags & AT_RECURSIVE);
	path_release(&nd);
	return err;
}
