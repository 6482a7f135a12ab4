/* SPDX-License-Identifier: MIT */
/*
 * What another process of the session keeps for itself: its runtime lies at the same addresses, with the same layout,
 * so its memory can be read like our own (process_vm_readv(2)), as far as the host lets us. Nobody is stopped for it:
 * what was read may be torn, and pointers in it are for further reading alone.
 */
#ifndef SECEDE_VFS_PROC_PEEK_H
#define SECEDE_VFS_PROC_PEEK_H

#include "kernel/mm.h"

struct peek {
	int pid;
	struct mm_struct mm;
	const struct task *at; /* where `task` stands there */
	struct task task;
};

/* Finds the task of that host number in an address space that is not ours. False: none, or none of our business. */
bool peek_task(int pid, struct peek *out);
/* Goes over to the next task of that process which holds signals back, of those from *i on. False: there is none. */
bool peek_holder(struct peek *p, s32 tgid, u32 *i);
/* Copies from there. False: it cannot be read. */
bool peek_read(const struct peek *p, void *dst, const void *src, size_t len);
/* What is noted there of descriptor `fd`; false: nothing, or it cannot be read. */
bool peek_note(const struct peek *p, int fd, struct fd_info *out);
/* Copies the host path of a place there, with its NUL; false: it cannot be read, or there is none. */
bool peek_hpath(const struct peek *p, const struct hpath *src, char buf[PATH_MAX]);

#endif
