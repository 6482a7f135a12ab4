/* SPDX-License-Identifier: MIT */
/*
 * getdents64(2), getdents(2): the host's, but for directories of /proc that list what is the runtime's own: its
 * descriptors in /proc/PID/fd and fdinfo (programs close what they find there, or compare it with what they expect),
 * its mappings in map_files, the warden among the processes, and the kinds of namespaces that are not built. Where
 * tasks are listed, guests find their own numbers.
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

/* How a listing of the guest's differs from the host's. */
struct listing {
	/* Is the entry `name` of directory `fd` left out? NULL: nothing is. */
	bool (*hides)(const struct listing *l, int fd, const char *name);
	bool numbers; /* names are numbers of tasks, and the guest's may be others */
	struct proc_view view;
};

/* Is it a descriptor of a runtime? Ours are up there, and few programs have any as high: the others need no readlink.
 */
static bool hides_descriptor(const struct listing *l, int fd, const char *name)
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

static bool hides_process(const struct listing *l, int fd, const char *name)
{
	return proc_hides_process(name) || proc_denies(current_task(), &l->view, name, false);
}

static bool hides_mapping(const struct listing *l, int fd, const char *name)
{
	return proc_hides_mapping(name);
}

static bool hides_ns(const struct listing *l, int fd, const char *name)
{
	return proc_hides_ns(name);
}

/*
 * Every directory of proc has a note (vfs/open.c), or gets one here when it was sent (fd_mount()), so most others are
 * told by a look at the table of notes, and those below other mounts by their mount, as long as that is in the tree and
 * the number still means that directory. The host path, which takes longer, is asked for only of those of proc.
 */
static __attribute__((noinline)) struct listing listing_of(struct task *task, int fd)
{
	char rel[PATH_MAX];
	struct nameidata nd;
	struct fd_info note;
	bool noted;
	u64 mnt;
	int len;

	noted = files_get(task->files, fd, &note) && note.kind == FD_DIR;
	if (!noted && !any_file_sent())
		return (struct listing){0};
	mnt = fd_mount(task, fd);
	if (!noted && !mnt)
		return (struct listing){0};
	nd_init(&nd);
	if ((nd_use_mount(task, &nd, mnt) && !nd.proc) || dfd_place(task, fd, &nd) || !nd.proc)
		return (struct listing){0};
	len = nd_proc_rel(task, &nd, rel, sizeof(rel));
	if (!len)
		return (struct listing){hides_process, proc_numbers_differ(), nd.view};
	if (len > 0 && (ends_with(rel, (size_t)len, "/fd") || ends_with(rel, (size_t)len, "/fdinfo")))
		return (struct listing){.hides = hides_descriptor};
	if (len > 0 && ends_with(rel, (size_t)len, "/map_files"))
		return (struct listing){.hides = hides_mapping};
	if (len > 0 && ends_with(rel, (size_t)len, "/ns"))
		return (struct listing){.hides = hides_ns};
	return (struct listing){.numbers = len > 0 && proc_numbers_differ() && proc_lists_tasks(rel)};
}

/* Puts an entry at `to`, with the guest's name for it. Its length there. */
static u16 put_renamed(const struct dirent_format *format, char *to, const char *entry)
{
	const struct dirent_guest *head = (const struct dirent_guest *)entry;
	struct dirent_guest *new = (struct dirent_guest *)to;
	char name[NAME_MAX + 1], type = entry[head->reclen - 1];
	struct fmt f;

	fmt_init(&f, name, sizeof(name));
	proc_rel_to_guest(entry + format->name_at, &f);
	memmove(to, entry, format->name_at);
	memcpy(to + format->name_at, name, f.len + 1);
	/* Both have a type: the new one before the name, the old one in the entry's last byte. */
	new->reclen = (u16)ALIGN_UP(format_old.name_at + f.len + 2, 8);
	if (format == &format_old)
		to[new->reclen - 1] = type;
	return new->reclen;
}

/* Copies the entries that guests see from `from` to `to`; they are so long there. */
static size_t copy_entries(const struct listing *l, const struct dirent_format *format, int fd, char *to,
			   const char *from, size_t len)
{
	const char *name;
	size_t at, used = 0;
	u16 reclen;

	for (at = 0; at < len; at += reclen) {
		reclen = ((const struct dirent_guest *)(from + at))->reclen;
		name = from + at + format->name_at;
		if (l->hides && l->hides(l, fd, name))
			continue;
		if (l->numbers && *name >= '1' && *name <= '9') {
			used += put_renamed(format, to + used, from + at);
			continue;
		}
		memcpy(to + used, from + at, reclen);
		used += reclen;
	}
	return used;
}

/* A guest's number may be longer than the host's, by no more than a third of the entry. */
#define LISTED 4096

static __attribute__((noinline)) s64 list_as(const struct listing *l, const struct dirent_format *format, int fd,
					     u64 ubuf, u64 size)
{
	char from[LISTED] __attribute__((aligned(8))), to[LISTED] __attribute__((aligned(8)));
	size_t left, room;
	long len;

	size = MIN(size, (u64)LISTED);
	room = l->numbers && size > 64 ? size - size / 3 : size;
	do {
		len = host_call3(format->nr, fd, from, room);
		if (len <= 0)
			return len;
		left = copy_entries(l, format, fd, to, from, (size_t)len);
	} while (!left);
	if (left > size)
		return -EINVAL;
	return copy_to_guest(ubuf, to, left) ? -EFAULT : (s64)left;
}

static s64 do_getdents(struct task *task, const struct regs *regs, const struct dirent_format *format)
{
	int fd = (int)ARG0(regs);
	u64 ubuf = ARG1(regs);
	u32 size = (u32)ARG2(regs);
	struct listing l;

	if (fd_is_ours(fd))
		return -EBADF;
	l = listing_of(task, fd);
	if (l.hides || l.numbers)
		return list_as(&l, format, fd, ubuf, size);
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
