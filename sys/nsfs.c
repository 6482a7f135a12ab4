/* SPDX-License-Identifier: MIT */
/* ioctl(2) on a descriptor of /proc/PID/ns (ioctl_nsfs(2)): what the namespaces that are ours say of themselves. */
#include <linux/nsfs.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/place.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "warden/client.h"

static const u32 clone_flag[NS_TYPES] = {CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER};

/* The user namespace that owns what `h` holds open: of a user namespace it is the parent. */
static const struct user_ns *owner_of(const struct handle *h, u8 type)
{
	switch (type) {
	case NS_MNT:
		return h->mnt ? h->mnt->user_ns : NULL;
	case NS_UTS:
		return h->uts ? h->uts->user_ns : NULL;
	default:
		return h->user ? h->user->parent : NULL;
	}
}

static s64 ns_owner_uid(const struct task *task, const struct handle *h, u8 type, u64 uptr)
{
	u32 uid;

	if (type != NS_USER)
		return -EINVAL;
	uid = from_kuid_munged(task->nsproxy->user, h->user ? h->user->owner : INVALID_KID);
	return put_guest(uptr, uid);
}

/* NS_GET_USERNS, NS_GET_PARENT: a descriptor, which only those above or at the owner are given. */
static s64 ns_open_owner(const struct task *task, const struct handle *h, u8 type, bool parent)
{
	const struct user_ns *owner = owner_of(h, type);

	if (parent && type != NS_USER)
		return -EINVAL;
	if (!owner || !in_userns(task->nsproxy->user, owner))
		return -EPERM;
	guest_log(task, "ioctl %s: not built, ENOTTY", parent ? "NS_GET_PARENT" : "NS_GET_USERNS");
	return -ENOTTY;
}

static s64 nsfs_ioctl(const struct task *task, const struct fd_info *note, u32 cmd, u64 arg)
{
	const struct handle *h = handle_by_inode(note->ino);

	if (!h)
		return -EBADF;
	switch (cmd) {
	case NS_GET_NSTYPE:
		return clone_flag[note->sub];
	case NS_GET_OWNER_UID:
		return ns_owner_uid(task, h, note->sub, arg);
	case NS_GET_USERNS:
		return ns_open_owner(task, h, note->sub, false);
	case NS_GET_PARENT:
		return ns_open_owner(task, h, note->sub, true);
	default:
		return -ENOTTY;
	}
}

SYSCALL(ioctl)
{
	int fd = (int)ARG0(regs);
	struct fd_info note;

	if (fd_is_ours(fd))
		return -EBADF;
	if (fd_note(task, fd, &note) && note.kind == FD_NS && note.sub < NS_TYPES)
		return nsfs_ioctl(task, &note, (u32)ARG1(regs), ARG2(regs));
	return host_call_blocking(__NR_ioctl, fd, (long)ARG1(regs), (long)ARG2(regs), 0, 0, 0);
}
