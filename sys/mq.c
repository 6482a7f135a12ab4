/* SPDX-License-Identifier: MIT */
/* mq_open(2): names of message queues are no paths, but their mode follows the umask. */
#include <asm/errno.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "sys/sys.h"
#include "vfs/namei.h"

#define MQ_ATTR_SIZE 64 /* struct mq_attr, x86_64 */

SYSCALL(mq_open)
{
	s64 fd;

	if (!access_ok(ARG0(regs), 1) || (ARG3(regs) && !access_ok(ARG3(regs), MQ_ATTR_SIZE)))
		return -EFAULT;
	fs_sync(task);
	fd = host_call4(__NR_mq_open, ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs));
	if (fd >= 0)
		files_clear(task->files, (unsigned)fd, (unsigned)fd);
	return fd;
}
