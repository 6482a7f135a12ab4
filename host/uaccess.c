/* SPDX-License-Identifier: MIT */
/* Guest memory: see host/uaccess.h; the instructions themselves are arch/x86_64/uaccess.S. */
#include "host/uaccess.h"

#include <asm/errno.h>
#include "kernel/mm.h"
#include "lib/string.h"

/* With five levels of page tables. Where there are four, what lies beyond them faults like any other hole. */
#define TASK_SIZE 0xfffffffffff000UL
#define PAGE_SIZE 4096

int uaccess_copy(void *dst, const void *src, size_t n);
int uaccess_cmpxchg(u32 *at, u32 *old, u32 new);
long uaccess_strncpy(char *dst, const char *src, size_t n);

bool access_ok(u64 addr, u64 len)
{
	return addr < TASK_SIZE && len <= TASK_SIZE - addr && !range_is_ours(addr, len);
}

int copy_from_guest(void *dst, u64 src, size_t len)
{
	if (!access_ok(src, len))
		return -EFAULT;
	return uaccess_copy(dst, (const void *)(uintptr_t)src, len);
}

int copy_to_guest(u64 dst, const void *src, size_t len)
{
	if (!access_ok(dst, len))
		return -EFAULT;
	return uaccess_copy((void *)(uintptr_t)dst, src, len);
}

int cmpxchg_guest(u64 addr, u32 *old, u32 new)
{
	if (!access_ok(addr, sizeof(new)))
		return -EFAULT;
	return uaccess_cmpxchg((u32 *)(uintptr_t)addr, old, new);
}

s64 strncpy_from_guest(char *dst, u64 src, size_t size)
{
	long n;

	if (!access_ok(src, 1))
		return -EFAULT;
	n = uaccess_strncpy(dst, (const char *)(uintptr_t)src, size);
	return n == (long)size ? -ENAMETOOLONG : n;
}

int copy_struct_from_guest(void *dst, size_t ksize, u64 src, u64 usize)
{
	u8 more[256];
	u64 at, n, i;

	if (usize > PAGE_SIZE)
		return -E2BIG;
	for (at = ksize; at < usize; at += n) {
		n = MIN(usize - at, sizeof(more));
		if (copy_from_guest(more, src + at, n))
			return -EFAULT;
		for (i = 0; i < n; i++)
			if (more[i])
				return -E2BIG;
	}
	memset(dst, 0, ksize);
	return copy_from_guest(dst, src, MIN(ksize, usize));
}
