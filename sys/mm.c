/* SPDX-License-Identifier: MIT */
/* mmap(2) and its kin: refused where the runtime's own memory lies, otherwise the host's. */
#include <asm/errno.h>
#include <linux/mman.h>
#include "host/host.h"
#include "kernel/mm.h"
#include "sys/sys.h"

static s64 pass(const struct regs *regs)
{
	return host_call6((long)regs->orig_rax, ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs), ARG4(regs), ARG5(regs));
}

/* For guests our memory does not exist; a change there fails as it does on a hole. */
static s64 pass_unless_ours(const struct regs *regs, s64 err)
{
	return range_is_ours(ARG0(regs), ARG1(regs)) ? err : pass(regs);
}

SYSCALL(mmap)
{
	u64 flags = ARG3(regs);

	if (!range_is_ours(ARG0(regs), ARG1(regs)))
		return pass(regs);
	if (flags & MAP_FIXED_NOREPLACE)
		return -EEXIST;
	if (flags & MAP_FIXED)
		return -ENOMEM;
	/* Without MAP_FIXED the address is a wish, and what we have not mapped yet is ours as well. */
	return host_call6(__NR_mmap, 0, ARG1(regs), ARG2(regs), flags, ARG4(regs), ARG5(regs));
}

SYSCALL(munmap)
{
	/* Success without effect, as for a range in which nothing is mapped. */
	return pass_unless_ours(regs, 0);
}

SYSCALL(mprotect)
{
	return pass_unless_ours(regs, -ENOMEM);
}

SYSCALL(pkey_mprotect)
{
	return pass_unless_ours(regs, -ENOMEM);
}

SYSCALL(mremap)
{
	return pass_unless_ours(regs, -EFAULT);
}

SYSCALL(madvise)
{
	return pass_unless_ours(regs, -ENOMEM);
}

SYSCALL(remap_file_pages)
{
	return pass_unless_ours(regs, -EINVAL);
}

SYSCALL(mseal)
{
	return pass_unless_ours(regs, -ENOMEM);
}
