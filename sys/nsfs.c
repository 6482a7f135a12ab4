/* SPDX-License-Identifier: MIT */
/* ioctl(2) on a descriptor of /proc/PID/ns (ioctl_nsfs(2)): what the namespaces that are ours say of themselves. */
#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/nsfs.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/seccomp.h"
#include "sys/place.h"
#include "sys/pidfd.h"
#include "sys/pids.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "warden/client.h"

#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(NSIO, 0x5, __u64)
#endif

static const u32 clone_flag[NS_TYPES] = {CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER};

static s64 ns_owner_uid(const struct task *task, const struct handle *h, u8 type, u64 uptr)
{
	u32 uid;

	if (type != NS_USER)
		return -EINVAL;
	uid = from_kuid_munged(task->nsproxy->user, h->user ? h->user->owner : INVALID_KID);
	return put_guest(uptr, uid);
}

/* A descriptor that the warden gave becomes one of the guest's, on a user namespace. */
static s64 ns_install_fd(struct task *task, s32 fd, u64 inode)
{
	struct fd_info note = {.fd = fd, .kind = FD_NS, .sub = NS_USER, .ino = inode};
	struct stat st;
	s64 err = host_call2(__NR_fstat, fd, &st);

	if (!err) {
		note.dev = st.st_dev;
		err = files_set(task->files, &note);
	}
	if (err) {
		host_close(fd);
		return err;
	}
	return fd;
}

/* NS_GET_USERNS, NS_GET_PARENT: a descriptor, which only those at or above that user namespace are given. */
static s64 ns_open_related(struct task *task, const struct fd_info *note, enum ns_relation relation)
{
	struct request req;
	s32 fd;
	u64 inode;
	s64 err;

	if (relation == NS_PARENT && note->sub != NS_USER)
		return -EINVAL;
	request_init(&req, REQ_OPEN_NS, task);
	req.inode = note->ino;
	req.arg = note->sub;
	req.flags = relation;
	err = warden_open_ns(task, &req, &fd, &inode);
	return err < 0 ? err : ns_install_fd(task, fd, inode);
}

/* NS_GET_MNTNS_ID: as statmount(2) and listmount(2) call it. */
static s64 ns_mount_id(const struct handle *h, u8 type, u64 uptr)
{
	const struct mnt_ns *ns = READ_ONCE(h->mnt);
	u64 id;

	if (type != NS_MNT || !arena_contains(ns, sizeof(*ns)))
		return -EINVAL;
	id = ns->inum;
	return put_guest(uptr, id);
}

static s64 nsfs_ioctl(struct task *task, const struct fd_info *note, u32 cmd, u64 arg)
{
	const struct handle *h = handle_by_inode(note->ino);

	if (!h)
		return -EBADF;
	switch (cmd) {
	case NS_GET_NSTYPE:
		return clone_flag[note->sub];
	case NS_GET_OWNER_UID:
		return ns_owner_uid(task, h, note->sub, arg);
	case NS_GET_MNTNS_ID:
		return ns_mount_id(h, note->sub, arg);
	case NS_GET_USERNS:
		return ns_open_related(task, note, NS_OWNER);
	case NS_GET_PARENT:
		return ns_open_related(task, note, NS_PARENT);
	default:
		return -ENOTTY;
	}
}

SYSCALL(ioctl)
{
	int fd = (int)ARG0(regs);
	struct fd_info note;
	s64 ret;

	if (fd_is_ours(fd))
		return -EBADF;
	if (seccomp_ioctl(task, regs, &ret))
		return ret;
	if (fd_note(task, fd, &note) && note.kind == FD_NS && note.sub < NS_TYPES)
		return nsfs_ioctl(task, &note, (u32)ARG1(regs), ARG2(regs));
	if (((u32)ARG1(regs) & ~PIDFD_INFO_SIZEMASK) == PIDFD_GET_INFO)
		return pidfd_get_info(task, fd, (u32)ARG1(regs), ARG2(regs));
	if (pidfd_get_ns(task, fd, (u32)ARG1(regs), ARG2(regs), &ret))
		return ret;
	if (pids_ioctl(regs, &ret))
		return ret;
	return host_call_blocking(__NR_ioctl, fd, (long)ARG1(regs), (long)ARG2(regs), 0, 0, 0);
}
