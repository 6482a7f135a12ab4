/* SPDX-License-Identifier: MIT */
/*
 * mmap(2) and its kin: the host's, but where the runtime's own memory lies there is a hole for guests. A call on a
 * range that touches it does what it does on a hole; nothing can be put there.
 */
#include <asm/errno.h>
#include <linux/mman.h>
#include <linux/shm.h>
#include "host/host.h"
#include "host/uaccess.h"
#include "kernel/mm.h"
#include "lib/string.h"
#include "sys/patch.h"
#include "sys/sys.h"

#define PAGE_SIZE 4096UL
#define TASK_SIZE 0x7ffffffff000UL

static s64 pass(const struct regs *regs)
{
	return host_call6((long)regs->orig_rax, ARG0(regs), ARG1(regs), ARG2(regs), ARG3(regs), ARG4(regs), ARG5(regs));
}

/* The same call on another range. */
static s64 pass_range(const struct regs *regs, u64 start, u64 end)
{
	return host_call6((long)regs->orig_rax, start, end - start, ARG2(regs), ARG3(regs), ARG4(regs), ARG5(regs));
}

static bool touches(const struct regs *regs)
{
	return range_is_ours(ARG0(regs), ARG1(regs));
}

/* The first two arguments are a range that is about to change: it may be the place of the table of patched sites. */
static s64 make_way(const struct regs *regs)
{
	return patch_make_way(ARG0(regs), ARG1(regs));
}

/* ---- ranges with a hole ---- */

/* The page-aligned range of the first two arguments. False: the kernel looks no further than at those. */
static bool whole_pages(const struct regs *regs, u64 *start, u64 *end)
{
	*start = ARG0(regs);
	*end = *start + ALIGN_UP(ARG1(regs), PAGE_SIZE);
	return *start % PAGE_SIZE == 0 && ARG1(regs) && *start <= TASK_SIZE && ARG1(regs) <= TASK_SIZE - *start;
}

/* Takes the guest's next part off *start: true, or false when all is done. */
static bool next_part(u64 *start, u64 end, u64 *part_start, u64 *part_end)
{
	struct mm_range own = {end, end};

	while (*start < end) {
		if (!next_own_range(*start, &own) || own.start > end)
			own = (struct mm_range){end, end};
		*part_start = *start;
		*part_end = own.start;
		*start = own.end;
		if (*part_start < *part_end)
			return true;
	}
	return false;
}

/* The call ends at the first hole, with `err`. */
static s64 up_to_hole(const struct regs *regs, s64 err)
{
	u64 start, end, part_start, part_end;
	s64 ret = 0;

	if (!touches(regs) || !whole_pages(regs, &start, &end))
		return pass(regs);
	if (next_part(&start, end, &part_start, &part_end) && part_start == ARG0(regs))
		ret = pass_range(regs, part_start, part_end);
	return ret ? ret : err;
}

/* The call goes on behind holes, and says at last that there were some (`err`; 0: that is no error). */
static s64 around_holes(const struct regs *regs, s64 err)
{
	u64 start, end, part_start, part_end;
	s64 ret;

	if (!touches(regs) || !whole_pages(regs, &start, &end))
		return pass(regs);
	while (next_part(&start, end, &part_start, &part_end)) {
		ret = pass_range(regs, part_start, part_end);
		if (ret && ret != err)
			return ret;
	}
	return err;
}

SYSCALL(munmap)
{
	s64 err = make_way(regs);

	return err ? err : around_holes(regs, 0);
}

/* What is writable may be written to: no call site is patched there. */
static s64 protect(const struct regs *regs)
{
	bool write = ARG2(regs) & PROT_WRITE;
	s64 err = make_way(regs);

	if (err)
		return err;
	if (write)
		patch_lock();
	err = write && !patch_undo(ARG0(regs), ARG1(regs)) ? -ENOMEM : up_to_hole(regs, -ENOMEM);
	if (write)
		patch_unlock();
	return err;
}

SYSCALL(mprotect)
{
	return protect(regs);
}

SYSCALL(pkey_mprotect)
{
	return protect(regs);
}

SYSCALL(madvise)
{
	/* On an empty range it says whether it knows the advice. */
	s64 err = host_call3(__NR_madvise, ALIGN_DOWN(ARG0(regs), PAGE_SIZE), 0, ARG2(regs));

	if (!err)
		err = make_way(regs);
	return err ? err : around_holes(regs, -ENOMEM);
}

SYSCALL(msync)
{
	return around_holes(regs, -ENOMEM);
}

SYSCALL(mlock)
{
	return up_to_hole(regs, -ENOMEM);
}

SYSCALL(mlock2)
{
	return up_to_hole(regs, -ENOMEM);
}

SYSCALL(munlock)
{
	return up_to_hole(regs, -ENOMEM);
}

SYSCALL(mincore)
{
	return up_to_hole(regs, -ENOMEM);
}

/* These change nothing unless the whole range is there. */

SYSCALL(mbind)
{
	return touches(regs) ? -EFAULT : pass(regs);
}

SYSCALL(mseal)
{
	s64 err = touches(regs) ? -ENOMEM : make_way(regs);

	return err ? err : pass(regs);
}

SYSCALL(remap_file_pages)
{
	return touches(regs) ? -EINVAL : pass(regs);
}

/* ---- what would put something there ---- */

SYSCALL(mmap)
{
	u64 flags = ARG3(regs);
	/* For a wish as well: natively it comes true. 0 is none. */
	s64 err = ARG0(regs) || (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) ? make_way(regs) : 0;

	if (err && (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		return err;
	if (!touches(regs))
		return pass(regs);
	if (flags & MAP_FIXED_NOREPLACE)
		return -EEXIST;
	if (flags & MAP_FIXED)
		return -ENOMEM;
	/* Without MAP_FIXED the address is a wish, and what we have not mapped yet is ours as well. */
	return host_call6(__NR_mmap, 0, ARG1(regs), ARG2(regs), flags, ARG4(regs), ARG5(regs));
}

SYSCALL(mremap)
{
	u64 addr = ARG0(regs), new_len = ARG2(regs), flags = ARG3(regs);
	/* Without the latter it would grow where it is. */
	u64 new_addr = flags & MREMAP_FIXED ? ARG4(regs) : addr;
	s64 ret;

	if (touches(regs))
		return -EFAULT;
	if (make_way(regs) || ((flags & MREMAP_FIXED) && patch_make_way(new_addr, new_len)) ||
	    range_is_ours(new_addr, new_len))
		return -ENOMEM;
	/* A patched site knows where it stands. */
	patch_lock();
	ret = patch_undo(addr, ARG1(regs)) ? pass(regs) : -ENOMEM;
	patch_unlock();
	return ret;
}

SYSCALL(map_shadow_stack)
{
	s64 err = touches(regs) ? -EEXIST : make_way(regs);

	return err ? err : pass(regs);
}

SYSCALL(shmat)
{
	u64 addr = ARG1(regs), flags = ARG2(regs);
	struct shmid64_ds segment;

	if (flags & SHM_RND)
		addr = ALIGN_DOWN(addr, PAGE_SIZE);
	if (host_call3(__NR_shmctl, ARG0(regs), IPC_STAT, &segment))
		segment.shm_segsz = PAGE_SIZE; /* it will tell why */
	if (patch_make_way(addr, segment.shm_segsz))
		return -EINVAL;
	return range_is_ours(addr, segment.shm_segsz) ? -EINVAL : pass(regs);
}

/* ---- process_madvise ---- */

#define UIO_MAX 1024

struct iovec_guest {
	u64 base, len;
};

/* How many of the ranges come before the first one that touches ours. */
static s64 ranges_before_ours(u64 uiov, u64 nr)
{
	struct iovec_guest iov;
	u64 i;

	for (i = 0; i < nr; i++) {
		if (get_guest(iov, uiov + i * sizeof(iov)))
			return -EFAULT;
		if (range_is_ours(iov.base, iov.len))
			break;
	}
	return (s64)i;
}

SYSCALL(process_madvise)
{
	u64 nr = ARG2(regs);
	s64 before = nr > UIO_MAX ? 0 : ranges_before_ours(ARG1(regs), nr), ret;

	if (nr > UIO_MAX || before < 0 || before == (s64)nr)
		return pass(regs);
	/* With none before, what else is wrong still comes first. */
	ret = host_call5(__NR_process_madvise, ARG0(regs), ARG1(regs), before, ARG3(regs), ARG4(regs));
	return before || ret ? ret : -ENOMEM;
}
