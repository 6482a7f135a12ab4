/* SPDX-License-Identifier: MIT */
/* Maps the runtime's ELF into this process, which is what the host's execve(2) does for later guests. */
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "cli/cli.h"
#include "kernel/mm.h"

#define PAGE 4096UL

static int protection(const Elf64_Phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

static int map_at(unsigned long start, unsigned long end, int prot, int flags, int fd, unsigned long offset)
{
	void *p;

	if (start == end)
		return 0;
	p = mmap((void *)start, end - start, prot, flags | MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, (off_t)offset);
	if (p == (void *)start)
		return 0;
	return p == MAP_FAILED ? -errno : -EEXIST;
}

/* One segment: the file's part, then zeroes to its end in memory. */
static int map_segment(int fd, const Elf64_Phdr *ph)
{
	unsigned long start = ALIGN_DOWN(ph->p_vaddr, PAGE), file_end = ph->p_vaddr + ph->p_filesz;
	unsigned long mapped_end = ALIGN_UP(file_end, PAGE), end = ALIGN_UP(ph->p_vaddr + ph->p_memsz, PAGE);
	int err = 0;

	if (start < IMAGE_BASE || end > HEAP_BASE || start > end)
		return -ENOEXEC;
	if (ph->p_filesz == 0)
		mapped_end = start;
	else
		err = map_at(start, mapped_end, protection(ph), 0, fd, ALIGN_DOWN(ph->p_offset, PAGE));
	if (!err)
		err = map_at(mapped_end, end, protection(ph), MAP_ANONYMOUS, -1, 0);
	if (!err && ph->p_filesz && (ph->p_flags & PF_W))
		memset((void *)file_end, 0, mapped_end - file_end);
	return err;
}

int load_runtime(int fd)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr segments[16];
	} elf;
	int err = 0;

	if (pread(fd, &elf, sizeof(elf), 0) < (ssize_t)sizeof(elf.head) ||
	    memcmp(elf.head.e_ident, ELFMAG, SELFMAG) != 0 || elf.head.e_phoff != sizeof(elf.head) ||
	    elf.head.e_phnum > sizeof(elf.segments) / sizeof(elf.segments[0]))
		return -ENOEXEC;
	for (int i = 0; !err && i < elf.head.e_phnum; i++) {
		if (elf.segments[i].p_type == PT_LOAD)
			err = map_segment(fd, &elf.segments[i]);
	}
	return err;
}
