/* SPDX-License-Identifier: MIT */
/* The texts of emulated files of /proc: made in memory, given to the guest in a memfd. */
#ifndef SECEDE_VFS_PROC_TEXT_H
#define SECEDE_VFS_PROC_TEXT_H

#include "vfs/proc_internal.h"

/* Has `show` write the whole text into *out, whose buf text_free() gives back. 0 or -errno; buf is NULL then. */
int text_make(struct task *task, proc_show show, const struct proc_task *who, struct fmt *out);
void text_free(struct fmt *text);

/* A descriptor with that text, as open(2) with these flags gives it, or -errno. */
int text_fd(const struct fmt *text, u64 oflags);
/* Puts another text in the place of what the memfd `fd` has. 0 or -errno. */
int text_replace(int fd, const struct fmt *text);

#endif
