/* SPDX-License-Identifier: MIT */
/*
 * getdents64(2), getdents(2): the host's, but for directories of /proc that list what is the runtime's own: its
 * descriptors in /proc/PID/fd and fdinfo (programs close what they find there, or compare it with what they expect),
 * its mappings in map_files, and the warden among the processes.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include "arena/arena.h"
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/pids.h"
#include "sys/place.h"
#include "sys/sys.h"
#include "vfs/proc.h"
#include "vfs/walk.h"

/* One of the two calls: where its entries have their names. */
struct dirent_format {
	long nr;
	size_t name_at;
};
static const struct dirent_format format_old = {__NR_getdents, 18}, format_64 = {__NR_getdents64, 19};

/* What both begin with. */
struct dirent_guest {
	u64 ino;
	s64 off;
	u16 reclen;
};

static bool ends_with(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(s + len - n, end, n);
}

/* Is the entry `name` of directory `fd` not for guests? */
typedef bool (*hides_fn)(int fd, const char *name);

/* Is it a descriptor of a runtime? Ours are up there, and few programs have any as high: the others need no readlink.
 */
static bool hides_descriptor(int fd, const char *name)
{
	const char *digits = name;
	struct fmt f;
	char path[24];
	u64 number;

	if (!parse_u64(&digits, &number) || *digits || number < (u64)mm.fd_base)
		return false;
	fmt_init(&f, path, sizeof(path));
	fmt_print(&f, "../fd/%s", name);
	return proc_link_is_ours(fd, path);
}

static bool hides_process(int fd, const char *name)
{
	return proc_hides_process(name);
}

static bool hides_mapping(int fd, const char *name)
{
	return proc_hides_mapping(name);
}

/*
 * What is left out of the listing of `fd`; NULL: nothing. Every directory of proc has a note (vfs/open.c), so most
 * others are told by a look at the table of notes.
 */
static __attribute__((noinline)) hides_fn hides_of(struct task *task, int fd)
{
	char rel[PATH_MAX];
	struct nameidata nd;
	struct fd_info note;
	int len;

	if (!files_get(task->files, fd, &note) || note.kind != FD_DIR)
		return NULL;
	nd_init(&nd);
	if (dfd_place(task, fd, &nd) || !nd.proc)
		return NULL;
	len = nd_proc_rel(task, &nd, rel, sizeof(rel));
	if (!len)
		return hides_process;
	if (len > 0 && (ends_with(rel, (size_t)len, "/fd") || ends_with(rel, (size_t)len, "/fdinfo")))
		return hides_descriptor;
	if (len > 0 && ends_with(rel, (size_t)len, "/map_files"))
		return hides_mapping;
	return NULL;
}

/* Takes the hidden entries out of `buf`; what is left is so long. */
static size_t leave_out(hides_fn hides, const struct dirent_format *format, int fd, char *buf, size_t len)
{
	size_t from, to = 0;
	u16 reclen;

	for (from = 0; from < len; from += reclen) {
		reclen = ((const struct dirent_guest *)(buf + from))->reclen;
		if (hides(fd, buf + from + format->name_at))
			continue;
		memmove(buf + to, buf + from, reclen);
		to += reclen;
	}
	return to;
}

static __attribute__((noinline)) s64 list_without(hides_fn hides, const struct dirent_format *format, int fd, u64 ubuf,
						  u64 size)
{
	char buf[4096] __attribute__((aligned(8)));
	size_t left;
	long len;

	do {
		len = host_call3(format->nr, fd, buf, MIN(size, sizeof(buf)));
		if (len <= 0)
			return len;
		left = leave_out(hides, format, fd, buf, (size_t)len);
	} while (!left);
	return copy_to_guest(ubuf, buf, left) ? -EFAULT : (s64)left;
}

static s64 do_getdents(struct task *task, const struct regs *regs, const struct dirent_format *format)
{
	int fd = (int)ARG0(regs);
	u64 ubuf = ARG1(regs);
	u32 size = (u32)ARG2(regs);
	hides_fn hides;

	if (fd_is_ours(fd))
		return -EBADF;
	hides = hides_of(task, fd);
	if (hides)
		return list_without(hides, format, fd, ubuf, size);
	if (range_is_ours(ubuf, size))
		return -EFAULT;
	return host_call3(format->nr, fd, ubuf, size);
}

SYSCALL(getdents)
{
	return do_getdents(task, regs, &format_old);
}

SYSCALL(getdents64)
{
	return do_getdents(task, regs, &format_64);
}
