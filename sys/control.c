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

bool control_is(const struct fd_info *note)
{
	return note->kind == FD_PROC && (proc_control(note) != CONTROL_NONE || proc_is_live(note));
}

/* Is there such a file besides `fd`? */
static bool others_open(struct task *task, int fd)
{
	struct fd_info info;

	for (int at = 0; files_next(task->files, at, &info); at = info.fd + 1)
		if (control_is(&info) && info.fd != fd)
			return true;
	return false;
}

int control_open(struct task *task, struct fd_info *info)
{
	struct stat st;
	long err = host_call2(__NR_fstat, info->fd, &st);

	if (err)
		return (int)err;
	info->dev = st.st_dev;
	info->ino = st.st_ino;
	err = control_is(info) ? user_dispatch_all(task, true) : 0;
	if (err && proc_control(info) != CONTROL_NONE) {
		guest_log(task, "writing control files takes Syscall User Dispatch, which the host has not: EPERM");
		return -EPERM;
	}
	err = files_set(task->files, info);
	if (err)
		control_close(task, info->fd);
	task->just_opened = info->fd + 1;
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

/* Of uid_map, gid_map and setgroups, to the namespace that the process is in. */
static s64 write_id_map(struct task *task, const struct fd_info *info, const char *text, size_t len)
{
	const struct handle *h;
	struct request req;

	request_init(&req, REQ_ID_MAP, task);
	req.arg = (u64)proc_control(info);
	/* The kernel asks for the opener's capability: a shell opens the file for a program that has none. */
	if (info->sub & PROC_CAPABLE)
		req.caps |= 1ULL << CAP_SYS_ADMIN;
	if (PROC_PID(info) == task->host_tgid || PROC_PID(info) == task->host_tid) {
		req.inode = task->nsproxy->inode;
	} else {
		h = handle_of_pid(PROC_PID(info));
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
	req.arg = proc_control(info) == CONTROL_DOMAINNAME;
	request_add(&req, text, len);
	return warden_call(task, &req, NULL);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* As C writes numbers, up to UCOUNT_MAX. False: it is none, or more than that. */
static bool parse_limit(const char **p, u64 *out)
{
	u32 base = **p != '0' ? 10 : ((*p)[1] | 0x20) == 'x' ? 16 : 8, digit;
	const char *begin;

	*p += base == 16 ? 2 : 0;
	begin = *p;
	for (*out = 0; *out <= UCOUNT_MAX; (*p)++) {
		digit = **p >= '0' && **p <= '9' ? (u32)(**p - '0') : (u32)((**p | 0x20) - 'a' + 10);
		if (digit >= base)
			break;
		*out = *out * base + digit;
	}
	return *p != begin && *out <= UCOUNT_MAX;
}

/* How many namespaces of a type there may be: the first number that stands there. */
static s64 write_ucount(struct task *task, const struct fd_info *info, const char *text)
{
	struct request req;

	while (is_space(*text))
		text++;
	request_init(&req, REQ_UCOUNT, task);
	req.arg = (u64)(proc_control(info) - CONTROL_UCOUNT);
	if (!parse_limit(&text, &req.src) || (*text && !is_space(*text)))
		return -EINVAL;
	return warden_call(task, &req, NULL);
}

/* One write(2) of `len` bytes at `pos`. `len` or -errno. */
static s64 write_at(struct task *task, const struct fd_info *info, u64 ubuf, u64 len, s64 pos)
{
	bool sysctl = proc_control(info) >= CONTROL_HOSTNAME;
	char text[PAGE_SIZE];
	s64 err;

	if (pos != 0)
		return sysctl ? (s64)len : -EINVAL;
	if (sysctl)
		len = MIN(len, (u64)PAGE_SIZE - 1);
	if (len >= (proc_control(info) == CONTROL_SETGROUPS ? 8 : PAGE_SIZE))
		return -EINVAL;
	if (copy_from_guest(text, ubuf, len))
		return -EFAULT;
	/* A NUL ends the text for the kernel as well. */
	text[len] = '\0';
	if (!sysctl)
		err = write_id_map(task, info, text, strlen(text));
	else if (proc_control(info) < CONTROL_UCOUNT)
		err = write_name(task, info, text, len);
	else
		err = write_ucount(task, info, text);
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

/* ---- reading ---- */

/* Where the call would begin to read; -1: it reads nothing. */
static s64 read_position(const struct regs *regs)
{
	switch (regs->orig_rax) {
	case __NR_read:
	case __NR_readv:
		return host_call3(__NR_lseek, ARG0(regs), 0, SEEK_CUR);
	case __NR_pread64:
	case __NR_preadv:
		return (s64)ARG3(regs);
	case __NR_preadv2:
		return (s64)ARG3(regs) == -1 ? host_call3(__NR_lseek, ARG0(regs), 0, SEEK_CUR) : (s64)ARG3(regs);
	}
	return -1;
}

/* Makes the text anew where the call begins at its beginning; the call itself is the host's. True: it fails. */
static bool read_anew(struct task *task, struct regs *regs, const struct fd_info *info)
{
	bool fresh = task->just_opened == info->fd + 1;
	int err = read_position(regs) == 0 && !fresh ? proc_refresh(task, info) : 0;

	/* There is no end to go to: the text is not made before it is read. */
	if (regs->orig_rax == __NR_lseek && ARG2(regs) != SEEK_SET && ARG2(regs) != SEEK_CUR)
		err = -EINVAL;
	if (err)
		regs->rax = (u64)err;
	return err;
}

/* ---- both ---- */

static bool write_call(struct task *task, struct regs *regs, const struct fd_info *info)
{
	switch (regs->orig_rax) {
	case __NR_write:
		regs->rax = (u64)write_here(task, info, ARG1(regs), ARG2(regs));
		return true;
	case __NR_pwrite64:
		regs->rax = (u64)-ESPIPE; /* the kernel's seq_file has no such write */
		return true;
	case __NR_writev:
		regs->rax = (u64)write_pieces(task, info, ARG1(regs), ARG2(regs));
		return true;
	}
	return false;
}

/* Those that a look at the descriptor's note is worth. */
static bool is_for_files(const struct regs *regs)
{
	switch (regs->orig_rax) {
	case __NR_write:
	case __NR_pwrite64:
	case __NR_writev:
	case __NR_lseek:
		return true;
	}
	return read_position(regs) >= 0;
}

static bool file_call(struct task *task, struct regs *regs)
{
	struct fd_info info;

	if (!is_for_files(regs) || !fd_note(task, (int)ARG0(regs), &info) || !control_is(&info))
		return false;
	if (proc_control(&info) != CONTROL_NONE)
		return write_call(task, regs, &info);
	return read_anew(task, regs, &info);
}

/* What comes between an open(2) and the first read(2) as a matter of course, and changes nothing. */
static bool is_idle(const struct regs *regs)
{
	switch (regs->orig_rax) {
	case __NR_fstat:
	case __NR_newfstatat:
	case __NR_statx:
	case __NR_lseek:
	case __NR_fcntl:
	case __NR_ioctl:
	case __NR_fadvise64:
		return true;
	}
	return false;
}

bool control_syscall(struct task *task, struct regs *regs)
{
	bool done;

	/* Another thread may have closed the last one. */
	if (!others_open(task, -1)) {
		user_dispatch_all(task, false);
		return false;
	}
	done = file_call(task, regs);
	if (!is_idle(regs))
		task->just_opened = 0;
	return done;
}
