/* SPDX-License-Identifier: MIT */
/* Descriptors whose read(2) and write(2) come to us (trap_reads()). A number that was one may be another file's by now.
 */
#ifndef SECEDE_SYS_READ_H
#define SECEDE_SYS_READ_H

#include "kernel/task.h"

/* `to` has become a duplicate of `from`. */
void read_copied(struct task *task, int from, int to);

bool fd_is_signalfd(int fd); /* sys/signalfd.c */
/* `n` bytes that were read have reached the guest at `ubuf`. */
void signalfd_map_senders(const struct task *task, u64 ubuf, s64 n);

bool fd_is_context(int fd); /* sys/fsopen.c */
/* One message. -ENODATA: there is none; -EMSGSIZE: it is longer, and stays; -EFAULT. */
s64 context_read(int fd, u64 ubuf, u64 size);

#endif
