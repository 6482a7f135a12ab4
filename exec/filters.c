/* SPDX-License-Identifier: MIT */
/*
 * The task's seccomp filters across execve: they can be many times larger than what a string may be, so they go in
 * a file in memory, the youngest first, which the new image finds under the number in the carry, reads and closes.
 */
#include "exec/exec.h"

#include <linux/memfd.h>
#include "host/host.h"
#include "host/limit.h"
#include "lib/string.h"

static bool write_all(int fd, const void *from, size_t len)
{
	return host_call3(__NR_write, fd, from, len) == (long)len;
}

static bool read_all(int fd, void *to, size_t len)
{
	return host_call3(__NR_read, fd, to, len) == (long)len;
}

static size_t insns_size(const struct seccomp_filter *filter)
{
	return filter->len * sizeof(filter->insn[0]);
}

int filters_save(const struct seccomp_filter *filter)
{
	long fd = host_own_fd(__NR_memfd_create, (long)"seccomp", MFD_CLOEXEC, 0, 0);
	bool good = fd >= 0;

	for (; good && filter; filter = filter->prev)
		good = write_all((int)fd, &filter->len, sizeof(filter->len)) &&
		       write_all((int)fd, filter->insn, insns_size(filter));
	if (fd < 0 || (good && !host_call3(__NR_lseek, fd, 0, 0)))
		return (int)fd;
	host_close((int)fd);
	return -ENOMEM;
}

/* NULL with *err == 0: there are no more. */
static struct seccomp_filter *read_filter(int fd, int *err)
{
	struct seccomp_filter *filter;
	u32 len;

	*err = 0;
	if (!read_all(fd, &len, sizeof(len)))
		return NULL;
	filter = len <= BPF_MAXINSNS ? seccomp_alloc(len) : NULL;
	if (!filter || !read_all(fd, filter->insn, insns_size(filter))) {
		*err = -ENOMEM;
		seccomp_put(filter);
		return NULL;
	}
	return filter;
}

int filters_load(int fd, struct seccomp_filter **list)
{
	int err = 0;

	while (fd >= 0 && (*list = read_filter(fd, &err)))
		list = &(*list)->prev;
	return err;
}
