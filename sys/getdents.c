/* SPDX-License-Identifier: MIT */
/*
 * getdents64(2): the host's, but for /proc/PID/fd and fdinfo, where the runtime's own descriptors
 * are left out: programs close what they find there, or compare it with what they expect.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/place.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "vfs/walk.h"

/* getdents64(2)'s struct linux_dirent64. */
struct dirent_guest {
	u64 ino;
	s64 off;
	u16 reclen;
	u8 type;
	char name[];
};

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(s + len - n, end, n);
}

/* Every directory of proc has a note (vfs/open.c), so most others are told by a look at the table of notes. */
static __attribute__((noinline)) bool lists_descriptors(struct task *task, int fd)
{
	char link[FD_PATH_SIZE], path[PATH_MAX];
	struct nameidata nd;
	struct fd_info note;
	long len;

	if (!files_get(task->files, fd, &note) || note.kind != FD_DIR)
		return false;
	nd_init(&nd);
	nd_use_mount(task, &nd, note.mnt);
	if (!nd.proc)
		return false;
	fd_path(link, fd);
	len = host_readlinkat(AT_FDCWD, link, path, sizeof(path));
	return len > 0 && (ends_with(path, (size_t)len, "/fd") || ends_with(path, (size_t)len, "/fdinfo"));
}

/* Is the entry of that name, in the directory `fd`, a descriptor of a runtime: the arena, or a handle? */
static bool is_hidden(int fd, const char *name)
{
	char target[64], path[24];
	const char *digits = name, *inode = target + 8;
	struct fmt f;
	long len;
	u64 number;

	/* Ours are up there, and few programs have any as high: the others need no readlink. */
	if (!parse_u64(&digits, &number) || *digits || number < (u64)mm.fd_base)
		return false;
	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "../fd/%s", name);
	len = host_readlinkat(fd, path, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	if (!strncmp(target, "/memfd:secede-arena", 19))
		return true;
	return !strncmp(target, "socket:[", 8) && parse_u64(&inode, &number) && handle_by_inode(number);
}

/* Takes the hidden entries out of `buf`; what is left is so long. */
static size_t leave_out(int fd, char *buf, size_t len)
{
	size_t from, to = 0;
	u16 reclen;

	for (from = 0; from < len; from += reclen) {
		const struct dirent_guest *entry = (const struct dirent_guest *)(buf + from);

		reclen = entry->reclen;
		if (is_hidden(fd, entry->name))
			continue;
		memmove(buf + to, buf + from, reclen);
		to += reclen;
	}
	return to;
}

static __attribute__((noinline)) s64 list_descriptors(int fd, u64 ubuf, u64 size)
{
	char buf[4096] __attribute__((aligned(8)));
	size_t left;
	long len;

	do {
		len = host_call3(__NR_getdents64, fd, buf, MIN(size, sizeof(buf)));
		if (len <= 0)
			return len;
		left = leave_out(fd, buf, (size_t)len);
	} while (!left);
	return copy_to_guest(ubuf, buf, left) ? -EFAULT : (s64)left;
}

SYSCALL(getdents64)
{
	int fd = (int)ARG0(regs);

	if (fd_is_ours(fd))
		return -EBADF;
	if (lists_descriptors(task, fd))
		return list_descriptors(fd, ARG1(regs), (u32)ARG2(regs));
	if (range_is_ours(ARG1(regs), (u32)ARG2(regs)))
		return -EFAULT;
	return host_call3(__NR_getdents64, fd, ARG1(regs), (u32)ARG2(regs));
}
