/* SPDX-License-Identifier: MIT */
/*
 * read(2), which is the host's but for a few descriptors: those of signalfd(2), where what is read has ids in it, and
 * those of fsopen(2), which do not wait for messages.
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
	s64 n = host_call_blocking(__NR_read, (long)ARG0(regs), (long)ARG1(regs), (long)ARG2(regs), 0, 0, 0);

	if (trapped && n == -EAGAIN && fd_is_context(fd))
		return -ENODATA;
	if (trapped && n > 0 && fd_is_signalfd(fd))
		signalfd_map_senders(task, ARG1(regs), n);
	return n;
}
