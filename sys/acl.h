/* SPDX-License-Identifier: MIT */
#ifndef SECEDE_SYS_ACL_H
#define SECEDE_SYS_ACL_H

#include "kernel/task.h"

#define XATTR_SIZE_MAX 65536

/* Has the attribute of that name an access list? Symlinks have none: the host says -EOPNOTSUPP. */
bool is_acl(const char *name);
/* Should that attribute be a list, *value becomes the address of a copy for the host, which the caller frees in any
 * case. -ENOMEM, -EFAULT. */
int acl_to_host(const struct task *task, const char *name, u64 *value, u64 size, void **copy);
/* The host has stored `size` bytes of it at `value`. */
void acl_to_guest(const struct task *task, const char *name, u64 value, s64 size);

#endif
