/* SPDX-License-Identifier: MIT */
/*
 * fsopen(2), fspick(2), fsconfig(2), fsmount(2): file systems made and changed through a descriptor. What it stands for
 * is the warden's (warden/fs_context.c); here the arguments are judged, in the kernel's order.
 */
#include "sys/mount_fds.h"

#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/socket.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/fsconfig.h"
#include "lib/string.h"
#include "sys/read.h"
#include "sys/runtime.h"
#include "sys/sys.h"
#include "vfs/proc.h"

#define BINARY_MAX (1024 * 1024)
#define KEY_SIZE   256
#define VALUE_SIZE 256

/* A string of at most size - 1 bytes, as strndup_user() of Linux takes it. 0 or -errno. */
static s64 copy_string(char *buf, u64 ustring, size_t size)
{
	s64 len = strncpy_from_guest(buf, ustring, size);

	if (len == -ENAMETOOLONG)
		return -EINVAL;
	return len < 0 ? len : 0;
}

/* ---- the descriptor ---- */

/* Which handle the descriptor is. 0, -EBADF, or -EINVAL: it is none of ours. */
static s64 context_of_fd(int fd, u64 *inode)
{
	const struct handle *h;
	struct stat st;
	long flags;
	s64 err;

	if (fd_is_ours(fd))
		return -EBADF;
	flags = host_call2(__NR_fcntl, fd, F_GETFL);
	if (flags < 0 || (flags & O_PATH))
		return -EBADF;
	err = host_call2(__NR_fstat, fd, &st);
	if (err)
		return err;
	h = S_ISSOCK(st.st_mode) ? handle_by_inode(st.st_ino) : NULL;
	if (h && h->kind == HANDLE_TREE) /* would be an O_PATH */
		return -EBADF;
	*inode = st.st_ino;
	return h && h->kind == HANDLE_FS ? 0 : -EINVAL;
}

bool fd_is_context(int fd)
{
	u64 inode;

	return !context_of_fd(fd, &inode);
}

#define MESSAGE_MAX 1024

s64 context_read(int fd, u64 ubuf, u64 size)
{
	char text[MESSAGE_MAX];
	s64 len =
	    host_call6(__NR_recvfrom, fd, text, 1, HOST_MSG_DONTWAIT | HOST_MSG_PEEK | HOST_MSG_TRUNC, NULL, NULL);

	if (len > 0 && (u64)len > size)
		return -EMSGSIZE;
	if (len > 0)
		len = host_call6(__NR_recvfrom, fd, text, sizeof(text), HOST_MSG_DONTWAIT, NULL, NULL);
	if (len <= 0)
		return len == -EAGAIN ? -ENODATA : len;
	return copy_to_guest(ubuf, text, MIN((u64)len, size)) ? -EFAULT : len;
}

/* Linux's log has room for eight messages, and the oldest give way. */
#define MESSAGES_KEPT 8

static void forget_messages(int fd)
{
	char text[MESSAGE_MAX];
	int offset = 0, nr = 0;

	/* By that each look is at the next one. */
	host_call5(__NR_setsockopt, fd, HOST_SOL_SOCKET, HOST_SO_PEEK_OFF, &offset, sizeof(offset));
	while (host_call6(__NR_recvfrom, fd, text, sizeof(text), HOST_MSG_DONTWAIT | HOST_MSG_PEEK, NULL, NULL) > 0)
		nr++;
	offset = -1;
	host_call5(__NR_setsockopt, fd, HOST_SOL_SOCKET, HOST_SO_PEEK_OFF, &offset, sizeof(offset));
	for (; nr > MESSAGES_KEPT; nr--)
		host_call6(__NR_recvfrom, fd, text, 1, HOST_MSG_DONTWAIT, NULL, NULL);
}

static s64 open_context(struct task *task, struct request *req, bool cloexec)
{
	s32 fd;
	s64 err = warden_open_context(task, req, &fd);

	if (err)
		return err;
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
	if (!cloexec)
		host_call3(__NR_fcntl, fd, F_SETFD, 0);
	trap_reads(task, fd);
	return fd;
}

SYSCALL(fsopen)
{
	u32 flags = (u32)ARG1(regs);
	char type[PATH_MAX];
	struct request req;
	s64 err;

	if (!may_mount(task))
		return -EPERM;
	if (flags & ~(u32)FSOPEN_CLOEXEC)
		return -EINVAL;
	err = copy_string(type, ARG0(regs), sizeof(type));
	if (err)
		return err;
	request_init(&req, REQ_FSOPEN, task);
	if (!request_add(&req, type, strlen(type)))
		return -EINVAL;
	return open_context(task, &req, flags & FSOPEN_CLOEXEC);
}

SYSCALL(fspick)
{
	u32 flags = (u32)ARG2(regs);
	struct mount_facts facts;
	struct nameidata nd;
	struct request req;
	s64 err;

	if (!may_mount(task))
		return -EPERM;
	if (flags & ~(u32)(FSPICK_CLOEXEC | FSPICK_SYMLINK_NOFOLLOW | FSPICK_NO_AUTOMOUNT | FSPICK_EMPTY_PATH))
		return -EINVAL;
	err = user_path_at(task, (int)ARG0(regs), ARG1(regs), flags & FSPICK_EMPTY_PATH ? AT_EMPTY_PATH : 0,
			   flags & FSPICK_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &nd);
	if (err)
		return err;
	mount_facts(task, &nd, &facts);
	path_release(&nd);
	if (!facts.is_root)
		return -EINVAL;
	request_init(&req, REQ_FSPICK, task);
	req.dst = nd.mnt;
	return open_context(task, &req, flags & FSPICK_CLOEXEC);
}

/* ---- fsconfig ---- */

/* What each command allows of key, value and aux. */
static s64 check_config(u32 command, u64 key, u64 value, int aux)
{
	switch (command) {
	case FSCONFIG_SET_FLAG:
		return !key || value || aux ? -EINVAL : 0;
	case FSCONFIG_SET_STRING:
		return !key || !value || aux ? -EINVAL : 0;
	case FSCONFIG_SET_BINARY:
		return !key || !value || aux <= 0 || aux > BINARY_MAX ? -EINVAL : 0;
	case FSCONFIG_SET_PATH:
	case FSCONFIG_SET_PATH_EMPTY:
		return !key || !value || (aux != AT_FDCWD && aux < 0) ? -EINVAL : 0;
	case FSCONFIG_SET_FD:
		return !key || value || aux < 0 ? -EINVAL : 0;
	case FSCONFIG_CMD_CREATE:
	case FSCONFIG_CMD_CREATE_EXCL:
	case FSCONFIG_CMD_RECONFIGURE:
		return key || value || aux ? -EINVAL : 0;
	}
	return -EOPNOTSUPP;
}

static s64 check_bytes(u64 ubuf, u64 len)
{
	char some[512];
	s64 err = 0;

	for (u64 n; !err && len; ubuf += n, len -= n) {
		n = MIN(len, sizeof(some));
		err = copy_from_guest(some, ubuf, n);
	}
	return err;
}

/* Of what is no flag and no string the options of no file system here make anything: that it can be had is all. */
static s64 check_value(u32 command, u64 uvalue, int aux)
{
	char name[PATH_MAX];
	s64 n;

	switch (command) {
	case FSCONFIG_SET_BINARY:
		return check_bytes(uvalue, (u64)aux);
	case FSCONFIG_SET_PATH:
	case FSCONFIG_SET_PATH_EMPTY:
		n = strncpy_from_guest(name, uvalue, sizeof(name));
		return n < 0 ? n : n || command == FSCONFIG_SET_PATH_EMPTY ? 0 : -ENOENT;
	case FSCONFIG_SET_FD:
		return fd_is_ours(aux) || host_call2(__NR_fcntl, aux, F_GETFD) < 0 ? -EBADF : 0;
	}
	return 0;
}

static s64 send_config(struct task *task, u64 inode, u32 command, u64 ukey, u64 uvalue, int aux)
{
	char key[KEY_SIZE], value[VALUE_SIZE];
	struct request req;
	s64 err = 0;

	request_init(&req, REQ_FSCONFIG, task);
	req.inode = inode;
	req.arg = command;
	if (ukey)
		err = copy_string(key, ukey, sizeof(key));
	if (!err)
		err = command == FSCONFIG_SET_STRING ? copy_string(value, uvalue, sizeof(value))
						     : check_value(command, uvalue, aux);
	if (err)
		return err;
	if (ukey)
		request_add(&req, key, strlen(key));
	if (command == FSCONFIG_SET_STRING)
		request_add(&req, value, strlen(value));
	return ask_warden_measured(task, &req);
}

SYSCALL(fsconfig)
{
	int fd = (int)ARG0(regs), aux = (int)ARG4(regs);
	u32 command = (u32)ARG1(regs);
	u64 inode;
	s64 err;

	if (fd < 0)
		return -EINVAL;
	err = check_config(command, ARG2(regs), ARG3(regs), aux);
	if (!err)
		err = context_of_fd(fd, &inode);
	if (err)
		return err;
	err = send_config(task, inode, command, ARG2(regs), ARG3(regs), aux);
	forget_messages(fd);
	return err;
}

/* ---- fsmount ---- */

SYSCALL(fsmount)
{
	u32 flags = (u32)ARG1(regs), attr = (u32)ARG2(regs), mnt_flags;
	struct request req;
	u64 inode;
	s64 err;

	if (!may_mount(task))
		return -EPERM;
	if ((flags & ~(u32)FSMOUNT_CLOEXEC) || (attr & ~(u32)MOUNT_ATTRS) || !attr_to_mount_flags(attr, &mnt_flags))
		return -EINVAL;
	err = context_of_fd((int)ARG0(regs), &inode);
	if (err)
		return err;
	request_init(&req, REQ_FSMOUNT, task);
	req.inode = inode;
	req.flags = mnt_flags;
	return open_tree_fd(task, &req, flags & FSMOUNT_CLOEXEC);
}
