/* SPDX-License-Identifier: MIT */
/*
 * Writing control files (sys/control.h): write(2) itself says what is wrong, as the kernel's does.
 *
 * The descriptor is a sealed memfd with the file's text. A write that does not pass here (from a thread that was
 * there before the open) fails with EPERM; it is never lost. The file's offset is the memfd's.
 */
#include <asm/errno.h>
#include <asm/unistd.h>
#include <asm/stat.h>
#include <linux/uio.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "lib/string.h"
#include "sys/control.h"
#include "sys/place.h"
#include "sys/user_dispatch.h"
#include "vfs/proc.h"
#include "warden/client.h"

#define PAGE_SIZE 4096
#define SEEK_SET  0
#define SEEK_CUR  1
#define UIO_MAX	  1024

/* ---- open and close ---- */

/* Is there a control file besides `fd`? */
static bool others_open(struct task *task, int fd)
{
	struct fd_info info;

	for (int at = 0; files_next(task->files, at, &info); at = info.fd + 1)
		if (info.kind == FD_MAP && info.fd != fd)
			return true;
	return false;
}

int control_open(struct task *task, int fd, u8 sub, int pid)
{
	struct fd_info info = {.fd = fd, .kind = FD_MAP, .sub = sub, .mnt = (u64)pid};
	struct stat st;
	long err = host_call2(__NR_fstat, fd, &st);

	if (err)
		return (int)err;
	info.dev = st.st_dev;
	info.ino = st.st_ino;
	err = user_dispatch_all(task, true);
	if (err) {
		guest_log(task, "writing control files takes Syscall User Dispatch, which the host has not: EPERM");
		return -EPERM;
	}
	err = files_set(task->files, &info);
	if (err)
		control_close(task, fd);
	return (int)err;
}

void control_close(struct task *task, int fd)
{
	if (task->dispatch.all && !others_open(task, fd))
		user_dispatch_all(task, false);
}

void control_resume(struct task *task)
{
	task->dispatch = (struct user_dispatch){0}; /* the host passes none on */
	if (others_open(task, -1))
		user_dispatch_all(task, true);
}

/* ---- writing ---- */

static enum control_file file_of(const struct fd_info *info)
{
	return info->sub & ~CONTROL_CAPABLE;
}

/* Of uid_map, gid_map and setgroups, to the namespace that the process is in. */
static s64 write_id_map(struct task *task, const struct fd_info *info, const char *text, size_t len)
{
	const struct handle *h;
	struct request req;

	request_init(&req, REQ_ID_MAP, task);
	req.arg = file_of(info);
	/* The kernel asks for the opener's capability: a shell opens the file for a program that has none. */
	if (info->sub & CONTROL_CAPABLE)
		req.caps |= 1ULL << CAP_SYS_ADMIN;
	if ((int)info->mnt == task->tgid || (int)info->mnt == task->tid) {
		req.inode = task->nsproxy->inode;
	} else {
		h = handle_of_pid((int)info->mnt);
		if (!h)
			return -ESRCH;
		req.inode = h->inode;
	}
	request_add(&req, text, len);
	return warden_call(task, &req, NULL);
}

/* Of hostname and domainname: up to the first newline, cut to what fits. */
static s64 write_name(struct task *task, const struct fd_info *info, const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	struct request req;

	if (end)
		len = (size_t)(end - text);
	len = MIN(strnlen(text, len), (size_t)UTS_LEN);
	request_init(&req, REQ_SETNAME, task);
	req.arg = file_of(info) == CONTROL_DOMAINNAME;
	request_add(&req, text, len);
	return warden_call(task, &req, NULL);
}

/* One write(2) of `len` bytes at `pos`. `len` or -errno. */
static s64 write_at(struct task *task, const struct fd_info *info, u64 ubuf, u64 len, s64 pos)
{
	bool name = file_of(info) >= CONTROL_HOSTNAME;
	char text[PAGE_SIZE];
	s64 err;

	if (pos != 0)
		return name ? (s64)len : -EINVAL;
	if (name)
		len = MIN(len, (u64)PAGE_SIZE - 1);
	if (len >= (file_of(info) == CONTROL_SETGROUPS ? 8 : PAGE_SIZE))
		return -EINVAL;
	if (copy_from_guest(text, ubuf, len))
		return -EFAULT;
	/* A NUL ends the text for the kernel as well. */
	text[len] = '\0';
	err = name ? write_name(task, info, text, len) : write_id_map(task, info, text, strlen(text));
	return err < 0 ? err : (s64)len;
}

static s64 write_here(struct task *task, const struct fd_info *info, u64 ubuf, u64 len)
{
	s64 pos = host_call3(__NR_lseek, info->fd, 0, SEEK_CUR), ret;

	ret = write_at(task, info, ubuf, len, MAX(pos, 0));
	if (ret > 0)
		host_call3(__NR_lseek, info->fd, pos + ret, SEEK_SET);
	return ret;
}

/* writev(2) is one write a piece: proc's files know no other way. */
static s64 write_pieces(struct task *task, const struct fd_info *info, u64 uiov, u64 nr)
{
	s64 done = 0, ret = 0;
	struct iovec iov;

	if (nr > UIO_MAX)
		return -EINVAL;
	for (u64 i = 0; i < nr && ret >= 0; i++) {
		if (get_guest(iov, uiov + i * sizeof(iov)))
			ret = -EFAULT;
		else
			ret = write_here(task, info, (u64)(uintptr_t)iov.iov_base, iov.iov_len);
		done += MAX(ret, 0);
	}
	return done ? done : ret;
}

bool control_syscall(struct task *task, struct regs *regs)
{
	struct fd_info info;

	switch (regs->orig_rax) {
	case __NR_write:
	case __NR_pwrite64:
	case __NR_writev:
		break;
	default:
		return false;
	}
	if (!fd_note(task, (int)ARG0(regs), &info) || info.kind != FD_MAP)
		return false;
	if (regs->orig_rax == __NR_write)
		regs->rax = (u64)write_here(task, &info, ARG1(regs), ARG2(regs));
	else if (regs->orig_rax == __NR_pwrite64)
		regs->rax = (u64)-ESPIPE; /* the kernel's seq_file has no such write */
	else
		regs->rax = (u64)write_pieces(task, &info, ARG1(regs), ARG2(regs));
	return true;
}
