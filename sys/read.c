/* SPDX-License-Identifier: MIT */
/*
 * read(2) and write(2), which are the host's but for a few descriptors: those of signalfd(2), where what is read has
 * ids in it, and those of fsopen(2), sockets that are to be none.
 */
#include "sys/read.h"

#include <asm/errno.h>
#include "host/host.h"
#include "sys/runtime.h"
#include "sys/sys.h"

static bool is_trapped(const struct task *task, int fd)
{
	return fd >= 0 && fd < READS_TRAPPED && (task->reads_trapped & 1ULL << fd);
}

void read_copied(struct task *task, int from, int to)
{
	if (is_trapped(task, from) && (fd_is_signalfd(from) || fd_is_context(from)))
		trap_reads(task, to);
}

SYSCALL(read)
{
	int fd = (int)ARG0(regs);
	bool trapped = is_trapped(task, fd);
	s64 n;

	if (trapped && fd_is_context(fd))
		return context_read(fd, ARG1(regs), ARG2(regs));
	n = host_call_blocking(__NR_read, (long)ARG0(regs), (long)ARG1(regs), (long)ARG2(regs), 0, 0, 0);
	if (trapped && n > 0 && fd_is_signalfd(fd))
		signalfd_map_senders(task, ARG1(regs), n);
	return n;
}

static s64 write_trapped(struct task *task, long nr, const struct regs *regs)
{
	int fd = (int)ARG0(regs);

	if (is_trapped(task, fd) && fd_is_context(fd))
		return -EINVAL;
	return host_call_blocking(nr, (long)ARG0(regs), (long)ARG1(regs), (long)ARG2(regs), 0, 0, 0);
}

SYSCALL(write)
{
	return write_trapped(task, __NR_write, regs);
}

SYSCALL(writev)
{
	return write_trapped(task, __NR_writev, regs);
}
