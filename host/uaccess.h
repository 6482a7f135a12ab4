/* SPDX-License-Identifier: MIT */
/*
 * Guest memory is hostile input: the runtime touches it through these functions alone. A bad
 * address comes back as -EFAULT; an address inside the runtime's own memory is a bad one.
 * What decides something is copied once and then judged (another thread may be writing).
 */
#ifndef SECEDE_HOST_UACCESS_H
#define SECEDE_HOST_UACCESS_H

#include "lib/types.h"

/* May the guest own [addr, addr + len)? Also asked before a guest pointer goes to the host as it is. */
bool access_ok(u64 addr, u64 len);

int copy_from_guest(void *dst, u64 src, size_t len); /* 0 or -EFAULT */
int copy_to_guest(u64 dst, const void *src, size_t len);
/* Stores `new` where *old stands, at once; *old becomes what stood there before, whatever it was. */
int cmpxchg_guest(u64 addr, u32 *old, u32 new);
/*
 * Copies a string with its NUL. Returns its length without NUL, -EFAULT, or -ENAMETOOLONG when
 * there is no NUL within size bytes.
 */
s64 strncpy_from_guest(char *dst, u64 src, size_t size);

/*
 * A structure that grows over the years: copies the `ksize` bytes that we know out of the guest's `usize`, the missing
 * ones are zero. -E2BIG when a byte that we do not know is not zero, or usize is over a page; -EFAULT.
 */
int copy_struct_from_guest(void *dst, size_t ksize, u64 src, u64 usize);

#define get_guest(var, addr) copy_from_guest(&(var), (addr), sizeof(var))
#define put_guest(addr, var) copy_to_guest((addr), &(var), sizeof(var))

#endif
