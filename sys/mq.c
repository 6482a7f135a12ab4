/* SPDX-License-Identifier: MIT */
/* mq_open(2): names of message queues are no paths, but their mode follows the umask. */
#include "host/host.h"
#include "host/uaccess.h"
#include "sys/sys.h"
#include "vfs/namei.h"

SYSCALL(mq_open)
{
	s64 fd;

	fs_sync(task);
	fd = host_call4(__NR_mq_open, ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs));
	if (fd >= 0)
		files_clear(task->files, (unsigned)fd, (unsigned)fd);
	return fd;
}
