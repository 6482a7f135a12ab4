/* SPDX-License-Identifier: MIT */
/*
 * The descriptor table: close(2), dup(2), fcntl(2)'s F_DUPFD, close_range(2). The table is the host's; here
 * the runtime's own descriptors are kept out of reach, and the notes of task->files in step.
 */
#include <linux/close_range.h>
#include <linux/fcntl.h>
#include "host/host.h"
#include "host/limit.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "sys/control.h"
#include "sys/pids.h"
#include "sys/read.h"
#include "sys/runtime.h"
#include "sys/sys.h"

/* What must happen before `fd` stops being what it was: the notes go first, because from the moment the host has
 * closed it another thread can be given the number. */
static void fd_forget(struct task *task, int fd)
{
	struct fd_info note;

	if (files_get(task->files, fd, &note) && control_is(&note))
		control_close(task, fd);
	files_clear(task->files, (unsigned)fd, (unsigned)fd);
}

SYSCALL(close)
{
	int fd = (int)ARG0(regs);

	if (fd < 0 || fd_is_ours(fd))
		return -EBADF;
	fd_forget(task, fd);
	return host_close(fd);
}

/* ---- duplicates ---- */

/* A new descriptor `to` stands for what `from` does; without memory for its note there is no descriptor. */
static s64 fd_copied(struct task *task, int from, int to)
{
	int err = files_dup_entry(task->files, from, to);

	if (!err) {
		read_copied(task, from, to);
		return to;
	}
	host_close(to);
	return err;
}

SYSCALL(dup)
{
	int fd = (int)ARG0(regs);
	s64 to;

	if (fd_is_ours(fd))
		return -EBADF;
	to = host_call1(__NR_dup, fd);
	return to < 0 ? to : fd_copied(task, fd, (int)to);
}

/*
 * Is the number one that the guest cannot have? The host's limit may be higher (host/limit.h), but all that it should
 * not know of lies behind the first of our own.
 */
static bool above_limit(int fd)
{
	return fd >= mm.fd_base && (u64)fd >= limit_files();
}

static s64 do_dup(struct task *task, struct regs *regs)
{
	int from = (int)ARG0(regs), to = (int)ARG1(regs);
	struct fd_info note;
	s64 ret;

	if (fd_is_ours(from) || above_limit(to))
		return -EBADF;
	if (fd_is_ours(to) && !move_own_fd(to))
		return -EBADF;
	if (from != to && files_get(task->files, to, &note) && control_is(&note) &&
	    host_call2(__NR_fcntl, from, F_GETFD) >= 0)
		fd_forget(task, to);
	ret = host_call3((long)regs->orig_rax, from, to, ARG2(regs));
	return ret < 0 || from == to ? ret : fd_copied(task, from, to);
}

SYSCALL(dup2)
{
	return do_dup(task, regs);
}

SYSCALL(dup3)
{
	return do_dup(task, regs);
}

static s64 fcntl_dup(struct task *task, int fd, int cmd, u64 from)
{
	s64 to = above_limit((int)from) ? -EINVAL : host_call3(__NR_fcntl, fd, cmd, from);

	return to < 0 ? to : fd_copied(task, fd, (int)to);
}

/* struct f_owner_ex: a thread, a process or a group. */
static s64 fcntl_setown_ex(int fd, u64 uowner)
{
	struct f_owner_ex owner;

	if (get_guest(owner, uowner))
		return host_call3(__NR_fcntl, fd, F_GETFD, 0) < 0 ? -EBADF : -EFAULT;
	owner.pid = pid_for_host(owner.pid);
	return host_call3(__NR_fcntl, fd, F_SETOWN_EX, &owner);
}

static s64 fcntl_getowner_uids(struct task *task, int fd, u64 uowners)
{
	u32 owners[2]; /* real and effective */
	s64 err = host_call3(__NR_fcntl, fd, F_GETOWNER_UIDS, owners);

	if (err)
		return err;
	owners[0] = from_kuid(task->nsproxy->user, owners[0]);
	owners[1] = from_kuid(task->nsproxy->user, owners[1]);
	return copy_to_guest(uowners, owners, sizeof(owners));
}

SYSCALL(fcntl)
{
	int fd = (int)ARG0(regs), cmd = (int)ARG1(regs);
	s64 ret;

	if (fd_is_ours(fd))
		return -EBADF;
	if (pids_fcntl(regs, &ret))
		return ret;
	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return fcntl_dup(task, fd, cmd, ARG2(regs));
	case F_SETOWN:
		return host_call3(__NR_fcntl, fd, cmd, pid_or_group_for_host((s32)ARG2(regs)));
	case F_SETOWN_EX:
		return fcntl_setown_ex(fd, ARG2(regs));
	case F_GETOWNER_UIDS:
		return fcntl_getowner_uids(task, fd, ARG2(regs));
	}
	return host_call_blocking(__NR_fcntl, fd, cmd, (long)ARG2(regs), 0, 0, 0);
}

/* ---- close_range ---- */

static s64 close_part(struct task *task, u32 first, u32 last, u32 flags)
{
	if (!(flags & CLOSE_RANGE_CLOEXEC))
		files_clear(task->files, first, last);
	return host_call3(__NR_close_range, first, last, flags);
}

/* Everything from first to last but what is ours. */
static s64 close_guests(struct task *task, u32 first, u32 last, u32 flags)
{
	u32 own;
	s64 err;

	while ((own = next_own_fd(first)) <= last && own != UINT32_MAX) {
		if (own > first) {
			err = close_part(task, first, own - 1, flags);
			if (err)
				return err;
		}
		if (own == last)
			return 0;
		first = own + 1;
	}
	return close_part(task, first, last, flags);
}

static void control_close_range(struct task *task, u32 first, u32 last)
{
	struct fd_info note;
	int fd = (int)MIN(first, INT32_MAX);

	for (; task->dispatch.all && files_next(task->files, fd, &note) && (u32)note.fd <= last; fd = note.fd + 1)
		if (control_is(&note))
			fd_forget(task, note.fd);
}

SYSCALL(close_range)
{
	u32 first = (u32)ARG0(regs), last = (u32)ARG1(regs), flags = (u32)ARG2(regs);
	int err;

	if (flags & ~(u32)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		err = ksys_unshare(task, CLONE_FILES);
		if (err)
			return err;
	}
	flags &= CLOSE_RANGE_CLOEXEC;
	if (!flags)
		control_close_range(task, first, last);
	return close_guests(task, first, last, flags);
}
