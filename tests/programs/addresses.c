/* SPDX-License-Identifier: MIT */
/*
 * The part of the address space that the runtime lies in is a hole for guests: calls on ranges that lie in it, or run
 * into it from below and out at its top, do what they do natively, where there is nothing. What only a native program
 * can have, memory of its own there, is refused.
 */
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "arena/arena.h"
#include "kernel/mm.h"
#include "tests/spec/tap.h"

#define PAGE  4096UL
#define ABOVE BLOCKS_END /* nothing of ours from here on */

static int under_secede;

/* Each begins a part of ours, and the last byte of the last one. */
static const unsigned long within[] = {
    IMAGE_BASE,	 IMAGE_BASE + PAGE, ARENA_BASE, ARENA_BASE + ARENA_SIZE / 2, HEAP_BASE, HEAP_BASE + HEAP_SIZE - PAGE,
    BLOCKS_BASE, BLOCKS_END - PAGE};

static long call(long nr, unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
	errno = 0;
	return syscall(nr, a, b, c, d, e, 0L);
}

/* A page of the program's own at that address, with something in it. */
static char *page_at(unsigned long address)
{
	char *page = mmap((void *)address, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	CHECK(page == (char *)address);
	memset(page, 'x', PAGE);
	return page;
}

static int is_mapped(const void *page)
{
	unsigned char vec;

	return mincore((void *)page, PAGE, &vec) == 0;
}

/* Whatever was tried, the runtime is there. */
static void all_is_well(void)
{
	char cwd[4096];

	CHECK(getcwd(cwd, sizeof(cwd)) != NULL);
	CHECK_OK(access("/etc/passwd", R_OK));
	CHECK(fork() != 0 || (_exit(0), 1));
	CHECK_OK(wait(NULL));
}

/* ---- ranges in it ---- */

static void in_it_there_is_nothing(void)
{
	unsigned char vec[16];

	for (size_t i = 0; i < ARRAY_SIZE(within); i++) {
		unsigned long at = within[i];

		CHECK_FAILS(call(SYS_mprotect, at, PAGE, PROT_NONE, 0, 0), ENOMEM);
		CHECK_FAILS(call(SYS_mprotect, at + 1, PAGE, PROT_NONE, 0, 0), EINVAL);
		CHECK_OK(call(SYS_mprotect, at, 0, PROT_NONE, 0, 0));
		CHECK_FAILS(call(SYS_pkey_mprotect, at, PAGE, PROT_NONE, -1UL, 0), ENOMEM);
		CHECK_OK(call(SYS_munmap, at, PAGE, 0, 0, 0));
		CHECK_FAILS(call(SYS_munmap, at, 0, 0, 0, 0), EINVAL);
		CHECK_FAILS(call(SYS_munmap, at + 1, PAGE, 0, 0, 0), EINVAL);
		CHECK_FAILS(call(SYS_munmap, at, 1UL << 63, 0, 0, 0), EINVAL);
		CHECK_FAILS(call(SYS_madvise, at, PAGE, MADV_DONTNEED, 0, 0), ENOMEM);
		CHECK_FAILS(call(SYS_madvise, at, PAGE, 4711, 0, 0), EINVAL);
		CHECK_FAILS(call(SYS_madvise, at + 1, PAGE, MADV_DONTNEED, 0, 0), EINVAL);
		CHECK_OK(call(SYS_madvise, at, 0, MADV_DONTNEED, 0, 0));
		CHECK_FAILS(call(SYS_mremap, at, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0), EFAULT);
		CHECK_FAILS(call(SYS_mremap, at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, 0x10000000), EFAULT);
		CHECK_FAILS(call(SYS_remap_file_pages, at, PAGE, 0, 0, 0), EINVAL);
		CHECK_FAILS(call(SYS_mincore, at, PAGE, (unsigned long)vec, 0, 0), ENOMEM);
		CHECK_FAILS(call(SYS_msync, at, PAGE, MS_SYNC, 0, 0), ENOMEM);
		CHECK_FAILS(call(SYS_mlock, at, PAGE, 0, 0, 0), ENOMEM);
		CHECK_FAILS(call(SYS_munlock, at, PAGE, 0, 0, 0), ENOMEM);
		CHECK_FAILS(call(SYS_mlock2, at, PAGE, 1, 0, 0), ENOMEM);
		CHECK_FAILS(call(SYS_mbind, at, PAGE, MPOL_PREFERRED, 0, 0), EFAULT);
	}
	all_is_well();
}

static void it_cannot_be_sealed(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(within); i++)
		if (call(462, within[i], PAGE, 0, 0, 0) == 0 || errno != ENOSYS)
			CHECK_FAILS(call(462, within[i], PAGE, 0, 0, 0), ENOMEM);
}

static void a_wish_for_it_is_free(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(within); i++) {
		char *page = mmap((void *)within[i], PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		CHECK(page != MAP_FAILED);
		memset(page, 'x', PAGE);
		CHECK(!under_secede || page < (char *)IMAGE_BASE || page >= (char *)ABOVE);
	}
	all_is_well();
}

/* ---- ranges that begin below and end above ---- */

static void munmap_takes_what_is_around(void)
{
	char *below = page_at(IMAGE_BASE - PAGE), *between = page_at(ARENA_BASE - PAGE), *above = page_at(ABOVE);

	CHECK_OK(munmap(below, 2 * PAGE));
	CHECK(!is_mapped(below));
	below = page_at(IMAGE_BASE - PAGE);
	CHECK_OK(munmap(below, ABOVE + PAGE - (unsigned long)below));
	CHECK(!is_mapped(below) && !is_mapped(between) && !is_mapped(above));
	below = page_at(0x500000000000);
	CHECK_OK(munmap((void *)0x4f0000000000, ABOVE - 0x4f0000000000 - 1));
	CHECK(!is_mapped(below));
	CHECK_FAILS(munmap((void *)0x4f0000000000, 1UL << 47), EINVAL);
	all_is_well();
}

static void mprotect_ends_at_it(void)
{
	char *below = page_at(IMAGE_BASE - PAGE), *above = page_at(ABOVE);
	int null = open("/dev/zero", O_RDONLY);

	CHECK_FAILS(mprotect(below, 2 * PAGE, PROT_READ), ENOMEM);
	CHECK_FAILS(read(null, below, 1), EFAULT);
	CHECK_FAILS(call(SYS_pkey_mprotect, (unsigned long)below, 2 * PAGE, PROT_READ | PROT_WRITE, -1UL, 0), ENOMEM);
	CHECK(read(null, below, 1) == 1);
	CHECK_FAILS(mprotect(below, ABOVE + PAGE - (unsigned long)below, PROT_READ), ENOMEM);
	CHECK_FAILS(read(null, below, 1), EFAULT);
	CHECK(read(null, above, 1) == 1);
	all_is_well();
}

static void madvise_goes_on_behind_it(void)
{
	char *below = page_at(IMAGE_BASE - PAGE), *above = page_at(ABOVE);

	CHECK_FAILS(madvise(below, ABOVE + PAGE - (unsigned long)below, MADV_DONTNEED), ENOMEM);
	CHECK(*below == 0 && *above == 0);
	CHECK_FAILS(madvise(below, ABOVE + PAGE - (unsigned long)below, 4711), EINVAL);
	CHECK_FAILS(msync(below, ABOVE + PAGE - (unsigned long)below, MS_ASYNC), ENOMEM);
	CHECK_FAILS(mlock(below, 2 * PAGE), ENOMEM);
	CHECK_FAILS(munlock(below, 2 * PAGE), ENOMEM);
	all_is_well();
}

static void mremap_finds_a_hole(void)
{
	char *below = page_at(IMAGE_BASE - PAGE);

	CHECK_FAILS(call(SYS_mremap, (unsigned long)below, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, 0), EFAULT);
	CHECK(*below == 'x');
	all_is_well();
}

static void process_madvise_finds_a_hole(void)
{
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	char *below = page_at(IMAGE_BASE - PAGE);
	struct iovec iov[3] = {{below, PAGE}, {(void *)HEAP_BASE, PAGE}, {below, PAGE}};

	if (call(SYS_process_madvise, (unsigned long)self, (unsigned long)iov, 1, MADV_COLD, 0) < 0 && errno == ENOSYS)
		return;
	CHECK_FAILS(call(SYS_process_madvise, (unsigned long)self, (unsigned long)(iov + 1), 1, MADV_COLD, 0), ENOMEM);
	CHECK(call(SYS_process_madvise, (unsigned long)self, (unsigned long)iov, 3, MADV_COLD, 0) == (long)PAGE);
	CHECK_FAILS(call(SYS_process_madvise, (unsigned long)self, (unsigned long)iov, 3, 4711, 0), EINVAL);
	CHECK_FAILS(call(SYS_process_madvise, (unsigned long)self, 1, 3, MADV_COLD, 0), EFAULT);
	CHECK_FAILS(call(SYS_process_madvise, 99, (unsigned long)iov, 3, MADV_COLD, 0), EBADF);
	for (size_t i = 0; i < ARRAY_SIZE(within); i++) {
		iov[0].iov_base = (void *)within[i];
		CHECK(call(SYS_process_madvise, (unsigned long)self, (unsigned long)iov, 1, MADV_DONTNEED, 0) < 0);
	}
	all_is_well();
}

/* ---- what is refused ---- */

/* Natively there is room. */
static void check_refused(long result, int error)
{
	if (under_secede)
		CHECK_FAILS(result, error);
	else
		CHECK(result != -1);
}

static void it_cannot_be_mapped(void)
{
	static const int kind = MAP_PRIVATE | MAP_ANONYMOUS;

	for (size_t i = 0; i < ARRAY_SIZE(within); i++) {
		unsigned long at = within[i];

		check_refused((long)mmap((void *)at, PAGE, PROT_READ, kind | MAP_FIXED, -1, 0), ENOMEM);
		munmap((void *)at, PAGE);
		check_refused((long)mmap((void *)at, PAGE, PROT_READ, kind | MAP_FIXED_NOREPLACE, -1, 0), EEXIST);
		munmap((void *)at, PAGE);
		check_refused((long)mmap((void *)(at - PAGE), 2 * PAGE, PROT_READ, kind | MAP_FIXED, -1, 0), ENOMEM);
		munmap((void *)(at - PAGE), 2 * PAGE);
		all_is_well();
	}
	check_refused(
	    (long)mmap((void *)(IMAGE_BASE - PAGE), 1UL << 32, PROT_NONE, kind | MAP_NORESERVE | MAP_FIXED, -1, 0),
	    ENOMEM);
	munmap((void *)(IMAGE_BASE - PAGE), 1UL << 32);
	all_is_well();
}

static void check_no_move(unsigned long size, unsigned long target)
{
	char *page = page_at(0x10000000);

	check_refused((long)mremap(page, PAGE, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)target), ENOMEM);
	CHECK(*(under_secede ? page : (char *)target) == 'x');
	munmap(under_secede ? page : (char *)target, size);
}

static void nothing_moves_there(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(within); i++) {
		check_no_move(PAGE, within[i]);
		check_no_move(2 * PAGE, within[i] - PAGE);
	}
	all_is_well();
}

/* What is not in use yet is ours as well: a mapping below does not grow into it. */
static void nothing_grows_there(void)
{
	char *page = page_at(HEAP_BASE - PAGE);

	check_refused((long)mremap(page, PAGE, PAGE + HEAP_SIZE, 0), ENOMEM);
	all_is_well();
}

static void no_shared_memory_is_attached_there(void)
{
	int id = shmget(IPC_PRIVATE, 4 * PAGE, 0600);

	CHECK_OK(id);
	for (size_t i = 0; i < ARRAY_SIZE(within); i++) {
		check_refused((long)shmat(id, (void *)within[i], 0), EINVAL);
		shmdt((void *)within[i]);
		check_refused((long)shmat(id, (void *)within[i], SHM_REMAP), EINVAL);
		shmdt((void *)within[i]);
		check_refused((long)shmat(id, (char *)within[i] - PAGE, SHM_REMAP), EINVAL);
		shmdt((char *)within[i] - PAGE);
		check_refused((long)shmat(id, (char *)within[i] + 17, SHM_RND), EINVAL);
		shmdt((void *)within[i]);
		all_is_well();
	}
	CHECK(shmat(id, (void *)0x20000000, 0) == (void *)0x20000000);
	CHECK_FAILS((long)shmat(id, (void *)0x20000001, 0), EINVAL);
	CHECK_FAILS((long)shmat(id, (void *)0x20000000, 0), EINVAL);
	CHECK_FAILS((long)shmat(-1, (void *)within[0], 0), EINVAL);
	CHECK(shmat(id, NULL, 0) != (void *)-1);
	shmctl(id, IPC_RMID, NULL);
}

static void the_heap_does_not_grow_there(void)
{
	unsigned long now = (unsigned long)sbrk(0);

	for (size_t i = 0; i < ARRAY_SIZE(within); i++)
		CHECK((unsigned long)call(SYS_brk, within[i] + 64, 0, 0, 0, 0) == now);
	all_is_well();
}

static const struct test tests[] = {
    {"in it there is nothing", in_it_there_is_nothing},
    {"it cannot be sealed", it_cannot_be_sealed},
    {"a wish for it is granted elsewhere", a_wish_for_it_is_free},
    {"munmap(2) takes what is around it", munmap_takes_what_is_around},
    {"mprotect(2) ends at it", mprotect_ends_at_it},
    {"madvise(2) goes on behind it", madvise_goes_on_behind_it},
    {"mremap(2) finds a hole", mremap_finds_a_hole},
    {"process_madvise(2) finds a hole", process_madvise_finds_a_hole},
    {"it cannot be mapped", it_cannot_be_mapped},
    {"nothing moves there", nothing_moves_there},
    {"nothing grows there", nothing_grows_there},
    {"no shared memory is attached there", no_shared_memory_is_attached_there},
    {"the heap does not grow there", the_heap_does_not_grow_there},
};

/* addresses DIRECTORY [secede] */
int main(int argc, char **argv)
{
	under_secede = argc > 2;
	return RUN_TESTS(tests);
}
